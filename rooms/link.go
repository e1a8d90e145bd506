package rooms

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Errors about join tokens.
var (
	ErrLinkWrong   = errors.New("the token opens nothing here")
	ErrLinkExpired = errors.New("the link's time is over, or it was revoked")
)

// LinkRole is what a link makes of who comes by it.
type LinkRole string

// The roles of links.
const (
	LinkHost     LinkRole = "host"
	LinkSpeaker  LinkRole = "speaker"
	LinkAudience LinkRole = "audience"
)

// linkRoles are the roles by their byte in a token.
var linkRoles = map[byte]LinkRole{1: LinkHost, 2: LinkSpeaker, 3: LinkAudience}

// A Link is what a join token says beside its room, and what is kept of it.
type Link struct {
	ID      string // tells two links apart; LinkKeys.Sign makes one
	Role    LinkRole
	Name    string    // of who comes by it; empty lets them choose
	Expires time.Time // whole seconds; zero is never
	Epoch   int64     // the room's, when the link was made

	// What no token says.
	Label     string // what those call it who look after the room
	Maker     string // the name of the user who made it
	CreatedAt time.Time
	UsedAt    time.Time // when somebody last came by it, to the minute; zero is never
}

// A LinkStore keeps the links of rooms, so that one can be revoked alone. A
// link is good by its token; the store says which no longer is.
type LinkStore interface {
	// CreateLink keeps a link of a room, and forgets those of the room's earlier
	// epochs and those that had expired when l was made. ErrTooMany beyond
	// MaxLinks, ErrExists if the id is taken.
	CreateLink(ctx context.Context, roomID string, l Link) error
	// Links lists the links of a room that hold at now, oldest first.
	Links(ctx context.Context, room Room, now time.Time) ([]Link, error)
	// UseLink notes that somebody comes by a link now. It returns ErrLinkExpired
	// if the link was revoked, and nil for one that is not kept.
	UseLink(ctx context.Context, roomID, id string, now time.Time) error
	// RevokeLink has a link of a room open nothing any more. ErrNotFound if the
	// room has none of that id, or not any more.
	RevokeLink(ctx context.Context, roomID, id string) error
}

// MaxLinks bounds how many links of a room are kept.
const MaxLinks = 1000

// LinkUseStep is how exactly a store knows when a link was last used: a link
// that hundreds come by at once is not written to hundreds of times.
const LinkUseStep = time.Minute

// MaxLinkLabel bounds a link's label, in characters.
const MaxLinkLabel = 100

// Layout of a token (docs/protocol.md), in bytes.
const (
	linkIDLen  = 8
	linkHead   = 1 + 1 + 4 + 4 + linkIDLen + 1 // version, role, epoch, expiry, id, length of the name
	linkMAC    = 16
	maxLinkLen = linkHead + 255 + linkMAC
)

// MaxLinkName bounds the name in a link, in characters. It is at most 255 bytes.
const MaxLinkName = 64

// linkLabel keeps join tokens apart from anything else signed with the same key.
const linkLabel = "plenum join token\x00"

// LinkKeys sign join tokens. The first byte of a token says which key signed
// it: tokens of the key before the newest are good, older ones are not.
type LinkKeys struct {
	version byte
	keys    map[byte][]byte
}

// NewLinkKeys takes the keys up to version, from 1, out of the store's secrets.
func NewLinkKeys(ctx context.Context, store interface {
	Secret(ctx context.Context, name string) ([]byte, error)
}, version byte,
) (LinkKeys, error) {
	if version == 0 {
		return LinkKeys{}, errors.New("versions of link keys begin with 1")
	}
	k := LinkKeys{version: version, keys: map[byte][]byte{}}
	for v := max(version, 2) - 1; v <= version && v > 0; v++ {
		key, err := store.Secret(ctx, fmt.Sprintf("join-token-%d", v))
		if err != nil {
			return LinkKeys{}, err
		}
		k.keys[v] = key
	}
	return k, nil
}

// Sign returns the token of a link to the room, and the link as it stands in
// it. A link that has an id was signed before; it gets a token of the same.
func (k LinkKeys) Sign(room Room, l Link) (token string, signed Link, err error) {
	var role byte
	for b, r := range linkRoles {
		if r == l.Role {
			role = b
		}
	}
	if role == 0 {
		return "", l, &FieldError{"role", "must be host, speaker or audience"}
	}
	if err := validateLinkName(l.Name); err != nil {
		return "", l, err
	}
	if err := validateLinkLabel(l.Label); err != nil {
		return "", l, err
	}
	expires := uint32(0)
	if !l.Expires.IsZero() {
		unix := l.Expires.Unix()
		if unix < 1 || unix > math.MaxUint32 {
			return "", l, &FieldError{"expires_at", "must lie before 2106"}
		}
		expires = uint32(unix)
		l.Expires = time.Unix(unix, 0).UTC()
	}
	id := make([]byte, linkIDLen)
	if l.ID == "" {
		rand.Read(id) // never fails
		l.ID, l.Epoch = base64.RawURLEncoding.EncodeToString(id), room.Rules.LinkEpoch
	} else if n, err := base64.RawURLEncoding.Decode(id, []byte(l.ID)); err != nil || n != linkIDLen {
		return "", l, fmt.Errorf("sign link %q again: its id is no link's", l.ID)
	}
	body := []byte{k.version, role}
	body = binary.BigEndian.AppendUint32(body, uint32(l.Epoch))
	body = binary.BigEndian.AppendUint32(body, expires)
	body = append(body, id...)
	body = append(body, byte(len(l.Name)))
	body = append(body, l.Name...)
	body = append(body, linkSum(k.keys[k.version], room.ID, body)...)
	return base64.RawURLEncoding.EncodeToString(body), l, nil
}

// Open returns the link that a token of the room is. It returns ErrLinkWrong
// for what was not signed for it by a key that counts, and ErrLinkExpired.
func (k LinkKeys) Open(room Room, token string, now time.Time) (Link, error) {
	if len(token) > base64.RawURLEncoding.EncodedLen(maxLinkLen) {
		return Link{}, ErrLinkWrong
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || strings.ContainsAny(token, "\r\n") || len(raw) < linkHead+linkMAC {
		return Link{}, ErrLinkWrong
	}
	body, sum := raw[:len(raw)-linkMAC], raw[len(raw)-linkMAC:]
	key, known := k.keys[body[0]]
	if !known || !hmac.Equal(sum, linkSum(key, room.ID, body)) || len(body) != linkHead+int(body[linkHead-1]) {
		return Link{}, ErrLinkWrong
	}
	l := Link{
		ID: base64.RawURLEncoding.EncodeToString(body[10 : 10+linkIDLen]), Role: linkRoles[body[1]],
		Name: string(body[linkHead:]), Epoch: int64(binary.BigEndian.Uint32(body[2:])),
	}
	if unix := binary.BigEndian.Uint32(body[6:]); unix != 0 {
		l.Expires = time.Unix(int64(unix), 0).UTC()
	}
	if l.Epoch < room.Rules.LinkEpoch || !l.Expires.IsZero() && !now.Before(l.Expires) {
		return l, ErrLinkExpired
	}
	return l, nil
}

func linkSum(key []byte, roomID string, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(linkLabel))
	mac.Write([]byte(roomID))
	mac.Write([]byte{0}) // ids hold no zero byte
	mac.Write(body)
	return mac.Sum(nil)[:linkMAC]
}

// validateLinkLabel holds a label to one line of plain text.
func validateLinkLabel(label string) error {
	if utf8.RuneCountInString(label) > MaxLinkLabel || !utf8.ValidString(label) || strings.ContainsFunc(label, unicode.IsControl) {
		return &FieldError{"label", fmt.Sprintf("must be at most %d characters, without control characters", MaxLinkLabel)}
	}
	return nil
}

// validateLinkName holds a name to what a page may send as its own.
func validateLinkName(name string) error {
	bad := &FieldError{"name", "must be at most 64 characters and 255 bytes, without control characters and outer spaces"}
	if utf8.RuneCountInString(name) > MaxLinkName || len(name) > math.MaxUint8 || !utf8.ValidString(name) ||
		strings.TrimSpace(name) != name {
		return bad
	}
	for _, r := range name {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return bad
		}
	}
	return nil
}

package rooms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
)

// hostLabel keeps host tokens apart from anything else signed with the
// same key.
const hostLabel = "plenum host token\x00"

// HostToken returns the token that makes whoever presents it a host of the
// room: HMAC-SHA256 of the room's id, base64url without padding.
func HostToken(key []byte, roomID string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(hostLabel))
	mac.Write([]byte(roomID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckHostToken reports whether token is the room's host token. Its time does
// not depend on where a wrong token differs. An empty key matches nothing.
func CheckHostToken(key []byte, roomID, token string) bool {
	return len(key) > 0 && hmac.Equal([]byte(token), []byte(HostToken(key, roomID)))
}

// HostToken returns the room's own host token. It is another one once links
// were revoked.
func (r Room) HostToken(key []byte) string { return hostTokenOf(key, r.ID, r.Rules.LinkEpoch) }

// OpenHostToken returns nil for the room's host token, ErrLinkExpired for one
// from before links were revoked, and else ErrLinkWrong. Its time does not
// depend on where a wrong token differs.
func (r Room) OpenHostToken(key []byte, token string) error {
	if len(key) == 0 {
		return ErrLinkWrong
	}
	err := ErrLinkWrong
	for _, epoch := range []int64{0, r.Rules.LinkEpoch - 1, r.Rules.LinkEpoch} {
		if epoch >= 0 && hmac.Equal([]byte(token), []byte(hostTokenOf(key, r.ID, epoch))) {
			err = ErrLinkExpired
			if epoch == r.Rules.LinkEpoch {
				err = nil
			}
		}
	}
	return err
}

func hostTokenOf(key []byte, roomID string, epoch int64) string {
	if epoch == 0 {
		return HostToken(key, roomID) // as it always was
	}
	return HostToken(key, roomID+"\x00"+strconv.FormatInt(epoch, 10))
}

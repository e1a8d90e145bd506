package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/recording"
	"plenum/rooms"
)

// How long a signed link holds.
const (
	linkDefault = time.Hour
	linkLeast   = time.Minute
	linkMost    = 7 * 24 * time.Hour
)

// A grant is what a signed link allows: to read one file of a recording, or
// all of them if file is empty, until it expires or its maker may do so no more.
type grant struct {
	recording string
	file      string
	expires   time.Time
	maker     int64 // the user who made it
	token     int64 // by this token of theirs; 0 is by none
}

// Layout of a link, in bytes. Version 1 did not say who made it, and is refused.
const (
	linkVersion = 2
	linkHead    = 1 + 8 + 8 + 8 // version, expiry, maker, token
)

// linkMAC is how many bytes of the HMAC a link carries.
const linkMAC = 20

// signLink returns a grant as text that nobody else can make: version, expiry,
// who made it and by what, recording and file, and an HMAC of them.
func (s *Server) signLink(g grant) string {
	b := []byte{linkVersion}
	for _, n := range []int64{g.expires.Unix(), g.maker, g.token} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	b = append(b, g.recording+"\x00"+g.file...)
	return base64.RawURLEncoding.EncodeToString(append(b, s.linkSum(b)...))
}

// linkSum signs with a key of its own, so that no host token is a link.
func (s *Server) linkSum(b []byte) []byte {
	derived := hmac.New(sha256.New, s.deps.HostKey)
	derived.Write([]byte("plenum recording links"))
	sum := hmac.New(sha256.New, derived.Sum(nil))
	sum.Write(b)
	return sum.Sum(nil)[:linkMAC]
}

// readLink returns what a link's text allowed when it was signed.
func (s *Server) readLink(text string) (grant, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < linkHead+linkMAC || b[0] != linkVersion {
		return grant{}, false
	}
	body := b[:len(b)-linkMAC]
	if !hmac.Equal(b[len(body):], s.linkSum(body)) {
		return grant{}, false
	}
	number := func(i int) int64 { return int64(binary.BigEndian.Uint64(body[1+8*i:])) }
	id, file, found := strings.Cut(string(body[linkHead:]), "\x00")
	g := grant{recording: id, file: file, expires: time.Unix(number(0), 0), maker: number(1), token: number(2)}
	return g, found && s.cfg.Now().Before(g.expires)
}

// maker returns the user who made a link, if what they made it by holds.
func (s *Server) maker(ctx context.Context, g grant) (rooms.User, error) {
	user, err := s.deps.Store.UserByID(ctx, g.maker)
	if errors.Is(err, rooms.ErrNotFound) || err == nil && user.Disabled {
		return rooms.User{}, errLink
	}
	if err != nil || g.token == 0 {
		return user, err
	}
	tokens, err := s.deps.Store.Tokens(ctx, g.maker)
	if err != nil {
		return rooms.User{}, err
	}
	for _, t := range tokens {
		if t.ID == g.token && t.Valid(s.cfg.Now()) {
			return user, nil
		}
	}
	return rooms.User{}, errLink
}

// errLink is the answer to a link that allows nothing.
var errLink = refuse(http.StatusForbidden, "the link is not valid, or no longer")

// linked lets in who comes by a signed link, and else whom signedIn does. A
// link that is wrong or too old is refused even if a session comes with it.
func (s *Server) linked(next echo.HandlerFunc) echo.HandlerFunc {
	signedIn := s.signedIn(next)
	return func(c echo.Context) error {
		values, err := query(c.Request())
		if err != nil {
			return err
		}
		if !values.Has("link") {
			return signedIn(c)
		}
		g, ok := s.readLink(values.Get("link"))
		if !ok {
			return errLink
		}
		callOf(c).link = &g
		return next(c)
	}
}

// readable returns the recording of the path if the caller may read the file
// of it; an empty file is all of it. A link opens what its maker may read.
func (s *Server) readable(c echo.Context, file string) (Recording, error) {
	g := callOf(c).link
	if g == nil {
		return s.ownRecording(c)
	}
	if g.recording != param(c, "recording") || g.file != "" && g.file != file {
		return Recording{}, errNotFound
	}
	maker, err := s.maker(c.Request().Context(), *g)
	if err != nil {
		return Recording{}, err
	}
	r, err := s.deps.Recordings.Get(g.recording)
	if err == nil && !maker.MayManage(r.CreatorID) {
		return Recording{}, errLink
	}
	return r, err
}

type linkRequest struct {
	File      string `json:"file"`
	ExpiresIn *int   `json:"expires_in"`
}

type linkBody struct {
	URL       string `json:"url"`
	File      string `json:"file"`
	ExpiresAt string `json:"expires_at"`
}

// createLink handles POST /api/v1/recordings/<id>/links.
func (s *Server) createLink(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	body, err := readJSON[linkRequest](c)
	if err != nil {
		return err
	}
	lasts := linkDefault
	if body.ExpiresIn != nil {
		if *body.ExpiresIn < int(linkLeast/time.Second) || *body.ExpiresIn > int(linkMost/time.Second) {
			return refuse(http.StatusBadRequest, "expires_in must be 60 to 604800 seconds")
		}
		lasts = time.Duration(*body.ExpiresIn) * time.Second
	}
	path := "/api/v1/recordings/" + url.PathEscape(r.ID) + "/archive.zip"
	if body.File != "" {
		f, err := s.deps.Recordings.File(r.ID, body.File)
		if err != nil {
			return err
		}
		f.Close()
		path = "/api/v1/recordings/" + url.PathEscape(r.ID) + "/files/" + url.PathEscape(body.File)
	}
	g := grant{
		recording: r.ID, file: body.File, expires: s.cfg.Now().Add(lasts).Truncate(time.Second),
		maker: callOf(c).user.ID, token: callOf(c).token,
	}
	s.audit(c, recording.ActionLink, r, body.File, "until "+timestamp(g.expires))
	return c.JSON(http.StatusCreated, linkBody{
		URL: s.origin(c) + path + "?link=" + s.signLink(g), File: body.File, ExpiresAt: timestamp(g.expires),
	})
}

package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/recording"
)

// How long a signed link holds.
const (
	linkDefault = time.Hour
	linkLeast   = time.Minute
	linkMost    = 7 * 24 * time.Hour
)

// A grant is what a signed link allows: to read one file of a recording, or
// all of them if file is empty, until it expires.
type grant struct {
	recording string
	file      string
	expires   time.Time
}

// linkMAC is how many bytes of the HMAC a link carries.
const linkMAC = 20

// signLink returns a grant as text that nobody else can make: version, expiry,
// recording and file, and an HMAC of them.
func (s *Server) signLink(g grant) string {
	b := binary.BigEndian.AppendUint64([]byte{1}, uint64(g.expires.Unix()))
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

// readLink returns what a link's text allows now.
func (s *Server) readLink(text string) (grant, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	const head = 1 + 8
	if err != nil || len(b) < head+linkMAC || b[0] != 1 {
		return grant{}, false
	}
	body := b[:len(b)-linkMAC]
	if !hmac.Equal(b[len(body):], s.linkSum(body)) {
		return grant{}, false
	}
	id, file, found := strings.Cut(string(body[head:]), "\x00")
	g := grant{recording: id, file: file, expires: time.Unix(int64(binary.BigEndian.Uint64(body[1:])), 0)}
	return g, found && s.cfg.Now().Before(g.expires)
}

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
			return refuse(http.StatusForbidden, "the link is not valid, or no longer")
		}
		callOf(c).link = &g
		return next(c)
	}
}

// readable returns the recording of the path if the caller may read the file
// of it; an empty file is all of it.
func (s *Server) readable(c echo.Context, file string) (Recording, error) {
	g := callOf(c).link
	if g == nil {
		return s.ownRecording(c)
	}
	if g.recording != param(c, "recording") || g.file != "" && g.file != file {
		return Recording{}, errNotFound
	}
	return s.deps.Recordings.Get(g.recording)
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
	g := grant{recording: r.ID, file: body.File, expires: s.cfg.Now().Add(lasts).Truncate(time.Second)}
	s.audit(c, recording.ActionLink, r, body.File, "until "+timestamp(g.expires))
	return c.JSON(http.StatusCreated, linkBody{
		URL: s.origin(c) + path + "?link=" + s.signLink(g), File: body.File, ExpiresAt: timestamp(g.expires),
	})
}

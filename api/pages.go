package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
)

// pages holds the built page in memory, as it is in the binary anyway.
type pages struct {
	files map[string]pageFile
}

type pageFile struct {
	content []byte
	etag    string
}

// encodings are the forms a build may leave beside a file, best first.
var encodings = []struct{ name, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// hashed is a file whose name changes with its content, as the page's build
// names everything under assets.
var hashed = regexp.MustCompile(`^assets/.+-[A-Za-z0-9_-]{8,}\.[a-z0-9.]+$`)

// newPages reads the built page. What can't be read is missing, and is told so
// when somebody asks for it.
func newPages(dist fs.FS) *pages {
	p := &pages{files: map[string]pageFile{}}
	_ = fs.WalkDir(dist, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return nil //nolint:nilerr // the rest is served all the same
		}
		if content, err := fs.ReadFile(dist, name); err == nil {
			sum := sha256.Sum256(content)
			p.files[name] = pageFile{content, `"` + hex.EncodeToString(sum[:16]) + `"`}
		}
		return nil
	})
	return p
}

// staticFile handles GET /static/*.
func (s *Server) staticFile(c echo.Context) error {
	name := param(c, "*")
	file, ok := s.pages.files[name]
	if !ok {
		return errNotFound
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, contentType(name))
	header.Set("Cache-Control", "no-cache")
	if hashed.MatchString(name) {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	header.Set(echo.HeaderVary, echo.HeaderAcceptEncoding)
	for _, e := range encodings {
		packed, ok := s.pages.files[name+e.suffix]
		if ok && accepts(c.Request().Header.Get(echo.HeaderAcceptEncoding), e.name) {
			header.Set(echo.HeaderContentEncoding, e.name)
			file = packed
			break
		}
	}
	header.Set("Etag", file.etag)
	http.ServeContent(c.Response(), c.Request(), "", time.Time{}, bytes.NewReader(file.content))
	return nil
}

func contentType(name string) string {
	switch path.Ext(name) { // not left to the machine's own table
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".wasm":
		return "application/wasm"
	case ".woff2":
		return "font/woff2"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// accepts reports whether an Accept-Encoding header names an encoding and does
// not rule it out with q=0.
func accepts(header, encoding string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, quality, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			quality = strings.ReplaceAll(quality, " ", "")
			return strings.TrimRight(strings.TrimPrefix(quality, "q="), "0.") != "" || !strings.HasPrefix(quality, "q=")
		}
	}
	return false
}

// meetingPage handles GET /meeting/<room id>/.
func (s *Server) meetingPage(c echo.Context) error {
	room, err := s.roomInTime(c.Request().Context(), param(c, "room"))
	if err != nil {
		return s.noMeeting(c, err)
	}
	if isUpgrade(c.Request()) {
		return refuse(http.StatusBadRequest, "the meeting's socket is /api/v1/rooms/"+room.ID+"/ws")
	}
	return s.page(c, "meeting.html", titleOf(room))
}

// noMeeting answers for a room that is unknown or over: a person at a browser
// gets the page, which says so, a program the empty body it knows.
func (s *Server) noMeeting(c echo.Context, err error) error {
	if asRefusal(err).status != http.StatusNotFound {
		return err
	}
	if !strings.Contains(c.Request().Header.Get(echo.HeaderAccept), echo.MIMETextHTML) {
		return c.NoContent(http.StatusNotFound)
	}
	const title = "No meeting here"
	if file, built := s.pages.files["meeting.html"]; built {
		return c.HTMLBlob(http.StatusNotFound, withTitle(file.content, title))
	}
	return c.HTML(http.StatusNotFound, words(title, "This meeting is over, or its link is not complete."))
}

// adminPage handles GET /admin/ and everything below it.
func (s *Server) adminPage(c echo.Context) error { return s.page(c, "admin.html", "") }

var titleElement = regexp.MustCompile(`(?s)<title>.*?</title>`)

// page serves a page of the build, under another title if one is given.
func (s *Server) page(c echo.Context, name, title string) error {
	file, built := s.pages.files[name]
	if !built {
		return c.HTML(http.StatusServiceUnavailable, words("The page was not built",
			"This server was built without its page. Run “make build” and start it again. Its HTTP API works."))
	}
	content := file.content
	if title != "" {
		content = withTitle(content, title)
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.HTMLBlob(http.StatusOK, content)
}

// withTitle replaces a page's title; those of drawings further down stay.
func withTitle(page []byte, title string) []byte {
	at := titleElement.FindIndex(page)
	if at == nil {
		return page
	}
	element := "<title>" + html.EscapeString(title) + "</title>"
	return slices.Concat(page[:at[0]], []byte(element), page[at[1]:])
}

// words is a page that needs no build.
func words(title, text string) string {
	return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
		`<title>` + html.EscapeString(title) + `</title><h1>` + html.EscapeString(title) + `</h1><p>` +
		html.EscapeString(text) + `</p></html>`
}

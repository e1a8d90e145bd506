package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// Why a file is not taken.
var (
	// ErrTicket is returned for a ticket that nobody in the room has.
	ErrTicket = errors.New("nobody in the meeting has this ticket")
	// ErrMayNot is returned to those who may not chat, or not with this one.
	ErrMayNot = errors.New("the participant may not do this")
	// ErrFileSize is returned for a file that is larger than files may be.
	ErrFileSize = errors.New("the file is too large")
	// ErrFilesFull is returned when the meeting's files may not hold more, or
	// the disk can't.
	ErrFilesFull = errors.New("there is no room for the file")
	// ErrFilesBusy is returned to who sends too many at once.
	ErrFilesBusy = errors.New("too many files at once")
)

// Files is what people share in meetings. A ticket says who asks.
type Files interface {
	// Share takes a file and tells those whom it is for. It returns ErrNotLive,
	// ErrNotHere for an addressee who is not there, one of the errors above, or
	// that of the body; then nothing of the file is kept.
	Share(ctx context.Context, roomID, ticket string, p Parcel) (id string, err error)
	// Fetch returns a file that the ticket's holder may read, else rooms.ErrNotFound.
	Fetch(roomID, ticket, id string) (SharedFile, error)
}

// Parcel is a file that somebody sends.
type Parcel struct {
	Name string // as the sender's system calls it
	To   string // the participant who alone gets it; empty for everybody
	Size int64  // bytes
	Body io.Reader
}

// SharedFile is one that somebody may read.
type SharedFile struct {
	io.ReadSeekCloser
	Name string // fit for any system
	Type string // its media type if it is a picture that is safe to show, else empty
	At   time.Time
}

// ticketHeader carries the ticket of who sends a file.
const ticketHeader = "Plenum-Ticket"

// longBodies are the routes whose bodies may be large and slow: their handlers
// bound them.
var longBodies = map[string]bool{"/api/v1/rooms/:room/files": true}

// slowBody is a body that may take long, but must keep coming.
type slowBody struct {
	io.Reader
	control *http.ResponseController
}

// Read implements io.Reader.
func (b slowBody) Read(p []byte) (int, error) {
	err := b.control.SetReadDeadline(time.Now().Add(bodyTimeout))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return b.Reader.Read(p)
}

// shareFile handles POST /api/v1/rooms/<id>/files. The body goes to the disk as
// it comes.
func (s *Server) shareFile(c echo.Context) error {
	values, err := query(c.Request())
	if err != nil {
		return err
	}
	r := c.Request()
	if s.deps.Files == nil {
		return errNotFound
	}
	if r.ContentLength < 0 {
		return refuse(http.StatusLengthRequired, "say with Content-Length how large the file is")
	}
	body := slowBody{r.Body, http.NewResponseController(c.Response())}
	id, err := s.deps.Files.Share(r.Context(), param(c, "room"), r.Header.Get(ticketHeader), Parcel{
		Name: values.Get("name"), To: values.Get("to"), Size: r.ContentLength, Body: body,
	})
	if err != nil {
		if !errors.Is(err, ErrTicket) && !errors.Is(err, ErrFileSize) {
			// A browser that still sends hears of a refusal only when it is done.
			_, _ = io.Copy(io.Discard, body)
		}
		return fileRefusal(err)
	}
	return c.JSON(http.StatusCreated, map[string]string{"id": id})
}

// fileRefusal is what the sender of a file is told.
func fileRefusal(err error) error {
	switch {
	case errors.Is(err, ErrTicket):
		return refuse(http.StatusForbidden, "the ticket is not of somebody in this meeting")
	case errors.Is(err, ErrMayNot):
		return refuse(http.StatusForbidden, "you may not send this here")
	case errors.Is(err, ErrFileSize):
		return refuse(http.StatusRequestEntityTooLarge, "the file is too large")
	case errors.Is(err, ErrFilesFull):
		return refuse(http.StatusInsufficientStorage, "there is no room for the file")
	case errors.Is(err, ErrFilesBusy):
		return &refusal{status: http.StatusTooManyRequests, detail: "too many files at once", retryAfter: 2 * time.Second}
	case errors.Is(err, ErrNotLive):
		return errNotFound
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.Canceled):
		return refuse(http.StatusBadRequest, "the file broke off")
	}
	return err
}

// sharedFile handles GET /api/v1/rooms/<id>/files/<file>. What people share may
// be anything: it is never shown as a page of ours.
func (s *Server) sharedFile(c echo.Context) error {
	values, err := query(c.Request())
	if err != nil {
		return err
	}
	if s.deps.Files == nil {
		return errNotFound
	}
	file, err := s.deps.Files.Fetch(param(c, "room"), values.Get("ticket"), param(c, "file"))
	if errors.Is(err, rooms.ErrNotFound) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	defer file.Close()
	header := c.Response().Header()
	kind := file.Type
	if kind == "" {
		kind = echo.MIMEOctetStream
	}
	header.Set(echo.HeaderContentType, kind)
	header.Set(echo.HeaderContentDisposition, disposition("attachment", file.Name))
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Cache-Control", "private, no-store")
	http.ServeContent(c.Response(), c.Request(), "", file.At, file)
	return nil
}

package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/recording"
	"plenum/recording/derive"
	"plenum/recording/jobs"
	"plenum/rooms"
)

// A refusal is an error whose status and words are meant for the caller.
type refusal struct {
	status     int
	detail     string
	retryAfter time.Duration
}

func (e *refusal) Error() string { return e.detail }

func refuse(status int, detail string) error { return &refusal{status: status, detail: detail} }

// errNotFound says nothing about whether the thing exists: who may not see it
// is told the same.
var errNotFound = &refusal{status: http.StatusNotFound, detail: "there is nothing here"}

// errCredentials is the answer to a wrong, missing or unusable login.
var errCredentials = &refusal{status: http.StatusUnauthorized, detail: "log in with a user name and password"}

// problem is the body of an error under /api/ (RFC 9457).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

// asRefusal turns any error into what the caller is told.
func asRefusal(err error) *refusal {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		return &refusal{status: e.Code, detail: routeProblem(e.Code)}
	}
	if e, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &refusal{
			status: http.StatusRequestEntityTooLarge,
			detail: fmt.Sprintf("the body must be at most %d bytes long", e.Limit),
		}
	}
	if e, ok := errors.AsType[*rooms.FieldError](err); ok {
		return &refusal{status: http.StatusBadRequest, detail: e.Error()}
	}
	switch {
	case errors.Is(err, rooms.ErrNotFound), errors.Is(err, recording.ErrNotFound), errors.Is(err, jobs.ErrNotFound):
		return errNotFound
	case errors.Is(err, ErrOffline):
		return &refusal{status: http.StatusNotFound, detail: "this attendant is offline"}
	case errors.Is(err, ErrNotHere):
		return &refusal{status: http.StatusNotFound, detail: "there is no such participant in the meeting"}
	case errors.Is(err, ErrNoPlace):
		return &refusal{status: http.StatusConflict, detail: "the room is full"}
	case errors.Is(err, ErrNotLive):
		return &refusal{status: http.StatusConflict, detail: "nobody is in the meeting"}
	case errors.Is(err, rooms.ErrCredentials):
		return errCredentials
	case errors.Is(err, recording.ErrBusy):
		return &refusal{status: http.StatusConflict, detail: "the recording is still running"}
	case errors.Is(err, derive.ErrOptions):
		return &refusal{status: http.StatusBadRequest, detail: derive.Reason(err)}
	case errors.Is(err, derive.ErrTool):
		return &refusal{status: http.StatusConflict, detail: derive.ErrTool.Error()}
	case errors.Is(err, derive.ErrNothing):
		return &refusal{status: http.StatusConflict, detail: derive.ErrNothing.Error()}
	case errors.Is(err, jobs.ErrTooMany):
		return &refusal{status: http.StatusServiceUnavailable, detail: jobs.ErrTooMany.Error(), retryAfter: time.Minute}
	case errors.Is(err, recording.ErrHeld):
		return &refusal{status: http.StatusConflict, detail: "the recording is on legal hold"}
	case errors.Is(err, rooms.ErrExists):
		return &refusal{status: http.StatusConflict, detail: "this name is taken"}
	case errors.Is(err, rooms.ErrInUse):
		return &refusal{status: http.StatusConflict, detail: "it has reserved rooms, which would be nobody's: disable it instead"}
	case errors.Is(err, rooms.ErrTooMany):
		return &refusal{status: http.StatusConflict, detail: "there are too many already"}
	case errors.Is(err, rooms.ErrOver):
		return &refusal{status: http.StatusConflict, detail: "the room is over or was cancelled"}
	case errors.Is(err, rooms.ErrBegun):
		return &refusal{status: http.StatusConflict, detail: "the meeting has begun: extend it or end it instead"}
	case errors.Is(err, rooms.ErrStale):
		return &refusal{status: http.StatusConflict, detail: "it was changed meanwhile, try again"}
	case errors.Is(err, rooms.ErrKeyReused):
		return &refusal{
			status: http.StatusUnprocessableEntity, detail: "this Idempotency-Key was used with another body",
		}
	case errors.Is(err, rooms.ErrUnfinished):
		return &refusal{
			status: http.StatusConflict,
			detail: "an earlier request with this Idempotency-Key came to no known end: look whether it was done, and use a new key",
		}
	case errors.Is(err, rooms.ErrBusy):
		return &refusal{
			status: http.StatusServiceUnavailable, detail: "too many logins at once, try again", retryAfter: time.Second,
		}
	case errors.Is(err, rooms.ErrUnavailable):
		return &refusal{
			status: http.StatusServiceUnavailable, detail: "the database does not answer, try again", retryAfter: time.Second,
		}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &refusal{status: http.StatusServiceUnavailable, detail: "the request was given up"}
	}
	return &refusal{status: http.StatusInternalServerError, detail: "something went wrong here; it has been logged"}
}

func routeProblem(status int) string {
	switch status {
	case http.StatusNotFound:
		return errNotFound.detail
	case http.StatusMethodNotAllowed:
		return "this method is not for this address; see the Allow header"
	}
	return http.StatusText(status)
}

// handleError writes the one answer to a failed request and logs our own faults.
func (s *Server) handleError(err error, c echo.Context) {
	r := asRefusal(err)
	if r.status >= http.StatusInternalServerError && !errors.Is(err, rooms.ErrBusy) { // what a storm of logins is told is no fault
		s.log.Error("request failed", "error", err, "request", callOf(c).id, "route", c.Path())
	}
	if c.Response().Committed {
		return
	}
	header := c.Response().Header()
	if r.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds()))))
	}
	switch {
	case c.Request().Method == http.MethodHead:
		err = c.NoContent(r.status)
	case strings.HasPrefix(c.Request().URL.Path, "/api/"):
		challenge(c, r.status)
		header.Set(echo.HeaderContentType, "application/problem+json")
		err = c.JSON(r.status, problem{
			Type: "about:blank", Title: http.StatusText(r.status), Status: r.status, Detail: r.detail,
		})
	default:
		err = c.JSON(r.status, map[string]string{"error": r.detail})
	}
	if err != nil {
		s.log.Debug("answer not written", "error", err, "request", callOf(c).id)
	}
}

// challenge asks for Basic auth, but not a page's script: the browser would
// put its own dialog over the page's.
func challenge(c echo.Context, status int) {
	if status == http.StatusUnauthorized && !fromPage(c.Request()) {
		c.Response().Header().Set(echo.HeaderWWWAuthenticate, basicRealm)
	}
}

// fromPage reports whether a script of ours asks, which has a log-in form of
// its own: a challenge would put the browser's password box over it. Browsers
// leave Sec-Fetch-Mode out on plain HTTP, where only what is asked for tells.
func fromPage(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Mode") != "" || r.Header.Get("Accept") == "application/json"
}

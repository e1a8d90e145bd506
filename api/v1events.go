package api

import (
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"plenum/api/eventjson"
	"plenum/rooms"
)

// record tells the ledger what the caller did to a room.
func (s *Server) record(c echo.Context, kind rooms.EventKind, room rooms.Room) {
	e := rooms.NewEvent(room.ID, kind, s.cfg.Now())
	e.By, e.End = callOf(c).user.Name, room.End
	s.deps.Ledger.Record(e)
}

// changeKind says what was done to a room.
func changeKind(was, is rooms.Room) rooms.EventKind {
	switch {
	case is.Cancelled && !was.Cancelled:
		return rooms.RoomCancelled
	case is.End.After(was.End) && is.Start.Equal(was.Start) && is.Description == was.Description && is.Capacity == was.Capacity:
		return rooms.RoomExtended
	}
	return rooms.RoomChanged
}

// roomEvents handles GET /api/v1/rooms/<room id>/events: a page, or for
// Accept: text/event-stream what is there and what comes.
func (s *Server) roomEvents(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	return s.events(c, rooms.EventFilter{Room: room.ID})
}

// allEvents handles GET /api/v1/events: those of the caller's own rooms, or of
// all rooms for admins.
func (s *Server) allEvents(c echo.Context) error {
	filter := rooms.EventFilter{}
	if user := callOf(c).user; user.Role != rooms.Admin {
		filter.CreatorID = user.ID
	}
	return s.events(c, filter)
}

func (s *Server) events(c echo.Context, filter rooms.EventFilter) error {
	if err := readEventQuery(c, &filter); err != nil {
		return err
	}
	if wantsStream(c.Request()) {
		return s.eventStream(c, filter)
	}
	page, err := s.deps.Store.Events(c.Request().Context(), filter)
	if err != nil {
		return err
	}
	body := struct {
		Events []eventjson.Body `json:"events"`
		Next   int64            `json:"next"` // the after of the next page
	}{[]eventjson.Body{}, filter.After}
	for _, e := range page {
		body.Events = append(body.Events, eventjson.Of(e))
		body.Next = numberOf(filter, e)
	}
	return c.JSON(http.StatusOK, body)
}

// numberOf returns the number by which a filter goes on after e.
func numberOf(filter rooms.EventFilter, e rooms.Event) int64 {
	if filter.Room == "" {
		return e.Pos
	}
	return e.Seq
}

func readEventQuery(c echo.Context, filter *rooms.EventFilter) error {
	values, err := query(c.Request())
	if err != nil {
		return err
	}
	if text := values.Get("limit"); text != "" {
		filter.Limit, err = strconv.Atoi(text)
		if err != nil || filter.Limit < 1 || filter.Limit > rooms.MostEvents {
			return &rooms.FieldError{Field: "limit", Problem: "must be 1 to " + strconv.Itoa(rooms.MostEvents)}
		}
	}
	after, field := values.Get("after"), "after"
	if last := c.Request().Header.Get("Last-Event-ID"); last != "" && wantsStream(c.Request()) {
		after, field = last, "Last-Event-ID" // a browser that connects again
	}
	if after == "" {
		return nil
	}
	filter.After, err = strconv.ParseInt(after, 10, 64)
	if err != nil || filter.After < 0 || filter.After == math.MaxInt64 {
		return &rooms.FieldError{Field: field, Problem: "must be the number of an event, or 0"}
	}
	return nil
}

// eventStream is the media type of server-sent events.
const eventStream = "text/event-stream"

func wantsStream(r *http.Request) bool {
	for kind := range strings.SplitSeq(r.Header.Get(echo.HeaderAccept), ",") {
		kind, _, _ = strings.Cut(kind, ";")
		if strings.EqualFold(strings.TrimSpace(kind), eventStream) {
			return true
		}
	}
	return false
}

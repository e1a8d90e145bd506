package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// reservationBody is the seed's answer to a reservation, and host_url.
type reservationBody struct {
	Creator     string `json:"creator"`
	StartDate   string `json:"start_date"`
	Duration    int    `json:"duration"`
	MeetingURL  string `json:"meeting_url"`
	Description string `json:"description"`
	HostURL     string `json:"host_url"`
}

// reserveRoom handles GET and POST /reserve_room/.
func (s *Server) reserveRoom(c echo.Context) error {
	params, err := seedParams(c.Request())
	if err != nil {
		return err
	}
	wanted, err := seedReservation(params)
	if err != nil {
		return err
	}
	room, err := s.reserve(c, wanted)
	if err != nil {
		return err
	}
	callOf(c).about(room.ID)
	zone, err := rooms.Zone(room.Timezone)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, reservationBody{
		Creator:     room.CreatorName,
		StartDate:   seedTime(room.Start.In(zone)),
		Duration:    wanted.Minutes,
		MeetingURL:  meetingURL(room.ID),
		Description: room.Description,
		HostURL:     s.hostURL(room),
	})
}

// seedReservation reads a reservation as the seed's clients send it.
func seedReservation(params map[string]string) (rooms.Reservation, error) {
	text, given := params["duration"]
	if !given {
		return rooms.Reservation{}, &rooms.FieldError{Field: "duration", Problem: "is required, in minutes"}
	}
	minutes, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return rooms.Reservation{}, &rooms.FieldError{Field: "duration", Problem: "must be a whole number of minutes"}
	}
	zone, given := params["timezone"]
	if !given {
		zone = "UTC"
	}
	return rooms.Reservation{Minutes: minutes, Timezone: unquote(zone), Description: params["description"]}, nil
}

// unquote strips one pair of quotes, which the seed's documentation put round
// the time zone.
func unquote(text string) string {
	if n := len(text); n >= 2 && text[0] == text[n-1] && (text[0] == '"' || text[0] == '\'') {
		return text[1 : n-1]
	}
	return text
}

// seedTime writes a time as the seed did: milliseconds unless they are zero,
// and Z for UTC.
func seedTime(t time.Time) string {
	if t.Nanosecond() == 0 {
		return t.Format("2006-01-02T15:04:05Z07:00")
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}

// reserve makes and stores a room for the caller.
func (s *Server) reserve(c echo.Context, wanted rooms.Reservation) (rooms.Room, error) {
	user := callOf(c).user
	room, err := wanted.Reserve(user, s.cfg.Now())
	if err != nil {
		return rooms.Room{}, err
	}
	if err := s.deps.Store.CreateRoom(c.Request().Context(), room); err != nil {
		return rooms.Room{}, err
	}
	s.logReserved(room)
	return room, nil
}

func (s *Server) logReserved(room rooms.Room) {
	s.log.Info("room reserved", "room", room.ID, "user", room.CreatorName, "minutes", int(room.Duration/time.Minute))
	e := rooms.NewEvent(room.ID, rooms.RoomReserved, room.CreatedAt)
	e.By, e.End = room.CreatorName, room.End
	s.deps.Ledger.Record(e)
}

func meetingURL(roomID string) string { return "/meeting/" + roomID + "/" }

// hostURL is the meeting's URL for its host. The token stands in the fragment,
// which browsers don't send, so no log holds it.
func (s *Server) hostURL(room rooms.Room) string {
	return meetingURL(room.ID) + "#host=" + room.HostToken(s.deps.HostKey)
}

// seedAttendant is one row of the seed's list.
type seedAttendant struct {
	Port        int               `json:"port"`
	ChannelName string            `json:"channel_name"`
	IP          string            `json:"ip"`
	User        string            `json:"user"`
	Details     map[string]string `json:"details"`
}

// onlineAttendants handles GET /online_attendants/.
func (s *Server) onlineAttendants(c echo.Context) error {
	if s.cfg.PublicAttendants {
		return c.JSON(http.StatusOK, s.seedAttendants(true))
	}
	return s.basic(func(c echo.Context) error {
		return c.JSON(http.StatusOK, s.seedAttendants(callOf(c).user.Role == rooms.Admin))
	})(c)
}

// seedAttendants lists the attendants; where they call from is for admins.
func (s *Server) seedAttendants(withAddress bool) []seedAttendant {
	list := []seedAttendant{}
	for _, a := range s.deps.Attendants.List() {
		row := seedAttendant{ChannelName: a.ChannelName, User: a.User, Details: detailsOf(a)}
		if withAddress {
			row.IP, row.Port = a.IP, a.Port
		}
		list = append(list, row)
	}
	return list
}

func detailsOf(a Attendant) map[string]string {
	if a.Details == nil {
		return map[string]string{}
	}
	return a.Details
}

// notify handles GET and POST /notify_ws/<channel name>/.
func (s *Server) notify(c echo.Context) error {
	params, err := seedParams(c.Request())
	if err != nil {
		return err
	}
	err = s.pushTo(c, param(c, "channel"), params["info"])
	if errors.Is(err, ErrOffline) {
		return c.String(http.StatusNotFound, "OFFLINE")
	}
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, params)
}

// pushTo sends a text to an attendant, as it is.
func (s *Server) pushTo(c echo.Context, channel, text string) error {
	if err := pushable(text); err != nil {
		return err
	}
	return s.deps.Attendants.Push(c.Request().Context(), channel, text)
}

// pushable says why a text can't be pushed.
func pushable(text string) error {
	switch {
	case text == "":
		return &rooms.FieldError{Field: "info", Problem: "is required: the text to push"}
	case !utf8.ValidString(text):
		return &rooms.FieldError{Field: "info", Problem: "must be valid UTF-8"}
	case len(text) > maxBody:
		return &rooms.FieldError{Field: "info", Problem: fmt.Sprintf("must be at most %d bytes long", maxBody)}
	}
	return nil
}

// Bounds of what an attendant may say of itself.
const (
	mostDetails   = 32
	longestDetail = 1 << 10 // bytes, of a name or a value
)

// attendance handles the WebSocket /attendance/. Programs may connect, and pages
// of this site and of those that the operator names: an attendant gets what is
// pushed to it and no rights. Only for our own page does the session count.
func (s *Server) attendance(c echo.Context) error {
	if !isUpgrade(c.Request()) {
		return upgradeRequired(c)
	}
	if !s.mayAttend(c.Request()) {
		return refuse(http.StatusForbidden, "pages of other sites can't be attendants here unless --attendance-origins names theirs")
	}
	details, err := attendantDetails(c.Request())
	if err != nil {
		return err
	}
	from := callOf(c).from
	user, gone, cancel, err := s.pageUser(c)
	if err != nil {
		return err
	}
	a := Attendant{
		IP: from.addr.String(), Port: from.port, User: user.Name, Details: details, Revoked: gone, Ended: cancel,
	}
	s.deps.Attendants.ServeAttendance(c.Response(), c.Request(), a)
	return nil
}

// mayAttend reports whether a request comes from no page, or from one that may
// be an attendant.
func (s *Server) mayAttend(r *http.Request) bool {
	return sameOrigin(r) || slices.Contains(s.cfg.AttendanceOrigins, "*") ||
		len(r.Header["Origin"]) == 1 && slices.Contains(s.cfg.AttendanceOrigins, r.Header.Get("Origin"))
}

// attendantDetails takes every query parameter: the first of each name, and
// none that is blank.
func attendantDetails(r *http.Request) (map[string]string, error) {
	values, err := query(r)
	if err != nil {
		return nil, err
	}
	details := map[string]string{}
	for name, all := range values {
		for _, value := range all {
			if value == "" {
				continue
			}
			if len(name) > longestDetail || len(value) > longestDetail || !utf8.ValidString(name+value) {
				return nil, refuse(http.StatusBadRequest, fmt.Sprintf("names and values must be UTF-8 of at most %d bytes", longestDetail))
			}
			details[name] = value
			break
		}
	}
	if len(details) > mostDetails {
		return nil, refuse(http.StatusBadRequest, fmt.Sprintf("there may be at most %d parameters", mostDetails))
	}
	return details, nil
}

package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
	"plenum/rooms/calendar"
)

// timestamp writes a time as the JSON API does: RFC 3339, UTC, milliseconds.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// roomBody is a room as its managers see it.
type roomBody struct {
	ID          string      `json:"id"`
	Title       string      `json:"title"`
	Description string      `json:"description"`
	Creator     creatorBody `json:"creator"`
	Start       string      `json:"start"`
	End         string      `json:"end"`
	Duration    int         `json:"duration"` // minutes
	Timezone    string      `json:"timezone"`
	Capacity    int         `json:"capacity"` // 0 is the server's own limit
	Cancelled   bool        `json:"cancelled"`
	Rules
	MeetingURL   string `json:"meeting_url"`
	HostURL      string `json:"host_url"`
	Participants int    `json:"participants"`
	Recording    bool   `json:"recording"`
}

type creatorBody struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

func (s *Server) roomBody(r rooms.Room) roomBody {
	live, _ := s.deps.Meetings.Live(r.ID)
	return roomBody{
		ID:           r.ID,
		Title:        titleOf(r),
		Description:  r.Description,
		Creator:      creatorBody{r.CreatorID, r.CreatorName},
		Start:        timestamp(r.Start),
		End:          timestamp(r.End),
		Duration:     int(r.Duration / time.Minute),
		Timezone:     r.Timezone,
		Capacity:     r.Capacity,
		Cancelled:    r.Cancelled,
		Rules:        rulesOf(r.Rules),
		MeetingURL:   meetingURL(r.ID),
		HostURL:      s.hostURL(r),
		Participants: len(live.Participants),
		Recording:    live.Recording,
	}
}

// listRooms handles GET /api/v1/rooms.
func (s *Server) listRooms(c echo.Context) error {
	filter, err := s.roomFilter(c)
	if err != nil {
		return err
	}
	list, next, err := s.deps.Store.Rooms(c.Request().Context(), filter)
	if err != nil {
		return err
	}
	body := struct {
		Rooms []roomBody `json:"rooms"`
		Next  string     `json:"next"`
	}{[]roomBody{}, next}
	for _, r := range list {
		body.Rooms = append(body.Rooms, s.roomBody(r))
	}
	return c.JSON(http.StatusOK, body)
}

func (s *Server) roomFilter(c echo.Context) (rooms.RoomFilter, error) {
	values, err := query(c.Request())
	if err != nil {
		return rooms.RoomFilter{}, err
	}
	filter := rooms.RoomFilter{After: values.Get("after")}
	if user := callOf(c).user; user.Role != rooms.Admin {
		filter.CreatorID = user.ID
	}
	switch values.Get("state") {
	case "":
	case "open":
		filter.OpenAt = s.cfg.Now()
	case "ended":
		filter.EndedAt = s.cfg.Now()
	default:
		return rooms.RoomFilter{}, &rooms.FieldError{Field: "state", Problem: "must be open or ended"}
	}
	if text := values.Get("creator"); text != "" {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return rooms.RoomFilter{}, &rooms.FieldError{Field: "creator", Problem: "must be a user's id"}
		}
		if !callOf(c).user.MayManage(id) {
			return rooms.RoomFilter{}, errNotFound
		}
		filter.CreatorID = id
	}
	if filter.From, err = timeParam(values, "from"); err != nil {
		return rooms.RoomFilter{}, err
	}
	if filter.Before, err = timeParam(values, "before"); err != nil {
		return rooms.RoomFilter{}, err
	}
	if filter.Limit, err = limitParam(values); err != nil {
		return rooms.RoomFilter{}, err
	}
	return filter, nil
}

// managedRoom returns the room of the path if the caller may manage it.
func (s *Server) managedRoom(c echo.Context) (rooms.Room, error) {
	return s.roomFor(c, param(c, "room"))
}

// roomFor returns a room if the caller may manage it.
func (s *Server) roomFor(c echo.Context, id string) (rooms.Room, error) {
	room, err := s.deps.Store.RoomByID(c.Request().Context(), id)
	if err != nil {
		return rooms.Room{}, err
	}
	if !callOf(c).user.MayManage(room.CreatorID) {
		return rooms.Room{}, errNotFound
	}
	return room, nil
}

// endRoom handles POST /api/v1/rooms/<room id>/end. Ending a room that is over
// changes nothing.
func (s *Server) endRoom(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	if now := s.cfg.Now(); now.Before(room.End) {
		if err := s.deps.Store.SetRoomEnd(c.Request().Context(), room.ID, now); err != nil {
			return err
		}
		room.End = now
		s.record(c, rooms.RoomEnded, room)
		s.deps.Meetings.EndRoom(c.Request().Context(), room.ID)
		s.log.Info("room ended", "room", room.ID, "user", callOf(c).user.Name)
	}
	return c.NoContent(http.StatusNoContent)
}

// participantBody is one row of who is in a room.
type participantBody struct {
	ID        string   `json:"id"`
	Name      string   `json:"name"`
	Role      string   `json:"role"`
	JoinedAt  string   `json:"joined_at"`
	Connected bool     `json:"connected"`
	Sources   []Source `json:"sources"`
	Hand      int64    `json:"hand"` // place among the hands ever raised; 0 while it is down
}

func participantBodyOf(p Participant) participantBody {
	if p.Sources == nil {
		p.Sources = []Source{}
	}
	return participantBody{p.ID, p.Name, p.Role, timestamp(p.JoinedAt), p.Connected, p.Sources, p.Hand}
}

// participants handles GET /api/v1/rooms/<room id>/participants.
func (s *Server) participants(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	return s.answerParticipants(c, room)
}

// answerParticipants sends who is in a room now.
func (s *Server) answerParticipants(c echo.Context, room rooms.Room) error {
	live, _ := s.deps.Meetings.Live(room.ID)
	list := []participantBody{}
	for _, p := range live.Participants {
		list = append(list, participantBodyOf(p))
	}
	return c.JSON(http.StatusOK, map[string]any{"participants": list, "locked": live.Locked})
}

// lobbyNames is how many names a page is shown before it joins.
const lobbyNames = 20

// lobbyBody is what everybody with the link may know before joining.
type lobbyBody struct {
	ID           string   `json:"id"`
	Title        string   `json:"title"`
	Host         string   `json:"host"`
	StartsAt     string   `json:"starts_at"`
	EndsAt       string   `json:"ends_at"`
	Now          string   `json:"now"`
	Participants []string `json:"participants"`
	Count        int      `json:"count"`
	Recording    bool     `json:"recording"`
	Locked       bool     `json:"locked"`
	CalendarURL  string   `json:"calendar_url"`
	HasPasscode  bool     `json:"has_passcode"`
	Lobby        bool     `json:"lobby"`

	RecordingPolicy rooms.RecordingPolicy `json:"recording_policy"`
	VideoCodecs     []string              `json:"video_codecs"`
}

// lobby handles GET /api/v1/rooms/<room id>/lobby.
func (s *Server) lobby(c echo.Context) error {
	room, err := s.roomInTime(c.Request().Context(), param(c, "room"))
	if err != nil {
		return err
	}
	live, _ := s.deps.Meetings.Live(room.ID)
	names := []string{}
	for _, p := range live.Participants[:min(lobbyNames, len(live.Participants))] {
		names = append(names, p.Name)
	}
	return c.JSON(http.StatusOK, lobbyBody{
		ID:           room.ID,
		Title:        titleOf(room),
		Host:         room.CreatorName,
		StartsAt:     timestamp(room.Start),
		EndsAt:       timestamp(room.End),
		Now:          timestamp(s.cfg.Now()),
		Participants: names,
		Count:        len(live.Participants),
		Recording:    live.Recording,
		Locked:       live.Locked,
		CalendarURL:  calendarURL(room.ID),
		HasPasscode:  room.Rules.PasscodeHash != "",
		Lobby:        room.Rules.Lobby,

		RecordingPolicy: rulesOf(room.Rules).Recording,
		VideoCodecs:     s.cfg.VideoCodecs,
	})
}

func calendarURL(roomID string) string { return "/api/v1/rooms/" + roomID + "/calendar.ics" }

// calendarFile handles GET /api/v1/rooms/<room id>/calendar.ics, for everybody
// with the link. A cancelled room's file says so until it would have been over.
func (s *Server) calendarFile(c echo.Context) error {
	room, err := s.deps.Store.RoomByID(c.Request().Context(), param(c, "room"))
	if err != nil {
		return err
	}
	now, until := s.cfg.Now(), room.End
	if room.Cancelled {
		until = room.Start.Add(room.Duration)
	}
	if !now.Before(until) {
		return errNotFound
	}
	text, err := calendar.File(room, titleOf(room), s.origin(c)+meetingURL(room.ID), now)
	if err != nil {
		return err
	}
	method := "REQUEST"
	if room.Cancelled {
		method = "CANCEL"
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, disposition("attachment", titleOf(room)+".ics"))
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8; method="+method, text)
}

// origin is this server as the caller's browser knows it.
func (s *Server) origin(c echo.Context) string {
	scheme := "http://"
	if callOf(c).from.secure {
		scheme = "https://"
	}
	host := c.Request().Host
	if !plainHost.MatchString(host) {
		host = "localhost"
	}
	return scheme + host
}

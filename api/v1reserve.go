package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// keyLasts is how long a request key is kept.
const keyLasts = 24 * time.Hour

// requestKey is the shape of an Idempotency-Key.
var requestKey = regexp.MustCompile(`^[!-~]{1,255}$`)

// instant is a time in a request's body.
type instant struct{ time.Time }

// UnmarshalJSON reads RFC 3339 and says so when it can't.
func (i *instant) UnmarshalJSON(text []byte) error {
	if err := i.Time.UnmarshalJSON(text); err != nil {
		return refuse(http.StatusBadRequest, fmt.Sprintf("%.64s must be a time as in RFC 3339, such as %q", text, "2026-03-29T10:00:00+02:00"))
	}
	return nil
}

// plain returns the time, or nil for none.
func (i *instant) plain() *time.Time {
	if i == nil {
		return nil
	}
	return &i.Time
}

// wantedBody asks for a room.
type wantedBody struct {
	Start       instant `json:"start"`
	Duration    int     `json:"duration"` // minutes
	End         instant `json:"end"`
	Timezone    string  `json:"timezone"`
	Description string  `json:"description"`
	Capacity    int     `json:"capacity"`
	rulesBody
}

// createRoom handles POST /api/v1/rooms.
func (s *Server) createRoom(c echo.Context) error {
	body, err := readJSON[wantedBody](c)
	if err != nil {
		return err
	}
	if body.Timezone == "" {
		body.Timezone = "UTC"
	}
	wanted := rooms.Reservation{
		Start: body.Start.Time, Minutes: body.Duration, End: body.End.Time,
		Timezone: body.Timezone, Description: body.Description, Capacity: body.Capacity,
		Rules: body.change(),
	}
	var room rooms.Room
	if name := c.Request().Header.Get("Idempotency-Key"); name == "" {
		room, err = s.reserve(c, wanted)
	} else {
		room, err = s.reserveOnce(c, wanted, name)
	}
	if err != nil {
		return err
	}
	callOf(c).about(room.ID)
	c.Response().Header().Set(echo.HeaderLocation, "/api/v1/rooms/"+room.ID)
	return s.answerRoom(c, http.StatusCreated, room)
}

// reserveOnce reserves unless the key has done so. The key is looked up first:
// what could be reserved yesterday may be in the past when it is repeated.
func (s *Server) reserveOnce(c echo.Context, wanted rooms.Reservation, name string) (rooms.Room, error) {
	if !requestKey.MatchString(name) {
		return rooms.Room{}, &rooms.FieldError{Field: "Idempotency-Key", Problem: "must be 1 to 255 visible ASCII characters"}
	}
	ctx, user, now := c.Request().Context(), callOf(c).user, s.cfg.Now()
	text, err := json.Marshal(wanted)
	if err != nil {
		return rooms.Room{}, fmt.Errorf("digest of a reservation: %w", err)
	}
	digest := s.digest(text, wanted.Rules.Passcode != nil)
	key := rooms.RequestKey{UserID: user.ID, Key: name, Digest: digest, Until: now.Add(keyLasts)}
	made, err := s.deps.Store.RoomByKey(ctx, key, now)
	if !errors.Is(err, rooms.ErrNotFound) {
		return made, err
	}
	room, err := wanted.Reserve(user, now)
	if err != nil {
		return rooms.Room{}, err
	}
	made, err = s.deps.Store.CreateRoomOnce(ctx, room, key)
	if err == nil && made.ID == room.ID {
		s.logReserved(room)
	}
	return made, err
}

// digest stands for a request in the store. One that holds a passcode is keyed:
// a plain hash would let a passcode be guessed from a backup.
func (s *Server) digest(text []byte, secret bool) []byte {
	if !secret {
		sum := sha256.Sum256(text)
		return sum[:]
	}
	mac := hmac.New(sha256.New, s.deps.HostKey)
	mac.Write([]byte("plenum request digest\x00"))
	mac.Write(text)
	return mac.Sum(nil)
}

// answerRoom sends a room with the version that If-Match may name.
func (s *Server) answerRoom(c echo.Context, status int, room rooms.Room) error {
	c.Response().Header().Set("Etag", etagOf(room))
	return c.JSON(status, s.roomBody(room))
}

func etagOf(room rooms.Room) string { return `"` + strconv.FormatInt(room.Version, 10) + `"` }

// showRoom handles GET /api/v1/rooms/<room id>.
func (s *Server) showRoom(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	return s.answerRoom(c, http.StatusOK, room)
}

// changeRoom handles PATCH /api/v1/rooms/<room id>.
func (s *Server) changeRoom(c echo.Context) error {
	if _, err := s.managedRoom(c); err != nil {
		return err // before any look at the body
	}
	body, err := readJSON[struct {
		Description *string  `json:"description"`
		Capacity    *int     `json:"capacity"`
		Start       *instant `json:"start"`
		Duration    *int     `json:"duration"`
		End         *instant `json:"end"`
		rulesBody
	}](c)
	if err != nil {
		return err
	}
	change := rooms.Change{
		Description: body.Description, Capacity: body.Capacity,
		Start: body.Start.plain(), Minutes: body.Duration, End: body.End.plain(),
		Rules: body.change(),
	}
	room, err := s.update(c, func(r rooms.Room) (rooms.Room, error) { return r.Changed(change, s.cfg.Now()) })
	if err != nil {
		return err
	}
	callOf(c).about(room.ID, "version", strconv.FormatInt(room.Version, 10))
	s.log.Info("room changed", "room", room.ID, "user", callOf(c).user.Name, "version", room.Version)
	return s.answerRoom(c, http.StatusOK, room)
}

// extendRoom handles POST /api/v1/rooms/<room id>/extend.
func (s *Server) extendRoom(c echo.Context) error {
	if _, err := s.managedRoom(c); err != nil {
		return err
	}
	body, err := readJSON[struct {
		Minutes int `json:"minutes"`
	}](c)
	if err != nil {
		return err
	}
	room, err := s.update(c, func(r rooms.Room) (rooms.Room, error) { return r.Extended(body.Minutes, s.cfg.Now()) })
	if err != nil {
		return err
	}
	s.log.Info("room extended", "room", room.ID, "user", callOf(c).user.Name, "minutes", body.Minutes)
	return s.answerRoom(c, http.StatusOK, room)
}

// cancelRoom handles DELETE /api/v1/rooms/<room id>. What is over stays as it was.
func (s *Server) cancelRoom(c echo.Context) error {
	room, err := s.update(c, func(r rooms.Room) (rooms.Room, error) { return r.Cancel(s.cfg.Now()), nil })
	if err != nil {
		return err
	}
	if room.Cancelled {
		s.deps.Meetings.EndRoom(c.Request().Context(), room.ID)
		s.log.Info("room cancelled", "room", room.ID, "user", callOf(c).user.Name)
	}
	return c.NoContent(http.StatusNoContent)
}

// update changes the room of the path, if it is the caller's and the version
// that If-Match wants. Without If-Match a change that was overtaken by another
// is done upon that one.
func (s *Server) update(c echo.Context, change func(rooms.Room) (rooms.Room, error)) (rooms.Room, error) {
	wanted := c.Request().Header.Get("If-Match")
	for tries := 1; ; tries++ {
		was, err := s.managedRoom(c)
		if err != nil {
			return rooms.Room{}, err
		}
		if wanted != "" && !matches(wanted, etagOf(was)) {
			return rooms.Room{}, errOtherVersion
		}
		room, err := change(was)
		if err != nil || room == was {
			return room, err
		}
		room, err = s.deps.Store.UpdateRoom(c.Request().Context(), room)
		switch {
		case err == nil:
			s.record(c, changeKind(was, room), room)
			s.deps.Meetings.UpdateRoom(room)
			return room, nil
		case !errors.Is(err, rooms.ErrStale) || tries == 3:
			return rooms.Room{}, err
		}
	}
}

// errOtherVersion is the answer when If-Match does not name what is there.
var errOtherVersion = &refusal{
	status: http.StatusPreconditionFailed, detail: "it is another version than If-Match names; read it again",
}

// matches reports whether an If-Match header lists the tag (RFC 9110 section 13.1.1).
func matches(header, etag string) bool {
	for tag := range strings.SplitSeq(header, ",") {
		if tag = strings.TrimSpace(tag); tag == "*" || tag == etag {
			return true
		}
	}
	return false
}

package api

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// What a caller may have done to one participant, in the words of the meeting's
// own protocol, and to all of them.
var (
	actionsOnOne = []string{
		"mute", "stop_camera", "stop_screen", "ask_to_unmute", "lower_hand", "make_host", "make_speaker", "make_audience", lobbyAction,
	}
	actionsOnAll     = []string{"mute_all", "lock", "unlock", "admit_all"}
	actionsOnWaiting = []string{"admit", "deny"}
)

// lobbyAction takes a participant out of the meeting until a host admits anew.
const lobbyAction = "send_to_lobby"

// removeAction takes a participant out of the meeting.
const removeAction = "remove"

// showParticipant handles GET /api/v1/rooms/<room id>/participants/<id>.
func (s *Server) showParticipant(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	return s.answerParticipant(c, room)
}

// answerParticipant sends the participant of the path as it is now.
func (s *Server) answerParticipant(c echo.Context, room rooms.Room) error {
	live, _ := s.deps.Meetings.Live(room.ID)
	for _, p := range live.Participants {
		if p.ID == param(c, "participant") {
			return c.JSON(http.StatusOK, participantBodyOf(p))
		}
	}
	return ErrNotHere
}

// moderateOne handles POST /api/v1/rooms/<room id>/participants/<id>/moderate.
func (s *Server) moderateOne(c echo.Context) error {
	room, action, err := s.actionWanted(c, actionsOnOne)
	if err != nil {
		return err
	}
	if err := s.moderate(c, room, action, param(c, "participant")); err != nil {
		return err
	}
	if action == lobbyAction {
		return c.NoContent(http.StatusNoContent)
	}
	return s.answerParticipant(c, room)
}

// waiterBody is one who waits in a room's lobby.
type waiterBody struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Role      string `json:"role"`
	Reason    string `json:"reason"`
	Since     string `json:"since"`
	Connected bool   `json:"connected"`
}

// listWaiting handles GET /api/v1/rooms/<room id>/waiting.
func (s *Server) listWaiting(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	live, _ := s.deps.Meetings.Live(room.ID)
	list := []waiterBody{}
	for _, w := range live.Waiting {
		list = append(list, waiterBody{w.ID, w.Name, w.Role, w.Reason, timestamp(w.Since), w.Connected})
	}
	return c.JSON(http.StatusOK, map[string]any{"waiting": list})
}

// admitOrDeny handles POST /api/v1/rooms/<room id>/waiting/<id>.
func (s *Server) admitOrDeny(c echo.Context) error {
	room, action, err := s.actionWanted(c, actionsOnWaiting)
	if err != nil {
		return err
	}
	if err := s.moderate(c, room, action, param(c, "participant")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// removeParticipant handles DELETE /api/v1/rooms/<room id>/participants/<id>.
func (s *Server) removeParticipant(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	if err := s.moderate(c, room, removeAction, param(c, "participant")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// moderateAll handles POST /api/v1/rooms/<room id>/moderate.
func (s *Server) moderateAll(c echo.Context) error {
	room, action, err := s.actionWanted(c, actionsOnAll)
	if err != nil {
		return err
	}
	if err := s.moderate(c, room, action, ""); err != nil {
		return err
	}
	return s.answerParticipants(c, room)
}

// actionWanted returns the room of the path, and which of the actions the body
// names.
func (s *Server) actionWanted(c echo.Context, actions []string) (rooms.Room, string, error) {
	room, err := s.managedRoom(c)
	if err != nil {
		return rooms.Room{}, "", err // before any look at the body
	}
	body, err := readJSON[struct {
		Action string `json:"action"`
	}](c)
	if err != nil {
		return rooms.Room{}, "", err
	}
	if !slices.Contains(actions, body.Action) {
		return rooms.Room{}, "", &rooms.FieldError{Field: "action", Problem: "must be one of " + strings.Join(actions, ", ")}
	}
	return room, body.Action, nil
}

// moderate does what the caller wants in the meeting, and notes it.
func (s *Server) moderate(c echo.Context, room rooms.Room, action, participant string) error {
	by := callOf(c).user.Name
	var err error
	switch action {
	case "lock", "unlock":
		err = s.deps.Meetings.Lock(room.ID, action == "lock")
	default:
		err = s.deps.Meetings.Moderate(room.ID, by, action, participant)
	}
	if err != nil {
		return err
	}
	callOf(c).about(room.ID, "action", action, "participant", participant)
	s.log.Info("meeting moderated", "room", room.ID, "user", by, "address", callOf(c).from.addr,
		"action", action, "participant", participant)
	return nil
}

// messageOne handles POST /api/v1/rooms/<room id>/participants/<id>/message.
func (s *Server) messageOne(c echo.Context) error {
	return s.message(c, param(c, "participant"))
}

// messageAll handles POST /api/v1/rooms/<room id>/message.
func (s *Server) messageAll(c echo.Context) error { return s.message(c, "") }

// message shows a text to those in the room of the path, or to one of them.
func (s *Server) message(c echo.Context, participant string) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	limit, err := recipientsWanted(c)
	if err != nil {
		return err
	}
	body, err := readJSON[struct {
		Info string `json:"info"`
	}](c)
	if err != nil {
		return err
	}
	to := pushTarget{Room: room.ID, Participant: participant}
	send, err := s.announcer(c, room, participant, body.Info)
	if err != nil {
		return err
	}
	all, err := s.pushOnce(c, to, fmt.Sprintf("%q", body.Info), send)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, pushed(all, limit))
}

package api

import (
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// roomLinkBody is a link as it is handed out. Nothing of it is kept: the token
// says all.
type roomLinkBody struct {
	ID        string         `json:"id"`
	Role      rooms.LinkRole `json:"role"`
	Name      string         `json:"name"`
	ExpiresAt string         `json:"expires_at,omitempty"`
	URL       string         `json:"url"`
	Token     string         `json:"token"`
}

// createRoomLink handles POST /api/v1/rooms/<room id>/links.
func (s *Server) createRoomLink(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	body, err := readJSON[struct {
		Role      rooms.LinkRole `json:"role"`
		Name      string         `json:"name"`
		ExpiresAt instant        `json:"expires_at"`
	}](c)
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	if !now.Before(room.End) {
		return rooms.ErrOver
	}
	if !body.ExpiresAt.IsZero() && !body.ExpiresAt.After(now) {
		return &rooms.FieldError{Field: "expires_at", Problem: "must be in the future"}
	}
	token, link, err := s.deps.Links.Sign(room, rooms.Link{Role: body.Role, Name: body.Name, Expires: body.ExpiresAt.Time})
	if err != nil {
		return err
	}
	answer := roomLinkBody{
		ID: link.ID, Role: link.Role, Name: link.Name, URL: meetingURL(room.ID) + "#join=" + token, Token: token,
	}
	if !link.Expires.IsZero() {
		answer.ExpiresAt = timestamp(link.Expires)
	}
	callOf(c).about(room.ID, "link", link.ID, "role", string(link.Role), "expires_at", answer.ExpiresAt)
	s.log.Info("link created", "room", room.ID, "link", link.ID, "role", link.Role, "user", callOf(c).user.Name)
	return c.JSON(http.StatusCreated, answer)
}

// revokeRoomLinks handles POST /api/v1/rooms/<room id>/links/revoke. No link made
// before opens anything from here on, the room's own host link included.
func (s *Server) revokeRoomLinks(c echo.Context) error {
	if _, err := s.managedRoom(c); err != nil {
		return err
	}
	body, err := readJSON[struct {
		EndSessions bool `json:"end_sessions"`
	}](c)
	if err != nil {
		return err
	}
	room, err := s.update(c, func(r rooms.Room) (rooms.Room, error) {
		r.Rules.LinkEpoch++
		return r, nil
	})
	if err != nil {
		return err
	}
	if body.EndSessions {
		s.deps.Meetings.RevokeLinks(room)
	}
	callOf(c).about(room.ID, "end_sessions", strconv.FormatBool(body.EndSessions))
	s.log.Info("links revoked", "room", room.ID, "user", callOf(c).user.Name, "end_sessions", body.EndSessions)
	return s.answerRoom(c, http.StatusOK, room)
}

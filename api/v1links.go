package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// roomLinkBody is a link as those see it who look after the room.
type roomLinkBody struct {
	ID        string         `json:"id"`
	Role      rooms.LinkRole `json:"role"`
	Name      string         `json:"name"`
	Label     string         `json:"label"`
	CreatedBy string         `json:"created_by"`
	CreatedAt string         `json:"created_at"`
	ExpiresAt string         `json:"expires_at,omitempty"`
	UsedAt    string         `json:"used_at,omitempty"`
	URL       string         `json:"url"`
	Token     string         `json:"token"`
}

func roomLinkBodyOf(room rooms.Room, l rooms.Link, token string) roomLinkBody {
	return roomLinkBody{
		ID: l.ID, Role: l.Role, Name: l.Name, Label: l.Label, CreatedBy: l.Maker, CreatedAt: timestamp(l.CreatedAt),
		ExpiresAt: maybeTimestamp(l.Expires), UsedAt: maybeTimestamp(l.UsedAt),
		URL: meetingURL(room.ID) + "#join=" + token, Token: token,
	}
}

// listRoomLinks handles GET /api/v1/rooms/<room id>/links. Tokens are not
// kept: they are signed anew, which gives the same.
func (s *Server) listRoomLinks(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	all, err := s.deps.Store.Links(c.Request().Context(), room, s.cfg.Now())
	if err != nil {
		return err
	}
	list := []roomLinkBody{}
	for _, l := range all {
		token, _, err := s.deps.Links.Sign(room, l)
		if err != nil {
			return err
		}
		list = append(list, roomLinkBodyOf(room, l, token))
	}
	return c.JSON(http.StatusOK, map[string]any{"links": list})
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
		Label     string         `json:"label"`
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
	token, link, err := s.deps.Links.Sign(room, rooms.Link{
		Role: body.Role, Name: body.Name, Label: body.Label, Expires: body.ExpiresAt.Time,
		Maker: callOf(c).user.Name, CreatedAt: now.UTC().Truncate(time.Millisecond),
	})
	if err != nil {
		return err
	}
	if err := s.deps.Store.CreateLink(c.Request().Context(), room.ID, link); err != nil {
		return err
	}
	answer := roomLinkBodyOf(room, link, token)
	callOf(c).about(room.ID, "link", link.ID, "role", string(link.Role), "expires_at", answer.ExpiresAt)
	s.log.Info("link created", "room", room.ID, "link", link.ID, "role", link.Role, "user", callOf(c).user.Name)
	return c.JSON(http.StatusCreated, answer)
}

// revokeRoomLink handles DELETE /api/v1/rooms/<room id>/links/<link id>. Those
// who came by it are sent off.
func (s *Server) revokeRoomLink(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	link := param(c, "link")
	if err := s.deps.Store.RevokeLink(c.Request().Context(), room.ID, link); err != nil {
		return err
	}
	s.deps.Meetings.RevokeLink(room, link)
	callOf(c).about(room.ID, "link", link)
	s.log.Info("link revoked", "room", room.ID, "link", link, "user", callOf(c).user.Name)
	return c.NoContent(http.StatusNoContent)
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

package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// roomInTime returns a room that is not over. Whether a room is over or never
// was is not told.
func (s *Server) roomInTime(ctx context.Context, id string) (rooms.Room, error) {
	room, err := s.deps.Store.RoomByID(ctx, id)
	if err != nil {
		return rooms.Room{}, err
	}
	if !s.cfg.Now().Before(room.End) {
		return rooms.Room{}, errNotFound
	}
	return room, nil
}

// titleOf is what a room is called on screen.
func titleOf(room rooms.Room) string {
	if title := strings.Join(strings.Fields(room.Description), " "); title != "" {
		return title
	}
	return "Meeting"
}

// iceServers handles GET /meeting/<room id>/ice.
func (s *Server) iceServers(c echo.Context) error {
	if _, err := s.roomInTime(c.Request().Context(), param(c, "room")); err != nil {
		return err
	}
	list, _ := s.iceFor(c)
	return c.JSON(http.StatusOK, list)
}

// iceBody is what /api/v1/rooms/<room id>/ice answers.
type iceBody struct {
	Servers []ICEServer `json:"ice_servers"`
	TTL     int         `json:"ttl_seconds,omitempty"` // of the credentials; none where they do not end
}

// roomICE handles GET /api/v1/rooms/<room id>/ice.
func (s *Server) roomICE(c echo.Context) error {
	if _, err := s.roomInTime(c.Request().Context(), param(c, "room")); err != nil {
		return err
	}
	list, ttl := s.iceFor(c)
	return c.JSON(http.StatusOK, iceBody{Servers: list, TTL: int(ttl.Seconds())})
}

// trial handles POST /api/v1/rooms/<room id>/trial: a connection test.
func (s *Server) trial(c echo.Context) error {
	if _, err := s.roomInTime(c.Request().Context(), param(c, "room")); err != nil {
		return err
	}
	if !sameOrigin(c.Request()) {
		return refuse(http.StatusForbidden, "pages of other sites can't test connections here")
	}
	body, err := readJSON[struct {
		Offer string `json:"offer"`
	}](c)
	if err != nil {
		return err
	}
	if s.deps.Trials == nil {
		return errNotFound
	}
	answer, err := s.deps.Trials.Trial(c.Request().Context(), body.Offer)
	switch {
	case errors.Is(err, ErrTrials):
		return &refusal{status: http.StatusServiceUnavailable, detail: "too many connection tests at once, try again", retryAfter: time.Second}
	case errors.Is(err, ErrOffer):
		return refuse(http.StatusBadRequest, "offer is not an SDP offer that can be answered")
	case err != nil:
		return err
	}
	return c.JSON(http.StatusOK, map[string]string{"answer": answer})
}

// iceFor returns what the operator has configured and our own relay, under the
// name by which the page has reached us. The list is never nil.
func (s *Server) iceFor(c echo.Context) ([]ICEServer, time.Duration) {
	c.Response().Header().Set("Cache-Control", "no-store") // credentials are of one page
	list := append([]ICEServer{}, s.cfg.ICEServers...)
	if s.deps.Relay == nil {
		return list, 0
	}
	own, ttl := s.deps.Relay.ICEServers(hostName(c.Request().Host))
	return append(list, own...), ttl
}

// hostName is a Host header without its port and brackets; empty when it is
// neither a name nor an address.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	for _, r := range host {
		if r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return ""
		}
	}
	return host
}

// meetingSocket handles the WebSocket /api/v1/rooms/<room id>/ws. Before the
// room opens it answers a join with when it does; a meeting that runs over its
// end lets those back in who have lost it.
func (s *Server) meetingSocket(c echo.Context) error {
	room, err := s.deps.Store.RoomByID(c.Request().Context(), param(c, "room"))
	if err != nil {
		return err
	}
	if now := s.cfg.Now(); !now.Before(room.End) {
		if _, runs := s.deps.Meetings.Live(room.ID); !runs || !now.Before(room.End.Add(s.cfg.EndGrace)) {
			return errNotFound
		}
	}
	if !isUpgrade(c.Request()) {
		return upgradeRequired(c)
	}
	if !sameOrigin(c.Request()) {
		return refuse(http.StatusForbidden, "pages of other sites can't join meetings here")
	}
	user, gone, cancel, err := s.pageUser(c)
	if err != nil {
		return err
	}
	defer cancel()
	s.deps.Meetings.ServeMeeting(c.Response(), c.Request(), room, Visitor{
		Addr: callOf(c).from.addr, User: user.Name, UserID: user.ID, Revoked: gone,
	})
	return nil
}

// pageUser returns who is logged in on our own page that opens a socket, if
// anybody, and what tells when that login holds no more.
func (s *Server) pageUser(c echo.Context) (user rooms.User, gone <-chan struct{}, cancel func(), err error) {
	cancel = func() {}
	if _, fromPage := c.Request().Header["Origin"]; !fromPage || !sameOrigin(c.Request()) {
		return user, nil, cancel, nil
	}
	user, err = s.sessionUser(c)
	if errors.Is(err, rooms.ErrCredentials) {
		return rooms.User{}, nil, cancel, nil
	}
	if err != nil {
		return rooms.User{}, nil, cancel, err
	}
	gone, cancel = s.deps.Revoked.Watch(rooms.Login{User: user, Addr: callOf(c).from.addr})
	return user, gone, cancel, nil
}

// isUpgrade reports whether a request wants to become a WebSocket.
func isUpgrade(r *http.Request) bool {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		return false
	}
	for _, field := range r.Header.Values("Connection") {
		for token := range strings.SplitSeq(field, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "upgrade") {
				return true
			}
		}
	}
	return false
}

func upgradeRequired(c echo.Context) error {
	c.Response().Header().Set("Upgrade", "websocket")
	c.Response().Header().Set("Connection", "Upgrade")
	return refuse(http.StatusUpgradeRequired, "connect here with a WebSocket")
}

package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// attendantBody is one attendant. Where it calls from is for admins.
type attendantBody struct {
	ChannelName string            `json:"channel_name"`
	IP          string            `json:"ip,omitempty"`
	Port        int               `json:"port,omitempty"`
	User        string            `json:"user"`
	Details     map[string]string `json:"details"`
	ConnectedAt string            `json:"connected_at"`
}

// listAttendants handles GET /api/v1/attendants.
func (s *Server) listAttendants(c echo.Context) error {
	admin := callOf(c).user.Role == rooms.Admin
	list := []attendantBody{}
	for _, a := range s.deps.Attendants.List() {
		row := attendantBody{
			ChannelName: a.ChannelName, User: a.User, Details: detailsOf(a), ConnectedAt: timestamp(a.ConnectedAt),
		}
		if admin {
			row.IP, row.Port = a.IP, a.Port
		}
		list = append(list, row)
	}
	return c.JSON(http.StatusOK, map[string]any{"attendants": list})
}

// push handles POST /api/v1/attendants/<channel name>/push.
func (s *Server) push(c echo.Context) error {
	body, err := readJSON[struct {
		Info string `json:"info"`
	}](c)
	if err != nil {
		return err
	}
	if err := s.pushTo(c, param(c, "channel"), body.Info); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]bool{"delivered": true})
}

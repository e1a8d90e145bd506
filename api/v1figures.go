package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

type figureBody struct {
	At      string   `json:"at"`
	Rooms   *int     `json:"rooms,omitempty"`
	People  int      `json:"people"`
	Bitrate int64    `json:"bitrate"`
	Loss    float64  `json:"loss"`
	CPU     *float64 `json:"cpu,omitempty"`
}

// serverFigures handles GET /api/v1/figures.
func (s *Server) serverFigures(c echo.Context) error {
	return s.answerFigures(c, s.deps.Figures.Server(), true)
}

// roomFigures handles GET /api/v1/rooms/<room id>/figures.
func (s *Server) roomFigures(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	return s.answerFigures(c, s.deps.Figures.Room(room.ID), false)
}

func (s *Server) answerFigures(c echo.Context, all []Figure, server bool) error {
	body := struct {
		EverySeconds float64      `json:"every_seconds"`
		Figures      []figureBody `json:"figures"`
	}{s.deps.Figures.Every().Seconds(), []figureBody{}}
	admin := callOf(c).user.Role == rooms.Admin
	for _, f := range all {
		row := figureBody{At: timestamp(f.At), People: f.People, Bitrate: f.Bitrate, Loss: f.Loss}
		if admin {
			row.CPU = &f.CPU
		}
		if server {
			row.Rooms = &f.Rooms
		}
		body.Figures = append(body.Figures, row)
	}
	return c.JSON(http.StatusOK, body)
}

package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"plenum/recording"
	"plenum/recording/derive"
	"plenum/recording/jobs"
)

// Jobs make derived files of recordings. Their errors wrap those of packages
// jobs, derive and recording.
type Jobs interface {
	Add(recording string, k derive.Kind, o derive.Options, by string) (jobs.Job, error)
	List(recording string) []jobs.Job
	Get(recording, job string) (jobs.Job, error)
	Cancel(recording, job string) error
}

type deriveRequest struct {
	Kind    derive.Kind    `json:"kind"`
	Options derive.Options `json:"options"`
}

// derive handles POST /api/v1/recordings/<id>/derived.
func (s *Server) derive(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	body, err := readJSON[deriveRequest](c)
	if err != nil {
		return err
	}
	job, err := s.deps.Jobs.Add(r.ID, body.Kind, body.Options, callOf(c).user.Name)
	if err != nil {
		return err
	}
	s.audit(c, recording.ActionDerive, r, "", string(body.Kind))
	return c.JSON(http.StatusAccepted, job)
}

// listJobs handles GET /api/v1/recordings/<id>/derived.
func (s *Server) listJobs(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"jobs": s.deps.Jobs.List(r.ID)})
}

// showJob handles GET /api/v1/recordings/<id>/derived/<job>.
func (s *Server) showJob(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	job, err := s.deps.Jobs.Get(r.ID, param(c, "job"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, job)
}

// cancelJob handles DELETE /api/v1/recordings/<id>/derived/<job>.
func (s *Server) cancelJob(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	job := param(c, "job")
	if err := s.deps.Jobs.Cancel(r.ID, job); err != nil {
		return err
	}
	s.audit(c, recording.ActionCancel, r, "", job)
	return c.NoContent(http.StatusNoContent)
}

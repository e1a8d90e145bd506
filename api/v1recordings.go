package api

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"plenum/recording"
	"plenum/rooms"
)

// listRecordings handles GET /api/v1/recordings.
func (s *Server) listRecordings(c echo.Context) error {
	values, err := query(c.Request())
	if err != nil {
		return err
	}
	filter := recording.Filter{Room: values.Get("room")}
	if user := callOf(c).user; user.Role != rooms.Admin {
		filter.CreatorID = user.ID
	}
	list, err := s.deps.Recordings.List(filter)
	if err != nil {
		return err
	}
	manifests := []any{}
	for _, r := range list {
		manifests = append(manifests, r.Manifest)
	}
	return c.JSON(http.StatusOK, map[string]any{"recordings": manifests})
}

// ownRecording returns the recording of the path if the caller may see it.
func (s *Server) ownRecording(c echo.Context) (Recording, error) {
	r, err := s.deps.Recordings.Get(param(c, "recording"))
	if err != nil {
		return Recording{}, err
	}
	if !callOf(c).user.MayManage(r.CreatorID) {
		return Recording{}, errNotFound
	}
	return r, nil
}

// showRecording handles GET /api/v1/recordings/<id>.
func (s *Server) showRecording(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, r.Manifest)
}

// audit writes down what the caller does with a recording.
func (s *Server) audit(c echo.Context, action recording.Action, r Recording, file, detail string) {
	who := callOf(c).user.Name
	if callOf(c).link != nil {
		who = "link"
	}
	s.deps.Recordings.Audit(recording.Entry{
		At: s.cfg.Now().UTC(), Action: action, Recording: r.ID, Room: r.Room, Who: who,
		Address: callOf(c).from.addr.String(), File: file, Detail: detail,
	})
}

// recordingFile handles GET /api/v1/recordings/<id>/files/<name>. It answers
// ranges, so that players seek and broken downloads go on.
func (s *Server) recordingFile(c echo.Context) error {
	name := param(c, "file")
	r, err := s.readable(c, name)
	if err != nil {
		return err
	}
	file, err := s.deps.Recordings.File(r.ID, name)
	if err != nil {
		return err
	}
	defer file.Close()
	req, header := c.Request(), c.Response().Header()
	if req.Method == http.MethodGet {
		action := recording.ActionPlay
		if c.QueryParam("download") == "1" {
			action = recording.ActionDownload
		}
		s.audit(c, action, r, name, "")
	}
	header.Set(echo.HeaderContentType, file.Type)
	header.Set("Etag", `"`+file.SHA256+`"`)
	header.Set("Cache-Control", "private, no-cache")
	header.Set(echo.HeaderContentDisposition, disposition("inline", file.Name))
	if c.QueryParam("download") == "1" {
		header.Set(echo.HeaderContentDisposition, disposition("attachment", file.Name))
	}
	defer s.cutWhenRevoked(c, r.CreatorID)()
	http.ServeContent(c.Response(), req, "", file.Modified, file)
	return nil
}

// disposition names a file for every browser: plain for the old, and as
// RFC 8187 wants it for names beyond ASCII (RFC 6266).
func disposition(kind, name string) string {
	ascii := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || r > 0x7f, r == '"', r == '\\', r == '/', r == '%':
			return '_'
		}
		return r
	}, name)
	escaped := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return kind + `; filename="` + ascii + `"; filename*=UTF-8''` + escaped
}

// deleteRecording handles DELETE /api/v1/recordings/<id>.
func (s *Server) deleteRecording(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	if err := s.deps.Recordings.Delete(r.ID); err != nil {
		return err
	}
	s.audit(c, recording.ActionDelete, r, "", "")
	return c.NoContent(http.StatusNoContent)
}

// deleteFile handles DELETE /api/v1/recordings/<id>/files/<name>, which is for
// derived files only.
func (s *Server) deleteFile(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	name := param(c, "file")
	if err := s.deps.Recordings.RemoveDerived(r.ID, name); err != nil {
		return err
	}
	s.audit(c, recording.ActionRemove, r, name, "")
	return c.NoContent(http.StatusNoContent)
}

// recordingArchive handles GET /api/v1/recordings/<id>/archive.zip. The ZIP is
// made while it is sent, so its size is not known and it has no ranges.
func (s *Server) recordingArchive(c echo.Context) error {
	r, err := s.readable(c, "")
	if err != nil {
		return err
	}
	if g := callOf(c).link; g != nil && g.file != "" {
		return errNotFound
	}
	archive, err := s.deps.Recordings.Archive(r.ID)
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, "application/zip")
	header.Set("Cache-Control", "private, no-store")
	header.Set("Accept-Ranges", "none")
	header.Set(echo.HeaderContentDisposition, disposition("attachment", archive.Name))
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	s.audit(c, recording.ActionDownload, r, "", "")
	defer s.cutWhenRevoked(c, r.CreatorID)()
	if err := archive.Write(c.Response()); err != nil {
		s.log.Warn("archive not sent to its end", "recording", r.ID, "error", err, "request", callOf(c).id)
		panic(http.ErrAbortHandler) // so that nobody takes it for whole
	}
	return nil
}

type recordingChange struct {
	Hold *bool `json:"hold"`
}

// changeRecording handles PATCH /api/v1/recordings/<id>.
func (s *Server) changeRecording(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	body, err := readJSON[recordingChange](c)
	if err != nil {
		return err
	}
	if body.Hold == nil {
		return c.JSON(http.StatusOK, r.Manifest)
	}
	changed, err := s.deps.Recordings.SetHold(r.ID, *body.Hold)
	if err != nil {
		return err
	}
	action := recording.ActionRelease
	if *body.Hold {
		action = recording.ActionHold
	}
	s.audit(c, action, r, "", "")
	return c.JSON(http.StatusOK, changed.Manifest)
}

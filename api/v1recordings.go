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

// recordingFile handles GET /api/v1/recordings/<id>/files/<name>. It answers
// ranges, so that players seek and broken downloads go on.
func (s *Server) recordingFile(c echo.Context) error {
	r, err := s.ownRecording(c)
	if err != nil {
		return err
	}
	name := param(c, "file")
	file, err := s.deps.Recordings.File(r.ID, name)
	if err != nil {
		return err
	}
	defer file.Close()
	req, header := c.Request(), c.Response().Header()
	if req.Method == http.MethodGet {
		s.log.Info("recording downloaded", "user", callOf(c).user.Name, "recording", r.ID, "file", name,
			"range", req.Header.Get("Range"), "address", callOf(c).from.addr)
	}
	header.Set(echo.HeaderContentType, file.Type)
	header.Set("Etag", `"`+file.SHA256+`"`)
	header.Set("Cache-Control", "private, no-cache")
	header.Set(echo.HeaderContentDisposition, disposition("inline", file.Name))
	if c.QueryParam("download") == "1" {
		header.Set(echo.HeaderContentDisposition, disposition("attachment", file.Name))
	}
	defer s.cutWhenRevoked(c)()
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
	s.log.Info("recording deleted", "user", callOf(c).user.Name, "recording", r.ID, "file", "",
		"address", callOf(c).from.addr)
	return c.NoContent(http.StatusNoContent)
}

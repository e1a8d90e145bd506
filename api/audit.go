package api

import (
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"plenum/rooms"
)

// How much of the audit log those may fill who are not logged in: so many
// entries a second, and so many at once. What is left out, the next entry says.
const (
	noisePerSecond = 20
	noiseBurst     = 100
)

// longestObject bounds what an entry holds of a path, in bytes.
const longestObject = 200

// downloads are the reading routes that are audited.
var downloads = map[string]bool{
	"/api/v1/recordings/:recording/files/:file": true, "/api/v1/recordings/:recording/archive.zip": true,
}

// seedActions name the seed's routes that act, on GET too.
var seedActions = map[string]string{"/reserve_room/": "reserve_room", "/notify_ws/:channel/": "notify_ws"}

// sureActions are those whose entries are on disk before they are answered:
// they change who may do what, or what can't be brought back.
var sureActions = map[string]bool{
	"createUser": true, "changeUser": true, "deleteUser": true, "createToken": true, "deleteToken": true,
	"createRoomLink": true, "revokeRoomLink": true, "revokeRoomLinks": true, "createLink": true,
	"deleteRecording": true, "deleteFile": true,
}

// unaudited are the calls that change nothing, though their method says so, and
// those that the meeting notes: it knows who acts.
var unaudited = map[string]bool{"tryConnection": true, "shareFile": true}

// operationIDs names the described routes, by method and path as Echo has it.
var operationIDs = sync.OnceValue(func() map[string]string {
	ids := map[string]string{}
	d, err := describe()
	if err != nil {
		return ids // a test sees to it that there is none
	}
	for _, path := range d.Paths {
		for _, o := range path.Value.Operations() {
			ids[o.Name+" "+strings.NewReplacer("{", ":", "}", "").Replace(path.Name)] = o.Value.ID
		}
	}
	return ids
})

// actionOf names what a request does, or returns "" for what is not audited:
// requests that only read, and those that no route takes. Logins are noted
// where they are checked.
func actionOf(c echo.Context) string {
	method, path := c.Request().Method, c.Path()
	if action, acts := seedActions[path]; acts {
		return action
	}
	reads := method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions
	if reads && (!downloads[path] || method != http.MethodGet) || !routed(c) {
		return ""
	}
	id, described := operationIDs()[method+" "+path]
	switch {
	case id == "openSession", unaudited[id]:
		return ""
	case !described:
		return method + " " + path // so that a new route is not left out
	}
	return id
}

// routed reports whether a route of ours takes the request.
func routed(c echo.Context) bool {
	for _, r := range c.Echo().Routes() {
		if r.Method == c.Request().Method && r.Path == c.Path() {
			return true
		}
	}
	return false
}

// auditCalls notes every request that acts, just before its answer goes out.
func (s *Server) auditCalls(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if action := actionOf(c); action != "" {
			c.Response().Before(sync.OnceFunc(func() { s.auditCall(c, action) }))
		}
		return next(c)
	}
}

func (s *Server) auditCall(c echo.Context, action string) {
	v := callOf(c)
	e := rooms.AuditEntry{
		Action: action, Object: v.object, Outcome: outcomeOf(c.Response().Status),
		Details: map[string]string{"status": strconv.Itoa(c.Response().Status)},
	}
	maps.Copy(e.Details, v.details)
	if e.Object == "" {
		e.Object = pathObject(c)
	}
	if downloads[c.Path()] && !s.noted.first(v.user.Name+" "+v.from.addr.String()+" "+e.Object+" "+string(e.Outcome), s.cfg.Now()) {
		return
	}
	s.note(c, e, sureActions[action] && e.Outcome == rooms.OutcomeOK)
}

// note writes an entry of the caller's.
func (s *Server) note(c echo.Context, e rooms.AuditEntry, sure bool) {
	v := callOf(c)
	e.At, e.Kind = s.cfg.Now(), rooms.ActorNobody
	if v.from.addr.IsValid() {
		e.Address = v.from.addr.String()
	}
	if v.user.ID != 0 {
		e.Kind, e.ActorID, e.Actor = rooms.ActorUser, strconv.FormatInt(v.user.ID, 10), v.user.Name
	}
	if v.link != nil {
		e.Details["link"] = "signed"
	}
	if v.token != 0 {
		e.Kind = rooms.ActorToken
		e.Details["token"] = strconv.FormatInt(v.token, 10)
	}
	if e.Kind == rooms.ActorNobody && !s.noise.let(&e) {
		return
	}
	if !sure {
		s.deps.Audit.Note(e)
		return
	}
	if !s.deps.Audit.Sure(c.Request().Context(), e) {
		s.log.Warn("audit entry not on disk when its call was answered", "action", e.Action, "request", v.id)
	}
}

func outcomeOf(status int) rooms.Outcome {
	switch {
	case status < http.StatusBadRequest:
		return rooms.OutcomeOK
	case status == http.StatusTooManyRequests:
		return rooms.OutcomeThrottled
	case status < http.StatusInternalServerError:
		return rooms.OutcomeRefused
	}
	return rooms.OutcomeFailed
}

// pathObject is what the path says the request is about.
func pathObject(c echo.Context) string {
	var parts []string
	for _, name := range c.ParamNames() {
		parts = append(parts, param(c, name))
	}
	text := strings.Join(parts, "/")
	return text[:min(len(text), longestObject)]
}

// noise bounds the entries of those who are not logged in.
type noise struct {
	limit *rate.Limiter
	left  atomic.Int64 // entries left out since the last one
}

func newNoise() *noise { return &noise{limit: rate.NewLimiter(noisePerSecond, noiseBurst)} }

// let reports whether an entry may be written, and says in it how many were not.
func (n *noise) let(e *rooms.AuditEntry) bool {
	if !n.limit.Allow() {
		n.left.Add(1)
		return false
	}
	if left := n.left.Swap(0); left > 0 {
		e.Details["left_out"] = strconv.FormatInt(left, 10)
	}
	return true
}

// noteLogin notes how a login went. The name is only kept if somebody has it:
// it may be a password typed in the wrong place.
func (s *Server) noteLogin(c echo.Context, u rooms.User, outcome rooms.Outcome, reason string) {
	e := rooms.AuditEntry{Action: "login", Outcome: outcome, Details: map[string]string{}}
	if u.ID != 0 {
		e.Object = u.Name
	}
	if reason != "" {
		e.Details["reason"] = reason
	}
	s.note(c, e, false)
}

// auditBody is an entry as admins see it.
type auditBody struct {
	ID      int64             `json:"id"`
	At      string            `json:"at"`
	Actor   actorBody         `json:"actor"`
	Address string            `json:"address"`
	Action  string            `json:"action"`
	Object  string            `json:"object"`
	Outcome rooms.Outcome     `json:"outcome"`
	Details map[string]string `json:"details"`
}

type actorBody struct {
	Kind rooms.ActorKind `json:"kind"`
	ID   string          `json:"id"`
	Name string          `json:"name"`
}

// listAudit handles GET /api/v1/audit.
func (s *Server) listAudit(c echo.Context) error {
	filter, err := auditFilter(c)
	if err != nil {
		return err
	}
	page, more, err := s.deps.Store.Audit(c.Request().Context(), filter)
	if err != nil {
		return err
	}
	body := struct {
		Entries []auditBody `json:"entries"`
		Next    string      `json:"next"`
	}{Entries: []auditBody{}}
	for _, e := range page {
		details := e.Details
		if details == nil {
			details = map[string]string{}
		}
		body.Entries = append(body.Entries, auditBody{
			e.ID, timestamp(e.At), actorBody{e.Kind, e.ActorID, e.Actor}, e.Address, e.Action, e.Object, e.Outcome, details,
		})
	}
	if more {
		body.Next = strconv.FormatInt(page[len(page)-1].ID, 10)
	}
	return c.JSON(http.StatusOK, body)
}

func auditFilter(c echo.Context) (rooms.AuditFilter, error) {
	values, err := query(c.Request())
	if err != nil {
		return rooms.AuditFilter{}, err
	}
	f := rooms.AuditFilter{Actor: values.Get("actor"), Action: values.Get("action"), Object: values.Get("object")}
	if f.From, err = timeParam(values, "from"); err != nil {
		return f, err
	}
	if f.Before, err = timeParam(values, "before"); err != nil {
		return f, err
	}
	if text := values.Get("after"); text != "" {
		if f.After, err = strconv.ParseInt(text, 10, 64); err != nil || f.After < 1 {
			return f, &rooms.FieldError{Field: "after", Problem: "must be the cursor of the page before"}
		}
	}
	if f.Limit, err = limitParam(values); err != nil {
		return f, fmt.Errorf("audit filter: %w", err)
	}
	return f, nil
}

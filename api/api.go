// Package api is Plenum's HTTP face: the routes that clients of its first
// version know, the JSON API under /api/v1, the pages, and what operators need.
// It decides who may do what and in which words a refusal is told; rooms live
// in package rooms, meetings in package signaling.
package api

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

	"plenum/rooms"
	"plenum/rooms/throttle"
)

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	TrustedProxies   []netip.Prefix // whose X-Forwarded-For and -Proto count; default nobody's
	PublicAttendants bool           // /online_attendants/ answers everybody, as it once did
	ICEServers       []ICEServer    // what /meeting/<id>/ice answers; default none: the server is its own
	SessionFor       time.Duration  // how long a login holds; default 12 h
	EndGrace         time.Duration  // how long a running meeting may run over its end; default not at all
	VideoCodecs      []string       // formats of pictures, best first, which pages are told; default vp8
	Now              func() time.Time

	// AttendanceOrigins are the origins of other sites whose pages may be
	// attendants, such as https://app.example.org; "*" is every site. Default none.
	AttendanceOrigins []string
}

func (c Config) withDefaults() Config {
	if c.SessionFor == 0 {
		c.SessionFor = 12 * time.Hour
	}
	if len(c.VideoCodecs) == 0 {
		c.VideoCodecs = []string{"vp8"}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Deps is what the API stands on. All fields are needed but Relay, Trials and Files.
type Deps struct {
	Store      rooms.Store
	Auth       *rooms.Authenticator
	HostKey    []byte // signs host tokens
	Meetings   Meetings
	Attendants Attendants
	Recordings Recordings
	Ledger     Ledger
	Webhooks   Webhooks
	Jobs       Jobs
	Relay      Relay          // nil without one
	Trials     Trials         // nil without one
	Files      Files          // nil when people share none
	Links      rooms.LinkKeys // sign join tokens
	Audit      Audit
	Revoked    Revocations
	Figures    Figures
	Pages      fs.FS // the built page; may lack files
	Metrics    *prometheus.Registry
}

// A Server answers HTTP requests. It owns no goroutine.
type Server struct {
	cfg      Config
	deps     Deps
	log      *slog.Logger
	echo     *echo.Echo
	pages    *pages
	sessions *sessions
	throttle *throttle.Throttle
	logins   singleflight.Group // by a digest of address, name and password
	requests *requestMetrics
	noise    *noise
	noted    recently // downloads in the audit log
	draining atomic.Bool
	pushes   *onceOnly
	doing    doing         // requests with an Idempotency-Key
	drained  chan struct{} // closed when draining begins
	streams  *streams
}

// New returns a Server. It starts nothing.
func New(cfg Config, deps Deps, log *slog.Logger) *Server {
	cfg = cfg.withDefaults()
	s := &Server{
		cfg:      cfg,
		deps:     deps,
		log:      log,
		echo:     echo.New(),
		pages:    newPages(deps.Pages),
		sessions: newSessions(cfg.SessionFor),
		throttle: throttle.New(throttle.Config{}),
		requests: newRequestMetrics(deps.Metrics),
		noise:    newNoise(),
		pushes:   newOnceOnly(),
		drained:  make(chan struct{}),
		streams:  newStreams(),
	}
	s.echo.HTTPErrorHandler = s.handleError
	s.echo.Use(s.begin, s.observe, s.auditCalls, s.recover, s.protect)
	s.routes()
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Drain makes /readyz fail, so that a load balancer sends nobody here any more,
// and ends the streams of events.
func (s *Server) Drain() {
	if !s.draining.Swap(true) {
		close(s.drained)
	}
}

func (s *Server) routes() {
	// The seed's routes, as its clients know them.
	s.acting("/reserve_room/", s.reserveRoom)
	s.acting("/notify_ws/:channel/", s.notify)
	s.get("/online_attendants/", s.onlineAttendants)
	s.echo.GET("/attendance/", s.attendance)
	s.get("/meeting/:room/", s.meetingPage)
	s.get("/meeting/:room/ice", s.iceServers)
	for _, path := range []string{
		"/reserve_room", "/notify_ws/:channel", "/online_attendants", "/attendance", "/meeting/:room", "/admin",
	} {
		s.get(path, addSlash)
	}

	// Pages.
	s.get("/", func(c echo.Context) error { return c.Redirect(http.StatusFound, "/admin/") })
	s.get("/admin/", s.adminPage)
	s.get("/admin/*", s.adminPage)
	s.get("/static/*", s.staticFile)

	// Operators.
	s.get("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	s.get("/readyz", s.ready)
	s.get("/metrics", s.metrics())

	// The JSON API, which openapi.yaml describes.
	s.describeRoutes()
	s.get("/api/v1/session", s.showSession, s.signedIn)
	s.echo.POST("/api/v1/session", s.openSession)
	s.echo.DELETE("/api/v1/session", s.closeSession)
	s.get("/api/v1/rooms", s.listRooms, s.signedIn)
	s.echo.POST("/api/v1/rooms", s.createRoom, s.signedIn)
	s.get("/api/v1/rooms/:room", s.showRoom, s.signedIn)
	s.echo.PATCH("/api/v1/rooms/:room", s.changeRoom, s.signedIn)
	s.echo.DELETE("/api/v1/rooms/:room", s.cancelRoom, s.signedIn)
	s.creating("/api/v1/rooms/:room/extend", s.extendRoom, s.signedIn)
	s.echo.POST("/api/v1/rooms/:room/end", s.endRoom, s.signedIn)
	s.get("/api/v1/rooms/:room/links", s.listRoomLinks, s.signedIn)
	s.creating("/api/v1/rooms/:room/links", s.createRoomLink, s.signedIn)
	s.echo.DELETE("/api/v1/rooms/:room/links/:link", s.revokeRoomLink, s.signedIn)
	s.creating("/api/v1/rooms/:room/links/revoke", s.revokeRoomLinks, s.signedIn)
	s.get("/api/v1/rooms/:room/participants", s.participants, s.signedIn)
	s.get("/api/v1/rooms/:room/participants/:participant", s.showParticipant, s.signedIn)
	s.echo.DELETE("/api/v1/rooms/:room/participants/:participant", s.removeParticipant, s.signedIn)
	s.echo.POST("/api/v1/rooms/:room/participants/:participant/moderate", s.moderateOne, s.signedIn)
	s.echo.POST("/api/v1/rooms/:room/participants/:participant/message", s.messageOne, s.signedIn)
	s.echo.POST("/api/v1/rooms/:room/moderate", s.moderateAll, s.signedIn)
	s.echo.POST("/api/v1/rooms/:room/message", s.messageAll, s.signedIn)
	s.get("/api/v1/rooms/:room/attendance", s.attendanceReport, s.signedIn)
	s.get("/api/v1/rooms/:room/attendance.csv", s.attendanceCSV, s.signedIn)
	s.get("/api/v1/rooms/:room/events", s.roomEvents, s.signedIn)
	s.echo.GET("/api/v1/rooms/:room/events/ws", s.roomEventSocket, s.signedIn)
	s.get("/api/v1/events", s.allEvents, s.signedIn)
	s.get("/api/v1/rooms/:room/waiting", s.listWaiting, s.signedIn)
	s.echo.POST("/api/v1/rooms/:room/waiting/:participant", s.admitOrDeny, s.signedIn)
	s.get("/api/v1/rooms/:room/lobby", s.lobby)
	s.get("/api/v1/rooms/:room/ice", s.roomICE)
	s.get("/api/v1/rooms/:room/calendar.ics", s.calendarFile)
	s.insideRoutes()
	s.recordingRoutes()
	s.get("/api/v1/attendants", s.listAttendants, s.signedIn)
	s.creating("/api/v1/attendants/:channel/push", s.push, s.signedIn)
	s.echo.POST("/api/v1/push", s.pushMany, s.signedIn)
	s.get("/api/v1/tokens", s.listTokens, s.signedIn, s.inPerson)
	s.creatingSecret("/api/v1/tokens", s.createToken, s.signedIn, s.inPerson)
	s.echo.DELETE("/api/v1/tokens/:token", s.deleteToken, s.signedIn, s.inPerson)
	s.webhookRoutes()
	s.get("/api/v1/users", s.listUsers, s.signedIn, s.adminOnly)
	s.creatingSecret("/api/v1/users", s.createUser, s.signedIn, s.inPerson, s.adminOnly)
	s.echo.PATCH("/api/v1/users/:user", s.changeUser, s.signedIn, s.inPerson, s.adminOnly)
	s.echo.DELETE("/api/v1/users/:user", s.deleteUser, s.signedIn, s.inPerson, s.adminOnly)
	s.get("/api/v1/figures", s.serverFigures, s.signedIn, s.adminOnly)
	s.get("/api/v1/rooms/:room/figures", s.roomFigures, s.signedIn)
	s.get("/api/v1/audit", s.listAudit, s.signedIn, s.adminOnly)
}

func (s *Server) recordingRoutes() {
	s.get("/api/v1/recordings", s.listRecordings, s.signedIn)
	s.get("/api/v1/recordings/:recording", s.showRecording, s.signedIn)
	s.get("/api/v1/recordings/:recording/files/:file", s.recordingFile, s.linked)
	s.echo.DELETE("/api/v1/recordings/:recording/files/:file", s.deleteFile, s.signedIn)
	s.get("/api/v1/recordings/:recording/archive.zip", s.recordingArchive, s.linked)
	s.creating("/api/v1/recordings/:recording/links", s.createLink, s.signedIn)
	s.creating("/api/v1/recordings/:recording/derived", s.derive, s.signedIn)
	s.get("/api/v1/recordings/:recording/derived", s.listJobs, s.signedIn)
	s.get("/api/v1/recordings/:recording/derived/:job", s.showJob, s.signedIn)
	s.echo.DELETE("/api/v1/recordings/:recording/derived/:job", s.cancelJob, s.signedIn)
	s.echo.PATCH("/api/v1/recordings/:recording", s.changeRecording, s.signedIn, s.adminOnly)
	s.echo.DELETE("/api/v1/recordings/:recording", s.deleteRecording, s.signedIn)
}

// insideRoutes registers what those use who are in a meeting, or about to be.
func (s *Server) insideRoutes() {
	s.echo.POST("/api/v1/rooms/:room/trial", s.trial)
	s.echo.GET("/api/v1/rooms/:room/ws", s.meetingSocket)
	s.echo.POST("/api/v1/rooms/:room/files", s.shareFile)
	s.get("/api/v1/rooms/:room/files/:file", s.sharedFile)
}

// get registers a route that only reads, so that HEAD may do it too.
func (s *Server) get(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
	s.echo.GET(path, h, m...)
	s.echo.HEAD(path, h, m...)
}

// acting registers a seed route that acts on GET as well as POST. HEAD is
// refused, and so is every browser that was sent here by another site, or may
// have been.
func (s *Server) acting(path string, h echo.HandlerFunc) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		s.echo.Add(method, path, h, s.sameSite, s.knownSender, s.basic)
	}
}

// addSlash sends a reader of a URL without its last slash to the right one.
func addSlash(c echo.Context) error {
	url := *c.Request().URL
	to := url.EscapedPath() + "/"
	if url.RawQuery != "" {
		to += "?" + url.RawQuery
	}
	return c.Redirect(http.StatusMovedPermanently, to)
}

// ready handles GET /readyz.
func (s *Server) ready(c echo.Context) error {
	if s.draining.Load() {
		return c.String(http.StatusServiceUnavailable, "shutting down\n")
	}
	if err := s.deps.Store.Ping(c.Request().Context()); err != nil {
		s.log.Error("store does not answer", "error", err)
		return c.String(http.StatusServiceUnavailable, "the store does not answer\n")
	}
	return c.String(http.StatusOK, "ready\n")
}

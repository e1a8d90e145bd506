package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"plenum/rooms"
)

// maxBody is the largest body any route takes, in bytes.
const maxBody = 64 << 10

// bodyTimeout bounds how long a caller may take to send a body.
const bodyTimeout = 30 * time.Second

// A call is what is known of one request.
type call struct {
	id    string
	from  caller
	user  rooms.User // who was let in; its zero value is nobody
	token int64      // by which token; 0 is by none
	link  *grant     // what a signed link allows, if the caller came by one

	object  string            // what it is about, for the audit log; empty is what the path says
	details map[string]string // what else the audit log is to know
}

// about tells the audit log what the call made or changed, and names and
// values in turn of what else there is to know. None may be a secret.
func (v *call) about(object string, details ...string) {
	v.object, v.details = object, map[string]string{}
	for i := 0; i+1 < len(details); i += 2 {
		v.details[details[i]] = details[i+1]
	}
}

const callKey = "call"

// callOf returns the request's call, an empty one before begin has run.
func callOf(c echo.Context) *call {
	if v, ok := c.Get(callKey).(*call); ok {
		return v
	}
	return &call{}
}

// begin finds out who calls and sets the headers every answer has.
func (s *Server) begin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v := &call{id: uuid.NewString(), from: callerOf(c.Request(), s.cfg.TrustedProxies)}
		c.Set(callKey, v)
		h := c.Response().Header()
		h.Set(echo.HeaderXRequestID, v.id)
		h.Set("Content-Security-Policy", contentSecurityPolicy(c.Request().Host))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "SAMEORIGIN")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self)")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

// plainHost is a host that can stand in a header without a second thought.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9._:\[\]-]{1,255}$`)

// contentSecurityPolicy lets a page load what this server serves and nothing
// else. The sockets are named because older browsers leave them out of 'self'.
func contentSecurityPolicy(host string) string {
	sockets := ""
	if plainHost.MatchString(host) {
		sockets = " ws://" + host + " wss://" + host
	}
	return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
		"media-src 'self' blob:; connect-src 'self'" + sockets + "; font-src 'self'; base-uri 'none'; " +
		"form-action 'self'; frame-ancestors 'self'"
}

// observe logs and counts every request once it is answered. It never logs a
// query, which may hold what somebody pushed or a password typed in the wrong place.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := time.Since(start)
		v, res := callOf(c), c.Response()
		s.requests.done(c, took)
		s.log.Info("request",
			"method", c.Request().Method, "path", c.Request().URL.Path, "status", res.Status, "bytes", res.Size,
			"ms", took.Milliseconds(), "address", v.from.addr, "user", v.user.Name, "request", v.id)
		return nil
	}
}

// recover turns a panic of one request into its failure.
func (s *Server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch p := recover(); p {
			case nil:
			case http.ErrAbortHandler:
				panic(p)
			default:
				s.log.Error("panic", "panic", p, "request", callOf(c).id, "stack", string(debug.Stack()))
				err = fmt.Errorf("panic: %v", p)
			}
		}()
		return next(c)
	}
}

// protect bounds bodies and refuses acting requests that another site sent.
func (s *Server) protect(next echo.HandlerFunc) echo.HandlerFunc {
	acting := s.sameSite(next)
	return func(c echo.Context) error {
		r := c.Request()
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions:
			return next(c)
		}
		if longBodies[c.Path()] {
			return acting(c)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody)
		err := http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(bodyTimeout))
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return fmt.Errorf("bound the reading of the body: %w", err)
		}
		return acting(c)
	}
}

// sameSite refuses what a browser sends on behalf of another site's page. What
// is no browser sends neither header and passes.
func (s *Server) sameSite(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		site := c.Request().Header.Get("Sec-Fetch-Site")
		if (site != "" && site != "same-origin" && site != "none") || !sameOrigin(c.Request()) {
			return refuse(http.StatusForbidden, "requests from other sites' pages are refused")
		}
		return next(c)
	}
}

// knownSender refuses a browser's GET that does not say which page sent it: on
// plain HTTP, but for the machine itself, browsers leave Sec-Fetch-Site out, and
// Origin on GET. What is no browser passes.
func (s *Server) knownSender(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Site") == "" && r.Header.Get("Origin") == "" &&
			strings.HasPrefix(r.UserAgent(), "Mozilla/") {
			return refuse(http.StatusForbidden, "browsers may do this over HTTPS or with POST only: else any site's page could do it for them")
		}
		return next(c)
	}
}

// sameOrigin reports whether the request's Origin, if any, is this host.
func sameOrigin(r *http.Request) bool {
	origins, present := r.Header["Origin"]
	if !present {
		return true
	}
	u, err := url.Parse(origins[0])
	return len(origins) == 1 && err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// requestMetrics counts requests by route, never by path: paths are endless.
type requestMetrics struct {
	total   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newRequestMetrics(registry *prometheus.Registry) *requestMetrics {
	auto := promauto.With(registry)
	return &requestMetrics{
		total: auto.NewCounterVec(prometheus.CounterOpts{
			Name: "plenum_http_requests_total", Help: "HTTP requests answered, by method, route and status.",
		}, []string{"method", "route", "status"}),
		seconds: auto.NewHistogramVec(prometheus.HistogramOpts{
			Name: "plenum_http_request_seconds", Help: "Time to answer an HTTP request, sockets left out, by route.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2, 10},
		}, []string{"route"}),
	}
}

func (m *requestMetrics) done(c echo.Context, took time.Duration) {
	route, method := c.Path(), c.Request().Method
	if route == "" {
		route = "unknown"
	}
	switch method { // the method is the caller's to make up
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		method = "other"
	}
	m.total.WithLabelValues(method, route, strconv.Itoa(c.Response().Status)).Inc()
	if !isUpgrade(c.Request()) && c.Response().Header().Get(echo.HeaderContentType) != eventStream {
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}

// metrics handles GET /metrics.
func (s *Server) metrics() echo.HandlerFunc {
	return echo.WrapHandler(promhttp.HandlerFor(s.deps.Metrics, promhttp.HandlerOpts{}))
}

package api

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

const sessionCookie = "plenum_session"

// mostSessions bounds the memory of sessions; the one that ends next makes room.
const mostSessions = 10_000

// sessions are the logins of browsers. They are kept in memory: a restart
// asks for the password again.
type sessions struct {
	lasts time.Duration

	mu   sync.Mutex
	open map[[sha256.Size]byte]session // by the token's hash; guarded by mu
}

type session struct {
	userID       int64
	passwordHash string // as it was at login: a changed password ends the session
	ends         time.Time
}

func newSessions(lasts time.Duration) *sessions {
	return &sessions{lasts: lasts, open: map[[sha256.Size]byte]session{}}
}

// start opens a session and returns its token.
func (s *sessions) start(u rooms.User, now time.Time) string {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails
	token := base64.RawURLEncoding.EncodeToString(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= mostSessions {
		s.makeRoomLocked(now)
	}
	s.open[sha256.Sum256([]byte(token))] = session{u.ID, u.PasswordHash, now.Add(s.lasts)}
	return token
}

func (s *sessions) makeRoomLocked(now time.Time) {
	var next [sha256.Size]byte
	var ends time.Time
	for key, held := range s.open {
		if !now.Before(held.ends) {
			delete(s.open, key)
		} else if ends.IsZero() || held.ends.Before(ends) {
			next, ends = key, held.ends
		}
	}
	if len(s.open) >= mostSessions {
		delete(s.open, next)
	}
}

// find returns the open session of a token.
func (s *sessions) find(token string, now time.Time) (session, bool) {
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	held, ok := s.open[key]
	if ok && !now.Before(held.ends) {
		delete(s.open, key)
		return session{}, false
	}
	return held, ok
}

// end closes the session of a token, if there is one.
func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(token)))
}

func sessionToken(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setCookie gives the browser its session's token, or takes it away when empty.
func (s *Server) setCookie(c echo.Context, token string) {
	age := int(s.cfg.SessionFor.Seconds())
	if token == "" {
		age = -1
	}
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure follows the caller's connection: the first steps are on plain localhost
		Name: sessionCookie, Value: token, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: callOf(c).from.secure,
	})
}

// sessionBody is the answer about one's own login.
type sessionBody struct {
	User userBody `json:"user"`
}

type userBody struct {
	ID   int64      `json:"id"`
	Name string     `json:"name"`
	Role rooms.Role `json:"role"`
}

func sessionOf(u rooms.User) sessionBody { return sessionBody{userBody{u.ID, u.Name, u.Role}} }

// openSession handles POST /api/v1/session.
func (s *Server) openSession(c echo.Context) error {
	body, err := readJSON[struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}](c)
	if err != nil {
		return err
	}
	user, err := s.login(c, body.Username, body.Password)
	if err != nil {
		return err
	}
	callOf(c).user = user
	s.sessions.end(sessionToken(c.Request()))
	s.setCookie(c, s.sessions.start(user, s.cfg.Now()))
	s.log.Info("logged in", "user", user.Name, "address", callOf(c).from.addr)
	return c.JSON(http.StatusOK, sessionOf(user))
}

// showSession handles GET /api/v1/session.
func (s *Server) showSession(c echo.Context) error {
	return c.JSON(http.StatusOK, sessionOf(callOf(c).user))
}

// closeSession handles DELETE /api/v1/session.
func (s *Server) closeSession(c echo.Context) error {
	if user, err := s.sessionUser(c); err == nil {
		callOf(c).user = user // for the audit log
	}
	s.sessions.end(sessionToken(c.Request()))
	s.setCookie(c, "")
	return c.NoContent(http.StatusNoContent)
}

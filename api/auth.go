package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// basicRealm is the challenge clients of the seed know.
const basicRealm = `Basic realm="meeting-room"`

// basic lets in who sends a right name and password with the request. Who does
// not gets 401 with an empty body, before anything else of the request is read.
func (s *Server) basic(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		user, err := s.basicUser(c)
		if errors.Is(err, rooms.ErrCredentials) {
			c.Response().Header().Set(echo.HeaderWWWAuthenticate, basicRealm)
			return c.NoContent(http.StatusUnauthorized)
		}
		if err != nil {
			return err
		}
		callOf(c).user = user
		return next(c)
	}
}

// signedIn lets in who sends a token or Basic auth or has a session.
func (s *Server) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		user, err := s.signIn(c)
		if err != nil {
			return err
		}
		callOf(c).user = user
		return next(c)
	}
}

func (s *Server) signIn(c echo.Context) (rooms.User, error) {
	if token, ok := bearer(c.Request()); ok {
		return s.tokenUser(c, token) // a session must not make up for it
	}
	user, err := s.sessionUser(c)
	if errors.Is(err, rooms.ErrCredentials) {
		user, err = s.basicUser(c)
	}
	return user, err
}

// basicUser returns the user of the request's Authorization header.
func (s *Server) basicUser(c echo.Context) (rooms.User, error) {
	name, password, ok := c.Request().BasicAuth()
	if !ok {
		return rooms.User{}, rooms.ErrCredentials
	}
	return s.login(c, name, password)
}

// login checks a name and password, no faster than the throttle allows unless
// they were right a moment ago. Callers who send the same at once, as programs
// do that start with many requests, share one check.
func (s *Server) login(c echo.Context, name, password string) (rooms.User, error) {
	addr := callOf(c).from.addr
	user, known, err := s.deps.Auth.Known(c.Request().Context(), name, password)
	if err != nil {
		return rooms.User{}, err
	}
	if !known {
		key := string(s.digest([]byte("login\x00"+addr.String()+"\x00"+name+"\x00"+password), true))
		checked, err, _ := s.logins.Do(key, func() (any, error) { return s.checkLogin(c, name, password) })
		if err != nil {
			return rooms.User{}, err
		}
		user, _ = checked.(rooms.User)
	}
	if !user.MayCallFrom(addr) {
		s.log.Warn("login refused", "user", user.Name, "address", addr, "reason", "address")
		s.noteLogin(c, user, rooms.OutcomeRefused, "address")
		return rooms.User{}, fmt.Errorf("user %d may not call from %s: %w", user.ID, addr, rooms.ErrCredentials)
	}
	return user, nil
}

// checkLogin checks a name and password that were not right a moment ago. Who
// may not call from here is told as late as who has a wrong password.
func (s *Server) checkLogin(c echo.Context, name, password string) (rooms.User, error) {
	ctx, from := context.WithoutCancel(c.Request().Context()), callOf(c) // others may wait for it too
	guess := loginGuess(from.from.addr, name)
	if wait := s.throttle.Try(s.cfg.Now(), guess); wait > 0 {
		s.noteLogin(c, s.named(ctx, name), rooms.OutcomeThrottled, "")
		return rooms.User{}, &refusal{
			status: http.StatusTooManyRequests, detail: "too many wrong passwords, try again later", retryAfter: wait,
		}
	}
	user, err := s.deps.Auth.Check(ctx, name, password)
	switch {
	case errors.Is(err, rooms.ErrCredentials):
		s.noteLogin(c, s.named(ctx, name), rooms.OutcomeRefused, "credentials")
		return rooms.User{}, err
	case err != nil:
		s.throttle.Forget(guess) // it was not looked at
		return rooms.User{}, err
	case !user.MayCallFrom(from.from.addr):
		return user, nil // which counts as a failure, and login says so
	}
	s.throttle.Pass(guess)
	from.user = user
	s.noteLogin(c, user, rooms.OutcomeOK, "")
	return user, nil
}

// named returns the user of that name, if there is one.
func (s *Server) named(ctx context.Context, name string) rooms.User {
	user, err := s.deps.Store.UserByName(ctx, name)
	if err != nil {
		return rooms.User{}
	}
	return user
}

// sessionUser returns the user of the request's session. Everything that could
// have changed since the login is looked up anew.
func (s *Server) sessionUser(c echo.Context) (rooms.User, error) {
	held, ok := s.sessions.find(sessionToken(c.Request()), s.cfg.Now())
	if !ok {
		return rooms.User{}, rooms.ErrCredentials
	}
	user, err := s.deps.Store.UserByID(c.Request().Context(), held.userID)
	if errors.Is(err, rooms.ErrNotFound) {
		return rooms.User{}, rooms.ErrCredentials
	}
	if err != nil {
		return rooms.User{}, fmt.Errorf("look up the session's user: %w", err)
	}
	if user.Disabled || user.PasswordHash != held.passwordHash || !user.MayCallFrom(callOf(c).from.addr) {
		return rooms.User{}, rooms.ErrCredentials
	}
	return user, nil
}

package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// pushRoutes are the routes that the scope push is for.
var pushRoutes = []string{
	"/api/v1/push",
	"/api/v1/attendants/:channel/push",
	"/api/v1/rooms/:room/message",
	"/api/v1/rooms/:room/participants/:participant/message",
}

// bearer returns the token that a request brings, if it brings one.
func bearer(r *http.Request) (text string, ok bool) {
	scheme, text, _ := strings.Cut(r.Header.Get(echo.HeaderAuthorization), " ")
	return strings.TrimSpace(text), strings.EqualFold(scheme, "Bearer")
}

// tokenUser returns the user that a token acts for, if it may be used for
// this request.
func (s *Server) tokenUser(c echo.Context, text string) (rooms.User, error) {
	ctx := c.Request().Context()
	token, err := s.deps.Store.TokenByHash(ctx, rooms.HashToken(text))
	if errors.Is(err, rooms.ErrNotFound) {
		return rooms.User{}, rooms.ErrCredentials
	}
	if err != nil {
		return rooms.User{}, err
	}
	user, err := s.deps.Store.UserByID(ctx, token.UserID)
	if errors.Is(err, rooms.ErrNotFound) {
		return rooms.User{}, rooms.ErrCredentials
	}
	if err != nil {
		return rooms.User{}, fmt.Errorf("look up the token's user: %w", err)
	}
	if !token.Valid(s.cfg.Now()) || user.Disabled || !user.MayCallFrom(callOf(c).from.addr) {
		return rooms.User{}, rooms.ErrCredentials
	}
	if scope := scopeOf(c); !token.May(scope) {
		return rooms.User{}, refuse(http.StatusForbidden, "this token lacks the scope "+string(scope))
	}
	callOf(c).token = token.ID
	return user, nil
}

// scopeOf returns the scope that a request needs.
func scopeOf(c echo.Context) rooms.Scope {
	switch method := c.Request().Method; {
	case slices.Contains(pushRoutes, c.Path()):
		return rooms.ScopePush
	case method == http.MethodGet || method == http.MethodHead:
		return rooms.ScopeRead
	}
	return rooms.ScopeWrite
}

// inPerson refuses tokens: whoever got hold of one must not make it last.
func (s *Server) inPerson(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if callOf(c).token != 0 {
			return refuse(http.StatusForbidden, "a token can't do that, log in with a password")
		}
		return next(c)
	}
}

// adminOnly lets in admins.
func (s *Server) adminOnly(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if callOf(c).user.Role != rooms.Admin {
			return refuse(http.StatusForbidden, "this is for admins")
		}
		return next(c)
	}
}

// tokenBody is a token without its text.
type tokenBody struct {
	ID        int64         `json:"id"`
	Name      string        `json:"name"`
	User      creatorBody   `json:"user"`
	Scopes    []rooms.Scope `json:"scopes"`
	CreatedAt string        `json:"created_at"`
	ExpiresAt string        `json:"expires_at,omitempty"`
}

func tokenBodyOf(t rooms.Token) tokenBody {
	body := tokenBody{
		ID: t.ID, Name: t.Name, User: creatorBody{t.UserID, t.UserName}, Scopes: t.Scopes, CreatedAt: timestamp(t.CreatedAt),
	}
	if !t.ExpiresAt.IsZero() {
		body.ExpiresAt = timestamp(t.ExpiresAt)
	}
	return body
}

// whoseTokens returns whose tokens the caller may see: 0 is everybody's.
func whoseTokens(c echo.Context) int64 {
	if user := callOf(c).user; user.Role != rooms.Admin {
		return user.ID
	}
	return 0
}

// listTokens handles GET /api/v1/tokens.
func (s *Server) listTokens(c echo.Context) error {
	all, err := s.deps.Store.Tokens(c.Request().Context(), whoseTokens(c))
	if err != nil {
		return err
	}
	list := []tokenBody{}
	for _, t := range all {
		list = append(list, tokenBodyOf(t))
	}
	return c.JSON(http.StatusOK, map[string]any{"tokens": list})
}

// createToken handles POST /api/v1/tokens. Its text is in this answer only.
func (s *Server) createToken(c echo.Context) error {
	body, err := readJSON[struct {
		Name      string        `json:"name"`
		Scopes    []rooms.Scope `json:"scopes"`
		ExpiresAt instant       `json:"expires_at"`
	}](c)
	if err != nil {
		return err
	}
	user := callOf(c).user
	now := s.cfg.Now().UTC().Truncate(time.Millisecond)
	token, text, err := rooms.NewToken(user, body.Name, body.Scopes, body.ExpiresAt.Time, now)
	if err != nil {
		return err
	}
	token, err = s.deps.Store.CreateToken(c.Request().Context(), token)
	if err != nil {
		return err
	}
	callOf(c).about(strconv.FormatInt(token.ID, 10), "name", token.Name)
	s.log.Info("token created", "user", user.Name, "token", token.ID, "scopes", token.Scopes, "address", callOf(c).from.addr)
	return c.JSON(http.StatusCreated, struct {
		tokenBody
		Token string `json:"token"`
	}{tokenBodyOf(token), text})
}

// deleteToken handles DELETE /api/v1/tokens/<id>.
func (s *Server) deleteToken(c echo.Context) error {
	id, err := idOf(c, "token")
	if err != nil {
		return err
	}
	if err := s.deps.Store.DeleteToken(c.Request().Context(), id, whoseTokens(c)); err != nil {
		return err
	}
	s.deps.Revoked.Poke()
	s.log.Info("token revoked", "user", callOf(c).user.Name, "token", id, "address", callOf(c).from.addr)
	return c.NoContent(http.StatusNoContent)
}

// idOf returns a part of the path that is a number; what is none names nothing.
func idOf(c echo.Context, name string) (int64, error) {
	id, err := strconv.ParseInt(param(c, name), 10, 64)
	if err != nil {
		return 0, errNotFound
	}
	return id, nil
}

package api

import (
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// accountBody is a user as admins see it.
type accountBody struct {
	ID        int64      `json:"id"`
	Name      string     `json:"name"`
	Role      rooms.Role `json:"role"`
	Disabled  bool       `json:"disabled"`
	AllowFrom []string   `json:"allow_from"`
	CreatedAt string     `json:"created_at"`
}

func accountOf(u rooms.User) accountBody {
	from := []string{}
	for _, p := range u.AllowFrom {
		from = append(from, p.String())
	}
	return accountBody{u.ID, u.Name, u.Role, u.Disabled, from, timestamp(u.CreatedAt)}
}

// listUsers handles GET /api/v1/users.
func (s *Server) listUsers(c echo.Context) error {
	users, err := s.deps.Store.Users(c.Request().Context())
	if err != nil {
		return err
	}
	list := []accountBody{}
	for _, u := range users {
		list = append(list, accountOf(u))
	}
	return c.JSON(http.StatusOK, map[string]any{"users": list})
}

// createUser handles POST /api/v1/users.
func (s *Server) createUser(c echo.Context) error {
	body, err := readJSON[struct {
		Username  string     `json:"username"`
		Password  string     `json:"password"`
		Role      rooms.Role `json:"role"`
		AllowFrom []string   `json:"allow_from"`
	}](c)
	if err != nil {
		return err
	}
	if body.Role == "" {
		body.Role = rooms.Host
	}
	if err := rooms.ValidateUserName(body.Username); err != nil {
		return err
	}
	if err := rooms.ValidateRole(body.Role); err != nil {
		return err
	}
	from, err := allowFrom(body.AllowFrom)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	hash, err := s.deps.Auth.Hash(ctx, body.Username, body.Password)
	if err != nil {
		return err
	}
	user, err := s.deps.Store.CreateUser(ctx, rooms.User{
		Name: body.Username, PasswordHash: hash, Role: body.Role, AllowFrom: from, CreatedAt: s.cfg.Now(),
	})
	if err != nil {
		return err
	}
	callOf(c).about(user.Name, "role", string(user.Role))
	s.log.Info("user created", audited(c, user, []string{"role=" + string(user.Role)}))
	return c.JSON(http.StatusCreated, accountOf(user))
}

// allowFrom reads a list of addresses as its field.
func allowFrom(texts []string) ([]netip.Prefix, error) {
	all, err := rooms.ParsePrefixes(texts)
	if err != nil {
		return nil, &rooms.FieldError{Field: "allow_from", Problem: "must list IP addresses and CIDRs such as 10.0.0.0/8"}
	}
	return all, nil
}

// audited returns the log's fields of what was done to a user, and by whom.
func audited(c echo.Context, u rooms.User, fields []string) slog.Attr {
	by := callOf(c)
	return slog.Group("", "account", u.Name, "fields", strings.Join(fields, " "),
		"user", by.user.Name, "address", by.from.addr)
}

// accountChange is what an admin may change about a user. Nil fields stay.
type accountChange struct {
	Role      *rooms.Role `json:"role"`
	Disabled  *bool       `json:"disabled"`
	AllowFrom *[]string   `json:"allow_from"`
	Password  *string     `json:"password"`
}

// changeUser handles PATCH /api/v1/users/<id>. Sessions end with a new
// password or a disabled user, and its tokens rest while it is disabled.
func (s *Server) changeUser(c echo.Context) error {
	user, err := s.userOfPath(c)
	if err != nil {
		return err
	}
	change, err := readJSON[accountChange](c)
	if err != nil {
		return err
	}
	changed, fields, err := s.apply(c, change, user)
	if err != nil {
		return err
	}
	if changed.ID == callOf(c).user.ID &&
		(changed.Disabled || changed.Role != rooms.Admin || !changed.MayCallFrom(callOf(c).from.addr)) {
		return refuse(http.StatusConflict, "you can't lock yourself out; ask another admin")
	}
	if err := s.deps.Store.UpdateUser(c.Request().Context(), changed); err != nil {
		return err
	}
	s.deps.Revoked.Poke()
	callOf(c).about(changed.Name, "fields", strings.Join(fields, " "))
	s.log.Info("user changed", audited(c, changed, fields))
	return c.JSON(http.StatusOK, accountOf(changed))
}

// apply returns the user changed, and the names of the fields that were set.
func (s *Server) apply(c echo.Context, change accountChange, u rooms.User) (rooms.User, []string, error) {
	var fields []string
	if change.Role != nil {
		if err := rooms.ValidateRole(*change.Role); err != nil {
			return u, nil, err
		}
		u.Role, fields = *change.Role, append(fields, "role="+string(*change.Role))
	}
	if change.Disabled != nil {
		u.Disabled = *change.Disabled
		fields = append(fields, map[bool]string{true: "disabled", false: "enabled"}[u.Disabled])
	}
	if change.AllowFrom != nil {
		from, err := allowFrom(*change.AllowFrom)
		if err != nil {
			return u, nil, err
		}
		u.AllowFrom, fields = from, append(fields, "allow_from")
	}
	if change.Password != nil {
		hash, err := s.deps.Auth.Hash(c.Request().Context(), u.Name, *change.Password)
		if err != nil {
			return u, nil, err
		}
		u.PasswordHash, fields = hash, append(fields, "password")
	}
	return u, fields, nil
}

// deleteUser handles DELETE /api/v1/users/<id>.
func (s *Server) deleteUser(c echo.Context) error {
	user, err := s.userOfPath(c)
	if err != nil {
		return err
	}
	if user.ID == callOf(c).user.ID {
		return refuse(http.StatusConflict, "you can't delete yourself; ask another admin")
	}
	if err := s.deps.Store.DeleteUser(c.Request().Context(), user.ID); err != nil {
		return err
	}
	s.deps.Revoked.Poke()
	callOf(c).about(user.Name)
	s.log.Info("user deleted", audited(c, user, nil))
	return c.NoContent(http.StatusNoContent)
}

func (s *Server) userOfPath(c echo.Context) (rooms.User, error) {
	id, err := idOf(c, "user")
	if err != nil {
		return rooms.User{}, err
	}
	return s.deps.Store.UserByID(c.Request().Context(), id)
}

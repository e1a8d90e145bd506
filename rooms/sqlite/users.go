package sqlite

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"plenum/rooms"
)

const userColumns = `id, name, password_hash, role, disabled, allow_from, created_at`

// CreateUser stores u and returns it with its ID. ErrExists if the name is taken.
func (s *Store) CreateUser(ctx context.Context, u rooms.User) (rooms.User, error) {
	res, err := s.write.ExecContext(ctx,
		`INSERT INTO users (name, password_hash, role, disabled, allow_from, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		u.Name, u.PasswordHash, string(u.Role), u.Disabled, joinPrefixes(u.AllowFrom), u.CreatedAt.UnixMilli())
	if taken(err) {
		return rooms.User{}, fmt.Errorf("create user %s: %w", u.Name, rooms.ErrExists)
	}
	if err != nil {
		return rooms.User{}, fmt.Errorf("create user %s: %w", u.Name, err)
	}
	if u.ID, err = res.LastInsertId(); err != nil {
		return rooms.User{}, fmt.Errorf("create user %s: %w", u.Name, err)
	}
	u.CreatedAt = utc(u.CreatedAt.UnixMilli())
	return u, nil
}

// UserByName finds a user, whatever the name's case.
func (s *Store) UserByName(ctx context.Context, name string) (rooms.User, error) {
	u, err := scanUser(s.read.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE name = ?`, name))
	if err != nil {
		return rooms.User{}, fmt.Errorf("read user %q: %w", name, err)
	}
	return u, nil
}

// UserByID finds a user.
func (s *Store) UserByID(ctx context.Context, id int64) (rooms.User, error) {
	u, err := scanUser(s.read.QueryRowContext(ctx, `SELECT `+userColumns+` FROM users WHERE id = ?`, id))
	if err != nil {
		return rooms.User{}, fmt.Errorf("read user %d: %w", id, err)
	}
	return u, nil
}

// Users lists all users by id.
func (s *Store) Users(ctx context.Context) ([]rooms.User, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT `+userColumns+` FROM users ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	defer rows.Close()
	var all []rooms.User
	for rows.Next() {
		u, err := scanUser(rows)
		if err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
		all = append(all, u)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return all, nil
}

// DeleteUser deletes a user and its tokens. ErrInUse if it has ever reserved a room.
func (s *Store) DeleteUser(ctx context.Context, id int64) error {
	res, err := s.write.ExecContext(ctx, `DELETE FROM users WHERE id = ?`, id)
	if e, ok := errors.AsType[*sqlite.Error](err); ok && e.Code() == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY {
		err = rooms.ErrInUse
	}
	if err == nil {
		err = one(res)
	}
	if err != nil {
		return fmt.Errorf("delete user %d: %w", id, err)
	}
	return nil
}

// UpdateUser replaces everything but ID, Name and CreatedAt.
func (s *Store) UpdateUser(ctx context.Context, u rooms.User) error {
	res, err := s.write.ExecContext(ctx,
		`UPDATE users SET password_hash = ?, role = ?, disabled = ?, allow_from = ? WHERE id = ?`,
		u.PasswordHash, string(u.Role), u.Disabled, joinPrefixes(u.AllowFrom), u.ID)
	if err == nil {
		err = one(res)
	}
	if err != nil {
		return fmt.Errorf("update user %d: %w", u.ID, err)
	}
	return nil
}

// Secret returns the named secret, made of 32 random bytes at the first call.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	fresh := make([]byte, 32)
	rand.Read(fresh) // never fails
	if _, err := s.write.ExecContext(ctx,
		`INSERT INTO secrets (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, name, fresh); err != nil {
		return nil, fmt.Errorf("make secret %s: %w", name, err)
	}
	var value []byte
	if err := s.read.QueryRowContext(ctx, `SELECT value FROM secrets WHERE name = ?`, name).Scan(&value); err != nil {
		return nil, fmt.Errorf("read secret %s: %w", name, err)
	}
	return value, nil
}

// row is what *sql.Row and *sql.Rows have in common.
type row interface{ Scan(dest ...any) error }

func scanUser(r row) (rooms.User, error) {
	var u rooms.User
	var allow string
	var created int64
	err := r.Scan(&u.ID, &u.Name, &u.PasswordHash, (*string)(&u.Role), &u.Disabled, &allow, &created)
	if errors.Is(err, sql.ErrNoRows) {
		return rooms.User{}, rooms.ErrNotFound
	}
	if err != nil {
		return rooms.User{}, err
	}
	if u.AllowFrom, err = splitPrefixes(allow); err != nil {
		return rooms.User{}, fmt.Errorf("allowed addresses of user %d: %w", u.ID, err)
	}
	u.CreatedAt = utc(created)
	return u, nil
}

func joinPrefixes(all []netip.Prefix) string {
	texts := make([]string, len(all))
	for i, p := range all {
		texts[i] = p.String()
	}
	return strings.Join(texts, " ")
}

func splitPrefixes(text string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for field := range strings.FieldsSeq(text) {
		p, err := netip.ParsePrefix(field)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

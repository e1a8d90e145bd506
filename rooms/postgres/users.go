package postgres

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"plenum/rooms"
)

const selectUsers = `SELECT id, name, password_hash, role, disabled, allow_from, created_at FROM users`

// CreateUser stores u and returns it with its ID. ErrExists if the name is taken.
func (s *Store) CreateUser(ctx context.Context, u rooms.User) (rooms.User, error) {
	u.CreatedAt = ms(u.CreatedAt)
	err := s.do(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, `INSERT INTO users (name, password_hash, role, disabled, allow_from, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			u.Name, u.PasswordHash, string(u.Role), u.Disabled, notNull(u.AllowFrom), u.CreatedAt).Scan(&u.ID)
	})
	if err != nil {
		return rooms.User{}, fmt.Errorf("create user %s: %w", u.Name, err)
	}
	return u, nil
}

// UserByName finds a user, whatever the name's case.
func (s *Store) UserByName(ctx context.Context, name string) (rooms.User, error) {
	if !storable(name) {
		return rooms.User{}, fmt.Errorf("read user %q: %w", name, rooms.ErrNotFound)
	}
	u, err := s.user(ctx, ` WHERE lower(name) = lower($1 COLLATE "C")`, name)
	if err != nil {
		return rooms.User{}, fmt.Errorf("read user %q: %w", name, err)
	}
	return u, nil
}

// UserByID finds a user.
func (s *Store) UserByID(ctx context.Context, id int64) (rooms.User, error) {
	u, err := s.user(ctx, ` WHERE id = $1`, id)
	if err != nil {
		return rooms.User{}, fmt.Errorf("read user %d: %w", id, err)
	}
	return u, nil
}

func (s *Store) user(ctx context.Context, where string, key any) (u rooms.User, err error) {
	err = s.do(ctx, func(ctx context.Context) (err error) {
		u, err = scanUser(s.pool.QueryRow(ctx, selectUsers+where, key))
		return err
	})
	return u, err
}

// Users lists all users by id.
func (s *Store) Users(ctx context.Context) ([]rooms.User, error) {
	var all []rooms.User
	err := s.do(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, selectUsers+` ORDER BY id`)
		if err != nil {
			return err
		}
		all, err = pgx.AppendRows(all, rows, func(row pgx.CollectableRow) (rooms.User, error) { return scanUser(row) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return all, nil
}

// DeleteUser deletes a user and its tokens. ErrInUse if it has ever reserved a room.
func (s *Store) DeleteUser(ctx context.Context, id int64) error {
	err := s.do(ctx, func(ctx context.Context) error {
		return one(s.pool.Exec(ctx, `DELETE FROM users WHERE id = $1`, id))
	})
	if refusal, ok := errors.AsType[*pgconn.PgError](err); ok && refusal.Code == "23503" { // foreign_key_violation
		err = rooms.ErrInUse
	}
	if err != nil {
		return fmt.Errorf("delete user %d: %w", id, err)
	}
	return nil
}

// UpdateUser replaces everything but ID, Name and CreatedAt.
func (s *Store) UpdateUser(ctx context.Context, u rooms.User) error {
	err := s.do(ctx, func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx,
			`UPDATE users SET password_hash = $2, role = $3, disabled = $4, allow_from = $5 WHERE id = $1`,
			u.ID, u.PasswordHash, string(u.Role), u.Disabled, notNull(u.AllowFrom))
		return one(tag, err)
	})
	if err != nil {
		return fmt.Errorf("update user %d: %w", u.ID, err)
	}
	return nil
}

// Secret returns the named secret, made of 32 random bytes at the first call.
func (s *Store) Secret(ctx context.Context, name string) ([]byte, error) {
	var value []byte
	read := func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, `SELECT value FROM secrets WHERE name = $1`, name).Scan(&value)
	}
	err := s.do(ctx, read)
	if errors.Is(err, rooms.ErrNotFound) {
		fresh := make([]byte, 32)
		rand.Read(fresh) // never fails
		err = s.do(ctx, func(ctx context.Context) error {
			// Another server may be first: what counts is what is then there.
			if _, err := s.pool.Exec(ctx,
				`INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, fresh); err != nil {
				return err
			}
			return read(ctx)
		})
	}
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", name, err)
	}
	return value, nil
}

func scanUser(row pgx.Row) (rooms.User, error) {
	var u rooms.User
	err := row.Scan(&u.ID, &u.Name, &u.PasswordHash, (*string)(&u.Role), &u.Disabled, &u.AllowFrom, &u.CreatedAt)
	if len(u.AllowFrom) == 0 {
		u.AllowFrom = nil
	}
	u.CreatedAt = u.CreatedAt.UTC()
	return u, err
}

// one turns the result of a statement about one row into ErrNoRows or nil.
func one(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() == 0 {
		return pgx.ErrNoRows
	}
	return err
}

// storable reports whether a text can be in a PostgreSQL database at all.
func storable(text string) bool { return utf8.ValidString(text) && !strings.Contains(text, "\x00") }

// notNull has pgx store an empty array for nil.
func notNull(all []netip.Prefix) []netip.Prefix {
	if all == nil {
		return []netip.Prefix{}
	}
	return all
}

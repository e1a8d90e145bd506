package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"plenum/rooms"
)

//nolint:gosec // a query, no token
const selectTokens = `SELECT t.id, t.user_id, u.name, t.name, t.hash, t.scopes, t.created_at, t.expires_at
	FROM tokens t JOIN users u ON u.id = t.user_id`

// CreateToken stores t and returns it with its ID.
func (s *Store) CreateToken(ctx context.Context, t rooms.Token) (rooms.Token, error) {
	scopes := []string{} // never NULL
	for _, scope := range t.Scopes {
		scopes = append(scopes, string(scope))
	}
	t.CreatedAt = ms(t.CreatedAt)
	var expires *time.Time
	if !t.ExpiresAt.IsZero() {
		t.ExpiresAt = ms(t.ExpiresAt)
		expires = &t.ExpiresAt
	}
	err := s.do(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, `INSERT INTO tokens (user_id, name, hash, scopes, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
			t.UserID, t.Name, t.Hash, scopes, t.CreatedAt, expires).Scan(&t.ID)
	})
	if err != nil {
		return rooms.Token{}, fmt.Errorf("create token of user %d: %w", t.UserID, err)
	}
	return t, nil
}

// TokenByHash finds a token, expired or not.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (rooms.Token, error) {
	var t rooms.Token
	err := s.do(ctx, func(ctx context.Context) (err error) {
		t, err = scanToken(s.pool.QueryRow(ctx, selectTokens+` WHERE t.hash = $1`, hash))
		return err
	})
	if err != nil {
		return rooms.Token{}, fmt.Errorf("read token: %w", err)
	}
	return t, nil
}

// Tokens lists the tokens of a user, or with 0 of all users, by id.
func (s *Store) Tokens(ctx context.Context, userID int64) ([]rooms.Token, error) {
	var all []rooms.Token
	err := s.do(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, selectTokens+` WHERE $1::bigint IN (0, t.user_id) ORDER BY t.id`, userID)
		if err != nil {
			return err
		}
		all, err = pgx.AppendRows(all, rows, func(row pgx.CollectableRow) (rooms.Token, error) { return scanToken(row) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return all, nil
}

// DeleteToken deletes a token of a user, or with 0 of any user.
func (s *Store) DeleteToken(ctx context.Context, id, userID int64) error {
	err := s.do(ctx, func(ctx context.Context) error {
		return one(s.pool.Exec(ctx, `DELETE FROM tokens WHERE id = $1 AND $2::bigint IN (0, user_id)`, id, userID))
	})
	if err != nil {
		return fmt.Errorf("delete token %d: %w", id, err)
	}
	return nil
}

func scanToken(row pgx.Row) (rooms.Token, error) {
	var t rooms.Token
	var scopes []string
	var expires *time.Time
	if err := row.Scan(&t.ID, &t.UserID, &t.UserName, &t.Name, &t.Hash, &scopes, &t.CreatedAt, &expires); err != nil {
		return rooms.Token{}, err
	}
	for _, scope := range scopes {
		t.Scopes = append(t.Scopes, rooms.Scope(scope))
	}
	t.CreatedAt = t.CreatedAt.UTC()
	if expires != nil {
		t.ExpiresAt = expires.UTC()
	}
	return t, nil
}

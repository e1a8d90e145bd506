package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"plenum/rooms"
)

//nolint:gosec // a query, no token
const selectTokens = `SELECT t.id, t.user_id, u.name, t.name, t.hash, t.scopes, t.created_at, t.expires_at
	FROM tokens t JOIN users u ON u.id = t.user_id`

// CreateToken stores t and returns it with its ID.
func (s *Store) CreateToken(ctx context.Context, t rooms.Token) (rooms.Token, error) {
	var scopes []string
	for _, scope := range t.Scopes {
		scopes = append(scopes, string(scope))
	}
	expires := sql.NullInt64{Int64: t.ExpiresAt.UnixMilli(), Valid: !t.ExpiresAt.IsZero()}
	res, err := s.write.ExecContext(ctx,
		`INSERT INTO tokens (user_id, name, hash, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
		t.UserID, t.Name, t.Hash, strings.Join(scopes, " "), t.CreatedAt.UnixMilli(), expires)
	if err == nil {
		t.ID, err = res.LastInsertId()
	}
	if err != nil {
		return rooms.Token{}, fmt.Errorf("create token of user %d: %w", t.UserID, err)
	}
	t.CreatedAt = utc(t.CreatedAt.UnixMilli())
	if expires.Valid {
		t.ExpiresAt = utc(expires.Int64)
	}
	return t, nil
}

// TokenByHash finds a token, expired or not.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (rooms.Token, error) {
	t, err := scanToken(s.read.QueryRowContext(ctx, selectTokens+` WHERE t.hash = ?`, hash))
	if errors.Is(err, sql.ErrNoRows) {
		err = rooms.ErrNotFound
	}
	if err != nil {
		return rooms.Token{}, fmt.Errorf("read token: %w", err)
	}
	return t, nil
}

// Tokens lists the tokens of a user, or with 0 of all users, by id.
func (s *Store) Tokens(ctx context.Context, userID int64) ([]rooms.Token, error) {
	rows, err := s.read.QueryContext(ctx, selectTokens+` WHERE ? IN (0, t.user_id) ORDER BY t.id`, userID)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	defer rows.Close()
	var all []rooms.Token
	for rows.Next() {
		t, err := scanToken(rows)
		if err != nil {
			return nil, fmt.Errorf("list tokens: %w", err)
		}
		all = append(all, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	return all, nil
}

// DeleteToken deletes a token of a user, or with 0 of any user.
func (s *Store) DeleteToken(ctx context.Context, id, userID int64) error {
	res, err := s.write.ExecContext(ctx, `DELETE FROM tokens WHERE id = ? AND ? IN (0, user_id)`, id, userID)
	if err == nil {
		err = one(res)
	}
	if err != nil {
		return fmt.Errorf("delete token %d: %w", id, err)
	}
	return nil
}

func scanToken(r row) (rooms.Token, error) {
	var t rooms.Token
	var scopes string
	var created int64
	var expires sql.NullInt64
	if err := r.Scan(&t.ID, &t.UserID, &t.UserName, &t.Name, &t.Hash, &scopes, &created, &expires); err != nil {
		return rooms.Token{}, err
	}
	for scope := range strings.FieldsSeq(scopes) {
		t.Scopes = append(t.Scopes, rooms.Scope(scope))
	}
	t.CreatedAt = utc(created)
	if expires.Valid {
		t.ExpiresAt = utc(expires.Int64)
	}
	return t, nil
}

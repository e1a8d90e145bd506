package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"plenum/rooms"
)

// ClaimAnswer takes a key, or returns what came of its request.
func (s *Store) ClaimAnswer(ctx context.Context, key rooms.RequestKey, now time.Time) ([]byte, error) {
	var answer []byte
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM answers WHERE until <= ?`, now.UnixMilli()); err != nil {
			return err
		}
		var digest []byte
		err := tx.QueryRowContext(ctx, `SELECT digest, answer FROM answers WHERE user_id = ? AND key = ?`, key.UserID, key.Key).
			Scan(&digest, &answer)
		if errors.Is(err, sql.ErrNoRows) {
			_, err = tx.ExecContext(ctx, `INSERT INTO answers (user_id, key, digest, until) VALUES (?, ?, ?, ?)`,
				key.UserID, key.Key, key.Digest, key.Until.UnixMilli())
			return err
		}
		if err != nil {
			return err
		}
		return key.Known(digest, answer)
	})
	if err != nil {
		return nil, fmt.Errorf("claim a request key: %w", err)
	}
	return answer, nil
}

// KeepAnswer stores what came of a request.
func (s *Store) KeepAnswer(ctx context.Context, key rooms.RequestKey, answer []byte) error {
	res, err := s.write.ExecContext(ctx, `UPDATE answers SET answer = ? WHERE user_id = ? AND key = ?`, answer, key.UserID, key.Key)
	if err == nil {
		err = one(res)
	}
	if err != nil {
		return fmt.Errorf("keep the answer of a request key: %w", err)
	}
	return nil
}

// ForgetAnswer makes a claimed key as good as new.
func (s *Store) ForgetAnswer(ctx context.Context, key rooms.RequestKey) error {
	_, err := s.write.ExecContext(ctx, `DELETE FROM answers WHERE user_id = ? AND key = ? AND answer IS NULL`, key.UserID, key.Key)
	if err != nil {
		return fmt.Errorf("forget a request key: %w", err)
	}
	return nil
}

package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"plenum/rooms"
)

// ClaimAnswer takes a key, or returns what came of its request.
func (s *Store) ClaimAnswer(ctx context.Context, key rooms.RequestKey, now time.Time) ([]byte, error) {
	var answer []byte
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM answers WHERE until <= $1`, ms(now)); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `INSERT INTO answers (user_id, key, digest, until) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, key.UserID, key.Key, key.Digest, ms(key.Until))
		if err != nil || tag.RowsAffected() == 1 {
			return err
		}
		var digest []byte
		err = tx.QueryRow(ctx, `SELECT digest, answer FROM answers WHERE user_id = $1 AND key = $2`, key.UserID, key.Key).
			Scan(&digest, &answer)
		switch {
		case errors.Is(err, pgx.ErrNoRows): // given up by its claimer since the insert looked
			return rooms.ErrUnfinished
		case err != nil:
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
	err := s.do(ctx, func(ctx context.Context) error {
		return one(s.pool.Exec(ctx, `UPDATE answers SET answer = $3 WHERE user_id = $1 AND key = $2`, key.UserID, key.Key, answer))
	})
	if err != nil {
		return fmt.Errorf("keep the answer of a request key: %w", err)
	}
	return nil
}

// ForgetAnswer makes a claimed key as good as new.
func (s *Store) ForgetAnswer(ctx context.Context, key rooms.RequestKey) error {
	err := s.do(ctx, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, `DELETE FROM answers WHERE user_id = $1 AND key = $2 AND answer IS NULL`, key.UserID, key.Key)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget a request key: %w", err)
	}
	return nil
}

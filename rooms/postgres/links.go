package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"plenum/rooms"
)

// CreateLink keeps a link of a room.
func (s *Store) CreateLink(ctx context.Context, roomID string, l rooms.Link) error {
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		// One at a time: else two could be counted as the last one there is room for.
		if _, err := tx.Exec(ctx, `SELECT 1 FROM rooms WHERE id = $1 FOR UPDATE`, roomID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM links WHERE room_id = $1 AND (epoch < $2 OR expires_at <= $3)`,
			roomID, l.Epoch, ms(l.CreatedAt)); err != nil {
			return err
		}
		var has int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM links WHERE room_id = $1`, roomID).Scan(&has); err != nil {
			return err
		}
		if has >= rooms.MaxLinks {
			return rooms.ErrTooMany
		}
		_, err := tx.Exec(ctx, `INSERT INTO links (room_id, id, role, name, label, epoch, maker, created_at, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			roomID, l.ID, string(l.Role), l.Name, l.Label, l.Epoch, l.Maker, ms(l.CreatedAt), maybe(l.Expires))
		return err
	})
	if err != nil {
		return fmt.Errorf("create link to room %q: %w", roomID, err)
	}
	return nil
}

// Links lists the links of a room that hold at now, oldest first.
func (s *Store) Links(ctx context.Context, room rooms.Room, now time.Time) ([]rooms.Link, error) {
	var all []rooms.Link
	err := s.do(ctx, func(ctx context.Context) (err error) {
		all, err = collect(ctx, s.pool, scanLink, `SELECT id, role, name, label, epoch, maker, created_at, expires_at, used_at
			FROM links WHERE room_id = $1 AND epoch >= $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)
			ORDER BY created_at, id`, room.ID, room.Rules.LinkEpoch, ms(now))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list links to room %q: %w", room.ID, err)
	}
	return all, nil
}

// UseLink notes that somebody comes by a link, or returns ErrLinkExpired.
func (s *Store) UseLink(ctx context.Context, roomID, id string, now time.Time) error {
	if !storable(id) {
		return nil
	}
	var used, revoked *time.Time
	err := s.do(ctx, func(ctx context.Context) error {
		err := s.pool.QueryRow(ctx, `SELECT used_at, revoked_at FROM links WHERE room_id = $1 AND id = $2`, roomID, id).
			Scan(&used, &revoked)
		if err != nil || revoked != nil || used != nil && now.Sub(*used) < rooms.LinkUseStep {
			return err
		}
		_, err = s.pool.Exec(ctx, `UPDATE links SET used_at = $3 WHERE room_id = $1 AND id = $2`, roomID, id, ms(now))
		return err
	})
	switch {
	case errors.Is(err, rooms.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("use link %q to room %q: %w", id, roomID, err)
	case revoked != nil:
		return rooms.ErrLinkExpired
	}
	return nil
}

// RevokeLink has a link of a room open nothing any more.
func (s *Store) RevokeLink(ctx context.Context, roomID, id string) error {
	if !storable(id) || !storable(roomID) {
		return fmt.Errorf("revoke link %q: %w", id, rooms.ErrNotFound)
	}
	err := s.do(ctx, func(ctx context.Context) error {
		return one(s.pool.Exec(ctx, `UPDATE links SET revoked_at = now() WHERE room_id = $1 AND id = $2 AND revoked_at IS NULL`,
			roomID, id))
	})
	if err != nil {
		return fmt.Errorf("revoke link %q to room %q: %w", id, roomID, err)
	}
	return nil
}

func scanLink(row pgx.Row) (rooms.Link, error) {
	var l rooms.Link
	var expires, used *time.Time
	err := row.Scan(&l.ID, (*string)(&l.Role), &l.Name, &l.Label, &l.Epoch, &l.Maker, &l.CreatedAt, &expires, &used)
	l.CreatedAt, l.Expires, l.UsedAt = l.CreatedAt.UTC(), maybeTime(expires), maybeTime(used)
	return l, err
}

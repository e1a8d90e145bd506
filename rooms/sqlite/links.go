package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"plenum/rooms"
)

// CreateLink keeps a link of a room.
func (s *Store) CreateLink(ctx context.Context, roomID string, l rooms.Link) error {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM links WHERE room_id = ? AND (epoch < ? OR expires_at <= ?)`,
			roomID, l.Epoch, l.CreatedAt.UnixMilli()); err != nil {
			return err
		}
		var has int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM links WHERE room_id = ?`, roomID).Scan(&has); err != nil {
			return err
		}
		if has >= rooms.MaxLinks {
			return rooms.ErrTooMany
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO links (room_id, id, role, name, label, epoch, maker, created_at, expires_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			roomID, l.ID, string(l.Role), l.Name, l.Label, l.Epoch, l.Maker, l.CreatedAt.UnixMilli(), maybe(l.Expires))
		if taken(err) {
			return rooms.ErrExists
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("create link to room %q: %w", roomID, err)
	}
	return nil
}

// Links lists the links of a room that hold at now, oldest first.
func (s *Store) Links(ctx context.Context, room rooms.Room, now time.Time) ([]rooms.Link, error) {
	all, err := collect(ctx, s.read, scanLink, `SELECT id, role, name, label, epoch, maker, created_at, expires_at, used_at
		FROM links WHERE room_id = ? AND epoch >= ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
		ORDER BY created_at, id`, room.ID, room.Rules.LinkEpoch, now.UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("list links to room %q: %w", room.ID, err)
	}
	return all, nil
}

// UseLink notes that somebody comes by a link, or returns ErrLinkExpired.
func (s *Store) UseLink(ctx context.Context, roomID, id string, now time.Time) error {
	var used, revoked sql.NullInt64
	err := s.read.QueryRowContext(ctx, `SELECT used_at, revoked_at FROM links WHERE room_id = ? AND id = ?`, roomID, id).
		Scan(&used, &revoked)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err == nil && revoked.Valid:
		return rooms.ErrLinkExpired
	case err == nil && (!used.Valid || now.Sub(utc(used.Int64)) >= rooms.LinkUseStep):
		_, err = s.write.ExecContext(ctx, `UPDATE links SET used_at = ? WHERE room_id = ? AND id = ?`, now.UnixMilli(), roomID, id)
	}
	if err != nil {
		return fmt.Errorf("use link %q to room %q: %w", id, roomID, err)
	}
	return nil
}

// RevokeLink has a link of a room open nothing any more.
func (s *Store) RevokeLink(ctx context.Context, roomID, id string) error {
	res, err := s.write.ExecContext(ctx, `UPDATE links SET revoked_at = ? WHERE room_id = ? AND id = ? AND revoked_at IS NULL`,
		time.Now().UnixMilli(), roomID, id)
	if err == nil {
		err = one(res)
	}
	if err != nil {
		return fmt.Errorf("revoke link %q to room %q: %w", id, roomID, err)
	}
	return nil
}

func scanLink(r row) (rooms.Link, error) {
	var l rooms.Link
	var created int64
	var expires, used sql.NullInt64
	err := r.Scan(&l.ID, (*string)(&l.Role), &l.Name, &l.Label, &l.Epoch, &l.Maker, &created, &expires, &used)
	l.CreatedAt, l.Expires, l.UsedAt = utc(created), maybeTime(expires), maybeTime(used)
	return l, err
}

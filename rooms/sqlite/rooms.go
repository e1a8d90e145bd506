package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"plenum/rooms"
	"plenum/rooms/internal/keyset"
	"plenum/rooms/internal/rulebook"
)

const selectRooms = `SELECT r.id, r.creator_id, u.name, r.description, r.timezone, r.starts_at, r.duration,
	r.ends_at, r.capacity, r.cancelled, r.version, r.created_at,
	r.passcode_hash, r.lobby, r.recording_policy, r.guest_role, r.audience_denied, r.link_epoch FROM rooms r JOIN users u ON u.id = r.creator_id`

// CreateRoom stores r as version 1. ErrExists if the id is taken.
func (s *Store) CreateRoom(ctx context.Context, r rooms.Room) error {
	if err := insertRoom(ctx, s.write, r); err != nil {
		return fmt.Errorf("create room %s: %w", r.ID, err)
	}
	return nil
}

// CreateRoomOnce stores r unless the key has made a room already.
func (s *Store) CreateRoomOnce(ctx context.Context, r rooms.Room, key rooms.RequestKey) (rooms.Room, error) {
	made, err := s.createOnce(ctx, r, key)
	if err != nil {
		return rooms.Room{}, fmt.Errorf("create room %s once: %w", r.ID, err)
	}
	return made, nil
}

func (s *Store) createOnce(ctx context.Context, r rooms.Room, key rooms.RequestKey) (rooms.Room, error) {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return rooms.Room{}, err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, `DELETE FROM request_keys WHERE until <= ?`, r.CreatedAt.UnixMilli()); err != nil {
		return rooms.Room{}, err
	}
	var id string
	var digest []byte
	err = tx.QueryRowContext(ctx, `SELECT room_id, digest FROM request_keys WHERE user_id = ? AND key = ?`,
		key.UserID, key.Key).Scan(&id, &digest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		id = r.ID
		if err := insertOnce(ctx, tx, r, key); err != nil {
			return rooms.Room{}, err
		}
	case err != nil:
		return rooms.Room{}, err
	case !bytes.Equal(digest, key.Digest):
		return rooms.Room{}, rooms.ErrKeyReused
	}
	made, err := scanRoom(tx.QueryRowContext(ctx, selectRooms+` WHERE r.id = ?`, id))
	if err != nil {
		return rooms.Room{}, err
	}
	return made, tx.Commit()
}

// RoomByKey returns the room that the key has made.
func (s *Store) RoomByKey(ctx context.Context, key rooms.RequestKey, now time.Time) (rooms.Room, error) {
	var id string
	var digest []byte
	err := s.read.QueryRowContext(ctx, `SELECT room_id, digest FROM request_keys WHERE user_id = ? AND key = ? AND until > ?`,
		key.UserID, key.Key, now.UnixMilli()).Scan(&id, &digest)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		err = rooms.ErrNotFound
	case err == nil && !bytes.Equal(digest, key.Digest):
		err = rooms.ErrKeyReused
	}
	if err != nil {
		return rooms.Room{}, fmt.Errorf("room of a request key: %w", err)
	}
	return s.RoomByID(ctx, id)
}

func insertOnce(ctx context.Context, tx *sql.Tx, r rooms.Room, key rooms.RequestKey) error {
	if err := insertRoom(ctx, tx, r); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO request_keys (user_id, key, digest, room_id, until) VALUES (?, ?, ?, ?, ?)`,
		key.UserID, key.Key, key.Digest, r.ID, key.Until.UnixMilli())
	return err
}

// execer is a database or one of its transactions.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func insertRoom(ctx context.Context, db execer, r rooms.Room) error {
	_, err := db.ExecContext(ctx, `INSERT INTO rooms
		(id, creator_id, description, timezone, starts_at, duration, ends_at, capacity, cancelled, created_at,
		passcode_hash, lobby, recording_policy, guest_role, audience_denied, link_epoch)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.CreatorID, r.Description, r.Timezone, r.Start.UnixMilli(), r.Duration.Milliseconds(),
		r.End.UnixMilli(), r.Capacity, r.Cancelled, r.CreatedAt.UnixMilli(),
		r.Rules.PasscodeHash, r.Rules.Lobby, string(r.Rules.Recording), string(r.Rules.GuestRole),
		rulebook.Denied(r.Rules.Audience), r.Rules.LinkEpoch)
	if taken(err) {
		return rooms.ErrExists
	}
	return err
}

// RoomByID finds a room, open or not.
func (s *Store) RoomByID(ctx context.Context, id string) (rooms.Room, error) {
	r, err := scanRoom(s.read.QueryRowContext(ctx, selectRooms+` WHERE r.id = ?`, id))
	if err != nil {
		return rooms.Room{}, fmt.Errorf("read room %q: %w", id, err)
	}
	return r, nil
}

// Rooms lists newest start first, and the cursor of the next page ("" at the end).
func (s *Store) Rooms(ctx context.Context, f rooms.RoomFilter) ([]rooms.Room, string, error) {
	limit := keyset.Limit(f.Limit)
	where, args, err := conditions(f)
	if err != nil {
		return nil, "", err
	}
	query := selectRooms + where + ` ORDER BY r.starts_at DESC, r.id DESC LIMIT ?` //nolint:gosec // constant texts, see conditions
	rows, err := s.read.QueryContext(ctx, query, append(args, limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list rooms: %w", err)
	}
	defer rows.Close()
	var page []rooms.Room
	for rows.Next() {
		r, err := scanRoom(rows)
		if err != nil {
			return nil, "", fmt.Errorf("list rooms: %w", err)
		}
		page = append(page, r)
	}
	if err := rows.Err(); err != nil {
		return nil, "", fmt.Errorf("list rooms: %w", err)
	}
	page, next := keyset.Cut(page, limit)
	return page, next, nil
}

// conditions turns a filter into a WHERE clause of constant texts.
func conditions(f rooms.RoomFilter) (where string, args []any, err error) {
	var all []string
	add := func(condition string, values ...any) {
		all = append(all, condition)
		args = append(args, values...)
	}
	if f.CreatorID != 0 {
		add(`r.creator_id = ?`, f.CreatorID)
	}
	if !f.OpenAt.IsZero() {
		add(`r.ends_at > ?`, f.OpenAt.UnixMilli())
	}
	if !f.EndedAt.IsZero() {
		add(`r.ends_at <= ?`, f.EndedAt.UnixMilli())
	}
	if !f.From.IsZero() {
		add(`r.starts_at >= ?`, f.From.UnixMilli())
	}
	if !f.Before.IsZero() {
		add(`r.starts_at < ?`, f.Before.UnixMilli())
	}
	if f.After != "" {
		start, id, err := keyset.Parse(f.After)
		if err != nil {
			return "", nil, err
		}
		add(`(r.starts_at, r.id) < (?, ?)`, start.UnixMilli(), id)
	}
	if len(all) == 0 {
		return "", nil, nil
	}
	return ` WHERE ` + strings.Join(all, ` AND `), args, nil
}

// UpdateRoom replaces what may change about the room of that version.
func (s *Store) UpdateRoom(ctx context.Context, r rooms.Room) (rooms.Room, error) {
	res, err := s.write.ExecContext(ctx, `UPDATE rooms SET description = ?, starts_at = ?, duration = ?, ends_at = ?,
		capacity = ?, cancelled = ?, passcode_hash = ?, lobby = ?, recording_policy = ?, guest_role = ?,
		audience_denied = ?, link_epoch = ?, version = version + 1 WHERE id = ? AND version = ?`,
		r.Description, r.Start.UnixMilli(), r.Duration.Milliseconds(), r.End.UnixMilli(), r.Capacity, r.Cancelled,
		r.Rules.PasscodeHash, r.Rules.Lobby, string(r.Rules.Recording), string(r.Rules.GuestRole),
		rulebook.Denied(r.Rules.Audience), r.Rules.LinkEpoch, r.ID, r.Version)
	if err == nil {
		err = one(res)
	}
	if errors.Is(err, rooms.ErrNotFound) {
		if _, readErr := s.RoomByID(ctx, r.ID); readErr == nil {
			err = rooms.ErrStale
		}
	}
	if err != nil {
		return rooms.Room{}, fmt.Errorf("update room %q: %w", r.ID, err)
	}
	r.Version++
	r.Start, r.End = utc(r.Start.UnixMilli()), utc(r.End.UnixMilli())
	return r, nil
}

// SetRoomEnd moves a room's end.
func (s *Store) SetRoomEnd(ctx context.Context, id string, end time.Time) error {
	res, err := s.write.ExecContext(ctx, `UPDATE rooms SET ends_at = ?, version = version + 1 WHERE id = ?`, end.UnixMilli(), id)
	if err == nil {
		err = one(res)
	}
	if err != nil {
		return fmt.Errorf("set end of room %q: %w", id, err)
	}
	return nil
}

func scanRoom(r row) (rooms.Room, error) {
	var room rooms.Room
	var start, duration, end, created int64
	var denied string
	err := r.Scan(&room.ID, &room.CreatorID, &room.CreatorName, &room.Description, &room.Timezone,
		&start, &duration, &end, &room.Capacity, &room.Cancelled, &room.Version, &created,
		&room.Rules.PasscodeHash, &room.Rules.Lobby, (*string)(&room.Rules.Recording), (*string)(&room.Rules.GuestRole),
		&denied, &room.Rules.LinkEpoch)
	if errors.Is(err, sql.ErrNoRows) {
		return rooms.Room{}, rooms.ErrNotFound
	}
	if err != nil {
		return rooms.Room{}, err
	}
	room.Start, room.End, room.CreatedAt = utc(start), utc(end), utc(created)
	room.Duration = time.Duration(duration) * time.Millisecond
	room.Rules.Audience = rulebook.Audience(denied)
	return room, nil
}

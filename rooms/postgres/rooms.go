package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"plenum/rooms"
	"plenum/rooms/internal/keyset"
	"plenum/rooms/internal/rulebook"
)

const selectRooms = `SELECT r.id, r.creator_id, u.name, r.description, r.timezone, r.starts_at, r.duration_ms,
	r.ends_at, r.capacity, r.cancelled, r.version, r.created_at,
	r.passcode_hash, r.lobby, r.recording_policy, r.guest_role, r.audience_denied, r.link_epoch FROM rooms r JOIN users u ON u.id = r.creator_id`

// CreateRoom stores r as version 1. ErrExists if the id is taken.
func (s *Store) CreateRoom(ctx context.Context, r rooms.Room) error {
	err := s.do(ctx, func(ctx context.Context) error { return insertRoom(ctx, s.pool, r) })
	if err != nil {
		return fmt.Errorf("create room %s: %w", r.ID, err)
	}
	return nil
}

// CreateRoomOnce stores r unless the key has made a room already.
func (s *Store) CreateRoomOnce(ctx context.Context, r rooms.Room, key rooms.RequestKey) (rooms.Room, error) {
	var made rooms.Room
	err := s.do(ctx, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
			made, err = createOnce(ctx, tx, r, key)
			return err
		})
	})
	if err != nil {
		return rooms.Room{}, fmt.Errorf("create room %s once: %w", r.ID, err)
	}
	return made, nil
}

// createOnce puts the key first: a second request of the same key waits there
// until the first one's fate is known.
func createOnce(ctx context.Context, tx pgx.Tx, r rooms.Room, key rooms.RequestKey) (rooms.Room, error) {
	if _, err := tx.Exec(ctx, `DELETE FROM request_keys WHERE until <= $1`, ms(r.CreatedAt)); err != nil {
		return rooms.Room{}, err
	}
	if _, err := tx.Exec(ctx, `SET CONSTRAINTS ALL DEFERRED`); err != nil { // the room follows its key
		return rooms.Room{}, err
	}
	tag, err := tx.Exec(ctx, `INSERT INTO request_keys (user_id, key, digest, room_id, until) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`, key.UserID, key.Key, key.Digest, r.ID, ms(key.Until))
	if err != nil {
		return rooms.Room{}, err
	}
	id := r.ID
	if tag.RowsAffected() == 1 {
		err = insertRoom(ctx, tx, r)
	} else {
		var digest []byte
		err = tx.QueryRow(ctx, `SELECT room_id, digest FROM request_keys WHERE user_id = $1 AND key = $2`,
			key.UserID, key.Key).Scan(&id, &digest)
		if err == nil && !bytes.Equal(digest, key.Digest) {
			err = rooms.ErrKeyReused
		}
	}
	if err != nil {
		return rooms.Room{}, err
	}
	return scanRoom(tx.QueryRow(ctx, selectRooms+` WHERE r.id = $1`, id))
}

// RoomByKey returns the room that the key has made.
func (s *Store) RoomByKey(ctx context.Context, key rooms.RequestKey, now time.Time) (rooms.Room, error) {
	var id string
	var digest []byte
	err := s.do(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, `SELECT room_id, digest FROM request_keys WHERE user_id = $1 AND key = $2 AND until > $3`,
			key.UserID, key.Key, ms(now)).Scan(&id, &digest)
	})
	if err == nil && !bytes.Equal(digest, key.Digest) {
		err = rooms.ErrKeyReused
	}
	if err != nil {
		return rooms.Room{}, fmt.Errorf("room of a request key: %w", err)
	}
	return s.RoomByID(ctx, id)
}

// execer is the pool or a transaction.
type execer interface {
	Exec(ctx context.Context, query string, args ...any) (pgconn.CommandTag, error)
}

func insertRoom(ctx context.Context, db execer, r rooms.Room) error {
	_, err := db.Exec(ctx, `INSERT INTO rooms
		(id, creator_id, description, timezone, starts_at, duration_ms, ends_at, capacity, cancelled, created_at,
		passcode_hash, lobby, recording_policy, guest_role, audience_denied, link_epoch)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		r.ID, r.CreatorID, r.Description, r.Timezone, ms(r.Start), r.Duration.Milliseconds(), ms(r.End),
		r.Capacity, r.Cancelled, ms(r.CreatedAt),
		r.Rules.PasscodeHash, r.Rules.Lobby, string(r.Rules.Recording), string(r.Rules.GuestRole),
		rulebook.Denied(r.Rules.Audience), r.Rules.LinkEpoch)
	return err
}

// RoomByID finds a room, open or not.
func (s *Store) RoomByID(ctx context.Context, id string) (rooms.Room, error) {
	if !storable(id) {
		return rooms.Room{}, fmt.Errorf("read room %q: %w", id, rooms.ErrNotFound)
	}
	var r rooms.Room
	err := s.do(ctx, func(ctx context.Context) (err error) {
		r, err = scanRoom(s.pool.QueryRow(ctx, selectRooms+` WHERE r.id = $1`, id))
		return err
	})
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
	args["limit"] = limit + 1
	query := selectRooms + where + ` ORDER BY r.starts_at DESC, r.id DESC LIMIT @limit`
	var page []rooms.Room
	err = s.do(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, query, args)
		if err != nil {
			return err
		}
		page, err = pgx.AppendRows(page, rows, func(row pgx.CollectableRow) (rooms.Room, error) { return scanRoom(row) })
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list rooms: %w", err)
	}
	page, next := keyset.Cut(page, limit)
	return page, next, nil
}

// conditions turns a filter into a WHERE clause of constant texts.
func conditions(f rooms.RoomFilter) (where string, args pgx.NamedArgs, err error) {
	var all []string
	args = pgx.NamedArgs{}
	if f.CreatorID != 0 {
		all = append(all, `r.creator_id = @creator`)
		args["creator"] = f.CreatorID
	}
	if !f.OpenAt.IsZero() {
		all = append(all, `r.ends_at > @open_at`)
		args["open_at"] = ms(f.OpenAt)
	}
	if !f.EndedAt.IsZero() {
		all = append(all, `r.ends_at <= @ended_at`)
		args["ended_at"] = ms(f.EndedAt)
	}
	if !f.From.IsZero() {
		all = append(all, `r.starts_at >= @from`)
		args["from"] = ms(f.From)
	}
	if !f.Before.IsZero() {
		all = append(all, `r.starts_at < @before`)
		args["before"] = ms(f.Before)
	}
	if f.After != "" {
		if args["start"], args["id"], err = keyset.Parse(f.After); err != nil {
			return "", nil, err
		}
		all = append(all, `(r.starts_at, r.id) < (@start, @id)`)
	}
	if len(all) == 0 {
		return "", args, nil
	}
	return ` WHERE ` + strings.Join(all, ` AND `), args, nil
}

// UpdateRoom replaces what may change about the room of that version.
func (s *Store) UpdateRoom(ctx context.Context, r rooms.Room) (rooms.Room, error) {
	if !storable(r.ID) {
		return rooms.Room{}, fmt.Errorf("update room %q: %w", r.ID, rooms.ErrNotFound)
	}
	err := s.do(ctx, func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, `UPDATE rooms SET description = $3, starts_at = $4, duration_ms = $5, ends_at = $6,
			capacity = $7, cancelled = $8, passcode_hash = $9, lobby = $10, recording_policy = $11, guest_role = $12,
			audience_denied = $13, link_epoch = $14, version = version + 1 WHERE id = $1 AND version = $2`,
			r.ID, r.Version, r.Description, ms(r.Start), r.Duration.Milliseconds(), ms(r.End), r.Capacity, r.Cancelled,
			r.Rules.PasscodeHash, r.Rules.Lobby, string(r.Rules.Recording), string(r.Rules.GuestRole),
			rulebook.Denied(r.Rules.Audience), r.Rules.LinkEpoch)
		return one(tag, err)
	})
	if errors.Is(err, rooms.ErrNotFound) {
		if _, readErr := s.RoomByID(ctx, r.ID); readErr == nil {
			err = rooms.ErrStale
		}
	}
	if err != nil {
		return rooms.Room{}, fmt.Errorf("update room %q: %w", r.ID, err)
	}
	r.Version++
	r.Start, r.End = ms(r.Start), ms(r.End)
	return r, nil
}

// SetRoomEnd moves a room's end.
func (s *Store) SetRoomEnd(ctx context.Context, id string, end time.Time) error {
	if !storable(id) {
		return fmt.Errorf("set end of room %q: %w", id, rooms.ErrNotFound)
	}
	err := s.do(ctx, func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, `UPDATE rooms SET ends_at = $2, version = version + 1 WHERE id = $1`, id, ms(end))
		return one(tag, err)
	})
	if err != nil {
		return fmt.Errorf("set end of room %q: %w", id, err)
	}
	return nil
}

func scanRoom(row pgx.Row) (rooms.Room, error) {
	var r rooms.Room
	var duration int64
	var denied string
	err := row.Scan(&r.ID, &r.CreatorID, &r.CreatorName, &r.Description, &r.Timezone,
		&r.Start, &duration, &r.End, &r.Capacity, &r.Cancelled, &r.Version, &r.CreatedAt,
		&r.Rules.PasscodeHash, &r.Rules.Lobby, (*string)(&r.Rules.Recording), (*string)(&r.Rules.GuestRole),
		&denied, &r.Rules.LinkEpoch)
	r.Start, r.End, r.CreatedAt = r.Start.UTC(), r.End.UTC(), r.CreatedAt.UTC()
	r.Duration = time.Duration(duration) * time.Millisecond
	r.Rules.Audience = rulebook.Audience(denied)
	return r, err
}

// ms leaves out what is below a millisecond, as the contract has it.
func ms(at time.Time) time.Time { return time.UnixMilli(at.UnixMilli()).UTC() }

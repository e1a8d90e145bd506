package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"plenum/rooms"
	"plenum/rooms/internal/ledgering"
)

const (
	eventColumns = `e.pos, e.id, e.room_id, e.seq, e.at, e.kind, e.visit, e.participant, e.name, e.user_id, e.role,
		e.by_name, e.reason, e.recording, e.ends_at`
	visitColumns = `v.id, v.room_id, v.node, v.participant, v.name, v.user_id, COALESCE(u.name, ''), v.role, v.joined_at,
		v.media_up_at, v.left_at, v.reason, v.interruptions, v.interrupted_at, v.away`
	selectVisits = `SELECT ` + visitColumns + ` FROM visits v LEFT JOIN users u ON u.id = v.user_id`
)

// AppendEvents numbers events and stores them with what follows from them.
func (s *Store) AppendEvents(ctx context.Context, node string, events []rooms.Event) ([]rooms.Event, error) {
	var plan ledgering.Plan
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		state, err := ledgerState(ctx, tx, events)
		if err != nil {
			return err
		}
		plan = ledgering.Make(state, node, events)
		if len(plan.Events) == 0 {
			return nil
		}
		return writePlan(ctx, tx, plan)
	})
	if err != nil {
		return nil, fmt.Errorf("append %d events: %w", len(events), err)
	}
	return plan.Events, nil
}

// inTx runs f in a transaction of the one writer.
func (s *Store) inTx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// querier is a database or one of its transactions.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, db querier, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// list makes one argument of many, for json_each.
func list[T any](values []T) string {
	text, err := json.Marshal(values)
	if err != nil || values == nil {
		return "[]" // texts and numbers always encode
	}
	return string(text)
}

func ledgerState(ctx context.Context, tx *sql.Tx, events []rooms.Event) (ledgering.State, error) {
	ids, roomIDs, visits := ledgering.Names(events)
	s := ledgering.State{
		Stored: map[string]bool{}, Heads: map[string]ledgering.Head{}, Visits: map[string]rooms.Visit{},
		Busy: map[ledgering.Lane]bool{},
	}
	err := tx.QueryRowContext(ctx, `SELECT pos FROM ledger`).Scan(&s.Pos)
	if err != nil {
		return s, err
	}
	// Each function puts what it reads where it belongs.
	for _, read := range []struct {
		query string
		arg   string
		scan  func(row) (struct{}, error)
	}{
		{`SELECT id FROM events WHERE id IN (SELECT value FROM json_each(?))`, list(ids), func(r row) (_ struct{}, err error) {
			var id string
			err = r.Scan(&id)
			s.Stored[id] = true
			return struct{}{}, err
		}},
		{
			`SELECT r.id, r.creator_id, COALESCE(h.seq, 0) FROM rooms r LEFT JOIN event_heads h ON h.room_id = r.id
			WHERE r.id IN (SELECT value FROM json_each(?))`, list(roomIDs), func(r row) (_ struct{}, err error) {
				var id string
				var head ledgering.Head
				err = r.Scan(&id, &head.CreatorID, &head.Seq)
				s.Heads[id] = head
				return struct{}{}, err
			},
		},
		{selectVisits + ` WHERE v.id IN (SELECT value FROM json_each(?))`, list(visits), func(r row) (struct{}, error) {
			v, err := scanVisit(r)
			s.Visits[v.ID] = v
			return struct{}{}, err
		}},
		{
			`SELECT webhook_id, room_id FROM deliveries WHERE state = 'due' AND room_id IN (SELECT value FROM json_each(?))`,
			list(roomIDs), func(r row) (_ struct{}, err error) {
				var lane ledgering.Lane
				err = r.Scan(&lane.WebhookID, &lane.Room)
				s.Busy[lane] = true
				return struct{}{}, err
			},
		},
	} {
		if _, err := collect(ctx, tx, read.scan, read.query, read.arg); err != nil {
			return s, err
		}
	}
	s.Hooks, err = collect(ctx, tx, scanHook, `SELECT w.id, w.user_id, w.kinds, w.all_rooms AND u.role = 'admin'
		FROM webhooks w JOIN users u ON u.id = w.user_id WHERE w.active AND NOT u.disabled ORDER BY w.id`)
	return s, err
}

func scanHook(r row) (ledgering.Hook, error) {
	var h ledgering.Hook
	var kinds string
	err := r.Scan(&h.ID, &h.UserID, &kinds, &h.EveryRoom)
	h.Kinds = splitKinds(kinds)
	return h, err
}

func writePlan(ctx context.Context, tx *sql.Tx, p ledgering.Plan) error {
	for _, e := range p.Events {
		_, err := tx.ExecContext(ctx, `INSERT INTO events (pos, id, room_id, seq, at, kind, visit, participant, name, user_id,
			role, by_name, reason, recording, ends_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.Pos, e.ID, e.Room, e.Seq, e.At.UnixMilli(), string(e.Kind), e.Visit, e.Participant, e.Name, e.UserID,
			e.Role, e.By, e.Reason, e.Recording, maybe(e.End))
		if err != nil {
			return err
		}
	}
	for _, v := range p.Visits {
		_, err := tx.ExecContext(ctx, `INSERT INTO visits (id, room_id, node, participant, name, user_id, role, joined_at,
			media_up_at, left_at, reason, interruptions, interrupted_at, away) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET role = excluded.role, media_up_at = excluded.media_up_at,
			left_at = excluded.left_at, reason = excluded.reason, interruptions = excluded.interruptions,
			interrupted_at = excluded.interrupted_at, away = excluded.away`,
			v.ID, v.Room, v.Node, v.Participant, v.Name, v.UserID, v.Role, v.Joined.UnixMilli(), maybe(v.MediaUp),
			maybe(v.Left), v.Reason, v.Interruptions, maybe(v.InterruptedAt), v.Away.Milliseconds())
		if err != nil {
			return err
		}
	}
	for _, q := range p.Queued {
		state := "waiting"
		if q.Turn {
			state = "due"
		}
		now := time.Now().UnixMilli()
		_, err := tx.ExecContext(ctx, `INSERT INTO deliveries (webhook_id, room_id, event_pos, event_id, event_at, place, state,
			queued_at, next_at) SELECT ?, ?, ?, ?, ?, COALESCE(MAX(place), 0) + 1, ?, ?, ? FROM deliveries
			WHERE webhook_id = ? AND room_id = ? AND state = 'waiting'`,
			q.WebhookID, q.Event.Room, q.Event.Pos, q.Event.ID, q.Event.At.UnixMilli(), state, now, now,
			q.WebhookID, q.Event.Room)
		if err != nil {
			return err
		}
	}
	for room, seq := range p.Seqs {
		_, err := tx.ExecContext(ctx, `INSERT INTO event_heads (room_id, seq) VALUES (?, ?)
			ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq`, room, seq)
		if err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, `UPDATE ledger SET pos = ?`, p.LastPos)
	return err
}

// Events lists a page, oldest first.
func (s *Store) Events(ctx context.Context, f rooms.EventFilter) ([]rooms.Event, error) {
	query := `SELECT ` + eventColumns + ` FROM events e`
	var where []string
	var args []any
	add := func(condition string, value any) {
		where = append(where, condition)
		args = append(args, value)
	}
	if f.Room != "" {
		add(`e.room_id = ?`, f.Room)
		add(`e.seq > ?`, f.After)
	} else {
		add(`e.pos > ?`, f.After)
	}
	if f.CreatorID != 0 {
		query += ` JOIN rooms r ON r.id = e.room_id`
		add(`r.creator_id = ?`, f.CreatorID)
	}
	query += ` WHERE ` + strings.Join(where, ` AND `) + ` ORDER BY e.pos LIMIT ?`
	page, err := collect(ctx, s.read, scanEvent, query, append(args, f.PageSize())...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return page, nil
}

// Visits lists the visits of a room in order of joining.
func (s *Store) Visits(ctx context.Context, roomID string) ([]rooms.Visit, error) {
	all, err := collect(ctx, s.read, scanVisit, selectVisits+` WHERE v.room_id = ? ORDER BY v.joined_at, v.id`, roomID)
	if err != nil {
		return nil, fmt.Errorf("list visits of room %q: %w", roomID, err)
	}
	return all, nil
}

// OpenVisits lists the visits of a server that have not ended.
func (s *Store) OpenVisits(ctx context.Context, node string) ([]rooms.Visit, error) {
	all, err := collect(ctx, s.read, scanVisit,
		selectVisits+` WHERE v.node = ? AND v.left_at IS NULL ORDER BY v.joined_at, v.id`, node)
	if err != nil {
		return nil, fmt.Errorf("list open visits of server %s: %w", node, err)
	}
	return all, nil
}

// Beat stores that a server lives.
func (s *Store) Beat(ctx context.Context, node string, at time.Time) error {
	_, err := s.write.ExecContext(ctx, `INSERT INTO nodes (id, seen_at) VALUES (?, ?)
		ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`, node, at.UnixMilli())
	if err != nil {
		return fmt.Errorf("beat of server %s: %w", node, err)
	}
	return nil
}

// Nodes lists the servers that have open visits.
func (s *Store) Nodes(ctx context.Context) ([]rooms.Node, error) {
	all, err := collect(ctx, s.read, func(r row) (rooms.Node, error) {
		var n rooms.Node
		var seen sql.NullInt64
		err := r.Scan(&n.ID, &seen)
		n.LastSeen = maybeTime(seen)
		return n, err
	}, `SELECT DISTINCT v.node, n.seen_at FROM visits v LEFT JOIN nodes n ON n.id = v.node WHERE v.left_at IS NULL`)
	if err != nil {
		return nil, fmt.Errorf("list servers: %w", err)
	}
	return all, nil
}

// PruneEvents deletes old events and visits, some at a time.
func (s *Store) PruneEvents(ctx context.Context, before time.Time, limit int) (int, error) {
	var deleted int64
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		for _, query := range []string{
			`DELETE FROM events WHERE pos IN (SELECT pos FROM events WHERE at < ? LIMIT ?)`,
			`DELETE FROM visits WHERE id IN (SELECT id FROM visits WHERE left_at < ? LIMIT ?)`,
		} {
			res, err := tx.ExecContext(ctx, query, before.UnixMilli(), limit)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			deleted += n
		}
		if deleted == 0 {
			return nil
		}
		return nextTurns(ctx, tx)
	})
	if err != nil {
		return 0, fmt.Errorf("prune events: %w", err)
	}
	return int(deleted), nil
}

func scanEvent(r row) (rooms.Event, error) {
	var e rooms.Event
	var at int64
	var end sql.NullInt64
	err := r.Scan(&e.Pos, &e.ID, &e.Room, &e.Seq, &at, &e.Kind, &e.Visit, &e.Participant, &e.Name, &e.UserID, &e.Role,
		&e.By, &e.Reason, &e.Recording, &end)
	e.At, e.End = utc(at), maybeTime(end)
	return e, err
}

func scanVisit(r row) (rooms.Visit, error) {
	var v rooms.Visit
	var joined, away int64
	var up, left, interrupted sql.NullInt64
	err := r.Scan(&v.ID, &v.Room, &v.Node, &v.Participant, &v.Name, &v.UserID, &v.UserName, &v.Role, &joined,
		&up, &left, &v.Reason, &v.Interruptions, &interrupted, &away)
	v.Joined, v.MediaUp, v.Left, v.InterruptedAt = utc(joined), maybeTime(up), maybeTime(left), maybeTime(interrupted)
	v.Away = time.Duration(away) * time.Millisecond
	return v, err
}

// maybe stores the zero time as NULL.
func maybe(at time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: at.UnixMilli(), Valid: !at.IsZero()}
}

func maybeTime(ms sql.NullInt64) time.Time {
	if !ms.Valid {
		return time.Time{}
	}
	return utc(ms.Int64)
}

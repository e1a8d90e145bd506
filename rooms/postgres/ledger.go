package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"plenum/rooms"
	"plenum/rooms/internal/ledgering"
)

const (
	eventColumns = `e.pos, e.id, e.room_id, e.seq, e.at, e.kind, e.visit, e.participant, e.name, e.user_id, e.role,
		e.by_name, e.reason, e.recording, e.ends_at`
	visitColumns = `v.id, v.room_id, v.node, v.participant, v.name, v.user_id, COALESCE(u.name, ''), v.role, v.joined_at,
		v.media_up_at, v.left_at, v.reason, v.interruptions, v.interrupted_at, v.away_ms`
	selectVisits = `SELECT ` + visitColumns + ` FROM visits v LEFT JOIN users u ON u.id = v.user_id`
)

// AppendEvents numbers events and stores them with what follows from them.
func (s *Store) AppendEvents(ctx context.Context, node string, events []rooms.Event) ([]rooms.Event, error) {
	var plan ledgering.Plan
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
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

// inTx runs f in a transaction.
func (s *Store) inTx(ctx context.Context, f func(context.Context, pgx.Tx) error) error {
	return s.do(ctx, func(ctx context.Context) error {
		return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error { return f(ctx, tx) })
	})
}

// querier is the pool or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// collect reads all rows of a query.
func collect[T any](ctx context.Context, db querier, scan func(pgx.Row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	var all []T
	return pgx.AppendRows(all, rows, func(row pgx.CollectableRow) (T, error) { return scan(row) })
}

// ledgerState reads what is needed to store events. It holds the lock on the
// ledger, and on the webhooks that are told.
func ledgerState(ctx context.Context, tx pgx.Tx, events []rooms.Event) (ledgering.State, error) {
	ids, roomIDs, visits := ledgering.Names(events)
	s := ledgering.State{
		Stored: map[string]bool{}, Heads: map[string]ledgering.Head{}, Visits: map[string]rooms.Visit{},
		Busy: map[ledgering.Lane]bool{},
	}
	if err := tx.QueryRow(ctx, `SELECT pos FROM ledger FOR UPDATE`).Scan(&s.Pos); err != nil {
		return s, err
	}
	// After the locks: the statements from here on see what others stored before.
	hooks, err := collect(ctx, tx, scanHook, `SELECT w.id, w.user_id, w.kinds, w.all_rooms AND u.role = 'admin'
		FROM webhooks w JOIN users u ON u.id = w.user_id WHERE w.active AND NOT u.disabled ORDER BY w.id FOR UPDATE OF w`)
	if err != nil {
		return s, err
	}
	s.Hooks = hooks
	batch := &pgx.Batch{}
	batch.Queue(`SELECT id FROM events WHERE id = ANY($1)`, ids).Query(func(rows pgx.Rows) error {
		var id string
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			s.Stored[id] = true
			return nil
		})
		return err
	})
	batch.Queue(`SELECT r.id, r.creator_id, COALESCE(h.seq, 0) FROM rooms r LEFT JOIN event_heads h ON h.room_id = r.id
		WHERE r.id = ANY($1)`, roomIDs).Query(func(rows pgx.Rows) error {
		var id string
		var head ledgering.Head
		_, err := pgx.ForEachRow(rows, []any{&id, &head.CreatorID, &head.Seq}, func() error {
			s.Heads[id] = head
			return nil
		})
		return err
	})
	batch.Queue(selectVisits+` WHERE v.id = ANY($1)`, visits).Query(func(rows pgx.Rows) error {
		all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (rooms.Visit, error) { return scanVisit(row) })
		for _, v := range all {
			s.Visits[v.ID] = v
		}
		return err
	})
	batch.Queue(`SELECT webhook_id, room_id FROM deliveries WHERE state = 'due' AND room_id = ANY($1)`, roomIDs).
		Query(func(rows pgx.Rows) error {
			var lane ledgering.Lane
			_, err := pgx.ForEachRow(rows, []any{&lane.WebhookID, &lane.Room}, func() error {
				s.Busy[lane] = true
				return nil
			})
			return err
		})
	return s, tx.SendBatch(ctx, batch).Close()
}

func scanHook(row pgx.Row) (ledgering.Hook, error) {
	var h ledgering.Hook
	var kinds []string
	err := row.Scan(&h.ID, &h.UserID, &kinds, &h.EveryRoom)
	h.Kinds = kindsOf(kinds)
	return h, err
}

func writePlan(ctx context.Context, tx pgx.Tx, p ledgering.Plan) error {
	batch := &pgx.Batch{}
	for _, e := range p.Events {
		batch.Queue(`INSERT INTO events (pos, id, room_id, seq, at, kind, visit, participant, name, user_id,
			role, by_name, reason, recording, ends_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
			e.Pos, e.ID, e.Room, e.Seq, e.At, string(e.Kind), e.Visit, e.Participant, e.Name, e.UserID,
			e.Role, e.By, e.Reason, e.Recording, maybe(e.End))
	}
	for _, v := range p.Visits {
		batch.Queue(`INSERT INTO visits (id, room_id, node, participant, name, user_id, role, joined_at,
			media_up_at, left_at, reason, interruptions, interrupted_at, away_ms)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
			ON CONFLICT (id) DO UPDATE SET role = excluded.role, media_up_at = excluded.media_up_at,
			left_at = excluded.left_at, reason = excluded.reason, interruptions = excluded.interruptions,
			interrupted_at = excluded.interrupted_at, away_ms = excluded.away_ms`,
			v.ID, v.Room, v.Node, v.Participant, v.Name, v.UserID, v.Role, ms(v.Joined), maybe(v.MediaUp),
			maybe(v.Left), v.Reason, v.Interruptions, maybe(v.InterruptedAt), v.Away.Milliseconds())
	}
	now := ms(time.Now())
	for _, q := range p.Queued {
		state := "waiting"
		if q.Turn {
			state = "due"
		}
		batch.Queue(`INSERT INTO deliveries (webhook_id, room_id, event_pos, event_id, event_at, state, queued_at, next_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $7)`,
			q.WebhookID, q.Event.Room, q.Event.Pos, q.Event.ID, q.Event.At, state, now)
	}
	for room, seq := range p.Seqs {
		batch.Queue(`INSERT INTO event_heads (room_id, seq) VALUES ($1, $2)
			ON CONFLICT (room_id) DO UPDATE SET seq = excluded.seq`, room, seq)
	}
	batch.Queue(`UPDATE ledger SET pos = $1`, p.LastPos)
	return tx.SendBatch(ctx, batch).Close()
}

// Events lists a page, oldest first.
func (s *Store) Events(ctx context.Context, f rooms.EventFilter) ([]rooms.Event, error) {
	if !storable(f.Room) {
		return nil, nil
	}
	query := `SELECT ` + eventColumns + ` FROM events e JOIN rooms r ON r.id = e.room_id
		WHERE $1::bigint IN (0, r.creator_id)`
	if f.Room != "" {
		query += ` AND e.room_id = $4 AND e.seq > $2 ORDER BY e.seq LIMIT $3`
	} else {
		query += ` AND $4 = '' AND e.pos > $2 ORDER BY e.pos LIMIT $3`
	}
	var page []rooms.Event
	err := s.do(ctx, func(ctx context.Context) (err error) {
		page, err = collect(ctx, s.pool, scanEvent, query, f.CreatorID, f.After, f.PageSize(), f.Room)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return page, nil
}

// Visits lists the visits of a room in order of joining.
func (s *Store) Visits(ctx context.Context, roomID string) ([]rooms.Visit, error) {
	if !storable(roomID) {
		return nil, nil
	}
	all, err := s.visits(ctx, ` WHERE v.room_id = $1 ORDER BY v.joined_at, v.id`, roomID)
	if err != nil {
		return nil, fmt.Errorf("list visits of room %q: %w", roomID, err)
	}
	return all, nil
}

// OpenVisits lists the visits of a server that have not ended.
func (s *Store) OpenVisits(ctx context.Context, node string) ([]rooms.Visit, error) {
	all, err := s.visits(ctx, ` WHERE v.node = $1 AND v.left_at IS NULL ORDER BY v.joined_at, v.id`, node)
	if err != nil {
		return nil, fmt.Errorf("list open visits of server %s: %w", node, err)
	}
	return all, nil
}

func (s *Store) visits(ctx context.Context, where, arg string) (all []rooms.Visit, err error) {
	err = s.do(ctx, func(ctx context.Context) (err error) {
		all, err = collect(ctx, s.pool, scanVisit, selectVisits+where, arg)
		return err
	})
	return all, err
}

// Beat stores that a server lives.
func (s *Store) Beat(ctx context.Context, node string, at time.Time) error {
	err := s.do(ctx, func(ctx context.Context) error {
		_, err := s.pool.Exec(ctx, `INSERT INTO nodes (id, seen_at) VALUES ($1, $2)
			ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at`, node, ms(at))
		return err
	})
	if err != nil {
		return fmt.Errorf("beat of server %s: %w", node, err)
	}
	return nil
}

// Nodes lists the servers that have open visits.
func (s *Store) Nodes(ctx context.Context) ([]rooms.Node, error) {
	var all []rooms.Node
	err := s.do(ctx, func(ctx context.Context) (err error) {
		all, err = collect(ctx, s.pool, func(row pgx.Row) (rooms.Node, error) {
			var n rooms.Node
			var seen *time.Time
			err := row.Scan(&n.ID, &seen)
			n.LastSeen = maybeTime(seen)
			return n, err
		}, `SELECT DISTINCT v.node, n.seen_at FROM visits v LEFT JOIN nodes n ON n.id = v.node WHERE v.left_at IS NULL`)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list servers: %w", err)
	}
	return all, nil
}

// PruneEvents deletes old events and visits, some at a time.
func (s *Store) PruneEvents(ctx context.Context, before time.Time, limit int) (int, error) {
	var deleted int64
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		deleted = 0
		for _, query := range []string{
			`DELETE FROM events WHERE pos IN (SELECT pos FROM events WHERE at < $1 LIMIT $2)`,
			`DELETE FROM visits WHERE id IN (SELECT id FROM visits WHERE left_at < $1 LIMIT $2)`,
		} {
			tag, err := tx.Exec(ctx, query, ms(before), limit)
			if err != nil {
				return err
			}
			deleted += tag.RowsAffected()
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

func scanEvent(row pgx.Row) (rooms.Event, error) {
	var e rooms.Event
	var end *time.Time
	err := row.Scan(&e.Pos, &e.ID, &e.Room, &e.Seq, &e.At, (*string)(&e.Kind), &e.Visit, &e.Participant, &e.Name,
		&e.UserID, &e.Role, &e.By, &e.Reason, &e.Recording, &end)
	e.At, e.End = e.At.UTC(), maybeTime(end)
	return e, err
}

func scanVisit(row pgx.Row) (rooms.Visit, error) {
	var v rooms.Visit
	var away int64
	var up, left, interrupted *time.Time
	err := row.Scan(&v.ID, &v.Room, &v.Node, &v.Participant, &v.Name, &v.UserID, &v.UserName, &v.Role, &v.Joined,
		&up, &left, &v.Reason, &v.Interruptions, &interrupted, &away)
	v.Joined, v.MediaUp, v.Left, v.InterruptedAt = v.Joined.UTC(), maybeTime(up), maybeTime(left), maybeTime(interrupted)
	v.Away = time.Duration(away) * time.Millisecond
	return v, err
}

// maybe stores the zero time as NULL.
func maybe(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = ms(at)
	return &at
}

func maybeTime(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC()
}

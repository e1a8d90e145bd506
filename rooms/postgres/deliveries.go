package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"plenum/rooms"
)

const deliveryColumns = `d.id, d.webhook_id, d.event_pos, d.event_id, d.event_at, d.state, d.queued_at, d.attempts, d.last_at,
	CASE d.state WHEN 'due' THEN d.next_at END, d.status, d.problem`

// mostDue bounds one answer of DueDeliveries.
const mostDue = 256

// QueuePing queues a test delivery.
func (s *Store) QueuePing(ctx context.Context, webhookID int64, ping rooms.Event) (rooms.Delivery, error) {
	d := rooms.Delivery{
		WebhookID: webhookID, State: rooms.DeliveryPending, QueuedAt: ms(ping.At),
		Event: rooms.Event{ID: ping.ID, Kind: rooms.WebhookPing, At: ms(ping.At)},
	}
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		state, err := turn(ctx, tx, webhookID, "")
		if err != nil {
			return err
		}
		if state == "due" {
			d.NextAt = d.QueuedAt
		}
		return tx.QueryRow(ctx, `INSERT INTO deliveries (webhook_id, room_id, event_id, event_at, state, queued_at, next_at)
			VALUES ($1, '', $2, $3, $4, $3, $3) RETURNING id`, webhookID, ping.ID, ms(ping.At), state).Scan(&d.ID)
	})
	if err != nil {
		return rooms.Delivery{}, fmt.Errorf("queue a test of webhook %d: %w", webhookID, err)
	}
	return d, nil
}

// turn locks a webhook and returns the state of its next delivery of a room.
func turn(ctx context.Context, tx pgx.Tx, webhookID int64, room string) (string, error) {
	if err := lockWebhook(ctx, tx, webhookID); err != nil {
		return "", err
	}
	var busy bool
	err := tx.QueryRow(ctx,
		`SELECT EXISTS (SELECT 1 FROM deliveries WHERE webhook_id = $1 AND room_id = $2 AND state = 'due')`,
		webhookID, room).Scan(&busy)
	if busy {
		return "waiting", err
	}
	return "due", err
}

// lockWebhook makes changes of whose turn it is wait for each other.
func lockWebhook(ctx context.Context, tx pgx.Tx, webhookID int64) error {
	return one(tx.Exec(ctx, `SELECT 1 FROM webhooks WHERE id = $1 FOR UPDATE`, webhookID))
}

// Deliveries lists a page, newest first.
func (s *Store) Deliveries(ctx context.Context, f rooms.DeliveryFilter) ([]rooms.Delivery, error) {
	states := []string{string(f.State)}
	switch f.State {
	case "":
		states = []string{"due", "waiting", "delivered", "dead"}
	case rooms.DeliveryPending:
		states = []string{"due", "waiting"}
	case rooms.DeliveryDelivered, rooms.DeliveryDead:
	}
	var page []rooms.Delivery
	err := s.do(ctx, func(ctx context.Context) (err error) {
		page, err = collect(ctx, s.pool, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.webhook_id = $1
			AND ($2::bigint = 0 OR d.id < $2) AND d.state = ANY($3) ORDER BY d.id DESC LIMIT $4`,
			f.WebhookID, f.Before, states, f.PageSize())
		if err == nil {
			page, err = withEvents(ctx, s.pool, page)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list deliveries of webhook %d: %w", f.WebhookID, err)
	}
	return page, nil
}

// withEvents fills in the events of deliveries, and leaves out those whose
// event is gone by now.
func withEvents(ctx context.Context, db querier, page []rooms.Delivery) ([]rooms.Delivery, error) {
	var positions []int64
	for _, d := range page {
		positions = append(positions, d.Event.Pos)
	}
	events, err := collect(ctx, db, scanEvent, `SELECT `+eventColumns+` FROM events e WHERE e.pos = ANY($1)`, positions)
	if err != nil {
		return nil, err
	}
	byPos := map[int64]rooms.Event{}
	for _, e := range events {
		byPos[e.Pos] = e
	}
	kept := page[:0]
	for _, d := range page {
		e, there := byPos[d.Event.Pos]
		if there {
			d.Event = e
		}
		if there || d.Event.Pos == 0 {
			kept = append(kept, d)
		}
	}
	return kept, nil
}

// Redeliver queues a dead delivery again.
func (s *Store) Redeliver(ctx context.Context, webhookID, deliveryID int64, now time.Time) (rooms.Delivery, error) {
	var again rooms.Delivery
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lockWebhook(ctx, tx, webhookID); err != nil {
			return err
		}
		var room, was string
		err := tx.QueryRow(ctx, `SELECT room_id, state FROM deliveries WHERE id = $1 AND webhook_id = $2`,
			deliveryID, webhookID).Scan(&room, &was)
		if err != nil {
			return err
		}
		if was != string(rooms.DeliveryDead) {
			return rooms.ErrStale
		}
		state, err := turn(ctx, tx, webhookID, room)
		if err != nil {
			return err
		}
		all, err := collect(ctx, tx, scanDelivery, `UPDATE deliveries d SET state = $2, queued_at = $3, next_at = $3, attempts = 0,
			place = nextval(pg_get_serial_sequence('deliveries', 'place')) WHERE id = $1 RETURNING `+deliveryColumns,
			deliveryID, state, ms(now))
		if err == nil {
			all, err = withEvents(ctx, tx, all)
		}
		if err == nil && len(all) == 0 {
			err = rooms.ErrNotFound
		}
		if err == nil {
			again = all[0]
		}
		return err
	})
	if err != nil {
		return rooms.Delivery{}, fmt.Errorf("redeliver %d: %w", deliveryID, err)
	}
	return again, nil
}

// willing are due deliveries of webhooks that may be called.
const willing = ` FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id AND w.active
	JOIN users u ON u.id = w.user_id AND NOT u.disabled WHERE d.state = 'due'`

// DueDeliveries returns what may be sent at now, and when there will be more.
func (s *Store) DueDeliveries(ctx context.Context, now time.Time, each int) ([]rooms.DueDelivery, time.Time, error) {
	var next *time.Time
	var due []rooms.DueDelivery
	err := s.do(ctx, func(ctx context.Context) error {
		if err := s.pool.QueryRow(ctx, `SELECT MIN(d.next_at)`+willing+` AND d.next_at > $1`, ms(now)).Scan(&next); err != nil {
			return err
		}
		ways := map[int64]rooms.DueDelivery{} // URL and secret
		plain, err := collect(ctx, s.pool, func(row pgx.Row) (rooms.Delivery, error) {
			var way rooms.DueDelivery
			d, err := scanDelivery(rowWith{row, []any{&way.URL, &way.Secret}})
			ways[d.ID] = way
			return d, err
		}, `SELECT * FROM (SELECT `+deliveryColumns+`, w.url, w.secret,
				row_number() OVER (PARTITION BY d.webhook_id ORDER BY d.next_at, d.id) AS turn`+
			willing+` AND d.next_at <= $1) AS t WHERE turn <= $2 ORDER BY 10, 1 LIMIT $3`, ms(now), each, mostDue)
		if err != nil {
			return err
		}
		if plain, err = withEvents(ctx, s.pool, plain); err != nil {
			return err
		}
		due = make([]rooms.DueDelivery, len(plain))
		for i, d := range plain {
			due[i] = ways[d.ID]
			due[i].Delivery = d
		}
		return nil
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("find due deliveries: %w", err)
	}
	return due, maybeTime(next), nil
}

// rowWith is a row with columns behind those that a scan knows, and the turn.
type rowWith struct {
	pgx.Row

	more []any
}

// Scan reads the row, the columns behind, and passes over the turn.
func (r rowWith) Scan(into ...any) error {
	var turn int
	return r.Row.Scan(append(append(into, r.more...), &turn)...)
}

// FinishAttempt stores the outcome of an attempt.
func (s *Store) FinishAttempt(ctx context.Context, d rooms.Delivery) error {
	state := string(d.State)
	if d.State == rooms.DeliveryPending {
		state = "due"
	}
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := lockWebhook(ctx, tx, d.WebhookID); err != nil {
			return err
		}
		var room string
		err := tx.QueryRow(ctx, `UPDATE deliveries SET state = $2, attempts = $3, last_at = $4, next_at = $5, status = $6,
			problem = $7 WHERE id = $1 AND state = 'due' RETURNING room_id`,
			d.ID, state, d.Attempts, maybe(d.LastAt), maybe(d.NextAt), d.Status,
			strings.ReplaceAll(strings.ToValidUTF8(d.Problem, "?"), "\x00", "?")).Scan(&room)
		if err != nil || d.State == rooms.DeliveryPending {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE deliveries SET state = 'due', next_at = $3 WHERE id =
			(SELECT id FROM deliveries WHERE webhook_id = $1 AND room_id = $2 AND state = 'waiting' ORDER BY place LIMIT 1)`,
			d.WebhookID, room, ms(d.LastAt))
		return err
	})
	if err != nil {
		return fmt.Errorf("finish an attempt of delivery %d: %w", d.ID, err)
	}
	return nil
}

// nextTurns makes the first of those due that wait for nothing.
func nextTurns(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, `UPDATE deliveries SET state = 'due' WHERE id IN (
		SELECT id FROM (SELECT d.id, row_number() OVER (PARTITION BY d.webhook_id, d.room_id ORDER BY d.place) AS turn
			FROM deliveries d WHERE d.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM deliveries o
				WHERE o.webhook_id = d.webhook_id AND o.room_id = d.room_id AND o.state = 'due')) AS t WHERE turn = 1)`)
	return err
}

// PruneDeliveries deletes deliveries that ended before then.
func (s *Store) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	var deleted int64
	err := s.do(ctx, func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, `DELETE FROM deliveries WHERE id IN
			(SELECT id FROM deliveries WHERE state IN ('delivered', 'dead') AND last_at < $1 LIMIT $2)`, ms(before), limit)
		deleted = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune deliveries: %w", err)
	}
	return int(deleted), nil
}

func scanDelivery(row pgx.Row) (rooms.Delivery, error) {
	var d rooms.Delivery
	var pos *int64
	var last, next *time.Time
	err := row.Scan(&d.ID, &d.WebhookID, &pos, &d.Event.ID, &d.Event.At, (*string)(&d.State), &d.QueuedAt, &d.Attempts,
		&last, &next, &d.Status, &d.Problem)
	if d.State == "due" || d.State == "waiting" {
		d.State = rooms.DeliveryPending
	}
	if pos != nil {
		d.Event.Pos = *pos
	}
	d.Event.Kind, d.Event.At, d.QueuedAt = rooms.WebhookPing, d.Event.At.UTC(), d.QueuedAt.UTC()
	d.LastAt, d.NextAt = maybeTime(last), maybeTime(next)
	return d, err
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"plenum/rooms"
)

const deliveryColumns = `d.id, d.webhook_id, d.event_pos, d.event_id, d.event_at, d.state, d.queued_at, d.attempts, d.last_at,
	CASE d.state WHEN 'due' THEN d.next_at END, d.status, d.problem`

// mostDue bounds one answer of DueDeliveries.
const mostDue = 256

// lane is the next place behind what waits; its arguments are webhook and room.
const lane = `(SELECT COALESCE(MAX(place), 0) + 1 FROM deliveries WHERE webhook_id = ? AND room_id = ? AND state = 'waiting')`

// QueuePing queues a test delivery.
func (s *Store) QueuePing(ctx context.Context, webhookID int64, ping rooms.Event) (rooms.Delivery, error) {
	d := rooms.Delivery{
		WebhookID: webhookID, State: rooms.DeliveryPending, QueuedAt: utc(ping.At.UnixMilli()),
		Event: rooms.Event{ID: ping.ID, Kind: rooms.WebhookPing, At: utc(ping.At.UnixMilli())},
	}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		state, err := turn(ctx, tx, webhookID, "")
		if err != nil {
			return err
		}
		at := ping.At.UnixMilli()
		res, err := tx.ExecContext(ctx, `INSERT INTO deliveries (webhook_id, room_id, event_id, event_at, place, state,
			queued_at, next_at) SELECT id, '', ?, ?, `+lane+`, ?, ?, ? FROM webhooks WHERE id = ?`,
			ping.ID, at, webhookID, "", state, at, at, webhookID)
		if err != nil {
			return err
		}
		if err := one(res); err != nil {
			return err
		}
		if state == "due" {
			d.NextAt = d.QueuedAt
		}
		d.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return rooms.Delivery{}, fmt.Errorf("queue a test of webhook %d: %w", webhookID, err)
	}
	return d, nil
}

// turn returns the state of the next delivery of a webhook and room.
func turn(ctx context.Context, tx *sql.Tx, webhookID int64, room string) (string, error) {
	var busy bool
	err := tx.QueryRowContext(ctx,
		`SELECT EXISTS (SELECT 1 FROM deliveries WHERE webhook_id = ? AND room_id = ? AND state = 'due')`,
		webhookID, room).Scan(&busy)
	if busy {
		return "waiting", err
	}
	return "due", err
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
	page, err := collect(ctx, s.read, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.webhook_id = ?
		AND (? = 0 OR d.id < ?) AND d.state IN (SELECT value FROM json_each(?)) ORDER BY d.id DESC LIMIT ?`,
		f.WebhookID, f.Before, f.Before, list(states), f.PageSize())
	if err == nil {
		page, err = s.withEvents(ctx, page)
	}
	if err != nil {
		return nil, fmt.Errorf("list deliveries of webhook %d: %w", f.WebhookID, err)
	}
	return page, nil
}

// withEvents fills in the events of deliveries, and leaves out those whose
// event is gone by now.
func (s *Store) withEvents(ctx context.Context, page []rooms.Delivery) ([]rooms.Delivery, error) {
	var positions []int64
	for _, d := range page {
		positions = append(positions, d.Event.Pos)
	}
	events, err := collect(ctx, s.read, scanEvent,
		`SELECT `+eventColumns+` FROM events e WHERE e.pos IN (SELECT value FROM json_each(?))`, list(positions))
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
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		var room, was string
		err := tx.QueryRowContext(ctx, `SELECT room_id, state FROM deliveries WHERE id = ? AND webhook_id = ?`,
			deliveryID, webhookID).Scan(&room, &was)
		if errors.Is(err, sql.ErrNoRows) {
			return rooms.ErrNotFound
		}
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
		_, err = tx.ExecContext(ctx, `UPDATE deliveries SET state = ?, queued_at = ?, next_at = ?, attempts = 0, place = `+lane+`
			WHERE id = ?`, state, now.UnixMilli(), now.UnixMilli(), webhookID, room, deliveryID)
		return err
	})
	var again []rooms.Delivery
	if err == nil {
		again, err = s.Deliveries(ctx, rooms.DeliveryFilter{WebhookID: webhookID, Before: deliveryID + 1, Limit: 1})
	}
	if err == nil && len(again) == 0 {
		err = rooms.ErrNotFound
	}
	if err != nil {
		return rooms.Delivery{}, fmt.Errorf("redeliver %d: %w", deliveryID, err)
	}
	return again[0], nil
}

// willing are due deliveries of webhooks that may be called.
const willing = ` FROM deliveries d JOIN webhooks w ON w.id = d.webhook_id AND w.active
	JOIN users u ON u.id = w.user_id AND NOT u.disabled WHERE d.state = 'due'`

// DueDeliveries returns what may be sent at now, and when there will be more.
func (s *Store) DueDeliveries(ctx context.Context, now time.Time, each int) ([]rooms.DueDelivery, time.Time, error) {
	var next sql.NullInt64
	err := s.read.QueryRowContext(ctx, `SELECT MIN(d.next_at)`+willing+` AND d.next_at > ?`, now.UnixMilli()).Scan(&next)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("find due deliveries: %w", err)
	}
	var hooks []rooms.DueDelivery // only URL and secret
	plain, err := collect(ctx, s.read, func(r row) (rooms.Delivery, error) {
		var h rooms.DueDelivery
		d, err := scanDelivery(rowWith{r, []any{&h.URL, &h.Secret}})
		hooks = append(hooks, h)
		return d, err
	}, `SELECT * FROM (SELECT `+deliveryColumns+`, w.url, w.secret, row_number() OVER (PARTITION BY d.webhook_id ORDER BY d.next_at, d.id) AS turn`+
		willing+` AND d.next_at <= ?) WHERE turn <= ? ORDER BY 10, 1 LIMIT ?`, now.UnixMilli(), each, mostDue)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("find due deliveries: %w", err)
	}
	ways := map[int64]rooms.DueDelivery{}
	for i, d := range plain {
		ways[d.ID] = hooks[i]
	}
	plain, err = s.withEvents(ctx, plain)
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("find due deliveries: %w", err)
	}
	due := make([]rooms.DueDelivery, len(plain))
	for i, d := range plain {
		due[i] = ways[d.ID]
		due[i].Delivery = d
	}
	return due, maybeTime(next), nil
}

// rowWith is a row with columns behind those that a scan knows, and the turn.
type rowWith struct {
	row

	more []any
}

func (r rowWith) Scan(into ...any) error {
	var turn int
	return r.row.Scan(append(append(into, r.more...), &turn)...)
}

// FinishAttempt stores the outcome of an attempt.
func (s *Store) FinishAttempt(ctx context.Context, d rooms.Delivery) error {
	state := string(d.State)
	if d.State == rooms.DeliveryPending {
		state = "due"
	}
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		var room string
		err := tx.QueryRowContext(ctx, `UPDATE deliveries SET state = ?, attempts = ?, last_at = ?, next_at = ?, status = ?,
			problem = ? WHERE id = ? AND state = 'due' RETURNING room_id`,
			state, d.Attempts, maybe(d.LastAt), maybe(d.NextAt), d.Status, strings.ToValidUTF8(d.Problem, "?"), d.ID).Scan(&room)
		if errors.Is(err, sql.ErrNoRows) {
			return rooms.ErrNotFound
		}
		if err != nil || d.State == rooms.DeliveryPending {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE deliveries SET state = 'due', next_at = ? WHERE id =
			(SELECT id FROM deliveries WHERE webhook_id = ? AND room_id = ? AND state = 'waiting' ORDER BY place LIMIT 1)`,
			d.LastAt.UnixMilli(), d.WebhookID, room)
		return err
	})
	if err != nil {
		return fmt.Errorf("finish an attempt of delivery %d: %w", d.ID, err)
	}
	return nil
}

// nextTurns makes the first of those due that wait for nothing.
func nextTurns(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = 'due' WHERE id IN (
		SELECT id FROM (SELECT d.id, row_number() OVER (PARTITION BY d.webhook_id, d.room_id ORDER BY d.place) AS turn
			FROM deliveries d WHERE d.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM deliveries o
				WHERE o.webhook_id = d.webhook_id AND o.room_id = d.room_id AND o.state = 'due')) WHERE turn = 1)`)
	return err
}

// PruneDeliveries deletes deliveries that ended before then.
func (s *Store) PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	res, err := s.write.ExecContext(ctx, `DELETE FROM deliveries WHERE id IN
		(SELECT id FROM deliveries WHERE state IN ('delivered', 'dead') AND last_at < ? LIMIT ?)`, before.UnixMilli(), limit)
	if err != nil {
		return 0, fmt.Errorf("prune deliveries: %w", err)
	}
	n, err := res.RowsAffected()
	return int(n), err
}

func scanDelivery(r row) (rooms.Delivery, error) {
	var d rooms.Delivery
	var pos, last, next sql.NullInt64
	var at, queued int64
	err := r.Scan(&d.ID, &d.WebhookID, &pos, &d.Event.ID, &at, &d.State, &queued, &d.Attempts, &last, &next,
		&d.Status, &d.Problem)
	if d.State == "due" || d.State == "waiting" {
		d.State = rooms.DeliveryPending
	}
	d.Event.Pos, d.Event.Kind, d.Event.At = pos.Int64, rooms.WebhookPing, utc(at)
	d.QueuedAt, d.LastAt, d.NextAt = utc(queued), maybeTime(last), maybeTime(next)
	return d, err
}

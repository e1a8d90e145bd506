package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"plenum/rooms"
)

const selectWebhooks = `SELECT w.id, w.user_id, u.name, w.name, w.url, w.secret, w.kinds, w.all_rooms, w.active, w.created_at
	FROM webhooks w JOIN users u ON u.id = w.user_id`

// CreateWebhook stores w and returns it with its ID.
func (s *Store) CreateWebhook(ctx context.Context, w rooms.Webhook) (rooms.Webhook, error) {
	w.CreatedAt = ms(w.CreatedAt)
	err := s.inTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		// Two at once of one user take turns.
		if _, err := tx.Exec(ctx, `SELECT 1 FROM users WHERE id = $1 FOR UPDATE`, w.UserID); err != nil {
			return err
		}
		var has int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM webhooks WHERE user_id = $1`, w.UserID).Scan(&has); err != nil {
			return err
		}
		if has >= rooms.MaxWebhooks {
			return rooms.ErrTooMany
		}
		return tx.QueryRow(ctx, `INSERT INTO webhooks (user_id, name, url, secret, kinds, all_rooms, active, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id`,
			w.UserID, w.Name, w.URL, w.Secret, kindTexts(w.Kinds), w.AllRooms, w.Active, w.CreatedAt).Scan(&w.ID)
	})
	if err != nil {
		return rooms.Webhook{}, fmt.Errorf("create webhook of user %d: %w", w.UserID, err)
	}
	return w, nil
}

// WebhookByID finds a webhook.
func (s *Store) WebhookByID(ctx context.Context, id int64) (rooms.Webhook, error) {
	var w rooms.Webhook
	err := s.do(ctx, func(ctx context.Context) (err error) {
		w, err = scanWebhook(s.pool.QueryRow(ctx, selectWebhooks+` WHERE w.id = $1`, id))
		return err
	})
	if err != nil {
		return rooms.Webhook{}, fmt.Errorf("read webhook %d: %w", id, err)
	}
	return w, nil
}

// Webhooks lists the webhooks of a user, or with 0 of all users, by id.
func (s *Store) Webhooks(ctx context.Context, userID int64) ([]rooms.Webhook, error) {
	var all []rooms.Webhook
	err := s.do(ctx, func(ctx context.Context) (err error) {
		all, err = collect(ctx, s.pool, scanWebhook,
			selectWebhooks+` WHERE $1::bigint IN (0, w.user_id) ORDER BY w.id`, userID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return all, nil
}

// UpdateWebhook replaces what may change.
func (s *Store) UpdateWebhook(ctx context.Context, w rooms.Webhook) error {
	err := s.do(ctx, func(ctx context.Context) error {
		return one(s.pool.Exec(ctx,
			`UPDATE webhooks SET name = $2, url = $3, secret = $4, kinds = $5, all_rooms = $6, active = $7 WHERE id = $1`,
			w.ID, w.Name, w.URL, w.Secret, kindTexts(w.Kinds), w.AllRooms, w.Active))
	})
	if err != nil {
		return fmt.Errorf("update webhook %d: %w", w.ID, err)
	}
	return nil
}

// DeleteWebhook deletes a webhook and its deliveries.
func (s *Store) DeleteWebhook(ctx context.Context, id int64) error {
	err := s.do(ctx, func(ctx context.Context) error {
		return one(s.pool.Exec(ctx, `DELETE FROM webhooks WHERE id = $1`, id))
	})
	if err != nil {
		return fmt.Errorf("delete webhook %d: %w", id, err)
	}
	return nil
}

// Lease gives holder what name stands for, or lets it go. The database's clock
// counts, whatever the servers' clocks say.
func (s *Store) Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	var held bool
	err := s.do(ctx, func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, `INSERT INTO leases (name, holder, until)
			VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
			WHERE leases.holder = excluded.holder OR leases.until <= clock_timestamp()`, name, holder, ttl.Seconds())
		held = tag.RowsAffected() == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("lease %s: %w", name, err)
	}
	return held, nil
}

func scanWebhook(row pgx.Row) (rooms.Webhook, error) {
	var w rooms.Webhook
	var kinds []string
	err := row.Scan(&w.ID, &w.UserID, &w.UserName, &w.Name, &w.URL, &w.Secret, &kinds, &w.AllRooms, &w.Active, &w.CreatedAt)
	w.Kinds, w.CreatedAt = kindsOf(kinds), w.CreatedAt.UTC()
	return w, err
}

func kindTexts(kinds []rooms.EventKind) []string {
	texts := []string{} // never NULL
	for _, k := range kinds {
		texts = append(texts, string(k))
	}
	return texts
}

func kindsOf(texts []string) []rooms.EventKind {
	var kinds []rooms.EventKind
	for _, t := range texts {
		kinds = append(kinds, rooms.EventKind(t))
	}
	return kinds
}

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

const selectWebhooks = `SELECT w.id, w.user_id, u.name, w.name, w.url, w.secret, w.kinds, w.all_rooms, w.active, w.created_at
	FROM webhooks w JOIN users u ON u.id = w.user_id`

// CreateWebhook stores w and returns it with its ID.
func (s *Store) CreateWebhook(ctx context.Context, w rooms.Webhook) (rooms.Webhook, error) {
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		var has int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM webhooks WHERE user_id = ?`, w.UserID).Scan(&has); err != nil {
			return err
		}
		if has >= rooms.MaxWebhooks {
			return rooms.ErrTooMany
		}
		res, err := tx.ExecContext(ctx, `INSERT INTO webhooks (user_id, name, url, secret, kinds, all_rooms, active, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			w.UserID, w.Name, w.URL, w.Secret, joinKinds(w.Kinds), w.AllRooms, w.Active, w.CreatedAt.UnixMilli())
		if err != nil {
			return err
		}
		w.ID, err = res.LastInsertId()
		return err
	})
	if err != nil {
		return rooms.Webhook{}, fmt.Errorf("create webhook of user %d: %w", w.UserID, err)
	}
	w.CreatedAt = utc(w.CreatedAt.UnixMilli())
	return w, nil
}

// WebhookByID finds a webhook.
func (s *Store) WebhookByID(ctx context.Context, id int64) (rooms.Webhook, error) {
	w, err := scanWebhook(s.read.QueryRowContext(ctx, selectWebhooks+` WHERE w.id = ?`, id))
	if errors.Is(err, sql.ErrNoRows) {
		err = rooms.ErrNotFound
	}
	if err != nil {
		return rooms.Webhook{}, fmt.Errorf("read webhook %d: %w", id, err)
	}
	return w, nil
}

// Webhooks lists the webhooks of a user, or with 0 of all users, by id.
func (s *Store) Webhooks(ctx context.Context, userID int64) ([]rooms.Webhook, error) {
	all, err := collect(ctx, s.read, scanWebhook, selectWebhooks+` WHERE ? IN (0, w.user_id) ORDER BY w.id`, userID)
	if err != nil {
		return nil, fmt.Errorf("list webhooks: %w", err)
	}
	return all, nil
}

// UpdateWebhook replaces what may change.
func (s *Store) UpdateWebhook(ctx context.Context, w rooms.Webhook) error {
	res, err := s.write.ExecContext(ctx,
		`UPDATE webhooks SET name = ?, url = ?, secret = ?, kinds = ?, all_rooms = ?, active = ? WHERE id = ?`,
		w.Name, w.URL, w.Secret, joinKinds(w.Kinds), w.AllRooms, w.Active, w.ID)
	if err == nil {
		err = one(res)
	}
	if err != nil {
		return fmt.Errorf("update webhook %d: %w", w.ID, err)
	}
	return nil
}

// DeleteWebhook deletes a webhook and its deliveries.
func (s *Store) DeleteWebhook(ctx context.Context, id int64) error {
	res, err := s.write.ExecContext(ctx, `DELETE FROM webhooks WHERE id = ?`, id)
	if err == nil {
		err = one(res)
	}
	if err != nil {
		return fmt.Errorf("delete webhook %d: %w", id, err)
	}
	return nil
}

// Lease gives holder what name stands for, or lets it go.
func (s *Store) Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error) {
	now := time.Now()
	res, err := s.write.ExecContext(ctx, `INSERT INTO leases (name, holder, until) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE leases.holder = excluded.holder OR leases.until <= ?`,
		name, holder, now.Add(ttl).UnixMilli(), now.UnixMilli())
	if err == nil {
		err = one(res)
	}
	if errors.Is(err, rooms.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("lease %s: %w", name, err)
	}
	return true, nil
}

func scanWebhook(r row) (rooms.Webhook, error) {
	var w rooms.Webhook
	var kinds string
	var created int64
	err := r.Scan(&w.ID, &w.UserID, &w.UserName, &w.Name, &w.URL, &w.Secret, &kinds, &w.AllRooms, &w.Active, &created)
	w.Kinds, w.CreatedAt = splitKinds(kinds), utc(created)
	return w, err
}

func joinKinds(kinds []rooms.EventKind) string {
	var texts []string
	for _, k := range kinds {
		texts = append(texts, string(k))
	}
	return strings.Join(texts, " ")
}

func splitKinds(text string) []rooms.EventKind {
	var kinds []rooms.EventKind
	for k := range strings.FieldsSeq(text) {
		kinds = append(kinds, rooms.EventKind(k))
	}
	return kinds
}

package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"plenum/rooms"
	"plenum/rooms/internal/keyset"
)

// AppendAudit adds entries to the audit log, all or none.
func (s *Store) AppendAudit(ctx context.Context, entries []rooms.AuditEntry) error {
	batch := &pgx.Batch{}
	for _, e := range entries {
		details := e.Details
		if details == nil {
			details = map[string]string{}
		}
		batch.Queue(`INSERT INTO audit (at, kind, actor_id, actor, address, action, object, outcome, details)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			ms(e.At), string(e.Kind), clean(e.ActorID), clean(e.Actor), clean(e.Address), clean(e.Action), clean(e.Object),
			string(e.Outcome), cleaned(details))
	}
	err := s.do(ctx, func(ctx context.Context) error { // a batch is one transaction
		return s.pool.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return fmt.Errorf("append to the audit log: %w", err)
	}
	return nil
}

// clean makes a text storable: what somebody called for may be no text at all.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}

func cleaned(details map[string]string) map[string]string {
	out := make(map[string]string, len(details))
	for name, value := range details {
		out[clean(name)] = clean(value)
	}
	return out
}

// Audit lists the newest entries first, and whether there are more.
func (s *Store) Audit(ctx context.Context, f rooms.AuditFilter) ([]rooms.AuditEntry, bool, error) {
	limit := keyset.Limit(f.Limit)
	where, args := auditConditions(f)
	args["limit"] = limit + 1
	query := `SELECT id, at, kind, actor_id, actor, address, action, object, outcome, details FROM audit` +
		where + ` ORDER BY id DESC LIMIT @limit`
	var page []rooms.AuditEntry
	err := s.do(ctx, func(ctx context.Context) error {
		rows, err := s.pool.Query(ctx, query, args)
		if err != nil {
			return err
		}
		page, err = pgx.AppendRows(page, rows, scanAudit)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("list the audit log: %w", err)
	}
	return page[:min(limit, len(page))], len(page) > limit, nil
}

func scanAudit(row pgx.CollectableRow) (rooms.AuditEntry, error) {
	var e rooms.AuditEntry
	err := row.Scan(&e.ID, &e.At, (*string)(&e.Kind), &e.ActorID, &e.Actor, &e.Address, &e.Action, &e.Object,
		(*string)(&e.Outcome), &e.Details)
	e.At = e.At.UTC()
	if len(e.Details) == 0 {
		e.Details = nil
	}
	return e, err
}

// auditConditions turns a filter into a WHERE clause of constant texts.
func auditConditions(f rooms.AuditFilter) (where string, args pgx.NamedArgs) {
	var all []string
	args = pgx.NamedArgs{}
	add := func(condition, name string, value any) {
		all = append(all, condition)
		args[name] = value
	}
	if f.Actor != "" {
		add(`lower(actor) = lower(@actor)`, "actor", clean(f.Actor))
	}
	if strings.HasSuffix(f.Action, ".") {
		add(`starts_with(action, @action)`, "action", clean(f.Action))
	} else if f.Action != "" {
		add(`action = @action`, "action", clean(f.Action))
	}
	if f.Object != "" {
		add(`object = @object`, "object", clean(f.Object))
	}
	if !f.From.IsZero() {
		add(`at >= @from`, "from", ms(f.From))
	}
	if !f.Before.IsZero() {
		add(`at < @before`, "before", ms(f.Before))
	}
	if f.After != 0 {
		add(`id < @after`, "after", f.After)
	}
	if len(all) == 0 {
		return "", args
	}
	return ` WHERE ` + strings.Join(all, ` AND `), args
}

// PruneAudit forgets what happened before that instant, and says how much.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.do(ctx, func(ctx context.Context) error {
		tag, err := s.pool.Exec(ctx, `DELETE FROM audit WHERE at < $1`, ms(before))
		n = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("prune the audit log: %w", err)
	}
	return n, nil
}

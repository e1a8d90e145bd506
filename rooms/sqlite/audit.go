package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"plenum/rooms"
	"plenum/rooms/internal/keyset"
)

// AppendAudit adds entries to the audit log, all or none.
func (s *Store) AppendAudit(ctx context.Context, entries []rooms.AuditEntry) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("append to the audit log: %w", err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	for _, e := range entries {
		details, err := json.Marshal(e.Details)
		if err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO audit
			(at, kind, actor_id, actor, address, action, object, outcome, details) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			e.At.UnixMilli(), string(e.Kind), e.ActorID, e.Actor, e.Address, e.Action, e.Object, string(e.Outcome),
			string(details)); err != nil {
			return fmt.Errorf("append to the audit log: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("append to the audit log: %w", err)
	}
	return nil
}

// Audit lists the newest entries first, and whether there are more.
func (s *Store) Audit(ctx context.Context, f rooms.AuditFilter) ([]rooms.AuditEntry, bool, error) {
	limit := keyset.Limit(f.Limit)
	where, args := auditConditions(f)
	query := `SELECT id, at, kind, actor_id, actor, address, action, object, outcome, details FROM audit` + //nolint:gosec // constant texts
		where + ` ORDER BY id DESC LIMIT ?`
	rows, err := s.read.QueryContext(ctx, query, append(args, limit+1)...)
	if err != nil {
		return nil, false, fmt.Errorf("list the audit log: %w", err)
	}
	defer rows.Close()
	var page []rooms.AuditEntry
	for rows.Next() {
		var e rooms.AuditEntry
		var at int64
		var details string
		if err := rows.Scan(&e.ID, &at, (*string)(&e.Kind), &e.ActorID, &e.Actor, &e.Address, &e.Action, &e.Object,
			(*string)(&e.Outcome), &details); err != nil {
			return nil, false, fmt.Errorf("list the audit log: %w", err)
		}
		if err := json.Unmarshal([]byte(details), &e.Details); err != nil {
			return nil, false, fmt.Errorf("details of audit entry %d: %w", e.ID, err)
		}
		e.At = utc(at)
		page = append(page, e)
	}
	if err := rows.Err(); err != nil {
		return nil, false, fmt.Errorf("list the audit log: %w", err)
	}
	return page[:min(limit, len(page))], len(page) > limit, nil
}

// auditConditions turns a filter into a WHERE clause of constant texts.
func auditConditions(f rooms.AuditFilter) (where string, args []any) {
	var all []string
	add := func(condition string, values ...any) {
		all = append(all, condition)
		args = append(args, values...)
	}
	if f.Actor != "" {
		add(`actor = ?`, f.Actor)
	}
	if strings.HasSuffix(f.Action, ".") {
		add(`substr(action, 1, ?) = ?`, len(f.Action), f.Action)
	} else if f.Action != "" {
		add(`action = ?`, f.Action)
	}
	if f.Object != "" {
		add(`object = ?`, f.Object)
	}
	if !f.From.IsZero() {
		add(`at >= ?`, f.From.UnixMilli())
	}
	if !f.Before.IsZero() {
		add(`at < ?`, f.Before.UnixMilli())
	}
	if f.After != 0 {
		add(`id < ?`, f.After)
	}
	if len(all) == 0 {
		return "", nil
	}
	return ` WHERE ` + strings.Join(all, ` AND `), args
}

// PruneAudit forgets what happened before that instant, and says how much.
func (s *Store) PruneAudit(ctx context.Context, before time.Time) (int64, error) {
	res, err := s.write.ExecContext(ctx, `DELETE FROM audit WHERE at < ?`, before.UnixMilli())
	if err != nil {
		return 0, fmt.Errorf("prune the audit log: %w", err)
	}
	return res.RowsAffected()
}

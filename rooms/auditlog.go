package rooms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"
)

// Bounds of the audit log's way to the store.
const (
	auditQueue    = 4096 // entries that wait; what comes on top is counted and lost
	auditBatch    = 256  // entries of one commit
	auditRetry    = time.Second
	auditTries    = 10 // before a batch is given up that a store refuses which is there
	auditPrune    = time.Hour
	auditFlush    = 5 * time.Second // to write what waits at the end
	auditPatience = 2 * time.Second // for Sure
)

// AuditStore is what an AuditLog needs of a Store.
type AuditStore interface {
	AppendAudit(ctx context.Context, entries []AuditEntry) error
	PruneAudit(ctx context.Context, before time.Time) (int64, error)
}

// An AuditLog writes audit entries beside those who cause them, many in one
// commit. When the store is slow its queue fills, and then entries are lost
// rather than calls held up; how many, an entry says.
type AuditLog struct {
	store AuditStore
	keep  time.Duration
	log   *slog.Logger
	queue chan auditItem
	lost  atomic.Int64
}

type auditItem struct {
	entry   AuditEntry
	written chan struct{} // closed when it is on disk; nil if nobody waits
}

// NewAuditLog returns a log that keeps entries for that long, or for ever when
// keep is 0. It writes nothing until Run.
func NewAuditLog(store AuditStore, keep time.Duration, log *slog.Logger) *AuditLog {
	return &AuditLog{store: store, keep: keep, log: log, queue: make(chan auditItem, auditQueue)}
}

// Note writes e soon. It never blocks.
func (a *AuditLog) Note(e AuditEntry) { a.put(auditItem{entry: e}) }

// Sure writes e and returns when it is on disk, or when the store is too slow:
// then it is written later. It reports whether it is on disk.
func (a *AuditLog) Sure(ctx context.Context, e AuditEntry) bool {
	item := auditItem{entry: e, written: make(chan struct{})}
	if !a.put(item) {
		return false
	}
	patience := time.NewTimer(auditPatience)
	defer patience.Stop()
	select {
	case <-item.written:
		return true
	case <-ctx.Done():
	case <-patience.C:
	}
	return false
}

func (a *AuditLog) put(item auditItem) bool {
	if item.entry.At.IsZero() {
		item.entry.At = time.Now()
	}
	select {
	case a.queue <- item:
		return true
	default:
		a.lost.Add(1)
		return false
	}
}

// Run writes until ctx ends, and then what still waits.
func (a *AuditLog) Run(ctx context.Context) error {
	prune := time.NewTicker(auditPrune)
	defer prune.Stop()
	a.prune(ctx)
	for {
		select {
		case <-ctx.Done():
			return a.flush(context.WithoutCancel(ctx))
		case item := <-a.queue:
			if err := a.write(ctx, a.batch(item)); err != nil {
				return a.flush(context.WithoutCancel(ctx))
			}
		case <-prune.C:
			a.prune(ctx)
		}
	}
}

// batch takes what waits behind first.
func (a *AuditLog) batch(first auditItem) []auditItem {
	items := []auditItem{first}
	for len(items) < auditBatch {
		select {
		case item := <-a.queue:
			items = append(items, item)
		default:
			return items
		}
	}
	return items
}

// write tries until the batch is on disk. It gives up when ctx ends, and puts
// the batch back.
func (a *AuditLog) write(ctx context.Context, items []auditItem) error {
	entries := make([]AuditEntry, len(items), len(items)+1)
	for i, item := range items {
		entries[i] = item.entry
	}
	lost := a.lost.Swap(0)
	if lost > 0 {
		entries = append(entries, AuditEntry{
			At: time.Now(), Kind: ActorServer, Action: "audit.lost", Outcome: OutcomeFailed,
			Details: map[string]string{"entries": strconv.FormatInt(lost, 10)},
		})
	}
	for try := 0; ; try++ {
		err := a.store.AppendAudit(ctx, entries)
		if err == nil {
			for _, item := range items {
				if item.written != nil {
					close(item.written)
				}
			}
			return nil
		}
		if try == 0 && ctx.Err() == nil {
			a.log.Error("audit log not written, trying again", "entries", len(entries), "err", err)
		}
		if try == auditTries && !errors.Is(err, ErrUnavailable) { // what the store does not take must not block the rest
			a.lost.Add(lost + int64(len(items)))
			return nil
		}
		select {
		case <-ctx.Done():
			a.lost.Add(lost)
			for _, item := range items {
				a.put(item)
			}
			return fmt.Errorf("write the audit log: %w", err)
		case <-time.After(auditRetry):
		}
	}
}

// flush writes what waits, in bounded time.
func (a *AuditLog) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, auditFlush)
	defer cancel()
	for {
		select {
		case item := <-a.queue:
			if err := a.write(ctx, a.batch(item)); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// prune forgets what is older than it is kept.
func (a *AuditLog) prune(ctx context.Context) {
	if a.keep == 0 {
		return
	}
	n, err := a.store.PruneAudit(ctx, time.Now().Add(-a.keep))
	if err != nil {
		a.log.Error("audit log not pruned", "err", err)
	} else if n > 0 {
		a.log.Info("audit log pruned", "entries", n)
	}
}

package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"plenum/rooms"
)

// records are what runs beside the server to keep its word: the audit log is
// written, and logins that hold no more are ended.
type records struct {
	audit   *rooms.AuditLog
	revoked *rooms.Revocations
	stop    context.CancelFunc
	running sync.WaitGroup
}

// keepRecords starts them. They outlive ctx until close, so that what happens
// while the server ends is written too.
func keepRecords(ctx context.Context, store rooms.Store, keep time.Duration, log *slog.Logger) *records {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	b := &records{
		audit: rooms.NewAuditLog(store, keep, log), revoked: rooms.NewRevocations(store, nil, log), stop: stop,
	}
	b.running.Go(func() {
		if err := b.audit.Run(ctx); err != nil {
			log.Error("audit log not whole", "err", err)
		}
	})
	b.running.Go(func() { _ = b.revoked.Run(ctx) }) // ends with ctx
	return b
}

// close writes what the audit log still holds, and waits.
func (b *records) close() {
	b.stop()
	b.running.Wait()
}

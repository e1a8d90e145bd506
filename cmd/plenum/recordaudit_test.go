package main

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"plenum/recording"
	"plenum/rooms"
)

// auditStore keeps entries in memory.
type auditStore struct{ entries []rooms.AuditEntry }

func (s *auditStore) AppendAudit(_ context.Context, entries []rooms.AuditEntry) error {
	s.entries = append(s.entries, entries...)
	return nil
}

func (*auditStore) PruneAudit(context.Context, time.Time) (int64, error) { return 0, nil }

// TestRecordingsAreAudited notes what the API can't: calls over HTTP are in
// the log already.
func TestRecordingsAreAudited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &auditStore{}
		log := rooms.NewAuditLog(store, 0, slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); _ = log.Run(ctx) }()
		for _, e := range []recording.Entry{
			{Action: recording.ActionStart, Recording: "r1", Room: "1.a", Who: "Ann"},
			{Action: recording.ActionDownload, Recording: "r1", Room: "1.a", Who: "admin"},
			{Action: recording.ActionStop, Recording: "r1", Room: "1.a", Detail: "ended"},
		} {
			noteRecording(log, e)
		}
		stop()
		<-ended
		if len(store.entries) != 2 {
			t.Fatalf("entries %+v, want the start and the stop", store.entries)
		}
		start, end := store.entries[0], store.entries[1]
		if start.Action != "recording.start" || start.Kind != rooms.ActorParticipant || start.Actor != "Ann" || start.Object != "r1" || start.Details["room"] != "1.a" {
			t.Errorf("the start is noted as %+v", start)
		}
		if end.Action != "recording.stop" || end.Kind != rooms.ActorServer || end.Details["reason"] != "ended" {
			t.Errorf("the stop is noted as %+v", end)
		}
	})
}

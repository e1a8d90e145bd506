package ledger

import (
	"context"
	"time"

	"github.com/google/uuid"

	"plenum/rooms"
)

// Of what is old, pruneAtOnce rows are deleted in one go, once every pruneEvery.
// Deliveries that ended are of use for deliveriesKept.
const (
	pruneEvery     = time.Hour
	pruneAtOnce    = 1000
	deliveriesKept = 30 * 24 * time.Hour
)

// afterCrash is the name space of the ids of events that stand for what a dead
// server did not say. They follow from the visit, so that two servers that find
// it at once store one event.
var afterCrash = uuid.MustParse("c7d3a3f2-6b1c-4a1e-9a52-0d6f5b8e7a11")

// watchOver tells that this server lives, and ends the visits of those that no
// longer do.
func (l *Ledger) watchOver(ctx context.Context) {
	tick := time.NewTicker(l.cfg.BeatEvery)
	defer tick.Stop()
	others := map[string]sighting{}
	for {
		if err := l.look(ctx, others); err != nil {
			// What a server could not write while the store was away says nothing.
			clear(others)
			l.log.Debug("heartbeat not stored", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// sighting is another server's last heartbeat, and since when we have seen no
// newer one. The other's clock does not matter.
type sighting struct {
	beat  time.Time
	since time.Time
}

func (l *Ledger) look(ctx context.Context, others map[string]sighting) error {
	now := time.Now()
	if err := l.store.Beat(ctx, l.cfg.Node, now); err != nil {
		return err
	}
	nodes, err := l.store.Nodes(ctx)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		seen, known := others[n.ID]
		switch {
		case n.ID == l.cfg.Node:
		case !known || !seen.beat.Equal(n.LastSeen):
			others[n.ID] = sighting{n.LastSeen, now}
		case now.Sub(seen.since) >= l.cfg.DeadAfter:
			l.log.Warn("another server has died", "server", n.ID, "last_seen", n.LastSeen)
			if err := l.bury(ctx, n.ID, n.LastSeen); err != nil {
				return err
			}
			delete(others, n.ID)
		}
	}
	return nil
}

// bury ends the visits that a dead server has left open, at the time it was
// last known to live.
func (l *Ledger) bury(ctx context.Context, node string, seen time.Time) error {
	visits, err := l.store.OpenVisits(ctx, node)
	if err != nil || len(visits) == 0 {
		return err
	}
	if seen.IsZero() {
		nodes, err := l.store.Nodes(ctx)
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if n.ID == node {
				seen = n.LastSeen
			}
		}
	}
	events := obituary(visits, seen)
	for len(events) > 0 {
		n := min(l.cfg.Batch, len(events))
		stored, err := l.store.AppendEvents(ctx, node, events[:n])
		if err != nil {
			return err
		}
		l.done(0, stored)
		events = events[n:]
	}
	l.log.Warn("visits ended that a crash left open", "server", node, "visits", len(visits), "at", seen)
	return nil
}

// obituary are the events that a dead server would have told of its visits.
func obituary(visits []rooms.Visit, seen time.Time) []rooms.Event {
	var events []rooms.Event
	ends := map[string]time.Time{} // of rooms
	last := map[string]string{}    // a room's last visit
	for _, v := range visits {
		at := lastKnown(v, seen)
		e := rooms.NewEvent(v.Room, rooms.ParticipantLeft, at)
		e.ID = uuid.NewSHA1(afterCrash, []byte("left "+v.ID)).String()
		e.Visit, e.Participant, e.Name, e.UserID, e.Role = v.ID, v.Participant, v.Name, v.UserID, v.Role
		e.Reason = rooms.ReasonCrash
		events = append(events, e)
		if at.After(ends[v.Room]) {
			ends[v.Room] = at
		}
		last[v.Room] = v.ID
	}
	for _, v := range visits {
		if last[v.Room] != v.ID {
			continue
		}
		e := rooms.NewEvent(v.Room, rooms.MeetingEnded, ends[v.Room])
		e.ID = uuid.NewSHA1(afterCrash, []byte("ended "+v.ID)).String()
		e.Reason = rooms.ReasonCrash
		events = append(events, e)
	}
	return events
}

// lastKnown is the last time at which a visit is known to have lasted.
func lastKnown(v rooms.Visit, seen time.Time) time.Time {
	if !v.InterruptedAt.IsZero() {
		return v.InterruptedAt // and nobody came back
	}
	at := v.Joined
	for _, t := range []time.Time{v.MediaUp, seen} {
		if t.After(at) {
			at = t
		}
	}
	return at
}

// prune deletes what is older than it may be.
func (l *Ledger) prune(ctx context.Context) {
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		l.pruneOnce(ctx, l.cfg.Now())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *Ledger) pruneOnce(ctx context.Context, now time.Time) {
	old := func(what string, age time.Duration, prune func(context.Context, time.Time, int) (int, error)) {
		total := 0
		for {
			n, err := prune(ctx, now.Add(-age), pruneAtOnce)
			total += n
			if err != nil && ctx.Err() == nil {
				l.log.Warn("old rows not deleted", "what", what, "err", err)
			}
			if err != nil || n == 0 {
				break
			}
		}
		if total > 0 {
			l.log.Info("old rows deleted", "what", what, "rows", total)
		}
	}
	if l.cfg.KeepFor > 0 {
		old("events and visits", l.cfg.KeepFor, l.store.PruneEvents)
	}
	old("deliveries", deliveriesKept, l.store.PruneDeliveries)
}

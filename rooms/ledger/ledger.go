// Package ledger writes what happens in rooms into the store, off the way of
// those who tell it: Record never waits. While the store is away, events wait
// in order. It also tells the store that this server lives, and ends the visits
// of servers that died.
package ledger

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"plenum/rooms"
)

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	Node      string        // this server, the same after a restart; needed
	MostHeld  int           // events held while the store is away; default 50 000, about 20 MB
	Batch     int           // most events stored at once; default 256
	RetryMin  time.Duration // first wait after a failure, doubling; default 100 ms
	RetryMax  time.Duration // default 2 s
	FlushFor  time.Duration // longest time to store what is held at the end; default 3 s
	BeatEvery time.Duration // how exact a crash's time is; default 5 s
	DeadAfter time.Duration // silence after which another server's visits end; default 30 s
	KeepFor   time.Duration // age at which events and visits are deleted; 0 is never

	Now func() time.Time // what ages are reckoned from; default time.Now
}

func (c Config) withDefaults() Config {
	setDefault(&c.MostHeld, 50_000)
	setDefault(&c.Batch, 256)
	setDefault(&c.RetryMin, 100*time.Millisecond)
	setDefault(&c.RetryMax, 2*time.Second)
	setDefault(&c.FlushFor, 3*time.Second)
	setDefault(&c.BeatEvery, 5*time.Second)
	setDefault(&c.DeadAfter, 30*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Store is what a Ledger needs of rooms.Store.
type Store interface {
	rooms.EventStore
	PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
}

// poisonAfter is how often one event may fail, while the store answers, before
// it is given up: it must not hold up all others for ever.
const poisonAfter = 10

// Stats is what a Ledger has done.
type Stats struct {
	Held   int   // events that wait for the store
	Stored int64 // events
	Lost   int64 // events that found no room or could not be stored
}

// A Ledger takes events and stores them. Its methods may be called from any
// goroutine.
type Ledger struct {
	cfg   Config
	store Store
	log   *slog.Logger
	wake  chan struct{} // holds one token when something is held; never closed

	mu       sync.Mutex // guards all below
	held     []rooms.Event
	open     map[string]struct{} // visits whose joining was taken and whose leaving was not
	stats    Stats
	full     bool // events are being lost
	watchers map[string]map[chan struct{}]struct{}
}

// New returns a Ledger without goroutines. Run must be called for anything to
// be stored.
func New(cfg Config, store Store, log *slog.Logger) *Ledger {
	return &Ledger{
		cfg: cfg.withDefaults(), store: store, log: log, wake: make(chan struct{}, 1),
		open: map[string]struct{}{}, watchers: map[string]map[chan struct{}]struct{}{},
	}
}

// Record takes an event. It never waits and never fails: when MostHeld events
// wait for the store, the event is lost and counted. The leaving of somebody
// whose joining was taken is always taken, so that no visit stays open.
func (l *Ledger) Record(e rooms.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, was := l.open[e.Visit]
	if len(l.held) >= l.cfg.MostHeld && (e.Kind != rooms.ParticipantLeft || !was) {
		l.stats.Lost++
		if !l.full {
			l.full = true
			l.log.Error("events are being lost: the store is away for too long", "held", len(l.held))
		}
		return
	}
	switch e.Kind { //nolint:exhaustive // the others open and end no visit
	case rooms.ParticipantJoined:
		l.open[e.Visit] = struct{}{}
	case rooms.ParticipantLeft:
		delete(l.open, e.Visit)
	}
	l.held = append(l.held, e.Storable())
	select {
	case l.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Held reports whether events of a room wait for the store; "" is any room.
func (l *Ledger) Held(room string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.held {
		if room == "" || l.held[i].Room == room {
			return true
		}
	}
	return false
}

// Stats returns what the ledger has done so far.
func (l *Ledger) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Held = len(l.held)
	return s
}

// Watch returns a channel that holds a token when events of the room were
// stored by this server; "" is all rooms. Several may make one token. The
// caller must call stop.
func (l *Ledger) Watch(room string) (stored <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.watchers[room] == nil {
		l.watchers[room] = map[chan struct{}]struct{}{}
	}
	l.watchers[room][ch] = struct{}{}
	return ch, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.watchers[room], ch)
		if len(l.watchers[room]) == 0 {
			delete(l.watchers, room)
		}
	}
}

// Run stores events until ctx ends, then for at most FlushFor what is still
// held. It ends visits that a crash of this server left open before it stores
// anything.
func (l *Ledger) Run(ctx context.Context) error {
	var helpers sync.WaitGroup
	defer helpers.Wait()
	if err := l.retry(ctx, func() error { return l.bury(ctx, l.cfg.Node, time.Time{}) }); err != nil {
		return l.flush(ctx)
	}
	helpers.Go(func() { l.watchOver(ctx) })
	helpers.Go(func() { l.prune(ctx) })
	for {
		select {
		case <-ctx.Done():
			return l.flush(ctx)
		case <-l.wake:
		}
		if l.drain(ctx) != nil {
			return l.flush(ctx)
		}
	}
}

// flush stores what is held when Run ends.
func (l *Ledger) flush(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.cfg.FlushFor)
	defer cancel()
	err := l.drain(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := len(l.held); left > 0 {
		l.stats.Lost += int64(left)
		l.held = nil
		l.log.Error("events lost at the end: the store did not take them", "events", left, "err", err)
	}
	return nil
}

// drain stores what is held. It returns an error only when ctx ends first.
func (l *Ledger) drain(ctx context.Context) error {
	size, failures, wait := l.cfg.Batch, 0, l.cfg.RetryMin
	for {
		batch := l.head(size)
		if len(batch) == 0 {
			return nil
		}
		stored, err := l.store.AppendEvents(ctx, l.cfg.Node, batch)
		if err == nil {
			l.done(len(batch), stored)
			if failures > 0 {
				l.log.Info("events are stored again", "held", l.Stats().Held)
			}
			size, failures, wait = l.cfg.Batch, 0, l.cfg.RetryMin
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		failures++
		if failures == 1 {
			l.log.Warn("events wait: the store does not take them", "held", l.Stats().Held, "err", err)
		}
		if !errors.Is(err, rooms.ErrUnavailable) {
			// It may be one of them: find out which.
			if size == 1 && failures > poisonAfter {
				l.log.Error("event lost: the store refuses it", "event", batch[0].ID, "kind", string(batch[0].Kind), "err", err)
				l.drop()
				failures, wait = 0, l.cfg.RetryMin
				continue
			}
			if size > 1 {
				size, failures = 1, 1
			}
		}
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		wait = min(2*wait, l.cfg.RetryMax)
	}
}

// head returns the first events that are held. They stay so until done.
func (l *Ledger) head(n int) []rooms.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]rooms.Event(nil), l.held[:min(n, len(l.held))]...)
}

// done forgets the first n events and wakes those who watch for them.
func (l *Ledger) done(n int, stored []rooms.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shiftLocked(n)
	l.stats.Stored += int64(len(stored))
	if l.full && len(l.held) < l.cfg.MostHeld/2 {
		l.full = false
		l.log.Warn("no more events are lost", "lost", l.stats.Lost)
	}
	if len(stored) > 0 {
		l.tellLocked("")
	}
	last := ""
	for _, e := range stored {
		if e.Room != last {
			l.tellLocked(e.Room)
			last = e.Room
		}
	}
}

func (l *Ledger) shiftLocked(n int) {
	l.held = l.held[n:]
	if len(l.held) == 0 {
		l.held = nil // let go of the array
	}
}

func (l *Ledger) drop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shiftLocked(1)
	l.stats.Lost++
}

func (l *Ledger) tellLocked(room string) {
	for ch := range l.watchers[room] {
		select {
		case ch <- struct{}{}:
		default: // it has a token already
		}
	}
}

// retry calls f until it succeeds or ctx ends.
func (l *Ledger) retry(ctx context.Context, f func() error) error {
	for wait := l.cfg.RetryMin; ; wait = min(2*wait, l.cfg.RetryMax) {
		err := f()
		if err == nil {
			return nil
		}
		l.log.Warn("the ledger waits for the store", "err", err)
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

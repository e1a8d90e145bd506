// Package webhook sends events to those who asked for them: signed, at least
// once, those of one room in order, again and again until they are taken or
// given up. What is to be sent is in the store, so nothing is lost by a
// restart; of several servers that share a store one sends at a time.
package webhook

import (
	"context"
	"crypto/x509"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"plenum/rooms"
)

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	Node        string         // this server, the same after a restart; needed
	Insecure    bool           // allow http
	Allow       []netip.Prefix // private addresses that may be called; default none
	Timeout     time.Duration  // longest time one attempt may take; default 10 s
	Concurrency int            // most attempts at once; default 16
	RetryMin    time.Duration  // wait after the first failure; default 1 s
	RetryMax    time.Duration  // default 10 min
	GiveUp      time.Duration  // age at which a delivery is dead after a failure; default 24 h
	PollEvery   time.Duration  // how soon what other servers queued is seen; default 2 s
	LeaseFor    time.Duration  // how soon another server takes over; default 20 s
	Roots       *x509.CertPool // nil is the system's
}

func (c Config) withDefaults() Config {
	setDefault(&c.Timeout, 10*time.Second)
	setDefault(&c.Concurrency, 16)
	setDefault(&c.RetryMin, time.Second)
	setDefault(&c.RetryMax, 10*time.Minute)
	setDefault(&c.GiveUp, 24*time.Hour)
	setDefault(&c.PollEvery, 2*time.Second)
	setDefault(&c.LeaseFor, 20*time.Second)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// perWebhook is how many attempts one webhook may have at once, so that a slow
// one keeps nobody waiting.
const perWebhook = 4

// leaseName is what the one server that sends holds.
const leaseName = "webhooks"

// Store is what a Worker needs of rooms.Store.
type Store interface {
	DueDeliveries(ctx context.Context, now time.Time, each int) ([]rooms.DueDelivery, time.Time, error)
	FinishAttempt(ctx context.Context, d rooms.Delivery) error
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error)
}

// Stats counts attempts by how they ended.
type Stats struct {
	Delivered, Failed, Dead int64
}

// A Worker sends what is due.
type Worker struct {
	cfg    Config
	store  Store
	client *http.Client
	log    *slog.Logger
	wake   chan struct{} // holds one token when something may be due; never closed
	leased time.Time     // when the lease was last renewed; Run's own

	mu       sync.Mutex // guards all below
	inFlight map[int64]struct{}
	ended    map[int64]struct{} // since what is due was last asked for
	byHook   map[int64]int      // attempts of each webhook
	stats    Stats
}

// New returns a Worker that sends nothing before Run is called.
func New(cfg Config, store Store, log *slog.Logger) *Worker {
	cfg = cfg.withDefaults()
	return &Worker{
		cfg: cfg, store: store, client: newClient(cfg), log: log, wake: make(chan struct{}, 1),
		inFlight: map[int64]struct{}{}, ended: map[int64]struct{}{}, byHook: map[int64]int{},
	}
}

// Wake has the worker look at once what is due.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake already
	}
}

// CheckURL is Config.CheckURL.
func (w *Worker) CheckURL(text string) error { return w.cfg.CheckURL(text) }

// Stats returns what was done so far.
func (w *Worker) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats
}

// Run sends until ctx ends. Attempts under way are then broken off; as nothing
// is noted of them, they are made again.
func (w *Worker) Run(ctx context.Context) error {
	var attempts sync.WaitGroup
	defer w.client.CloseIdleConnections()
	defer w.release(ctx)
	defer attempts.Wait()
	for {
		pause := w.look(ctx, &attempts)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-w.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// release lets another server take over at once.
func (w *Worker) release(ctx context.Context) {
	if w.leased.IsZero() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	if _, err := w.store.Lease(ctx, leaseName, w.cfg.Node, 0); err != nil {
		w.log.Debug("lease not given back", "err", err)
	}
}

// look starts what is due and says when to look again.
func (w *Worker) look(ctx context.Context, attempts *sync.WaitGroup) time.Duration {
	now := time.Now()
	if now.Sub(w.leased) >= w.cfg.LeaseFor/4 {
		mine, err := w.store.Lease(ctx, leaseName, w.cfg.Node, w.cfg.LeaseFor)
		if err != nil && ctx.Err() == nil {
			w.log.Debug("webhooks wait for the store", "err", err)
		}
		if err != nil || !mine {
			w.leased = time.Time{}
			return w.cfg.PollEvery
		}
		w.leased = now
	}
	w.mu.Lock()
	clear(w.ended)
	w.mu.Unlock()
	due, next, err := w.store.DueDeliveries(ctx, now, perWebhook)
	if err != nil {
		if ctx.Err() == nil {
			w.log.Warn("due deliveries not read", "err", err)
		}
		return w.cfg.PollEvery
	}
	for _, d := range due {
		if w.begin(d.Delivery) {
			attempts.Go(func() {
				w.attempt(ctx, d)
				w.end(d.Delivery)
				w.Wake()
			})
		}
	}
	if pause := next.Sub(now); !next.IsZero() && pause < w.cfg.PollEvery {
		return max(pause, time.Millisecond)
	}
	return w.cfg.PollEvery
}

// begin reports whether an attempt may be made now. What has ended since the
// store was asked may be in its answer still: to send it would be once too often.
func (w *Worker) begin(d rooms.Delivery) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, busy := w.inFlight[d.ID]
	_, ended := w.ended[d.ID]
	if busy || ended || len(w.inFlight) >= w.cfg.Concurrency || w.byHook[d.WebhookID] >= perWebhook {
		return false
	}
	w.inFlight[d.ID] = struct{}{}
	w.byHook[d.WebhookID]++
	return true
}

func (w *Worker) end(d rooms.Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.inFlight, d.ID)
	w.ended[d.ID] = struct{}{}
	if w.byHook[d.WebhookID]--; w.byHook[d.WebhookID] == 0 {
		delete(w.byHook, d.WebhookID)
	}
}

// attempt sends one delivery and stores how that went.
func (w *Worker) attempt(ctx context.Context, d rooms.DueDelivery) {
	o := w.send(ctx, d, time.Now())
	if !o.ok() && ctx.Err() != nil {
		return // our end, not the receiver's
	}
	done := w.judge(d.Delivery, o, time.Now())
	// An answer that has come is worth waiting for the store, within bounds.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.cfg.Timeout)
	defer cancel()
	for wait := 50 * time.Millisecond; ; wait *= 2 {
		err := w.store.FinishAttempt(ctx, done)
		if err == nil {
			break
		}
		if errors.Is(err, rooms.ErrNotFound) {
			return // deleted meanwhile
		}
		w.log.Warn("outcome of a delivery not stored", "delivery", d.ID, "err", err)
		select {
		case <-time.After(wait):
			continue
		case <-ctx.Done():
			return // it is sent again, with the same id
		}
	}
	w.count(done)
}

// judge says what becomes of a delivery after an attempt.
func (w *Worker) judge(d rooms.Delivery, o outcome, now time.Time) rooms.Delivery {
	d.Attempts++
	d.LastAt, d.NextAt, d.Status, d.Problem = now, time.Time{}, o.status, o.problem
	switch {
	case o.ok():
		d.State = rooms.DeliveryDelivered
	case now.Sub(d.QueuedAt) >= w.cfg.GiveUp:
		d.State = rooms.DeliveryDead
	default:
		d.State = rooms.DeliveryPending
		//nolint:gosec // so that receivers are not called all at once, no secret
		wait := max(backoff(d.Attempts, w.cfg.RetryMin, w.cfg.RetryMax, rand.Float64()), min(o.after, w.cfg.RetryMax))
		d.NextAt = now.Add(wait)
	}
	return d
}

// growth is by how much each wait is longer than the one before. What waits
// arrives soon after its receiver is back: at the latest after a third of the
// time that it was away.
const growth = 1.3

// backoff is the wait after that many failures: growing from least to most,
// between three quarters and all of it. Random is from 0 to 1.
func backoff(failures int, least, most time.Duration, random float64) time.Duration {
	wait := min(float64(most), float64(least)*math.Pow(growth, float64(failures-1)))
	return time.Duration(wait * (1 - random/4))
}

func (w *Worker) count(d rooms.Delivery) {
	w.mu.Lock()
	defer w.mu.Unlock()
	log := w.log.With("webhook", d.WebhookID, "delivery", d.ID, "event", d.Event.ID, "attempts", d.Attempts)
	switch d.State {
	case rooms.DeliveryDelivered:
		w.stats.Delivered++
		log.Debug("delivered")
	case rooms.DeliveryDead:
		w.stats.Dead++
		log.Warn("delivery given up", "problem", d.Problem)
	case rooms.DeliveryPending:
		w.stats.Failed++
		log.Info("delivery failed", "problem", d.Problem, "next", d.NextAt)
	}
}

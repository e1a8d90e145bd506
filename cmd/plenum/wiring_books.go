package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"plenum/api/webhook"
	"plenum/rooms"
	"plenum/rooms/ledger"
)

type booksFlags struct {
	AttendanceKeep       int      `help:"Days after which events and attendance are deleted; 0 is never." default:"365" placeholder:"DAYS"`
	WebhookAllowInsecure bool     `help:"Let webhooks be called over http, without encryption."`
	WebhookAllowPrivate  []string `help:"Private addresses and CIDRs that webhooks may reach; repeatable." placeholder:"CIDR"`
}

// settings are checked flags.
func (f booksFlags) settings() (booksConfig, error) {
	var c booksConfig
	if f.AttendanceKeep < 0 || f.AttendanceKeep > 36500 {
		return c, errors.New("--attendance-keep: must be 0 to 36500 days")
	}
	c.ledger.KeepFor = time.Duration(f.AttendanceKeep) * 24 * time.Hour
	c.webhook.Insecure = f.WebhookAllowInsecure
	var err error
	if c.webhook.Allow, err = rooms.ParsePrefixes(f.WebhookAllowPrivate); err != nil {
		return c, fmt.Errorf("--webhook-allow-private: %w", err)
	}
	return c, nil
}

type booksConfig struct {
	ledger  ledger.Config
	webhook webhook.Config
}

// books keep what happened and tell those who asked for it.
type books struct {
	ledger  *ledger.Ledger
	worker  *webhook.Worker
	running sync.WaitGroup
	stop    [2]context.CancelFunc // first of the worker, then of the ledger
}

// openBooks starts ledger and webhooks. They outlive ctx: close ends them, once
// the last meeting has told how it ended.
func openBooks(
	ctx context.Context, cfg booksConfig, node string, store rooms.Store, metrics *prometheus.Registry, log *slog.Logger,
) *books {
	cfg.ledger.Node, cfg.webhook.Node = node, node
	b := &books{ledger: ledger.New(cfg.ledger, store, log), worker: webhook.New(cfg.webhook, store, log)}
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = [2]context.CancelFunc{stopSending, stopWriting}
	stored, unwatch := b.ledger.Watch("")
	b.running.Go(func() {
		if err := b.worker.Run(sending); err != nil {
			log.Error("webhooks ended", "err", err)
		}
	})
	b.running.Go(func() {
		defer unwatch()
		for {
			select {
			case <-stored:
				b.worker.Wake()
			case <-sending.Done():
				return
			}
		}
	})
	b.running.Go(func() {
		if err := b.ledger.Run(writing); err != nil {
			log.Error("ledger ended", "err", err)
		}
	})
	b.count(metrics)
	return b
}

// close stores what is held and ends.
func (b *books) close() {
	for _, stop := range b.stop {
		stop()
	}
	b.running.Wait()
}

func (b *books) count(registry *prometheus.Registry) {
	auto := promauto.With(registry)
	auto.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "plenum_events_waiting", Help: "Events that wait for the store.",
	}, func() float64 { return float64(b.ledger.Stats().Held) })
	counter := func(name, help string, value func() int64) {
		auto.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	counter("plenum_events_stored_total", "Events stored by this server.", func() int64 { return b.ledger.Stats().Stored })
	counter("plenum_events_lost_total", "Events lost because the store was away for too long.", func() int64 { return b.ledger.Stats().Lost })
	counter("plenum_webhook_delivered_total", "Webhook deliveries taken by their receivers.", func() int64 { return b.worker.Stats().Delivered })
	counter("plenum_webhook_failed_total", "Webhook attempts that failed and will be repeated.", func() int64 { return b.worker.Stats().Failed })
	counter("plenum_webhook_dead_total", "Webhook deliveries given up.", func() int64 { return b.worker.Stats().Dead })
}

// nodeID returns the name by which this server is known in a store that several
// share. It is made at the first start and kept in the folder, so that the
// server knows after a crash what it left open.
func nodeID(dir string) (string, error) {
	path := filepath.Join(dir, "node-id")
	text, err := os.ReadFile(path)
	if id := strings.TrimSpace(string(text)); err == nil && id != "" && len(id) <= 64 {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read this server's id: %w", err)
	}
	id := rand.Text()
	err = os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(id+"\n"), 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("keep this server's id: %w", err)
	}
	return id, nil
}

package main

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"plenum/api"
	"plenum/sfu"
)

// How often the figures are taken, and how many are remembered: five minutes.
const (
	figuresEvery = 5 * time.Second
	figuresKept  = 60
)

// figures remembers how much went on lately. Run must be called once.
type figures struct {
	rooms func() map[string]sfu.Figures
	used  func() time.Duration // processor time of this process
	now   func() time.Time

	mu     sync.Mutex // guards what follows
	at     time.Time
	cpu    time.Duration
	sent   map[string]uint64 // by room, when last looked
	server []api.Figure
	byRoom map[string][]api.Figure
}

func newFigures(rooms func() map[string]sfu.Figures, now func() time.Time) *figures {
	return &figures{
		rooms: rooms, used: processorTime(), now: now,
		sent: map[string]uint64{}, byRoom: map[string][]api.Figure{},
	}
}

// processorTime returns how to find out how long this process has computed, as
// its metrics tell; 0 where they don't.
func processorTime() func() time.Duration {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return func() time.Duration {
		families, err := registry.Gather()
		if err != nil {
			return 0
		}
		for _, f := range families {
			if f.GetName() == "process_cpu_seconds_total" && len(f.GetMetric()) == 1 {
				return time.Duration(f.GetMetric()[0].GetCounter().GetValue() * float64(time.Second))
			}
		}
		return 0
	}
}

// Run takes figures until ctx ends.
func (f *figures) Run(ctx context.Context) error {
	tick := time.NewTicker(figuresEvery)
	defer tick.Stop()
	for {
		f.take()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// take looks once. The first look only tells where counting begins.
func (f *figures) take() {
	rooms, cpu, now := f.rooms(), f.used(), f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	since := now.Sub(f.at)
	first := f.at.IsZero() || since <= 0
	whole := api.Figure{At: now, Rooms: len(rooms)}
	if !first {
		whole.CPU = min(max(0, (cpu-f.cpu).Seconds()/since.Seconds()/float64(runtime.NumCPU())), 1)
	}
	lossy := 0
	for id, r := range rooms {
		one := api.Figure{At: now, Rooms: 1, People: r.Participants, Loss: r.Loss, CPU: whole.CPU}
		if before, known := f.sent[id]; known && !first && r.Sent >= before {
			one.Bitrate = int64(float64(r.Sent-before) * 8 / since.Seconds())
		}
		f.sent[id] = r.Sent
		f.byRoom[id] = keep(f.byRoom[id], one)
		whole.People += one.People
		whole.Bitrate += one.Bitrate
		whole.Loss += one.Loss * float64(one.People)
		lossy += one.People
	}
	whole.Loss /= float64(max(lossy, 1))
	for id := range f.byRoom {
		if _, live := rooms[id]; !live {
			delete(f.byRoom, id)
			delete(f.sent, id)
		}
	}
	if !first {
		f.server = keep(f.server, whole)
	}
	f.at, f.cpu = now, cpu
}

// keep adds a figure, in the place of the oldest when there are enough.
func keep(all []api.Figure, one api.Figure) []api.Figure {
	if len(all) == figuresKept {
		all = slices.Delete(all, 0, 1)
	}
	return append(all, one)
}

// Server returns the figures of the whole server, oldest first.
func (f *figures) Server() []api.Figure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.server)
}

// Room returns those of a room.
func (f *figures) Room(id string) []api.Figure {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.byRoom[id])
}

// Every is the time between two figures.
func (f *figures) Every() time.Duration { return figuresEvery }

package main

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"plenum/recording"
	"plenum/recording/derive"
	"plenum/recording/jobs"
	"plenum/sfu"
)

// busyPackets is how many packets a second and core the media plane forwards
// when derived files wait: about a fifth of what it can.
const busyPackets = 20_000

// work is the jobs that run in the background.
type work struct {
	manager *jobs.Manager
	stop    func() // ends them and waits; what is not done goes on at the next start
}

func startJobs(ctx context.Context, cfg settings, library *recording.Library, media *sfu.SFU, log *slog.Logger) (work, error) {
	ffmpeg, err := derive.FindFFmpeg(cfg.ffmpeg)
	if err != nil {
		return work{}, err
	}
	if ffmpeg == "" {
		log.Info("no ffmpeg: recordings can't be made into one picture")
	}
	load := &loadGauge{packets: func() uint64 { return media.Stats().Forwarded }, cores: runtime.NumCPU(), now: time.Now}
	manager, err := jobs.New(jobs.Config{FFmpeg: ffmpeg, Font: derive.FindFont(), Busy: load.busy}, library, log)
	if err != nil {
		return work{}, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := manager.Run(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.Error("jobs ended", "error", err)
		}
	})
	return work{manager, func() {
		cancel()
		wg.Wait()
	}}, nil
}

// loadGauge tells whether the media plane is busy, from how much it forwards.
type loadGauge struct {
	packets func() uint64
	cores   int
	now     func() time.Time

	mu   sync.Mutex // guards what follows
	at   time.Time
	last uint64
	high bool
}

// loadEvery is how often the load is looked at.
const loadEvery = 5 * time.Second

// busy reports whether more was forwarded lately than leaves room for jobs.
func (g *loadGauge) busy() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	since := now.Sub(g.at)
	if since < loadEvery {
		return g.high
	}
	packets := g.packets()
	if !g.at.IsZero() {
		g.high = float64(packets-g.last)/since.Seconds() > float64(busyPackets*g.cores)
	}
	g.at, g.last = now, packets
	return g.high
}

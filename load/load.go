// Package load drives a running Plenum server the way browsers would, over its
// public interfaces only, and measures what participants get and what it costs
// the server. It is cheap enough for the server to be what saturates: most
// participants count packets without decrypting them.
package load

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
	"golang.org/x/sync/errgroup"

	"plenum/signaling/protocol"
)

// Config says what load to make. A zero field means its default, where one is
// named.
type Config struct {
	URL      string // of the server
	User     string // who reserves the room and reads the metrics
	Password string
	Meeting  string // URL of a meeting that exists; none reserves one
	Insecure bool   // accept any TLS certificate

	Publishers  int           // participants with camera and microphone
	Subscribers int           // participants who only watch
	Microphones bool          // subscribers have a silent microphone open
	Blind       bool          // publishers watch nobody
	Speaking    int           // publishers who speak at a time
	SpeakTurn   time.Duration // until others speak; default 5 s
	View        int           // tiles of a view
	ViewTurn    time.Duration // until a view shows the next publishers; 0 is never
	Tile        int           // height of a tile in pixels; default 180
	Seats       int           // default 9

	Layers   int   // encodings of a camera: 1, or 3 for simulcast; default 3
	Bitrates []int // kbit/s of each, smallest first; default 150, 500, 1500
	FPS      int   // default 15

	Duration time.Duration // of the measurement, after all have joined; default 30 s
	Ramp     float64       // joins per second; default 50
	Sample   int           // every so many-th viewer decrypts and looks inside; default 10
}

func (c Config) withDefaults() Config {
	setDefault(&c.SpeakTurn, 5*time.Second)
	setDefault(&c.Tile, 180)
	setDefault(&c.Seats, 9)
	setDefault(&c.Layers, 3)
	setDefault(&c.FPS, 15)
	setDefault(&c.Duration, 30*time.Second)
	setDefault(&c.Ramp, 50)
	setDefault(&c.Sample, 10)
	if len(c.Bitrates) == 0 {
		c.Bitrates = []int{150, 500, 1500}[:min(3, max(c.Layers, 0))]
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Bounds of a load that one process can make.
const (
	mostParticipants = 5000
	mostFPS          = 60
	mostKbits        = 20_000
)

func (c Config) check() error {
	switch {
	case c.Publishers < 1:
		return errors.New("at least one publisher is needed")
	case c.Subscribers < 0 || c.Publishers+c.Subscribers > mostParticipants:
		return fmt.Errorf("%d publishers and %d subscribers: at most %d participants", c.Publishers, c.Subscribers, mostParticipants)
	case c.Layers != 1 && c.Layers != 3:
		return fmt.Errorf("%d layers: want 1, or 3 for simulcast", c.Layers)
	case len(c.Bitrates) != c.Layers:
		return fmt.Errorf("%d bitrates for %d layers", len(c.Bitrates), c.Layers)
	case c.FPS < 1 || c.FPS > mostFPS:
		return fmt.Errorf("%d frames a second: want 1 to %d", c.FPS, mostFPS)
	case c.Seats < 1 || c.View < 0 || c.Tile < 1 || c.Speaking < 0 || c.Sample < 1:
		return errors.New("seats, tile and sample must be at least 1, view and speaking not negative")
	case c.Ramp <= 0 || c.Duration <= 0 || c.SpeakTurn <= 0 || c.ViewTurn < 0:
		return errors.New("ramp, duration and turns must be positive")
	}
	for _, kbits := range c.Bitrates {
		if kbits < 1 || kbits > mostKbits {
			return fmt.Errorf("a bitrate of %d kbit/s: want 1 to %d", kbits, mostKbits)
		}
	}
	return nil
}

// Times around the measurement.
const (
	settle   = 2 * time.Second // from the last join to the measurement
	calm     = time.Second     // from the last leave to the last look at the server
	spare    = 5 * time.Minute // that the room outlives the load
	cleaning = time.Minute     // the longest that leaving may take
	leavers  = 32              // who leave at a time
)

// runner is one run.
type runner struct {
	cfg     Config
	log     *slog.Logger
	http    *http.Client
	target  target
	local   netip.Addr
	clock   clock
	certs   []webrtc.Certificate
	always  context.Context // never ends: sockets end by being closed
	sending context.Context // ends before participants leave

	ids []string // participant ids of publishers, "" of those who failed; set before subscribers join

	mu           sync.Mutex     // guards what follows
	participants []*participant // those in the meeting
	failed       map[string]int
	dropped      map[string]int
}

// Run makes the load until its duration is over or ctx ends, and returns what
// was measured. It returns an error when nothing could be.
func Run(ctx context.Context, cfg Config, log *slog.Logger) (*Report, error) {
	cfg = cfg.withDefaults()
	if err := cfg.check(); err != nil {
		return nil, err
	}
	r := &runner{cfg: cfg, log: log, clock: clock{time.Now()}, failed: map[string]int{}, dropped: map[string]int{}}
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: cfg.Insecure}} //nolint:gosec // the operator asked for it
	r.http = &http.Client{Transport: transport}
	defer transport.CloseIdleConnections()
	var err error
	if r.target, err = parseTarget(cfg.URL, cfg.Meeting); err != nil {
		return nil, err
	}
	if r.local, err = r.target.localAddress(ctx); err != nil {
		return nil, err
	}
	if r.certs, err = keys(); err != nil {
		return nil, fmt.Errorf("make a DTLS certificate: %w", err)
	}
	if r.target.room == "" {
		ramp := time.Duration(float64(cfg.Publishers+cfg.Subscribers) / cfg.Ramp * float64(time.Second))
		if err := r.reserve(ctx, ramp+cfg.Duration+spare); err != nil {
			return nil, err
		}
	}
	log.Info("meeting", "url", r.target.meetingURL())
	return r.run(ctx)
}

// run joins, measures and leaves.
func (r *runner) run(ctx context.Context) (*Report, error) {
	rep := newReport(r.cfg, r.target.meetingURL())
	r.always = context.WithoutCancel(ctx)
	sending, stopSending := context.WithCancel(ctx)
	defer stopSending()
	r.sending = sending
	before := r.look(ctx, rep)
	err := r.joinAll(ctx)
	if err == nil {
		err = r.measured(ctx, rep, before)
	}
	if ctx.Err() != nil {
		rep.Interrupted = true
		err = nil
	}
	rep.joins(r)
	stopSending()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	r.leaveAll(ending)
	if releaseErr := r.release(ending); releaseErr != nil {
		r.log.Warn("the room is left to run out", "err", releaseErr)
	}
	if err != nil {
		return nil, err
	}
	if before != nil && !rep.Interrupted {
		wait(ctx, calm)
		rep.after(r.look(ctx, rep))
	}
	return rep, nil
}

// look reads the server's metrics, or notes why it can't.
func (r *runner) look(ctx context.Context, rep *Report) metrics {
	m, err := r.measure(ctx)
	if err != nil && ctx.Err() == nil {
		rep.ServerNote = "no metrics: " + err.Error()
	}
	return m
}

// wait waits for d and reports whether ctx lasted so long.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// joinAll brings everybody in: publishers first, so that views can name them.
func (r *runner) joinAll(ctx context.Context) error {
	n := r.cfg.Publishers
	r.ids = make([]string, n)
	publishers := make([]*participant, n)
	for i := range publishers {
		p := plan{microphone: true, layers: r.cfg.Layers, seats: r.cfg.Seats, full: !r.cfg.Blind && i%r.cfg.Sample == 0}
		publishers[i] = &participant{name: fmt.Sprintf("Publisher %d", i+1), plan: p, watches: !r.cfg.Blind}
	}
	r.ramp(ctx, publishers, func(i int) ([]protocol.Tile, func(time.Duration) bool) {
		return nil, func(at time.Duration) bool { return speaks(i, n, r.cfg.Speaking, at, r.cfg.SpeakTurn) }
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	joined := 0
	for i, c := range publishers {
		if r.ids[i] = c.id; c.id != "" {
			joined++
		}
	}
	if joined == 0 {
		return fmt.Errorf("no publisher could join: %s", r.firstFailure())
	}
	for i, c := range publishers {
		if c.id != "" && c.watches {
			if err := c.look(ctx, r.tiles(i, 0, i)); err != nil {
				r.log.Debug("view not set", "participant", c.name, "err", err)
			}
		}
	}
	r.log.Info("publishers joined", "joined", joined, "failed", n-joined)
	subscribers := make([]*participant, r.cfg.Subscribers)
	for i := range subscribers {
		p := plan{microphone: r.cfg.Microphones, seats: r.cfg.Seats, full: i%r.cfg.Sample == 0}
		subscribers[i] = &participant{name: fmt.Sprintf("Subscriber %d", i+1), plan: p, watches: true}
	}
	r.ramp(ctx, subscribers, func(i int) ([]protocol.Tile, func(time.Duration) bool) { return r.tiles(i, 0, -1), nil })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.log.Info("all joined", "joined", len(r.participants), "failed", r.cfg.Publishers+r.cfg.Subscribers-len(r.participants))
	return ctx.Err()
}

// tiles is the view of the i-th of its kind on its k-th page; self, a
// publisher's number or -1, is left out.
func (r *runner) tiles(i, k, self int) []protocol.Tile {
	tiles := []protocol.Tile{}
	for _, who := range shown(i, k, len(r.ids), r.cfg.View, self) {
		if r.ids[who] != "" {
			tiles = append(tiles, protocol.Tile{Participant: r.ids[who], Source: protocol.Camera, Height: r.cfg.Tile})
		}
	}
	return tiles
}

// ramp lets participants join one after the other, as many a second as wanted, and
// waits for all of them.
func (r *runner) ramp(ctx context.Context, participants []*participant, how func(i int) ([]protocol.Tile, func(time.Duration) bool)) {
	var joining sync.WaitGroup
	defer joining.Wait()
	began := time.Now()
	for i, c := range participants {
		due := began.Add(time.Duration(float64(i) / r.cfg.Ramp * float64(time.Second)))
		if !wait(ctx, time.Until(due)) {
			return
		}
		tiles, speaking := how(i)
		joining.Go(func() {
			err := c.join(ctx, r, tiles, speaking)
			r.mu.Lock()
			defer r.mu.Unlock()
			switch {
			case err == nil:
				r.participants = append(r.participants, c)
			case ctx.Err() == nil:
				c.id = ""
				r.failed[err.Error()]++
			}
		})
	}
}

func (r *runner) firstFailure() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for text := range r.failed {
		return text
	}
	return "none answered"
}

// drop notes that a participant fell out of the meeting.
func (r *runner) drop(c *participant, err error) {
	r.log.Debug("participant dropped", "participant", c.name, "err", err)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropped[err.Error()]++
}

// measured measures for the run's duration and fills in the report.
func (r *runner) measured(ctx context.Context, rep *Report, before metrics) error {
	if !wait(ctx, settle) {
		return ctx.Err()
	}
	turning, stop := context.WithCancel(ctx)
	defer stop()
	var turner sync.WaitGroup
	defer turner.Wait()
	defer stop()
	turner.Go(func() { r.turn(turning) })
	from := r.take(ctx, rep)
	r.log.Info("measuring", "for", r.cfg.Duration)
	wait(ctx, r.cfg.Duration) // when it is cut short, what there is counts
	to := r.take(context.WithoutCancel(ctx), rep)
	rep.measure(before, from, to)
	return nil
}

// turn shows everybody the next publishers every now and then, one viewer
// after the other.
func (r *runner) turn(ctx context.Context) {
	if r.cfg.ViewTurn == 0 || r.cfg.View >= r.cfg.Publishers {
		return
	}
	r.mu.Lock()
	participants := append([]*participant(nil), r.participants...)
	r.mu.Unlock()
	pause := r.cfg.ViewTurn / time.Duration(max(len(participants), 1))
	for k := 1; ; k++ {
		for i, c := range participants {
			if !wait(ctx, pause) {
				return
			}
			if !c.watches {
				continue
			}
			if err := c.look(ctx, r.tiles(i, k, r.number(c))); err != nil {
				r.log.Debug("view not set", "participant", c.name, "err", err)
			}
		}
	}
}

// number returns which publisher c is, -1 for none.
func (r *runner) number(c *participant) int {
	for i, id := range r.ids {
		if id == c.id {
			return i
		}
	}
	return -1
}

// leaveAll ends every participation.
func (r *runner) leaveAll(ctx context.Context) {
	r.mu.Lock()
	participants := r.participants
	r.participants = nil
	r.mu.Unlock()
	for _, c := range participants {
		c.leaving.Store(true)
	}
	var g errgroup.Group
	g.SetLimit(leavers)
	for _, c := range participants {
		g.Go(func() error {
			c.leave(ctx)
			return nil
		})
	}
	_ = g.Wait() // nothing fails
}

package load

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Quantiles are two points of a distribution, in milliseconds.
type Quantiles struct {
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
	Samples uint64  `json:"samples"`
}

// Packets are the packets of all viewers in the measurement, sound and picture.
type Packets struct {
	Expected    uint64  `json:"expected"`
	Received    uint64  `json:"received"`
	Lost        uint64  `json:"lost"`
	LossPercent float64 `json:"loss_percent"`
	SoundLoss   float64 `json:"sound_loss_percent"` // of the packets that are sound
	Reordered   uint64  `json:"reordered"`
	Duplicate   uint64  `json:"duplicate"`
	Strange     uint64  `json:"strange"` // of no seat, or without our mark; since the start
}

// Pictures are the tiles of all viewers.
type Pictures struct {
	Wanted           int     `json:"wanted"` // at the end
	Shown            int     `json:"shown"`  // moving, at the end
	Freezes          uint64  `json:"freezes"`
	FrozenSeconds    float64 `json:"frozen_s"`
	FreezesPerMinute float64 `json:"freezes_per_minute"` // of one picture
}

// Server is what the load cost, from the server's /metrics.
type Server struct {
	Cores            float64            `json:"cores"`
	MicrosPerPacket  float64            `json:"us_per_packet"`
	PercentEach      float64            `json:"cpu_percent_per_participant"`
	KiBEach          float64            `json:"rss_kib_per_participant"`
	RSSBefore        float64            `json:"rss_before"`
	RSS              float64            `json:"rss"`
	RSSAfter         float64            `json:"rss_after,omitempty"`
	GoroutinesBefore float64            `json:"goroutines_before"`
	Goroutines       float64            `json:"goroutines"`
	GoroutinesAfter  float64            `json:"goroutines_after,omitempty"`
	Counters         map[string]float64 `json:"counters,omitempty"` // rises of plenum_…_total
}

// Generator is what the load cost its own process, and whether that kept up.
type Generator struct {
	Cores    float64   `json:"cores"`
	Late     Quantiles `json:"late"` // how much later than planned packets were sent, since the start
	FullView int       `json:"full_accounts"`
}

// A Report is what a run measured.
type Report struct {
	Meeting     string         `json:"meeting"`
	Shape       Shape          `json:"shape"`
	Interrupted bool           `json:"interrupted,omitempty"`
	Joined      int            `json:"joined"`
	Failed      int            `json:"failed"`
	Failures    map[string]int `json:"failures,omitempty"`
	Dropped     int            `json:"dropped"`
	Drops       map[string]int `json:"drops,omitempty"`
	Join        Quantiles      `json:"join"`
	MediaUp     Quantiles      `json:"media_up"`
	Seconds     float64        `json:"seconds"` // of the measurement
	Packets     Packets        `json:"packets"`
	RampLoss    float64        `json:"ramp_loss_percent"` // before the measurement
	Sent        uint64         `json:"sent"`              // packets publishers sent, since the start
	Latency     Quantiles      `json:"latency"`
	Pictures    Pictures       `json:"pictures"`
	Server      *Server        `json:"server,omitempty"`
	ServerNote  string         `json:"server_note,omitempty"`
	Generator   Generator      `json:"generator"`
}

// Shape is the load that was asked for.
type Shape struct {
	Publishers  int     `json:"publishers"`
	Subscribers int     `json:"subscribers"`
	Microphones bool    `json:"microphones"`
	Speaking    int     `json:"speaking"`
	View        int     `json:"view"`
	Tile        int     `json:"tile"`
	Seats       int     `json:"seats"`
	Layers      int     `json:"layers"`
	Bitrates    []int   `json:"bitrates_kbit"`
	FPS         int     `json:"fps"`
	Ramp        float64 `json:"ramp_per_second"`
}

func newReport(c Config, meeting string) *Report {
	return &Report{Meeting: meeting, Shape: Shape{
		Publishers: c.Publishers, Subscribers: c.Subscribers, Microphones: c.Microphones, Speaking: c.Speaking,
		View: c.View, Tile: c.Tile, Seats: c.Seats, Layers: c.Layers, Bitrates: c.Bitrates, FPS: c.FPS, Ramp: c.Ramp,
	}}
}

// reading is everything that can be read at one moment.
type reading struct {
	at     time.Duration
	totals totals
	server metrics
	own    time.Duration
	joined int
}

// take reads everybody's books and the server's.
func (r *runner) take(ctx context.Context, rep *Report) reading {
	r.mu.Lock()
	participants := slices.Clone(r.participants)
	r.mu.Unlock()
	now := reading{at: r.clock.now(), own: ownCPU(), joined: len(participants)}
	for _, c := range participants {
		c.conn.account.addTo(&now.totals, r.clock.now())
	}
	now.server = r.look(ctx, rep)
	return now
}

// joins fills in who came, and what came to them.
func (rep *Report) joins(r *runner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var join, media, late histogram
	rep.Failures, rep.Drops = maps.Clone(r.failed), maps.Clone(r.dropped)
	for _, c := range r.participants {
		join.add(c.joined)
		if c.conn.hasFailed() {
			rep.Drops["media connection failed"]++
		}
		if first := c.conn.account.firstPacket(); first > 0 && c.watches && !c.publishes() {
			media.add(first - c.began)
		}
		if c.plan.full {
			rep.Generator.FullView++
		}
		if c.sender == nil {
			continue
		}
		c.sender.mu.Lock()
		late.merge(&c.sender.lag)
		c.sender.mu.Unlock()
		for _, o := range c.conn.outlets {
			rep.Sent += uint64(o.sent.Load())
		}
	}
	rep.Joined = len(r.participants)
	for _, n := range rep.Failures {
		rep.Failed += n
	}
	for _, n := range rep.Drops {
		rep.Dropped += n
	}
	rep.Join, rep.MediaUp, rep.Generator.Late = quantiles(&join), quantiles(&media), quantiles(&late)
}

// publishes reports whether c is one of the publishers, who wait for others to come.
func (c *participant) publishes() bool { return c.plan.layers > 0 }

func quantiles(h *histogram) Quantiles {
	return Quantiles{P50: millis(h.quantile(0.5)), P99: millis(h.quantile(0.99)), Samples: h.total}
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func percent(part, whole uint64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}

// measure fills in what happened between two readings.
func (rep *Report) measure(before metrics, from, to reading) {
	took := to.at - from.at
	if took <= 0 {
		return
	}
	rep.Seconds = took.Seconds()
	c := to.totals.minus(from.totals.counts)
	rep.Packets = Packets{
		Expected: c.expected, Received: c.received, Lost: c.lost(), LossPercent: percent(c.lost(), c.expected),
		Reordered: c.reordered, Duplicate: c.duplicate, Strange: to.totals.strange,
	}
	sound := to.totals.sound.minus(from.totals.sound)
	rep.Packets.SoundLoss = percent(sound.lost(), sound.expected)
	rep.RampLoss = percent(from.totals.lost(), from.totals.expected)
	latency := to.totals.latency
	latency.minus(&from.totals.latency)
	rep.Latency = quantiles(&latency)
	rep.Pictures = Pictures{
		Wanted: to.totals.wanted, Shown: to.totals.shown,
		Freezes:       to.totals.freezes - min(from.totals.freezes, to.totals.freezes),
		FrozenSeconds: max(0, to.totals.frozen-from.totals.frozen).Seconds(),
	}
	if to.totals.wanted > 0 {
		rep.Pictures.FreezesPerMinute = float64(rep.Pictures.Freezes) / took.Minutes() / float64(to.totals.wanted)
	}
	rep.Generator.Cores = (to.own - from.own).Seconds() / took.Seconds()
	if before == nil || from.server == nil || to.server == nil {
		return
	}
	participants := float64(max(to.joined, 1))
	cpu := to.server[metricCPU] - from.server[metricCPU]
	rep.Server = &Server{
		Cores: cpu / took.Seconds(), PercentEach: 100 * cpu / took.Seconds() / participants,
		KiBEach:   (to.server[metricRSS] - before[metricRSS]) / 1024 / participants,
		RSSBefore: before[metricRSS], RSS: to.server[metricRSS],
		GoroutinesBefore: before[metricGoroutines], Goroutines: to.server[metricGoroutines],
		Counters: to.server.counters(from.server),
	}
	if c.received > 0 {
		rep.Server.MicrosPerPacket = cpu * 1e6 / float64(c.received)
	}
}

// after fills in what the server still holds when everybody has left.
func (rep *Report) after(m metrics) {
	if rep.Server != nil && m != nil {
		rep.Server.RSSAfter, rep.Server.GoroutinesAfter = m[metricRSS], m[metricGoroutines]
	}
}

const mib = 1 << 20

// WriteTable writes the report for people.
func (rep *Report) WriteTable(w io.Writer) error {
	var rows [][2]string
	add := func(name, format string, args ...any) {
		rows = append(rows, [2]string{name, fmt.Sprintf(format, args...)})
	}
	both := func(name string, q Quantiles) {
		if q.Samples == 0 {
			add(name, "-")
			return
		}
		add(name, "p50 %.1f ms, p99 %.1f ms", q.P50, q.P99)
	}
	s := rep.Shape
	add("meeting", "%s", rep.Meeting)
	add("shape", "%d publishers, %d subscribers, %d speaking, view %d × %dp, %d seats, %s kbit/s at %d fps",
		s.Publishers, s.Subscribers, s.Speaking, s.View, s.Tile, s.Seats, strings.Trim(fmt.Sprint(s.Bitrates), "[]"), s.FPS)
	if rep.Interrupted {
		add("interrupted", "yes: figures are of what there was")
	}
	add("joined / failed / dropped", "%d / %d / %d", rep.Joined, rep.Failed, rep.Dropped)
	both("join", rep.Join)
	both("media up", rep.MediaUp)
	add("measured", "%.1f s", rep.Seconds)
	add("packets expected / received", "%d / %d (%.0f a second)", rep.Packets.Expected, rep.Packets.Received, perSecond(rep.Packets.Received, rep.Seconds))
	add("loss", "%.3f %% (%d; sound %.3f %%; while joining %.3f %%)",
		rep.Packets.LossPercent, rep.Packets.Lost, rep.Packets.SoundLoss, rep.RampLoss)
	add("reordered / duplicate / strange", "%d / %d / %d", rep.Packets.Reordered, rep.Packets.Duplicate, rep.Packets.Strange)
	both("latency", rep.Latency)
	add("pictures wanted / moving", "%d / %d", rep.Pictures.Wanted, rep.Pictures.Shown)
	add("freezes", "%d, %.2f a minute and picture, %.1f s in all", rep.Pictures.Freezes, rep.Pictures.FreezesPerMinute, rep.Pictures.FrozenSeconds)
	rep.serverRows(add)
	add("generator", "%.2f cores, late p50 %.1f ms, p99 %.1f ms, %d viewers decrypt", rep.Generator.Cores, rep.Generator.Late.P50, rep.Generator.Late.P99, rep.Generator.FullView)
	for _, kind := range []struct {
		name  string
		texts map[string]int
	}{{"failed", rep.Failures}, {"dropped", rep.Drops}} {
		for _, text := range slices.Sorted(maps.Keys(kind.texts)) {
			add(kind.name, "%d × %s", kind.texts[text], text)
		}
	}
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(tw, "%s\t%s\n", row[0], row[1])
	}
	return tw.Flush()
}

func (rep *Report) serverRows(add func(name, format string, args ...any)) {
	if rep.ServerNote != "" {
		add("server", "%s", rep.ServerNote)
	}
	s := rep.Server
	if s == nil {
		return
	}
	add("server CPU", "%.2f cores, %.1f µs a packet received, %.2f %% a participant", s.Cores, s.MicrosPerPacket, s.PercentEach)
	add("server memory", "%.0f MiB, %.0f before, %.0f after; %.0f KiB a participant", s.RSS/mib, s.RSSBefore/mib, s.RSSAfter/mib, s.KiBEach)
	add("server goroutines", "%.0f, %.0f before, %.0f after", s.Goroutines, s.GoroutinesBefore, s.GoroutinesAfter)
	for _, name := range slices.Sorted(maps.Keys(s.Counters)) {
		add(name, "+%.0f", s.Counters[name])
	}
}

func perSecond(n uint64, seconds float64) float64 {
	if seconds == 0 {
		return 0
	}
	return float64(n) / seconds
}

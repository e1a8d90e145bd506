package load

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"plenum/sfu/codec"
	"plenum/signaling/protocol"
)

func TestPicture(t *testing.T) {
	const sent = 1234567890123 * time.Nanosecond
	for name, tt := range map[string]struct {
		picture
		packets int
	}{
		"small":       {picture{id: 1, size: 10, key: true, width: 320, height: 180}, 1},
		"tiny delta":  {picture{id: 2, size: 1}, 1},
		"one packet":  {picture{id: 3, size: maxPayload}, 1},
		"two packets": {picture{id: 4, size: maxPayload + 1}, 2},
		"keyframe":    {picture{id: 32767, tl0: 255, size: 50_000, key: true, width: 1280, height: 720}, 44},
		"delta":       {picture{id: 0, tl0: 7, size: 12_500}, 11},
	} {
		if got := tt.picture.packets(); got != tt.packets {
			t.Errorf("%s: %d packets, want %d", name, got, tt.packets)
		}
		buf := make([]byte, maxPayload+64)
		total := 0
		for n := range tt.picture.packets() {
			b := tt.payload(buf, n, sent)
			total += len(b)
			d, err := codec.ParseVP8(b)
			if err != nil || len(b) > maxPayload {
				t.Fatalf("%s: packet %d of %d bytes: %v", name, n, len(b), err)
			}
			if d.PictureID != int(tt.id) || !d.LongPictureID || d.TL0PicIdx != int(tt.tl0) || d.TID != 0 || d.Start != (n == 0) || d.Keyframe != (tt.key && n == 0) {
				t.Errorf("%s: packet %d says %+v", name, n, d)
			}
			if d.Keyframe && (d.Width != int(tt.width) || d.Height != int(tt.height)) {
				t.Errorf("%s: %d×%d", name, d.Width, d.Height)
			}
			if got, ok := videoMark(b); !ok || got != sent {
				t.Errorf("%s: packet %d has mark %v, %v", name, n, got, ok)
			}
		}
		if off := tt.size - total; tt.size > 100 && (off < 0 || off > tt.packets) {
			t.Errorf("%s: %d bytes in all, want %d", name, total, tt.size)
		}
	}
}

func TestSound(t *testing.T) {
	buf := make([]byte, maxPayload)
	for _, speaking := range []bool{true, false} {
		b := sound(buf, speaking, time.Minute)
		if got, ok := soundMark(b); !ok || got != time.Minute || b[0] != opusTOC {
			t.Errorf("speaking %v: mark %v, %v", speaking, got, ok)
		}
	}
	if len(sound(buf, true, 0)) <= len(sound(buf, false, 0)) {
		t.Error("silence is as large as speech")
	}
}

func TestForeignPayloadsHaveNoMark(t *testing.T) {
	for _, b := range [][]byte{nil, {0x78}, make([]byte, 12), make([]byte, 200), {0x90, 0xE0, 0x80}} {
		if _, ok := soundMark(b); ok {
			t.Errorf("% x has a sound mark", b)
		}
		if _, ok := videoMark(b); ok {
			t.Errorf("% x has a video mark", b)
		}
	}
}

func TestSpeaks(t *testing.T) {
	for _, tt := range []struct{ n, speaking, want int }{{5, 2, 2}, {1, 2, 1}, {3, 3, 3}, {4, 0, 0}, {0, 2, 0}, {7, 3, 3}} {
		heard := map[int]bool{}
		for at := time.Duration(0); at < time.Minute; at += time.Second {
			now := 0
			for i := range tt.n {
				if speaks(i, tt.n, tt.speaking, at, 5*time.Second) {
					now++
					heard[i] = true
				}
			}
			if now != tt.want {
				t.Fatalf("%d of %d speak at %v, want %d", now, tt.n, at, tt.want)
			}
		}
		if tt.speaking > 0 && len(heard) != tt.n {
			t.Errorf("only %d of %d ever speak", len(heard), tt.n)
		}
	}
}

func TestShown(t *testing.T) {
	for _, tt := range []struct {
		i, k, n, view, self int
		want                []int
	}{
		{0, 0, 5, 3, -1, []int{0, 1, 2}},
		{4, 0, 5, 3, -1, []int{4, 0, 1}},
		{0, 1, 5, 3, -1, []int{3, 4, 0}},
		{2, 0, 5, 9, 2, []int{3, 4, 0, 1}},
		{0, 0, 1, 9, 0, nil},
		{7, 3, 2, 0, -1, nil},
	} {
		if got := shown(tt.i, tt.k, tt.n, tt.view, tt.self); !slices.Equal(got, tt.want) {
			t.Errorf("%+v: %v", tt, got)
		}
	}
}

func TestSequence(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []int // offsets from the start
		want counts
	}{
		"in order":          {[]int{0, 1, 2, 3}, counts{4, 4, 0, 0}},
		"gap":               {[]int{0, 1, 4}, counts{5, 3, 0, 0}},
		"late":              {[]int{0, 2, 1, 3}, counts{4, 4, 1, 0}},
		"twice":             {[]int{0, 1, 1, 2, 0}, counts{3, 3, 0, 2}},
		"late and twice":    {[]int{0, 3, 1, 1}, counts{4, 2 + 1, 1, 1}},
		"before the first":  {[]int{5, 4, 6}, counts{2, 2, 1, 0}},
		"gap of the window": {[]int{0, window + 5, window + 4}, counts{window + 6, 3, 1, 0}},
		"too late":          {[]int{0, 2, window + 2, 1}, counts{window + 3, 3, 0, 1}},
	} {
		for _, start := range []int{0, 1, 63, 1000, 65_530, 65_535} {
			var s sequence
			for _, n := range tt.in {
				s.packet(uint16(start + n))
			}
			if s.counts != tt.want {
				t.Errorf("%s from %d: %+v, want %+v", name, start, s.counts, tt.want)
			}
		}
	}
}

// TestSequenceFindsEveryLoss compares with books that need no tricks.
func TestSequenceFindsEveryLoss(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var s sequence
	kept, moved := uint64(0), 0
	order := []int{0}
	for n := 1; n < 200_000; n++ {
		if n == 199_999 || rng.IntN(20) > 0 {
			order = append(order, n)
		}
	}
	for i := 1; i+2 < len(order); i += 2 + rng.IntN(50) {
		order[i], order[i+1] = order[i+1], order[i]
		moved++
	}
	for _, n := range order {
		s.packet(uint16(n))
		kept++
	}
	if want := (counts{200_000, kept, uint64(moved), 0}); s.counts != want {
		t.Errorf("%+v, want %+v", s.counts, want)
	}
	if s.lost() != 200_000-kept {
		t.Errorf("%d lost, want %d", s.lost(), 200_000-kept)
	}
}

func TestHistogram(t *testing.T) {
	var h histogram
	if h.quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
	for us := range 10_000 {
		h.add(time.Duration(us+1) * time.Microsecond)
	}
	for q, want := range map[float64]time.Duration{0: time.Microsecond, 0.5: 5 * time.Millisecond, 0.99: 9900 * time.Microsecond, 1: 10 * time.Millisecond} {
		if got := h.quantile(q); got < want || float64(got) > float64(want)*1.07 {
			t.Errorf("quantile %v: %v, want %v and at most 7 %% more", q, got, want)
		}
	}
	earlier := h
	h.add(-time.Second)
	h.add(1000 * time.Hour)
	h.minus(&earlier)
	if h.total != 2 || h.quantile(0.5) != time.Microsecond || h.quantile(1) < 9*time.Hour {
		t.Errorf("after minus: %d, %v, %v", h.total, h.quantile(0.5), h.quantile(1))
	}
	for i := range len(h.buckets) - 1 {
		if got := bucketOf(top(i)); i > 0 && got != i {
			t.Fatalf("the top of bucket %d is in %d", i, got)
		}
		if got := bucketOf(top(i) + time.Microsecond); i > 0 && got != i+1 {
			t.Fatalf("what follows bucket %d is in %d", i, got)
		}
	}
}

func TestPulse(t *testing.T) {
	const frame = 66 * time.Millisecond
	steady := slices.Repeat([]time.Duration{frame}, 40)
	for name, tt := range map[string]struct {
		gaps   []time.Duration
		want   uint64
		frozen time.Duration
	}{
		"steady":            {steady, 0, 0},
		"below mean + 150":  {slices.Concat(steady, []time.Duration{215 * time.Millisecond}), 0, 0},
		"mean + 150":        {slices.Concat(steady, []time.Duration{216 * time.Millisecond}), 1, 216 * time.Millisecond},
		"slow, 3 × mean":    {slices.Concat(slices.Repeat([]time.Duration{time.Second}, 30), []time.Duration{2900 * time.Millisecond, 3200 * time.Millisecond}), 3, 5200 * time.Millisecond}, // the first two seem frozen: nothing tells the rhythm yet
		"two":               {slices.Concat(steady, []time.Duration{time.Second, frame, time.Second}), 2, 2 * time.Second},
		"at the start":      {[]time.Duration{frame, 290 * time.Millisecond}, 0, 0},
		"long at the start": {[]time.Duration{300 * time.Millisecond}, 1, 300 * time.Millisecond},
	} {
		var p pulse
		at := time.Hour
		p.frame(at)
		for _, gap := range tt.gaps {
			at += gap
			p.frame(at)
		}
		if p.freezes != tt.want || p.frozen != tt.frozen || p.frames != uint64(len(tt.gaps))+1 {
			t.Errorf("%s: %d freezes of %v, want %d of %v", name, p.freezes, p.frozen, tt.want, tt.frozen)
		}
		if p.stalled(at + frame) {
			t.Errorf("%s: stalled after one frame's time", name)
		}
		if !p.stalled(at + 10*time.Second) {
			t.Errorf("%s: not stalled after 10 s", name)
		}
		p.stop()
		p.frame(at + time.Minute)
		if p.freezes != tt.want || p.stalled(at+time.Minute+frame) {
			t.Errorf("%s: a change of the picture is a freeze", name)
		}
	}
}

const answer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=recvonly\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:1\r\na=ssrc:11 cname:x\r\na=ssrc:11 msid:x\r\na=sendonly\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:2\r\na=ssrc-group:FID 12 13\r\na=ssrc:13 cname:x\r\na=ssrc:12 cname:x\r\na=sendonly\r\n" +
	"m=audio 0 UDP/TLS/RTP/SAVPF 111\r\na=mid:3\r\na=inactive\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:4\r\na=ssrc:14 cname:x\r\na=sendonly\r\n"

func TestSeatStreams(t *testing.T) {
	want := []seatStream{{0, false, 11}, {0, true, 12}, {1, true, 14}}
	if got := seatStreams(answer); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := withoutStreams(answer); strings.Contains(got, "ssrc") || !strings.Contains(got, "a=mid:4") {
		t.Errorf("%q", got)
	}
	if got := seatStreams("v=0\r\n"); got != nil {
		t.Errorf("no m-line: %+v", got)
	}
}

func TestIsRTP(t *testing.T) {
	packet := func(first, second byte) []byte { return append([]byte{first, second}, make([]byte, 10)...) }
	for name, tt := range map[string]struct {
		b    []byte
		want bool
	}{
		"rtp":    {packet(0x90, 96), true},
		"marker": {packet(0x80, 0x80|111), true},
		"rtcp":   {packet(0x80, 200), false},
		"stun":   {packet(0, 1), false},
		"dtls":   {packet(22, 254), false},
		"short":  {packet(0x80, 96)[:11], false},
	} {
		if got := isRTP(tt.b); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestAccount(t *testing.T) {
	a := newAccount()
	a.expect(seatStreams(answer))
	a.want(2)
	a.seated([]protocol.Seat{{Seat: 0, Participant: "p1", Video: true}, {Seat: 1, Participant: "p2", Video: true}})
	buf := make([]byte, maxPayload)
	for n := range 20 {
		at := time.Duration(n+1) * 50 * time.Millisecond
		a.open(12, uint16(n), true, picture{size: 500}.payload(buf, 0, at-5*time.Millisecond), at)
		a.open(11, uint16(n), false, sound(buf, true, at-5*time.Millisecond), at)
	}
	a.sealed([]byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 99}, time.Second) // of no seat
	var got totals
	a.addTo(&got, 1050*time.Millisecond)
	if got.counts != (counts{40, 40, 0, 0}) || got.wanted != 2 || got.shown != 1 || got.strange != 1 || got.freezes != 0 {
		t.Errorf("%+v, wanted %d, shown %d, strange %d, freezes %d", got.counts, got.wanted, got.shown, got.strange, got.freezes)
	}
	if q := quantiles(&got.latency); q.P50 < 5 || q.P99 > 5.4 || q.Samples != 40 {
		t.Errorf("latency %+v, want 5 ms", q)
	}
	if a.firstPacket() != 50*time.Millisecond {
		t.Errorf("first packet at %v", a.firstPacket())
	}
	var stalled totals
	a.addTo(&stalled, 3*time.Second)
	if stalled.freezes != 1 || stalled.frozen != 2*time.Second || stalled.shown != 0 {
		t.Errorf("stalled: %d freezes of %v, %d shown", stalled.freezes, stalled.frozen, stalled.shown)
	}
	a.seated([]protocol.Seat{{Seat: 0, Participant: "p3", Video: true}, {Seat: 1, Participant: "p2", Video: true}})
	var moved totals
	a.addTo(&moved, 3*time.Second)
	if moved.freezes != 0 {
		t.Error("a seat that changes is a freeze")
	}
}

func TestParseMetrics(t *testing.T) {
	before := parseMetrics([]byte("# HELP x y\n# TYPE x counter\nprocess_cpu_seconds_total 1.5\nplenum_a_total{route=\"/a b\",m=\"}\"} 1\nplenum_a_total{route=\"b\"} 2 1700000000\nplenum_now 7\nbad\nbad x\n"))
	if before[metricCPU] != 1.5 || before["plenum_a_total"] != 3 || before["plenum_now"] != 7 || len(before) != 3 {
		t.Errorf("%v", before)
	}
	after := parseMetrics([]byte("plenum_a_total 5\nplenum_b_total 0\nplenum_now 9\ngo_goroutines 1e+02\n"))
	if got := after.counters(before); len(got) != 1 || got["plenum_a_total"] != 2 || after[metricGoroutines] != 100 {
		t.Errorf("rises %v, %v", got, after)
	}
}

func TestParseTarget(t *testing.T) {
	const base = "http://127.0.0.1:8007"
	for _, tt := range []struct{ url, meeting, room, socket string }{
		{base, "", "", ""},
		{base, "/meeting/1.a/", "1.a", base + "/api/v1/rooms/1.a/ws"},
		{base, "https://meet.example.org/meeting/1.b/#host=x", "1.b", "https://meet.example.org/api/v1/rooms/1.b/ws"},
		{base, "https://example.org/under/meeting/1.c", "1.c", "https://example.org/under/api/v1/rooms/1.c/ws"},
	} {
		got, err := parseTarget(tt.url, tt.meeting)
		if err != nil || got.room != tt.room || (tt.socket != "" && got.socketURL() != tt.socket) {
			t.Errorf("%+v: %+v, %v", tt, got, err)
		}
	}
	for _, tt := range [][2]string{{"127.0.0.1:8007", ""}, {"ftp://a", ""}, {"http://", ""}, {base, "/admin/"}, {base, "/meeting/"}, {base, "/meeting/a/b"}, {base, "ftp://a/meeting/b/"}} {
		if got, err := parseTarget(tt[0], tt[1]); err == nil {
			t.Errorf("%v: no error, %+v", tt, got)
		}
	}
}

func TestConfigCheck(t *testing.T) {
	if err := (Config{Publishers: 1}).withDefaults().check(); err != nil {
		t.Errorf("the defaults are refused: %v", err)
	}
	for name, change := range map[string]func(*Config){
		"nobody":      func(c *Config) { c.Publishers = 0 },
		"too many":    func(c *Config) { c.Subscribers = 10_000 },
		"two layers":  func(c *Config) { c.Layers, c.Bitrates = 2, []int{1, 2} },
		"bitrates":    func(c *Config) { c.Bitrates = []int{1} },
		"bitrate":     func(c *Config) { c.Bitrates = []int{1, 2, 0} },
		"fps":         func(c *Config) { c.FPS = 1000 },
		"ramp":        func(c *Config) { c.Ramp = -1 },
		"duration":    func(c *Config) { c.Duration = -1 },
		"seats":       func(c *Config) { c.Seats = -1 },
		"subscribers": func(c *Config) { c.Subscribers = -1 },
	} {
		c := Config{Publishers: 1}.withDefaults()
		change(&c)
		if c.check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTable(t *testing.T) {
	rep := newReport(Config{Publishers: 2, Subscribers: 3, View: 9, Speaking: 2}.withDefaults(), "http://a/meeting/b/")
	from := reading{at: time.Second, own: time.Second, joined: 5, server: metrics{metricCPU: 1, metricRSS: 20 * mib, "plenum_x_total": 1}}
	from.totals.counts = counts{1000, 1000, 0, 0}
	to := reading{at: 11 * time.Second, own: 6 * time.Second, joined: 5, server: metrics{metricCPU: 3, metricRSS: 30 * mib, metricGoroutines: 77, "plenum_x_total": 4}}
	to.totals.counts = counts{11_000, 10_990, 3, 2}
	to.totals.sound = counts{200, 199, 0, 0}
	to.totals.wanted, to.totals.shown, to.totals.freezes = 6, 5, 4
	to.totals.latency.add(2 * time.Millisecond)
	rep.measure(metrics{metricRSS: 10 * mib}, from, to)
	rep.after(metrics{metricRSS: 12 * mib, metricGoroutines: 9})
	rep.Failed, rep.Failures = 1, map[string]int{"no answer": 1}
	if rep.Packets != (Packets{Expected: 10_000, Received: 9990, Lost: 10, LossPercent: 0.1, SoundLoss: 0.5, Reordered: 3, Duplicate: 2}) {
		t.Errorf("packets %+v", rep.Packets)
	}
	if s := rep.Server; s.Cores != 0.2 || s.PercentEach != 4 || s.KiBEach != 4096 || s.MicrosPerPacket < 200 || s.MicrosPerPacket > 201 {
		t.Errorf("server %+v", s)
	}
	if rep.Generator.Cores != 0.5 || rep.Pictures.FreezesPerMinute != 4 {
		t.Errorf("generator %+v, pictures %+v", rep.Generator, rep.Pictures)
	}
	var b strings.Builder
	if err := rep.WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"loss                             0.100 % (10; sound 0.500 %; while joining 0.000 %)\n", "9990 (999 a second)",
		"pictures wanted / moving         6 / 5\n", "0.20 cores, 200.2 µs a packet received, 4.00 % a participant",
		"30 MiB, 10 before, 12 after; 4096 KiB a participant", "plenum_x_total                   +3\n", "1 × no answer",
		"2 publishers, 3 subscribers", "150 500 1500 kbit/s at 15 fps",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, b.String())
		}
	}
}

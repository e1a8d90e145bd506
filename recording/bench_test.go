package recording

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"plenum/recording/webm"
	"plenum/sfu"
	"plenum/sfu/packet"
)

// BenchmarkTwentyTracks records ten cameras of 1 Mbit/s and ten microphones; an
// operation is a second of the meeting. It tells the share of a core that costs.
func BenchmarkTwentyTracks(b *testing.B) {
	l := openLibrary(b, b.TempDir())
	r, err := l.newRecorder(Info{}, &room{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.stopTap = func() {}
	var pool packet.Pool
	type source struct {
		s   sfu.Stream
		seq int64
	}
	var all []*source
	for i := range 10 {
		who := fmt.Sprintf("p%d", i)
		all = append(all,
			&source{s: sfu.Stream{Participant: who, Source: sfu.Camera, Codec: sfu.VP8, ClockRate: 90000, SSRC: uint32(i)}},
			&source{s: sfu.Stream{Participant: who, Source: sfu.Microphone, Codec: sfu.Opus, ClockRate: 48000, SSRC: uint32(100 + i)}})
	}
	send := func(x *source, at time.Time, ts uint32, head []byte, size int, marker bool) {
		p := pool.Get()
		p.Seq, p.Timestamp, p.SSRC, p.Marker, p.Arrival = x.seq, ts, x.s.SSRC, marker, at
		p.Level, p.HasLevel = 40, x.s.Codec == sfu.Opus
		copy(p.Buffer(), head)
		p.SetPayload(0, size)
		x.seq++
		tap{r}.Packet(x.s, p)
	}
	b.ReportAllocs()
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	sec := 0
	for b.Loop() {
		for ms := 0; ms < 1000; ms += 20 {
			now := r.t0.Add(time.Duration(sec)*time.Second + time.Duration(ms)*time.Millisecond)
			for _, x := range all {
				if x.s.Codec == sfu.Opus {
					send(x, now, uint32(x.seq)*960, []byte{0xF8}, 80, true)
					continue
				}
				if ms%40 == 0 { // 25/s, five packets each
					ts := uint32(sec*90000 + ms*90)
					head := []byte{0x10, 1, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 2, 0x68, 1}
					if ms == 0 && sec%10 == 0 {
						head[1] = 0
					}
					send(x, now, ts, head, 1000, false)
					for i := range 4 {
						send(x, now, ts, []byte{0, 1}, 1000, i == 3)
					}
				}
			}
			if ms%60 == 0 {
				for _, t := range r.list() {
					if err := r.work(t, now); err != nil {
						b.Fatal(err)
					}
				}
			}
		}
		sec++
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(cpu.Seconds()/float64(sec)*100, "%core")
	r.begin("host")
	r.finish()
	for _, t := range r.manifest.Tracks {
		if len(t.Gaps) > 0 || t.Stats.Frames == 0 {
			b.Errorf("%+v", t)
		}
	}
	if err := l.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkRepair repairs two hours of a camera of 720 kbit/s.
func BenchmarkRepair(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.webm")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w, err := webm.New(f, webm.Track{Codec: webm.VP8, Width: 1280, Height: 720}, webm.Info{})
	if err != nil {
		b.Fatal(err)
	}
	frame := make([]byte, 3600)
	for i := range 2 * 3600 * 25 {
		if err := w.Write(webm.Frame{Time: time.Duration(i) * 40 * time.Millisecond, Key: i%250 == 0, Data: frame}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	size := w.Size()
	b.SetBytes(size)
	for b.Loop() {
		if err := f.Truncate(size - 1); err != nil { // as a kill leaves it
			b.Fatal(err)
		}
		rep, err := webm.Repair(f, size-1, nil)
		if err != nil || rep.Duration < 2*time.Hour-2*time.Second {
			b.Fatalf("%+v, %v", rep, err)
		}
		size = rep.Size
	}
}

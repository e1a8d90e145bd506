package recording

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"plenum/recording/mediatest"
	"plenum/sfu"
)

// A looped clip is sent again and again as one stream.
type looped struct {
	clip   *mediatest.Clip
	stream sfu.Stream
	seq    int64
	sent   int
}

// step sends the frames that are due.
func (p *looped) step(m *room, since time.Duration) {
	for ; time.Duration(p.sent)*p.clip.Step <= since; p.sent++ {
		f := p.clip.Frames[p.sent%len(p.clip.Frames)]
		for i, payload := range f.Payloads {
			pk := m.pool.Get()
			pk.Seq, pk.SSRC, pk.Arrival = p.seq, p.stream.SSRC, time.Now()
			pk.Timestamp = uint32(int64(p.sent) * int64(p.clip.Step) * int64(p.clip.Rate) / int64(time.Second))
			pk.Marker = p.clip.Rate == 90000 && i == len(f.Payloads)-1
			pk.Level, pk.HasLevel = 40, p.clip.Rate == 48000
			pk.SetPayload(0, copy(pk.Buffer(), payload))
			m.packet(p.stream, pk)
			p.seq++
		}
	}
}

// A hundred voices and twenty cameras of all codecs, in real time: every frame is
// recorded and no queue overflows. PLENUM_SOAK=1 makes it five minutes.
func TestManyTracks(t *testing.T) {
	length := 3 * time.Second
	if os.Getenv("PLENUM_SOAK") != "" {
		length = 5 * time.Minute
	}
	dir := t.TempDir()
	m, l, r := start(t, dir)
	var all []*looped
	add := func(n int, s sfu.Source, names ...string) {
		for i := range n {
			clip := mediatest.Load(t, names[i%len(names)])
			who := fmt.Sprintf("p%d", i+1)
			r.Participant(who, who)
			all = append(all, &looped{clip: clip, stream: sfu.Stream{
				Participant: who, Source: s, Codec: clip.Codec, ClockRate: clip.Rate, SSRC: uint32(len(all) + 1),
			}})
		}
	}
	add(100, sfu.Microphone, "opus", "red")
	add(20, sfu.Camera, "vp8", "vp9", "vp9 svc", "av1", "h264")
	var before, after syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	begin := time.Now()
	for time.Since(begin) < length {
		for _, p := range all {
			p.step(m, time.Since(begin))
		}
		time.Sleep(5 * time.Millisecond) // the pace of senders, not a wait for anything
	}
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	man, err := r.Stop(context.WithoutCancel(t.Context()), "host")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(man.Tracks) != len(all) || man.State != StateReady || m.pool.Outstanding() != 0 {
		t.Errorf("%d tracks, %s, %+v, %d packets kept", len(man.Tracks), man.State, man.Problems, m.pool.Outstanding())
	}
	var packets int64
	for _, p := range all {
		tr := trackOf(t, man, p.stream.Participant, p.stream.Source)
		packets += p.seq
		// What was said before the recording's zero by the network's clock is left out.
		if missing := int64(p.sent) - tr.Stats.Frames; missing > 1 || tr.Stats.Packets != p.seq || tr.Stats.DroppedFrames > 1 || len(tr.Gaps) > 0 {
			t.Errorf("%s: %d frames and %d packets sent, %+v, gaps %+v", tr.Path, p.sent, p.seq, tr.Stats, tr.Gaps)
		}
	}
	t.Logf("%v: %d packets to %d tracks took %.1f %% of a core, sending included", length, packets, len(all), 100*cpu.Seconds()/length.Seconds())
}

package recording

import (
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"plenum/sfu"
	"plenum/sfu/packet"
)

// gate is a disk that can stop answering.
type gate struct{ shut atomic.Pointer[chan struct{}] }

func (g *gate) wait() {
	if c := g.shut.Load(); c != nil {
		<-*c
	}
}

// slowFile is a file behind a gate.
type slowFile struct {
	trackFile
	gate *gate
}

func (f slowFile) WriteAt(p []byte, off int64) (int, error) {
	f.gate.wait()
	return f.trackFile.WriteAt(p, off)
}

func (f slowFile) Datasync() error {
	f.gate.wait()
	return f.trackFile.Datasync()
}

func TestSlowDisk(t *testing.T) {
	dir := t.TempDir()
	video, sound := load(t, bars), load(t, tone)
	var man Manifest
	var cam, mic *publisher
	synctest.Test(t, func(t *testing.T) {
		l := openLibrary(t, dir)
		l.cfg.QueueLen = 400
		g := &gate{}
		l.create = func(dir *os.Root, name string) (trackFile, error) {
			f, err := createFile(dir, name)
			return slowFile{f, g}, err
		}
		m := &room{}
		r, err := l.Start(t.Context(), Info{Room: "weekly"}, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		cam, mic = m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0)
		play(4*time.Second, cam, mic)
		shut := make(chan struct{})
		g.shut.Store(&shut)
		before := time.Now()
		play(20*time.Second, cam, mic) // a tap that waits for the disk would wait for ever
		if took := time.Since(before); took > 20*time.Second+10*time.Millisecond {
			t.Errorf("20 s of packets took %v", took)
		}
		if n := m.pool.Outstanding(); n > 2*400+200 {
			t.Errorf("%d packets held behind a slow disk", n)
		}
		g.shut.Store(nil)
		close(shut)
		play(4*time.Second, cam, mic)
		man = stopAs(t, StateDegraded, m, l, r)
	})
	for _, p := range []*publisher{cam, mic} {
		tr := trackOf(t, man, "p1", p.stream.Source)
		if len(tr.Gaps) != 1 || tr.Gaps[0].Reason != GapSlowDisk || us(tr.Gaps[0].ToUS) < 24*time.Second {
			t.Errorf("%s: gaps %+v", tr.Path, tr.Gaps)
		}
		if got := us(tr.StartUS + tr.DurationUS); !near(got, 28*time.Second, 200*time.Millisecond) {
			t.Errorf("%s ends at %v", tr.Path, got)
		}
		readBack(t, pathOf(dir, man, tr), p)
		accept(t, pathOf(dir, man, tr))
	}
}

// tightFile is a file on a disk with little room.
type tightFile struct {
	trackFile
	room *atomic.Int64
	size *atomic.Int64
}

func (f tightFile) WriteAt(p []byte, off int64) (int, error) {
	grow := max(0, off+int64(len(p))-f.size.Load())
	if grow > f.room.Load() {
		fits := int64(len(p)) - grow + f.room.Load()
		_, _ = f.trackFile.WriteAt(p[:fits], off)
		f.size.Add(f.room.Load())
		f.room.Store(0)
		return int(fits), &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	f.room.Add(-grow)
	f.size.Add(grow)
	return f.trackFile.WriteAt(p, off)
}

func (f tightFile) Truncate(size int64) error {
	f.room.Add(f.size.Load() - size)
	f.size.Store(size)
	return f.trackFile.Truncate(size)
}

func TestDiskFills(t *testing.T) {
	dir := t.TempDir()
	video, sound := load(t, bars), load(t, tone)
	var man Manifest
	var cam, mic *publisher
	synctest.Test(t, func(t *testing.T) {
		l := openLibrary(t, dir)
		var room atomic.Int64
		room.Store(600_000)
		l.create = func(dir *os.Root, name string) (trackFile, error) {
			f, err := createFile(dir, name)
			return tightFile{f, &room, &atomic.Int64{}}, err
		}
		var ended []string
		m := &roomOf{}
		r, err := l.Start(t.Context(), Info{Room: "weekly"}, &m.room, func(reason string) { ended = append(ended, reason) })
		if err != nil {
			t.Fatal(err)
		}
		cam, mic = m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0)
		play(20*time.Second, cam, mic)
		synctest.Wait()
		if len(ended) != 1 || ended[0] != stopDiskFull {
			t.Errorf("ended for %v", ended)
		}
		man = stopAs(t, StateDegraded, &m.room, l, r)
	})
	if man.StopReason != stopDiskFull {
		t.Errorf("stopped for %q", man.StopReason)
	}
	for _, p := range []*publisher{cam, mic} {
		tr := trackOf(t, man, "p1", p.stream.Source)
		if tr.State != TrackFinal || us(tr.StartUS+tr.DurationUS) < us(man.DurationUS)-2500*time.Millisecond {
			t.Errorf("%s: %s, %v of %v", tr.Path, tr.State, us(tr.DurationUS), us(man.DurationUS))
		}
		readBack(t, pathOf(dir, man, tr), p)
		if got := accept(t, pathOf(dir, man, tr)); !near(got, us(tr.DurationUS), 20*time.Millisecond) {
			t.Errorf("%s: ffprobe says %v, the manifest %v", tr.Path, got, us(tr.DurationUS))
		}
	}
}

// roomOf is a room with a name of its own where "room" means space.
type roomOf struct{ room }

func TestDiskGuard(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := Open(t.Context(), Config{Dir: dir, MinFree: 100, StopFree: 50}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		var free atomic.Int64
		l.free = func(string) (int64, error) { return free.Load(), nil }
		free.Store(99)
		if _, err := l.Start(t.Context(), Info{Room: "r"}, &room{}, nil); !errors.Is(err, ErrNoSpace) {
			t.Errorf("Start on a full disk: %v", err)
		}
		free.Store(100)
		ended := make(chan string, 1)
		r, err := l.Start(t.Context(), Info{Room: "r"}, &room{}, func(reason string) { ended <- reason })
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		free.Store(49)
		if why := <-ended; why != stopDiskFull {
			t.Errorf("ended for %q", why)
		}
		if got := time.Since(r.t0); got > 11*time.Second {
			t.Errorf("noticed after %v", got)
		}
		man, err := r.Stop(t.Context(), "host")
		if err != nil || man.StopReason != stopDiskFull || man.State != StateDegraded {
			t.Errorf("%+v, %v", man, err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// A track whose file can't be made leaves the others alone.
func TestOneFileFails(t *testing.T) {
	dir := t.TempDir()
	sound := load(t, tone)
	synctest.Test(t, func(t *testing.T) {
		l := openLibrary(t, dir)
		tries := 0
		l.create = func(dir *os.Root, name string) (trackFile, error) {
			if tries++; tries == 1 {
				return nil, syscall.EMFILE
			}
			return createFile(dir, name)
		}
		m := &room{}
		r, err := l.Start(t.Context(), Info{}, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		a, b := m.publish(sound, "p1", sfu.Microphone, 0), m.publish(sound, "p2", sfu.Microphone, 0)
		play(3*time.Second, a, b)
		if man := stopAs(t, StateDegraded, m, l, r); len(man.Tracks) != 1 || tries != 2 {
			t.Errorf("%d tries, tracks %+v", tries, man.Tracks)
		}
	})
}

func TestOverflow(t *testing.T) {
	var pool packet.Pool
	q := queue{limit: 3}
	for range 5 {
		q.push(item{p: pool.Get()})
	}
	q.push(item{change: &change{}})
	items, over := q.take(nil)
	if len(items) != 4 || !over || pool.Outstanding() != 3 {
		t.Errorf("%d items, overflow %v, %d packets", len(items), over, pool.Outstanding())
	}
	for _, it := range items[:3] {
		it.p.Release()
	}
	q.push(item{p: pool.Get()})
	items, over = q.take(items)
	if len(items) != 1 || over {
		t.Errorf("then %d items, overflow %v", len(items), over)
	}
	items[0].p.Release()
	q.close()
	q.push(item{p: pool.Get()})
	if n := pool.Outstanding(); n != 0 {
		t.Errorf("%d packets kept by a closed queue", n)
	}
}

// BenchmarkTrack is what a packet costs from the tap to the file.
func BenchmarkTrack(b *testing.B) {
	l := openLibrary(b, b.TempDir())
	r, err := l.newRecorder(Info{}, &room{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	r.stopTap = func() {}
	var pool packet.Pool
	s := sfu.Stream{Participant: "p1", Source: sfu.Microphone, Codec: sfu.Opus, ClockRate: 48000, SSRC: 1}
	seq := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		p := pool.Get()
		now := r.t0.Add(time.Duration(seq) * 20 * time.Millisecond)
		p.Seq, p.Timestamp, p.Arrival = seq, uint32(seq)*960, now
		p.SetPayload(0, 80)
		p.Buffer()[0] = 0xF8
		tap{r}.Packet(s, p)
		if seq++; seq%50 == 0 {
			if err := r.work(r.track(slot{key{"p1", sfu.Microphone}, sfu.Opus}), now); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
	r.begin("host")
	r.finish()
	if err := l.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
}

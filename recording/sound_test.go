package recording

import (
	"context"
	"errors"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"plenum/sfu"
)

// A disk that stops answering is told while it does.
func TestFrozenDiskIsTold(t *testing.T) {
	dir := t.TempDir()
	sound := load(t, tone)
	synctest.Test(t, func(t *testing.T) {
		l := openLibrary(t, dir)
		g := &gate{}
		l.create = func(dir *os.Root, name string) (trackFile, error) {
			f, err := createFile(dir, name)
			return slowFile{f, g}, err
		}
		m, heard := &room{}, &alarms{}
		r, err := l.Start(t.Context(), Info{Alarm: heard.hear}, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		mic := m.publish(sound, "p1", sfu.Microphone, 0)
		play(4*time.Second, mic)
		shut := make(chan struct{})
		g.shut.Store(&shut)
		play(8*time.Second, mic)
		if got := heard.list(); !slices.Equal(got, []Alarm{{Kind: AlarmSlowDisk, On: true}}) {
			t.Errorf("while it is frozen: %+v", got)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.Stop(gone, "host"); !errors.Is(err, context.Canceled) {
			t.Errorf("stopping waits for the disk: %v", err)
		}
		if _, err := l.List(Filter{}); err != nil {
			t.Error(err)
		}
		g.shut.Store(nil)
		close(shut)
		stop(t, m, l, r) // 8 s fit into the queue: nothing is lost
	})
}

// hush sends packets with a level in place of a clip's.
func hush(m *room, level uint8, step int, s sfu.Stream, payload []byte) {
	pk := m.pool.Get()
	pk.Seq, pk.Timestamp, pk.SSRC, pk.Arrival = int64(step), uint32(step)*960, s.SSRC, time.Now()
	pk.Level, pk.HasLevel = level, true
	pk.SetPayload(0, copy(pk.Buffer(), payload))
	m.packet(s, pk)
}

func TestSilentMicrophone(t *testing.T) {
	silent := func(on bool) Alarm {
		return Alarm{Kind: AlarmSilent, On: on, Participant: "p1", Source: sfu.Microphone}
	}
	for name, tt := range map[string]struct {
		level  func(sec int) (uint8, bool) // false: no packet
		mute   int                         // the second it is muted in; 0 is never
		length int
		alarms []Alarm
		want   State
	}{
		"speaks":                    {func(int) (uint8, bool) { return 40, true }, 0, 40, nil, StateReady},
		"a quiet room":              {func(int) (uint8, bool) { return 120, true }, 0, 40, nil, StateReady},
		"says something, then nods": {func(s int) (uint8, bool) { return map[bool]uint8{true: 30, false: quiet}[s < 3], true }, 0, 40, nil, StateReady},
		"digital silence":           {func(int) (uint8, bool) { return quiet, true }, 0, 40, []Alarm{silent(true)}, StateDegraded},
		"nothing comes":             {func(int) (uint8, bool) { return 0, false }, 0, 40, []Alarm{silent(true)}, StateDegraded},
		"heard at last":             {func(s int) (uint8, bool) { return map[bool]uint8{true: quiet, false: 30}[s < 20], true }, 0, 40, []Alarm{silent(true), silent(false)}, StateReady},
		"muted at last":             {func(int) (uint8, bool) { return quiet, true }, 18, 40, []Alarm{silent(true), silent(false)}, StateReady},
		"muted in time":             {func(int) (uint8, bool) { return quiet, true }, 10, 40, nil, StateReady},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				l, m, heard := openLibrary(t, dir), &room{}, &alarms{}
				r, err := l.Start(t.Context(), Info{Alarm: heard.hear}, m, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Source("p1", sfu.Microphone, true, false)
				s := sfu.Stream{Participant: "p1", Source: sfu.Microphone, Codec: sfu.Opus, ClockRate: 48000, SSRC: 1}
				for i := range tt.length * 50 {
					if sec := i / 50; tt.mute > 0 && sec == tt.mute && i%50 == 0 {
						r.Source("p1", sfu.Microphone, true, true)
					}
					if level, ok := tt.level(i / 50); ok {
						hush(m, level, i, s, []byte{0xF8, 1, 2, 3, 4, 5, 6, 7, 8, 9})
					}
					time.Sleep(20 * time.Millisecond)
				}
				synctest.Wait()
				if got := heard.list(); !slices.Equal(got, tt.alarms) {
					t.Errorf("alarms %+v, want %+v", got, tt.alarms)
				}
				stopAs(t, tt.want, m, l, r)
			})
		})
	}
}

// The journal tells how loud everybody was.
func TestLevelsAreWritten(t *testing.T) {
	dir := t.TempDir()
	var id string
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		id = r.ID()
		s := sfu.Stream{Participant: "p1", Source: sfu.Microphone, Codec: sfu.Opus, ClockRate: 48000, SSRC: 1}
		for i := range 25 * 50 {
			hush(m, uint8(20+i/50), i, s, []byte{0xF8, 1, 2, 3})
			time.Sleep(20 * time.Millisecond)
		}
		stop(t, m, l, r)
	})
	got := map[int]byte{}
	for _, e := range readEvents(t, dir, id) {
		if e.Kind != evLevels {
			continue
		}
		if len(e.Levels) > levelBatch || e.Participant != "p1" {
			t.Errorf("%+v", e)
		}
		for i, v := range e.Levels {
			got[int(e.FromUS/100_000)+i] = v
		}
	}
	for step, want := range map[int]byte{0: 20, 15: 21, 101: 30, 249: 44} {
		if got[step] != want {
			t.Errorf("at %d00 ms the level is %d, want %d", step, got[step], want)
		}
	}
}

func TestLevels(t *testing.T) {
	var v levels
	for _, x := range []struct {
		at    time.Duration
		level byte
	}{{250 * time.Millisecond, 40}, {280 * time.Millisecond, 30}, {550 * time.Millisecond, 50}, {100 * time.Millisecond, 1}} {
		if _, batch := v.note(x.at, x.level); batch != nil {
			t.Errorf("a batch at %v", x.at)
		}
	}
	from, batch := v.note(11*time.Second, 60)
	if from != 200*time.Millisecond || !slices.Equal(batch, []byte{30, quiet, quiet, 50}) {
		t.Errorf("%v from %v", batch, from)
	}
	if from, batch = v.take(); from != 11*time.Second || len(batch) != 1 {
		t.Errorf("then %v from %v", batch, from)
	}
}

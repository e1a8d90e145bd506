package recording_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"plenum/recording"
	"plenum/recording/mediatest"
	"plenum/recording/webm"
	"plenum/signaling/protocol"
	"plenum/test/program"
)

const (
	// mostApart and mostDrift are the bars: how far sound and picture of one
	// moment may be apart, and how they may drift, ppm.
	mostApart = 40 * time.Millisecond
	mostDrift = 50
	// settling is how long the recorder may take to know a sender's clocks.
	settling = 5 * time.Second
	// judgedFrom is from where on a drift is more than the wobble of the times.
	judgedFrom = time.Minute
)

// TestSkewedClocks records people whose sound and picture run on clocks that are
// 500 ppm off, each its own way. PLENUM_CLOCK_SECONDS makes it longer.
func TestSkewedClocks(t *testing.T) {
	sound, image := mediatest.Load(t, "opus"), mediatest.Load(t, "vp8")
	length := 20 * time.Second
	if text := os.Getenv("PLENUM_CLOCK_SECONDS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		length = time.Duration(n) * time.Second
	}
	data := t.TempDir()
	s := program.StartOn(t, program.Build(t), data, "--log-level", "error")
	room := reserve(t, s, "automatic")
	actors := map[string]*actor{}
	for name, skew := range map[string][2]float64{"even": {}, "fast sound": {500, -500}, "slow sound": {-500, 500}} {
		a := act(t, s, room, role{name: name, sound: sound, image: image, skew: skew})
		actors[a.id] = a
	}
	time.Sleep(length) // what is recorded
	end(t, s, room)
	for _, a := range actors {
		a.leave()
	}
	m := settled(t, s, room)
	folder := filepath.Join(data, "recordings")
	medians := map[protocol.Source][]time.Duration{}
	for id, a := range actors {
		drifts := map[protocol.Source]float64{}
		own := map[protocol.Source]time.Duration{}
		for _, tr := range m.Tracks {
			if tr.Participant != id {
				continue
			}
			source := protocol.Source(tr.Source)
			late := a.lateness(t, filepath.Join(folder, m.ID, tr.Path), m, tr)
			own[source], drifts[source] = judge(late)
			medians[source] = append(medians[source], own[source])
			t.Logf("%s, %s: %d frames, %v behind their making, drift %.1f ppm", a.name, source, len(late), own[source].Round(100*time.Microsecond), drifts[source])
			if length >= judgedFrom && math.Abs(drifts[source]) > mostDrift {
				t.Errorf("%s: the %s drifts by %.1f ppm", a.name, source, drifts[source])
			}
		}
		if apart := own[protocol.Camera] - own[protocol.Microphone]; len(own) != 2 || apart.Abs() > mostApart {
			t.Errorf("%s: picture and sound are %v apart: %v", a.name, apart, own)
		}
	}
	for source, all := range medians {
		if apart := slices.Max(all) - slices.Min(all); apart > 60*time.Millisecond {
			t.Errorf("the %ss of different people are %v apart", source, apart)
		}
	}
}

// A made is a frame that was sent: which of its clip, and when it was made.
type made struct {
	number int
	at     time.Time
}

// A late is how much later than it was made a frame is in the recording.
type late struct{ at, by time.Duration }

// lateness compares a file's frames with what the actor sent.
func (a *actor) lateness(t *testing.T, path string, m recording.Manifest, tr recording.Track) []late {
	t.Helper()
	clip := map[bool]*mediatest.Clip{true: a.image, false: a.sound}[tr.Width > 0]
	sent := a.ledger(clip)
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := webm.NewReader(f, st.Size())
	if err != nil {
		t.Fatal(err)
	}
	var all []late
	for b := range r.Blocks() {
		data, err := r.Data(b)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Duration(tr.StartUS)*time.Microsecond + b.Time
		n, best := clip.Number(data), time.Hour
		for _, s := range sent {
			if by := at - s.at.Sub(m.T0); s.number == n && by.Abs() < best.Abs() {
				best = by
			}
		}
		if n >= 0 && at > settling {
			all = append(all, late{at, best})
		}
	}
	if len(all) < 100 {
		t.Fatal(fmt.Errorf("%s: %d frames of ours", path, len(all)))
	}
	return all
}

// judge returns the median lateness and its slope in ppm.
func judge(all []late) (median time.Duration, ppm float64) {
	var mx, my, xx, xy float64
	by := make([]time.Duration, 0, len(all))
	for _, l := range all {
		mx, my = mx+l.at.Seconds(), my+l.by.Seconds()
		by = append(by, l.by)
	}
	mx, my = mx/float64(len(all)), my/float64(len(all))
	for _, l := range all {
		dx := l.at.Seconds() - mx
		xx, xy = xx+dx*dx, xy+dx*(l.by.Seconds()-my)
	}
	slices.Sort(by)
	return by[len(by)/2], xy / xx * 1e6
}

package sfu

import (
	"testing"
	"time"

	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// lives sends frames on layers of a camera, each so far apart and until so
// long, and returns which count as live at the end.
func lives(every, until [maxLayers]time.Duration, end time.Duration) (live [maxLayers]bool) {
	src := &source{kind: Camera}
	src.set(func() { src.on = true })
	began := time.Unix(1000, 0)
	for i := range src.layers {
		if every[i] == 0 {
			continue
		}
		l := newLayer(src, transport.Track{}, Stream{Source: Camera, Layer: i, ClockRate: 90000}, codec.VP8Video)
		src.layers[i].Store(l)
		for at := time.Duration(0); at <= until[i]; at += every[i] {
			p := &packet.Packet{Marker: true, Arrival: began.Add(at)}
			l.lastSeen.Store(p.Arrival.UnixNano())
			l.step(p)
		}
	}
	for i := range src.layers {
		if l := src.layers[i].Load(); l != nil {
			live[i] = l.live(began.Add(end))
		}
	}
	return live
}

func TestALayerThatOthersOutliveIsNotLive(t *testing.T) {
	const s, ms = time.Second, time.Millisecond
	for name, tt := range map[string]struct {
		every, until [maxLayers]time.Duration
		end          time.Duration
		want         [maxLayers]bool
	}{
		"all go on":            {[3]time.Duration{50 * ms, 50 * ms, 50 * ms}, [3]time.Duration{5 * s, 5 * s, 5 * s}, 5 * s, [3]bool{true, true, true}},
		"the largest stopped":  {[3]time.Duration{50 * ms, 50 * ms, 50 * ms}, [3]time.Duration{5 * s, 5 * s, 4500 * ms}, 5 * s, [3]bool{true, true, false}},
		"a moment ago":         {[3]time.Duration{50 * ms, 50 * ms, 50 * ms}, [3]time.Duration{5 * s, 5 * s, 4800 * ms}, 5 * s, [3]bool{true, true, true}},
		"few frames a second":  {[3]time.Duration{50 * ms, 250 * ms, 0}, [3]time.Duration{5 * s, 4500 * ms}, 5 * s, [3]bool{true, true, false}},
		"nothing comes at all": {[3]time.Duration{50 * ms, 50 * ms, 0}, [3]time.Duration{4 * s, 4 * s}, 5 * s, [3]bool{true, true, false}},
		"for long":             {[3]time.Duration{50 * ms, 50 * ms, 0}, [3]time.Duration{3 * s, 3 * s}, 5 * s, [3]bool{false, false, false}},
		"one alone":            {[3]time.Duration{0, 50 * ms, 0}, [3]time.Duration{0, 1 * s}, 5 * s, [3]bool{false, true, false}},
	} {
		if got := lives(tt.every, tt.until, tt.end); got != tt.want {
			t.Errorf("%s: live are %v, want %v", name, got, tt.want)
		}
	}
}

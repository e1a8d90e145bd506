package sfu

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// film sends 25 frames a second of 1000 bytes, and every two seconds a keyframe
// of 25 such packets, until the test ends.
func film(t *testing.T, track *webrtc.TrackLocalStaticRTP) (keyframes *atomic.Int64) {
	t.Helper()
	keyframes = &atomic.Int64{}
	stop, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { close(stop); <-ended })
	go func() {
		defer close(ended)
		tick := time.NewTicker(40 * time.Millisecond)
		defer tick.Stop()
		var seq, frame uint16
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			packets := 1
			if frame%50 == 0 {
				packets = 25
				keyframes.Add(1)
			}
			for i := range packets {
				payload := append(vp8(frame%50 == 0, [2]uint16{640, 360}, frame), make([]byte, 985)...)
				if i > 0 {
					payload[0] &^= 0x10 // not the first packet of its frame
				}
				_ = track.WriteRTP(&rtp.Packet{
					Header:  rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: uint32(frame) * 3600, Marker: i == packets-1},
					Payload: payload,
				})
				seq++
			}
			frame++
		}
	}()
	return keyframes
}

// dropped is how many packets a queue of 100 ms at 800 kbit/s has no place for
// while four keyframes come, the link's limit being known.
func dropped(t *testing.T, unpaced bool) int {
	t.Helper()
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	link := newNarrow(t, 800_000, 100*time.Millisecond)
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 2, link: link})
	ann.p.down.mu.Lock()
	ann.p.down.unpaced = unpaced
	ann.p.down.mu.Unlock()
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
	bo.p.SetSource(Camera, true, false)
	keyframes := film(t, bo.video)
	eventually(t, "bo's picture", func() bool { return len(ann.videoOn(0)) > 0 })
	eventually(t, "the link's limit to be found", func() bool {
		ann.p.down.mu.Lock()
		defer ann.p.down.mu.Unlock()
		return ann.p.down.bounded && ann.p.down.est.Pace(0) > 0
	})
	link.set(800_000)
	from := keyframes.Load()
	eventually(t, "keyframes", func() bool { return keyframes.Load() >= from+4 })
	_, lost := link.waited()
	return lost
}

// A keyframe is longer than the queue of a narrow link.
func TestKeyframesArePacedOnANarrowLink(t *testing.T) {
	t.Parallel()
	paced, burst := dropped(t, false), dropped(t, true)
	t.Logf("%d packets dropped with pacing, %d without", paced, burst)
	if burst == 0 {
		t.Skip("the link took the bursts: nothing to compare")
	}
	if paced*2 > burst {
		t.Errorf("%d packets dropped with pacing, %d without; want at most half", paced, burst)
	}
}

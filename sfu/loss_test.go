package sfu

import (
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"plenum/sfu/packet"
	"plenum/sfu/repair"
)

// lossyLink counts the RTP that comes to a page and loses some of it.
type lossyLink struct {
	loss    float64
	rng     *rand.Rand
	packets atomic.Int64
	bytes   atomic.Int64
}

// drops sees every datagram; only RTP is counted and lost (RFC 7983), so that
// the handshake is none of this test's business.
func (l *lossyLink) drops(d []byte) bool {
	if len(d) < 12 || d[0]>>6 != 2 || d[1]&0x7f >= 64 && d[1]&0x7f < 96 {
		return false
	}
	l.packets.Add(1)
	l.bytes.Add(int64(len(d)))
	return l.rng.Float64() < l.loss
}

// askAgain sends what a browser would ask for again, until the test ends. It
// keeps books as we do ourselves: Pion's own generator does not see what RTX
// brings and asks for it over and over.
func (c *client) askAgain(seat int) {
	ssrc := c.videoSSRC(seat)
	stop, ended := make(chan struct{}), make(chan struct{})
	c.t.Cleanup(func() { close(stop); <-ended })
	go func() {
		defer close(ended)
		missing := repair.NewMissing(repair.MissingConfig{})
		var unwrap packet.Unwrapper
		seen := 0
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-stop:
				tick.Stop()
				return
			case now := <-tick.C:
				got := c.videoOn(seat)
				for _, p := range got[seen:] {
					missing.Received(unwrap.Unwrap(p.SequenceNumber), now)
				}
				seen = len(got)
				var numbers []uint16
				for _, seq := range missing.Due(now, defaultRoundTrip) {
					numbers = append(numbers, uint16(seq))
				}
				if len(numbers) > 0 { // refused only while the connection closes
					_ = c.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)}})
				}
			}
		}
	}()
}

// wireOverhead is how many bytes a packet has beside its payload: RTP header with one
// CSRC and one extension, and the tag.
const wireOverhead = 12 + 4 + 8 + 16

// mediaBytes is what was forwarded, as it looks on the wire.
func mediaBytes(s *SFU) int64 {
	st := s.Stats()
	return int64(st.ForwardedBytes + wireOverhead*st.Forwarded)
}

// What is sent stays close to what must be sent: the media, and each lost
// packet again until it arrives.
func TestRepairCostsLittleMoreThanWhatIsLost(t *testing.T) {
	for _, loss := range []float64{0.01, 0.05, 0.10, 0.20} {
		t.Run(fmt.Sprintf("%.0f %%", 100*loss), func(t *testing.T) {
			t.Parallel()
			// The estimate may hold the picture back: at 20 % on a busy machine it does.
			s, w := newSFUWith(t, Config{Unbounded: true}), newWatcher()
			r := s.NewRoom("r", w)
			t.Cleanup(r.Close)
			l := &lossyLink{loss: loss, rng: rand.New(rand.NewPCG(1, uint64(1000*loss)))}
			ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1, link: newLossy(t, 100_000_000, time.Second, l.drops)})
			bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
			(&feed{track: bo.video, video: true, size: [2]uint16{640, 360}, step: 900, filler: 600}).run(t)
			bo.p.SetSource(Camera, true, false)
			eventually(t, "bo's picture", func() bool { return len(ann.videoOn(0)) > 0 })
			ann.askAgain(0)
			eventually(t, "enough packets", func() bool { return s.Stats().Forwarded > 1000 })
			eventually(t, "the last repairs", func() bool { return len(ann.videoOn(0)) > 1000 })

			ratio := float64(l.bytes.Load()) / float64(mediaBytes(s))
			bar := 1.05 + 1.3*loss/(1-loss)
			first, unique := ann.videoOn(0)[0].SequenceNumber, map[uint16]bool{}
			var newest uint16
			for _, p := range ann.videoOn(0) {
				newest = max(newest, p.SequenceNumber-first)
				unique[p.SequenceNumber] = true
			}
			left := 1 - float64(len(unique))/float64(newest+1)
			t.Logf("sent/media %.3f, bar %.3f; %.2f %% never came", ratio, bar, 100*left)
			if ratio > bar {
				t.Errorf("sent/media is %.3f, want at most %.3f", ratio, bar)
			}
			if left > 0.02 {
				t.Errorf("%.1f %% never came", 100*left)
			}
		})
	}
}

func TestANarrowLinkIsNotFilledWithRepairs(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	l := &lossyLink{rng: rand.New(rand.NewPCG(1, 2))}
	view := []Tile{{Participant: "bo", Source: Camera, Height: 720}}
	ann := join(t, r, w, "ann", 1, view, clientOptions{seats: 2, link: newLossy(t, 800_000, 300*time.Millisecond, l.drops)})
	simulcastFeeds(t, join(t, r, w, "bo", 2, nil, clientOptions{seats: 1, simulcast: true}))
	eventually(t, "bo's picture", func() bool { return len(ann.videoOn(0)) > 0 })
	ann.askAgain(0)
	eventually(t, "enough packets", func() bool { return s.Stats().Forwarded > 1200 })
	if ratio := float64(l.bytes.Load()) / float64(mediaBytes(s)); ratio > 1.3 {
		t.Errorf("sent/media is %.2f at 800 kbit/s, want at most 1.3", ratio)
	} else {
		t.Logf("sent/media %.2f", ratio)
	}
}

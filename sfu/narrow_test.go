package sfu

import (
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
)

// narrow is a socket behind a bottleneck: what it receives waits in a queue
// that is emptied at a bit rate and holds so much time.
type narrow struct {
	net.PacketConn
	depth time.Duration
	drops func(datagram []byte) bool // sees all that comes; nil loses nothing

	mu    sync.Mutex // guards what follows
	rate  int        // bit/s
	free  time.Time  // when the queue is empty
	longs []time.Duration
	lost  int

	queue  chan datagram // closed by read
	closed chan struct{}
	once   sync.Once
}

type datagram struct {
	at   time.Time
	data []byte
	from net.Addr
}

// newNarrow opens a socket on loopback that receives at most rate bit/s.
func newNarrow(t *testing.T, rate int, depth time.Duration) *narrow {
	t.Helper()
	return newLossy(t, rate, depth, nil)
}

// newLossy is newNarrow with losses.
func newLossy(t *testing.T, rate int, depth time.Duration, drops func([]byte) bool) *narrow {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	n := &narrow{PacketConn: conn, depth: depth, drops: drops, rate: rate, queue: make(chan datagram, 4096), closed: make(chan struct{})}
	go n.read()
	return n
}

// read takes packets off the socket and puts them into the queue, until it closes.
func (n *narrow) read() {
	defer close(n.queue)
	buf := make([]byte, 2048)
	for {
		size, from, err := n.PacketConn.ReadFrom(buf)
		if err != nil {
			return
		}
		if n.drops != nil && n.drops(buf[:size]) {
			continue
		}
		if at, ok := n.enter(size + 28); ok {
			select {
			case n.queue <- datagram{at: at, data: slices.Clone(buf[:size]), from: from}:
			case <-n.closed:
				return
			}
		}
	}
}

// enter returns when a packet leaves the queue, or false if it does not fit.
func (n *narrow) enter(bytes int) (time.Time, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	now := time.Now()
	if n.free.Before(now) {
		n.free = now
	}
	wait := n.free.Sub(now)
	if wait > n.depth {
		n.lost++
		return now, false
	}
	n.longs = append(n.longs, wait)
	n.free = n.free.Add(time.Duration(bytes) * 8 * time.Second / time.Duration(n.rate))
	return n.free, true
}

func (n *narrow) set(rate int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.rate, n.longs, n.lost = rate, nil, 0
}

// waited returns the median time in the queue since the rate was set, and how
// many packets it had no place for.
func (n *narrow) waited() (median time.Duration, lost int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	sorted := slices.Sorted(slices.Values(n.longs))
	if len(sorted) == 0 {
		return 0, n.lost
	}
	return sorted[len(sorted)/2], n.lost
}

// ReadFrom waits for a packet's time to leave the queue.
func (n *narrow) ReadFrom(b []byte) (int, net.Addr, error) {
	d, ok := <-n.queue
	if !ok {
		return 0, nil, net.ErrClosed
	}
	select {
	case <-time.After(time.Until(d.at)):
		return copy(b, d.data), d.from, nil
	case <-n.closed:
		return 0, nil, os.ErrClosed
	}
}

func (n *narrow) Close() error {
	n.once.Do(func() { close(n.closed) })
	return n.PacketConn.Close()
}

// feedback makes a page give transport-wide feedback, as browsers do.
func feedback(t *testing.T, m *webrtc.MediaEngine, r *interceptor.Registry) {
	t.Helper()
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: sdp.TransportCCURI}, kind))
		m.RegisterFeedback(webrtc.RTCPFeedback{Type: webrtc.TypeRTCPFBTransportCC}, kind)
	}
	sender, err := twcc.NewSenderInterceptor(twcc.SendInterval(50 * time.Millisecond))
	must(t, err)
	r.Add(sender)
}

// Three layers of about 130, 370 and 950 kbit/s on the wire.
func simulcastFeeds(t *testing.T, c *client) {
	t.Helper()
	for i, l := range c.layers {
		height := uint16(180 << i)
		(&feed{
			track: l, video: true, size: [2]uint16{height * 16 / 9, height}, step: 900, filler: []int{90, 390, 1100}[i],
			ext: map[uint8][]byte{
				c.extension(Camera, sdp.SDESMidURI):         []byte("1"),
				c.extension(Camera, sdp.SDESRTPStreamIDURI): []byte(l.RID()),
			},
		}).run(t)
	}
	c.p.SetSource(Camera, true, false)
}

func TestLayerFollowsTheLink(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	link := newNarrow(t, 5_000_000, 300*time.Millisecond)
	ann := join(t, r, w, "ann", 1, []Tile{{Participant: "bo", Source: Camera, Height: 720}}, clientOptions{seats: 2, link: link})
	simulcastFeeds(t, join(t, r, w, "bo", 2, nil, clientOptions{seats: 1, simulcast: true}))
	became := func(layer int) func() bool {
		return func() bool {
			r.mu.Lock()
			defer r.mu.Unlock()
			l := ann.p.seats[0].video.playing()
			return l != nil && l.stream.Layer == layer
		}
	}
	for _, step := range []struct{ rate, layer int }{{5_000_000, 2}, {300_000, 0}, {5_000_000, 2}} {
		link.set(step.rate)
		began := time.Now()
		eventually(t, "the layer the link carries", became(step.layer))
		took := time.Since(began)
		wait, lost := link.waited()
		t.Logf("at %d bit/s layer %d after %v; estimate %d, median queue %v, %d dropped",
			step.rate, step.layer, took.Round(time.Millisecond), s.Stats().EstimatedBits, wait.Round(time.Millisecond), lost)
	}
	if st := s.Stats(); st.Estimated != 1 || st.Padded == 0 {
		t.Errorf("%d estimates and %d bytes of padding, want one and some", st.Estimated, st.Padded)
	}
	forward(t, ann.videoOn(0))
}

// forward checks that numbers only rise, and timestamps never fall.
func forward(t *testing.T, packets []rtp.Packet) {
	t.Helper()
	for i, p := range packets[1:] {
		last := packets[i]
		if int16(p.SequenceNumber-last.SequenceNumber) <= 0 || int32(p.Timestamp-last.Timestamp) < 0 {
			t.Fatalf("packet %d at %d followed %d at %d", p.SequenceNumber, p.Timestamp, last.SequenceNumber, last.Timestamp)
		}
	}
}

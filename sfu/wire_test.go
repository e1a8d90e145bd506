package sfu

import (
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// wire is a transport that keeps what goes over it.
type wire struct {
	nowhere
	sent  []*paper // the pictures of its seats
	heard []*paper // their sound

	mu        sync.Mutex
	keyframes int // asked for
}

func (w *wire) AskKeyframe(uint32) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keyframes++
}

func (w *wire) asked() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.keyframes
}

// paper is a sender that writes down what it is given.
type paper struct {
	sink
	can codec.Set // that the page can decode

	mu       sync.Mutex
	headers  []transport.Header
	payloads [][]byte
	pads     []transport.Header
}

func (s *paper) Codecs() codec.Set { return s.can }

func (s *paper) Write(h transport.Header, payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.headers, s.payloads = append(s.headers, h), append(s.payloads, slices.Clone(payload))
}

func (s *paper) Pad(h transport.Header, _ int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pads = append(s.pads, h)
}

func (s *paper) written() []transport.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.headers
}

type wires struct {
	seats int
	can   codec.Set // what pages can decode; everything if empty
}

func (f wires) New(ev transport.Events, _ *slog.Logger) (transport.Conn, error) {
	w := &wire{nowhere: nowhere{events: ev}}
	for range f.seats {
		can := f.can
		if can == 0 {
			can = ^codec.Set(0)
		}
		audio, video := &paper{can: can}, &paper{can: can}
		w.sent, w.heard = append(w.sent, video), append(w.heard, audio)
		w.seats = append(w.seats, transport.Seat{Audio: audio, Video: video})
	}
	return w, nil
}

// still is a room whose own goroutine has ended, so that a test says when it
// plans. Its participants have one seat, and are up as soon as they are in.
type still struct {
	t *testing.T
	w *watcher
	*Room
}

func newStill(t *testing.T) still {
	t.Helper()
	w := newWatcher()
	s := &SFU{
		cfg: Config{}.withDefaults(), log: slog.New(slog.DiscardHandler), media: media{conns: wires{seats: 1}}, pool: &packet.Pool{}, turns: newTurns(),
		rooms: map[*Room]struct{}{},
	}
	s.codecs = kindsOf(s.cfg.VideoCodecs)
	r := s.NewRoom("still", w)
	r.stop()
	<-r.done
	t.Cleanup(func() {
		r.Close()
		if n := s.Stats().Outstanding; n != 0 {
			t.Errorf("%d packets were never released", n)
		}
	})
	return still{t: t, w: w, Room: r}
}

func (r still) enter(id string, number uint32, view ...Tile) (*Participant, *wire) {
	r.t.Helper()
	p, _, err := r.Join(r.t.Context(), Entry{
		ID: id, Number: number, View: view, Sources: map[string]Source{"0": Microphone, "1": Camera},
	})
	must(r.t, err)
	p.StateChanged(transport.Up)
	return p, p.conn.(*wire) //nolint:forcetypeassert // made by wires
}

// frame is one frame of a camera in one packet.
func (r still) frame(seq uint16, key bool) *packet.Packet {
	p := r.sfu.pool.Get()
	p.SetPayload(0, copy(p.Buffer(), vp8(key, [2]uint16{640, 360}, seq)))
	p.Timestamp, p.Marker, p.Arrival = uint32(seq)*3000, true, time.Now()
	return p
}

// shoot sends one frame.
func (r still) shoot(to transport.Receiver, seq uint16, key bool) {
	to.Packet(r.frame(seq, key), seq)
	to.Flush(nil)
}

// camera turns a participant's camera on.
func (r still) camera(p *Participant) transport.Receiver {
	p.SetSource(Camera, true, false)
	return p.Incoming(transport.Track{Mid: "1", SSRC: p.number, Mime: "video/VP8", ClockRate: 90000})
}

func fromCSRC(headers []transport.Header, number uint32) (n int) {
	for _, h := range headers {
		if h.CSRC == number {
			n++
		}
	}
	return n
}

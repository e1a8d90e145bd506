// Package transporttest holds every transport to the contract of package
// transport. The other side is a real Pion peer over loopback.
package transporttest

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// A Rig is a transport to be tested.
type Rig struct {
	New  func(ev transport.Events, log *slog.Logger) (transport.Conn, error)
	Pool *packet.Pool // whose packets the transport hands out
	// Close closes what New needs; every connection is closed by then.
	Close func() error
}

// patience bounds every wait; it is no measurement.
const patience = 20 * time.Second

// eventually polls until ok or patience is over.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("timed out waiting for: %s", what)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A Kind is what sort of peer the suite is run with.
type Kind struct {
	Name string
	// HMAC lets the peer know no AES-GCM; TCP no UDP; Both UDP and TCP.
	HMAC, TCP, Both bool
}

// Kinds are all sorts of peers a transport must serve.
var Kinds = []Kind{{Name: "gcm"}, {Name: "hmac", HMAC: true}, {Name: "tcp", TCP: true}}

// Run runs the suite. Each test opens a rig of its own and closes it.
func Run(t *testing.T, open func(t *testing.T) Rig) {
	t.Helper()
	for _, kind := range Kinds {
		for name, test := range map[string]func(t *testing.T, m *meeting){
			"sound and pictures come in":         testIncoming,
			"seats carry sound and pictures":     testOutgoing,
			"numbers roll over coming in":        testRolloverIn,
			"numbers roll over going out":        testRolloverOut,
			"lost packets are asked for again":   testNackUpstream,
			"lost packets are sent again":        testNackDownstream,
			"sound is sent again as it was":      testSoundAgain,
			"packets recovered by RTX":           testRepaired,
			"reports go both ways":               testReports,
			"arrivals are told both ways":        testArrivals,
			"streams of nobody are not told":     testUnknownStream,
			"closing in the middle of it":        testCloseInTraffic,
			"foreign payload types are dropped":  testForeignType,
			"a seat switches formats":            testFormatsOut,
			"a publisher switches formats":       testFormatsIn,
			"padding is no payload":              testPadding,
			"an ICE restart changes no sequence": testRestart,
		} {
			t.Run(kind.Name+"/"+name, func(t *testing.T) {
				m := begin(t, open(t), kind, client{})
				test(t, m)
			})
		}
		t.Run(kind.Name+"/simulcast encodings", func(t *testing.T) {
			testSimulcast(t, begin(t, open(t), kind, client{simulcast: true}))
		})
	}
	t.Run("late, twice, forged and mixed with noise", func(t *testing.T) {
		testBadWire(t, begin(t, open(t), Kinds[0], client{wire: newWire(t)}))
	})
	t.Run("copies from elsewhere move nothing", func(t *testing.T) {
		testCopies(t, begin(t, open(t), Kinds[0], client{wire: newWire(t)}))
	})
	t.Run("UDP is blocked in the middle of it", func(t *testing.T) {
		testBlocked(t, begin(t, open(t), Kind{Both: true}, client{wire: newWire(t)}))
	})
	t.Run("an offer that can't be answered", func(t *testing.T) { testBadOffer(t, open(t)) })
}

// testIncoming publishes a microphone and a camera.
func testIncoming(t *testing.T, m *meeting) {
	mic, cam := m.page.senders[0], m.page.senders[1]
	for n := range 20 {
		must(t, mic.write(uint16(n), []byte{0xf8, byte(n)}, map[string][]byte{uriLevel: {0x80 | 20}}))
		must(t, cam.write(uint16(n), []byte{0x10, byte(n)}, nil))
	}
	sound := m.stream(t, mic.ssrc())
	picture := m.stream(t, cam.ssrc())
	eventually(t, "all packets", func() bool { return sound.count() >= 15 && picture.count() >= 15 })
	if k := sound.track; k.Mime != "audio/opus" || k.ClockRate != 48000 || k.Mid != mic.mid() || k.LevelID == 0 {
		t.Errorf("the microphone is told as %+v", k)
	}
	if k := picture.track; k.Mime != "video/VP8" || k.ClockRate != 90000 || k.Mid != cam.mid() || k.Layer != 0 || k.RID != "" {
		t.Errorf("the camera is told as %+v", k)
	}
	for _, p := range sound.all() {
		if len(p.payload) != 2 || p.payload[1] != byte(p.seq) || len(p.level) != 1 || p.level[0] != 0x80|20 || p.repaired {
			t.Errorf("a packet of sound came as %+v", p)
		}
		if p.arrival.IsZero() || p.timestamp != uint32(p.seq)*100 {
			t.Errorf("a packet of sound came at %v with timestamp %d", p.arrival, p.timestamp)
		}
	}
}

func testSimulcast(t *testing.T, m *meeting) {
	seen := map[string]int{}
	for n := range 30 {
		for _, e := range m.page.encodings {
			must(t, e.write(uint16(n), []byte{0x10, byte(n)}, map[string][]byte{
				uriMid: []byte(m.page.senders[1].mid()), uriRID: []byte(e.rid),
			}))
		}
		time.Sleep(time.Millisecond) // pacing: Pion looks at the first packets of a stream one by one
	}
	eventually(t, "three encodings", func() bool {
		for _, s := range m.streams() {
			seen[s.track.RID] = s.track.Layer
		}
		return len(seen) == 3
	})
	if seen["q"] != 0 || seen["h"] != 1 || seen["f"] != 2 {
		t.Errorf("encodings are on layers %v", seen)
	}
	for _, s := range m.streams() {
		if s.track.Mid != m.page.senders[1].mid() {
			t.Errorf("encoding %s is told on m-line %s", s.track.RID, s.track.Mid)
		}
	}
}

func testOutgoing(t *testing.T, m *meeting) {
	seats := m.conn.Seats()
	if len(seats) != seatCount {
		t.Fatalf("%d seats, want %d", len(seats), seatCount)
	}
	if !m.conn.Numbered() {
		t.Error("the page wants transport-wide numbers, and it is not told")
	}
	for i, seat := range seats {
		for n := range uint16(20) {
			h := transport.Header{Seq: 100*uint16(i) + n, Timestamp: uint32(n) * 7, Marker: n%2 == 0, CSRC: uint32(i + 5)}
			seat.Audio.Write(h, []byte{1, byte(i), byte(n)})
			seat.Video.Write(h, []byte{2, byte(i), byte(n)})
		}
	}
	for i := range seats {
		for kind, label := range map[webrtc.RTPCodecType]byte{webrtc.RTPCodecTypeAudio: 1, webrtc.RTPCodecTypeVideo: 2} {
			eventually(t, "a seat's packets", func() bool { return len(m.page.on(i, kind)) == 20 })
			for n, p := range m.page.on(i, kind) {
				h := p.Header
				if !slices.Equal(p.Payload, []byte{label, byte(i), byte(n)}) || h.SequenceNumber != uint16(100*i+n) ||
					h.Timestamp != uint32(n)*7 || h.Marker != (n%2 == 0) || !slices.Equal(h.CSRC, []uint32{uint32(i + 5)}) {
					t.Errorf("seat %d: packet %d came as %v %v", i, n, h, p.Payload)
				}
			}
		}
	}
}

// starts are the numbers every wraparound test begins at.
var starts = []uint16{0, 30000, 65500}

// step leaps through the numbers as far as a receiver can follow, so that a
// rollover takes few packets.
const step = 4093

func testRolloverIn(t *testing.T, m *meeting) {
	cam := m.page.senders[1]
	const packets = 3 * 65536 / step
	for n := range packets {
		must(t, cam.write(starts[1]+uint16(n*step), []byte{0x10, byte(n)}, nil))
		if n == 0 {
			m.stream(t, cam.ssrc())
		}
	}
	s := m.stream(t, cam.ssrc())
	eventually(t, "packets after three rollovers", func() bool { return s.count() >= packets-2 })
	for _, p := range s.all() {
		if n := int(p.payload[1]); p.seq != starts[1]+uint16(n*step) {
			t.Errorf("packet %d came as number %d", n, p.seq)
		}
	}
}

func testRolloverOut(t *testing.T, m *meeting) {
	const packets = 3 * 65536 / step
	for i, start := range []uint16{starts[0], starts[1]} {
		for n := range packets {
			m.conn.Seats()[i].Video.Write(transport.Header{Seq: start + uint16(n*step)}, []byte{0x10, byte(n)})
		}
		eventually(t, "packets after three rollovers", func() bool { return len(m.page.on(i, video)) == packets })
		for n, p := range m.page.on(i, video) {
			if p.SequenceNumber != start+uint16(n*step) || p.Payload[1] != byte(n) {
				t.Errorf("packet %d came as %v", n, p.Header)
			}
		}
	}
}

func testUnknownStream(t *testing.T, m *meeting) {
	cam := m.page.senders[1]
	must(t, cam.write(1, []byte{0x10, 1}, nil))
	m.stream(t, cam.ssrc())
	for n := range 10 { // no m-line and no declared SSRC
		must(t, cam.writeAs(424242, 96, uint16(n), []byte{0x10, byte(n)}))
	}
	for n := range 10 {
		must(t, cam.write(uint16(n+2), []byte{0x10, byte(n)}, nil))
	}
	eventually(t, "the rest of the camera", func() bool { return m.stream(t, cam.ssrc()).count() >= 10 })
	for _, s := range m.streams() {
		if s.track.SSRC == 424242 {
			t.Errorf("a stream of nobody was told: %+v", s.track)
		}
	}
}

func testForeignType(t *testing.T, m *meeting) {
	cam := m.page.senders[1]
	must(t, cam.write(1, []byte{0x10, 1}, nil))
	s := m.stream(t, cam.ssrc())
	for n, pt := range []uint8{0, 50, 111, 97} {
		must(t, cam.writeAs(cam.ssrc(), pt, uint16(100+n), []byte("foreign")))
	}
	for n := range 10 {
		must(t, cam.write(uint16(200+n), []byte{0x10, byte(n)}, nil))
	}
	eventually(t, "what follows", func() bool { return s.count() >= 11 })
	for _, p := range s.all() {
		if string(p.payload) == "foreign" {
			t.Errorf("number %d was taken", p.seq)
		}
	}
}

func testPadding(t *testing.T, m *meeting) {
	seat := m.conn.Seats()[0].Video
	seat.Write(transport.Header{Seq: 1, Timestamp: 9}, []byte{0x10, 1})
	seat.Pad(transport.Header{Seq: 2, Timestamp: 9}, 200)
	seat.Write(transport.Header{Seq: 3, Timestamp: 10, Fill: 40}, []byte{0x10, 3})
	seat.Write(transport.Header{Seq: 4, Timestamp: 11}, []byte{0x10, 4})
	eventually(t, "what comes after padding", func() bool {
		return slices.ContainsFunc(m.page.on(0, video), func(p got) bool { return p.SequenceNumber == 4 })
	})
	for _, p := range m.page.on(0, video) {
		if p.SequenceNumber == 3 && len(p.Payload) != 2 {
			t.Errorf("a filled packet has a payload of %d bytes", len(p.Payload))
		}
		if p.SequenceNumber == 2 && len(p.Payload) != 0 {
			t.Errorf("padding has a payload of %d bytes", len(p.Payload))
		}
	}
}

func testRestart(t *testing.T, m *meeting) {
	seat, cam := m.conn.Seats()[0].Video, m.page.senders[1]
	seat.Write(transport.Header{Seq: 1}, []byte{0x10, 1})
	must(t, cam.write(1, []byte{0x10, 1}, nil))
	eventually(t, "the first packet", func() bool { return len(m.page.on(0, video)) == 1 })
	before := m.stream(t, cam.ssrc())
	m.page.restart(t, m.conn)
	seq := uint16(1)
	eventually(t, "packets both ways after it", func() bool {
		seq++
		seat.Write(transport.Header{Seq: seq}, []byte{0x10, byte(seq)})
		must(t, cam.write(seq, []byte{0x10, byte(seq)}, nil))
		return len(m.page.on(0, video)) > 10 && before.count() > 10
	})
	if n := len(m.streams()); n != 1 {
		t.Errorf("the camera was told %d times", n)
	}
}

func testCloseInTraffic(t *testing.T, m *meeting) {
	cam := m.page.senders[1]
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := uint16(0); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			_ = cam.write(n, []byte{0x10, byte(n)}, nil)
			m.conn.Seats()[0].Video.Write(transport.Header{Seq: n}, []byte{0x10, byte(n)})
		}
	}()
	s := m.stream(t, cam.ssrc())
	eventually(t, "traffic", func() bool { return s.count() > 50 && len(m.page.on(0, video)) > 50 })
	must(t, m.conn.Close())
	n := s.count()
	for range 200 { // what is written now goes nowhere
		m.conn.Seats()[0].Video.Write(transport.Header{Seq: 1}, []byte{0x10})
		m.conn.AskKeyframe(cam.ssrc())
	}
	close(stop)
	<-ended
	if after := s.count(); after != n {
		t.Errorf("%d packets were told after Close", after-n)
	}
}

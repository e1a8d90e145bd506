package transporttest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/transport"
)

func testNackUpstream(t *testing.T, m *meeting) {
	cam := m.page.senders[1]
	must(t, cam.write(1, []byte{0x10, 1}, nil))
	m.stream(t, cam.ssrc())
	m.conn.Nack(cam.ssrc(), []int64{65536 + 7, 65536 + 9, 65536 + 600})
	m.conn.AskKeyframe(cam.ssrc())
	var seqs []uint16
	keyframe := false
	eventually(t, "both requests", func() bool {
		seqs, keyframe = nil, false
		for _, p := range cam.heard() {
			switch p := p.(type) {
			case *rtcp.TransportLayerNack:
				for _, pair := range p.Nacks {
					seqs = append(seqs, pair.PacketList()...)
				}
			case *rtcp.PictureLossIndication:
				keyframe = keyframe || p.MediaSSRC == cam.ssrc()
			}
		}
		return keyframe && len(seqs) == 3
	})
	if !slices.Equal(seqs, []uint16{7, 9, 600}) {
		t.Errorf("asked for %v", seqs)
	}
}

func testNackDownstream(t *testing.T, m *meeting) {
	seat := m.conn.Seats()[0].Video
	h := transport.Header{Seq: 41, Timestamp: 12345, Marker: true, CSRC: 3}
	seat.Write(h, []byte("original"))
	eventually(t, "the packet", func() bool { return len(m.page.on(0, video)) == 1 })
	ssrc := m.page.on(0, video)[0].SSRC
	must(t, m.page.pc.WriteRTCP([]rtcp.Packet{
		&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: []rtcp.NackPair{{PacketID: 41, LostPackets: 0b101}}},
		&rtcp.PictureLossIndication{MediaSSRC: ssrc},
		&rtcp.FullIntraRequest{MediaSSRC: ssrc, FIR: []rtcp.FIREntry{{SSRC: ssrc}}},
	}))
	f := m.feedback[0]
	eventually(t, "the requests", func() bool { return len(f.asked()) == 3 && f.keyframes.Load() == 2 })
	if got := f.asked(); !slices.Equal(got, []uint16{41, 42, 44}) {
		t.Errorf("the subscriber asked for %v", got)
	}
	if n := seat.Resend(h, []byte("original")); n < len("original") {
		t.Errorf("sending again sent %d bytes", n)
	}
	var again []got // Pion hands out what came by RTX when something else comes
	next := h.Seq
	eventually(t, "the packet to come again", func() bool {
		next++
		seat.Write(transport.Header{Seq: next}, []byte("another"))
		again = slices.DeleteFunc(m.page.on(0, video), func(p got) bool { return p.SequenceNumber != 41 })
		return len(again) == 2
	})
	if p := again[1]; p.Timestamp != 12345 || !p.Marker || string(p.Payload) != "original" {
		t.Errorf("it came again as %v %q", p.Header, p.Payload)
	}
}

// testSoundAgain asks for a packet of a stream that has no RTX: it comes again
// as it was, transport-wide number included.
func testSoundAgain(t *testing.T, m *meeting) {
	seat := m.conn.Seats()[0].Audio
	payload := []byte("sound")
	h := transport.Header{Seq: 100, Timestamp: 48, Marker: true, CSRC: 3}
	seat.Write(h, payload)
	eventually(t, "the packet", func() bool { return len(m.page.on(0, webrtc.RTPCodecTypeAudio)) >= 1 })
	if n := seat.Resend(h, payload); n != 0 {
		t.Errorf("%d bytes went again of a packet that nobody kept", n)
	}
	h.Seq, h.Timestamp = 101, 96
	seat.Write(h, payload)
	h.Timestamp = 1000 // whatever is said now, it is the first one that goes
	if n := seat.Resend(h, []byte("other")); n < len(payload) {
		t.Errorf("sending again sent %d bytes", n)
	}
	if n := seat.Resend(transport.Header{Seq: 90}, payload); n != 0 {
		t.Errorf("%d bytes went of a packet that never was", n)
	}
	seat.Write(transport.Header{Seq: 102, Timestamp: 144}, payload)
	eventually(t, "all packets", func() bool { return len(m.page.on(0, webrtc.RTPCodecTypeAudio)) >= 3 })
	for _, p := range m.page.on(0, webrtc.RTPCodecTypeAudio) {
		if p.SequenceNumber == 101 && (p.Timestamp != 96 || string(p.Payload) != "sound") {
			t.Errorf("it came again as %v %q", p.Header, p.Payload)
		}
	}
}

func testRepaired(t *testing.T, m *meeting) {
	cam := m.page.senders[1]
	must(t, cam.write(1, []byte{0x10, 1}, nil))
	s := m.stream(t, cam.ssrc())
	// Again and again: Pion takes RTX only when it has seen the codec.
	seq := uint16(0)
	eventually(t, "a recovered packet", func() bool {
		seq++
		must(t, cam.write(seq+1, []byte{0x10, byte(seq)}, nil))
		must(t, cam.writeAs(cam.rtx(), 97, seq, []byte{0x12, 0x34, 'l', 'o', 's', 't'}))
		return slices.ContainsFunc(s.all(), func(p seen) bool { return p.repaired })
	})
	for _, p := range s.all() {
		if p.repaired && (p.seq != 0x1234 || string(p.payload) != "lost" || p.ssrc != cam.ssrc() || p.payloadType != 96) {
			t.Errorf("a recovered packet came as %+v", p)
		}
	}
}

func testReports(t *testing.T, m *meeting) {
	cam, seat := m.page.senders[1], m.conn.Seats()[0].Video
	must(t, cam.write(1, []byte{0x10, 1}, nil))
	s := m.stream(t, cam.ssrc())
	must(t, m.page.pc.WriteRTCP([]rtcp.Packet{&rtcp.SenderReport{SSRC: cam.ssrc(), NTPTime: 77 << 32, RTPTime: 99}}))
	eventually(t, "the publisher's report", func() bool { return s.report.Load() == 77<<32+99 })
	m.conn.ReceiverReport([]transport.Block{{
		SSRC: cam.ssrc(), FractionLost: 64, CumulativeLost: 5, HighestSeq: 1 << 17, Jitter: 6, LSR: 7, DLSR: 8,
	}})
	eventually(t, "our report to the publisher", func() bool {
		return slices.ContainsFunc(cam.heard(), func(p rtcp.Packet) bool {
			r, ok := p.(*rtcp.ReceiverReport)
			return ok && len(r.Reports) == 1 && r.Reports[0] == rtcp.ReceptionReport{
				SSRC: cam.ssrc(), FractionLost: 64, TotalLost: 5, LastSequenceNumber: 1 << 17, Jitter: 6, LastSenderReport: 7, Delay: 8,
			}
		})
	})
	seat.Write(transport.Header{Seq: 1}, []byte("12345"))
	eventually(t, "a seat's packet", func() bool { return len(m.page.on(0, video)) == 1 })
	ssrc := m.page.on(0, video)[0].SSRC
	eventually(t, "our report to the subscriber", func() bool {
		seat.Report(5<<32, 1000)
		return slices.ContainsFunc(m.page.reports(), func(r rtcp.SenderReport) bool {
			return r.SSRC == ssrc && r.NTPTime == 5<<32 && r.RTPTime == 1000 && r.PacketCount == 1 && r.OctetCount == 5
		})
	})
	lsr := transport.MiddleNTP(time.Now().Add(-100 * time.Millisecond))
	must(t, m.page.pc.WriteRTCP([]rtcp.Packet{&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{
		{SSRC: ssrc, FractionLost: 128, LastSenderReport: lsr},
	}}}))
	f := m.feedback[0]
	eventually(t, "the round trip and the loss", func() bool { return f.trip.Load() > 0 && f.lost() == 0.5 })
	if d := time.Duration(f.trip.Load()); d < 90*time.Millisecond || d > 5*time.Second {
		t.Errorf("a round trip of %v", d)
	}
}

func testArrivals(t *testing.T, m *meeting) {
	cam, seat := m.page.senders[1], m.conn.Seats()[0].Video
	n := uint16(0)
	eventually(t, "the publisher to be told", func() bool {
		n++
		must(t, cam.write(n, []byte{0x10, byte(n)}, map[string][]byte{uriWide: {byte(n >> 8), byte(n)}}))
		return slices.ContainsFunc(cam.heardAnywhere(m.page), func(p rtcp.Packet) bool {
			r, ok := p.(*rtcp.TransportLayerCC)
			return ok && r.PacketStatusCount > 3
		})
	})
	seq := uint16(0)
	eventually(t, "the subscriber to tell", func() bool {
		seq++
		seat.Write(transport.Header{Seq: seq}, []byte{0x10, byte(seq)})
		return m.arrivals() > 5
	})
	if sent := m.sent.Load(); sent < int64(seq) {
		t.Errorf("%d packets were numbered of %d", sent, seq)
	}
}

// testBadWire lets the way from the page be as bad as it gets.
func testBadWire(t *testing.T, m *meeting) {
	cam, wire := m.page.senders[1], m.page.wire
	must(t, cam.write(64990, []byte{0x10, 0}, nil))
	s := m.stream(t, cam.ssrc())
	wire.bad.Store(true)
	packets, first := 2000, 65000
	for n := 1; n < packets; n++ {
		must(t, cam.write(uint16(first+n), []byte{0x10, byte(n), byte(n >> 8)}, nil))
		if n%100 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	wire.bad.Store(false)
	wire.release()
	eventually(t, "most packets", func() bool { return s.count() > packets/2 })
	before := s.count()
	must(t, cam.write(uint16(first+packets), []byte{0x10, 1, 2}, nil))
	eventually(t, "the way to be good again", func() bool { return s.count() > before })
	times := map[uint16]int{}
	for _, p := range s.all() {
		times[p.seq]++
		if times[p.seq] > 1 {
			t.Fatalf("number %d was taken twice", p.seq)
		}
		if len(p.payload) == 3 && p.seq != uint16(first+packets) && p.seq != uint16(first+int(p.payload[1])+int(p.payload[2])<<8) {
			t.Fatalf("number %d says %v", p.seq, p.payload)
		}
	}
}

// testCopies lets somebody else send what the page sent.
func testCopies(t *testing.T, m *meeting) {
	cam, seat := m.page.senders[1], m.conn.Seats()[0].Video
	must(t, cam.write(1, []byte{0x10, 1}, nil))
	s := m.stream(t, cam.ssrc())
	m.page.wire.copies.Store(true)
	for n := range uint16(300) {
		must(t, cam.write(n+2, []byte{0x10, byte(n)}, nil))
		seat.Write(transport.Header{Seq: n}, []byte{0x10, byte(n)})
		if n%20 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	eventually(t, "packets both ways", func() bool { return s.count() >= 295 && len(m.page.on(0, video)) >= 295 })
	times := map[uint16]int{}
	for _, p := range s.all() {
		if times[p.seq]++; times[p.seq] > 1 {
			t.Fatalf("number %d was taken twice", p.seq)
		}
	}
	if n := m.page.wire.strange.Load(); n != 0 {
		t.Errorf("%d packets went to somebody else", n)
	}
}

// testBlocked lets a page that was up by UDP go on by TCP.
func testBlocked(t *testing.T, m *meeting) {
	cam, seat := m.page.senders[1], m.conn.Seats()[0].Video
	must(t, cam.write(1, []byte{0x10, 1}, nil))
	s := m.stream(t, cam.ssrc())
	seat.Write(transport.Header{Seq: 1}, []byte{0x10, 1})
	eventually(t, "a packet", func() bool { return len(m.page.on(0, video)) == 1 })
	m.page.wire.blocked.Store(true)
	m.page.restart(t, m.conn)
	seq := uint16(1)
	eventually(t, "packets both ways by TCP", func() bool {
		seq++
		seat.Write(transport.Header{Seq: seq}, []byte{0x10, byte(seq)})
		_ = cam.write(seq, []byte{0x10, byte(seq)}, nil)
		return len(m.page.on(0, video)) > 20 && s.count() > 20
	})
	if n := len(m.streams()); n != 1 {
		t.Errorf("the camera was told %d times", n)
	}
}

func testBadOffer(t *testing.T, r Rig) {
	t.Cleanup(func() { must(t, r.Close()) })
	e := newEars()
	c, err := r.New(e, quiet)
	must(t, err)
	for _, offer := range []string{"", "v=0\r\n", "nonsense"} {
		if _, err := c.Answer(t.Context(), offer); !errors.Is(err, transport.ErrBadOffer) {
			t.Errorf("%q gave %v", offer, err)
		}
	}
	must(t, c.Close())
}

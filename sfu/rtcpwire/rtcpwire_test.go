package rtcpwire

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"plenum/sfu/bandwidth"
	"plenum/sfu/transport"
)

// note writes down what a parser says.
type note struct {
	said     []string
	arrivals []bandwidth.Arrival
}

func (n *note) say(format string, args ...any) { n.said = append(n.said, fmt.Sprintf(format, args...)) }

func (n *note) SenderReport(ssrc uint32, ntp uint64, ts uint32) { n.say("sr %d %d %d", ssrc, ntp, ts) }
func (n *note) Report(r Report)                                 { n.say("report %+v", r) }
func (n *note) Nack(ssrc uint32, seqs []uint16)                 { n.say("nack %d %v", ssrc, seqs) }
func (n *note) KeyframeWanted(ssrc uint32)                      { n.say("key %d", ssrc) }
func (n *note) ReferenceTime(ssrc uint32, ntp uint64)           { n.say("time %d %d", ssrc, ntp) }
func (n *note) Arrived(a []bandwidth.Arrival)                   { n.arrivals = slices.Clone(a) }

func marshal(t *testing.T, p ...rtcp.Packet) []byte {
	t.Helper()
	b, err := rtcp.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParsesWhatPionWrites(t *testing.T) {
	b := marshal(t,
		&rtcp.SenderReport{SSRC: 5, NTPTime: 6 << 32, RTPTime: 7, Reports: []rtcp.ReceptionReport{
			{SSRC: 8, FractionLost: 9, LastSenderReport: 10, Delay: 11},
		}},
		&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 12, LastSenderReport: 1}, {SSRC: 13}}},
		&rtcp.SourceDescription{Chunks: []rtcp.SourceDescriptionChunk{{Source: 5, Items: []rtcp.SourceDescriptionItem{{Type: rtcp.SDESCNAME, Text: "me"}}}}},
		&rtcp.TransportLayerNack{MediaSSRC: 14, Nacks: []rtcp.NackPair{{PacketID: 65535, LostPackets: 0b10}, {PacketID: 50}}},
		&rtcp.PictureLossIndication{MediaSSRC: 15},
		&rtcp.FullIntraRequest{MediaSSRC: 1, FIR: []rtcp.FIREntry{{SSRC: 16}, {SSRC: 17}}},
		&rtcp.ReceiverEstimatedMaximumBitrate{Bitrate: 1e6, SSRCs: []uint32{1}},
		&rtcp.ExtendedReport{SenderSSRC: 18, Reports: []rtcp.ReportBlock{
			&rtcp.DLRRReportBlock{Reports: []rtcp.DLRRReport{{SSRC: 1}}}, &rtcp.ReceiverReferenceTimeReportBlock{NTPTimestamp: 19 << 32},
		}},
		&rtcp.Goodbye{Sources: []uint32{5}},
	)
	want := []string{
		"sr 5 25769803776 7", "report {SSRC:8 FractionLost:9 LSR:10 DLSR:11}", "report {SSRC:12 FractionLost:0 LSR:1 DLSR:0}",
		"report {SSRC:13 FractionLost:0 LSR:0 DLSR:0}", "nack 14 [65535 1 50]", "key 15", "key 16", "key 17",
		"time 18 81604378624",
	}
	var p Parser
	var n note
	if !p.Parse(b, &n) || !slices.Equal(n.said, want) {
		t.Errorf("got %q", n.said)
	}
	for cut := range len(b) { // no prefix may do harm, and none but whole packets is well formed
		var n note
		if ok := p.Parse(b[:cut:cut], &n); ok && cut%4 != 0 {
			t.Errorf("%d of %d bytes are well formed", cut, len(b))
		}
	}
}

// What answers a reference time is read by Pion as it was meant.
func TestPionReadsTheAnswerToAReferenceTime(t *testing.T) {
	packets, err := rtcp.Unmarshal(AppendDLRR(nil, 7, 0x1122_3344_5566_7788))
	if err != nil || len(packets) != 1 {
		t.Fatal(packets, err)
	}
	x, ok := packets[0].(*rtcp.ExtendedReport)
	if !ok || len(x.Reports) != 1 {
		t.Fatalf("got %v", packets[0])
	}
	d, ok := x.Reports[0].(*rtcp.DLRRReportBlock)
	if !ok || len(d.Reports) != 1 || d.Reports[0] != (rtcp.DLRRReport{SSRC: 7, LastRR: 0x3344_5566}) {
		t.Errorf("got %v", x.Reports[0])
	}
}

// Transport-wide feedback with every kind of chunk says what was put in.
func TestArrivals(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		base := uint16(random.Uint32())
		f := &rtcp.TransportLayerCC{BaseSequenceNumber: base, ReferenceTime: random.Uint32() & 0xFFFFFF}
		at := time.Duration(f.ReferenceTime) * 64 * time.Millisecond
		var want []bandwidth.Arrival
		push := func(symbol uint16) {
			a := bandwidth.Arrival{Number: base + uint16(len(want))}
			if symbol != rtcp.TypeTCCPacketNotReceived {
				delta := int64(random.IntN(255)) * 250
				if symbol == rtcp.TypeTCCPacketReceivedLargeDelta {
					delta = int64(random.IntN(60000)-30000) * 250
				}
				f.RecvDeltas = append(f.RecvDeltas, &rtcp.RecvDelta{Type: symbol, Delta: delta})
				at += time.Duration(delta) * time.Microsecond
				a.Received, a.At = true, (at%bandwidth.ClockWrap+bandwidth.ClockWrap)%bandwidth.ClockWrap
			}
			want = append(want, a)
		}
		for range random.IntN(5) + 1 {
			switch random.IntN(3) {
			case 0:
				c := &rtcp.RunLengthChunk{PacketStatusSymbol: uint16(random.IntN(3)), RunLength: uint16(random.IntN(40) + 1)}
				f.PacketChunks = append(f.PacketChunks, c)
				for range c.RunLength {
					push(c.PacketStatusSymbol)
				}
			case 1, 2:
				bits := random.IntN(2)
				c := &rtcp.StatusVectorChunk{Type: rtcp.TypeTCCStatusVectorChunk, SymbolSize: uint16(bits)}
				for range []int{14, 7}[bits] {
					s := uint16(random.IntN(2 + bits))
					c.SymbolList = append(c.SymbolList, s)
					push(s)
				}
				f.PacketChunks = append(f.PacketChunks, c)
			}
		}
		f.PacketStatusCount = uint16(len(want))
		f.Header = rtcp.Header{Count: rtcp.FormatTCC, Type: rtcp.TypeTransportSpecificFeedback}
		f.Header.Length = uint16(f.MarshalSize()/4 - 1)
		b, err := f.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		var p Parser
		var n note
		if !p.Parse(b, &n) || !slices.Equal(n.arrivals, want) {
			t.Fatalf("%+v\ngot  %v\nwant %v", f, n.arrivals, want)
		}
	}
}

func TestPionReadsWhatIsWritten(t *testing.T) {
	b := AppendPLI(nil, 1)
	b = AppendNack(b, 2, []int64{65536 + 65535, 65536*2 + 1, 65536*2 + 400})
	b = AppendReceiverReport(b, []transport.Block{{
		SSRC: 3, FractionLost: 4, CumulativeLost: 5, HighestSeq: 6, Jitter: 7, LSR: 8, DLSR: 9,
	}})
	b = AppendSenderReport(b, 10, 11<<32, 12, 13, 14)
	got, err := rtcp.Unmarshal(b)
	if err != nil {
		t.Fatal(err)
	}
	want := marshal(t,
		&rtcp.PictureLossIndication{MediaSSRC: 1},
		&rtcp.TransportLayerNack{MediaSSRC: 2, Nacks: []rtcp.NackPair{{PacketID: 65535, LostPackets: 0b10}, {PacketID: 400}}},
		&rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{
			SSRC: 3, FractionLost: 4, TotalLost: 5, LastSequenceNumber: 6, Jitter: 7, LastSenderReport: 8, Delay: 9,
		}}},
		&rtcp.SenderReport{SSRC: 10, NTPTime: 11 << 32, RTPTime: 12, PacketCount: 13, OctetCount: 14},
	)
	if !bytes.Equal(b, want) {
		t.Errorf("got  %v", got)
	}
	if b := AppendReceiverReport(nil, make([]transport.Block, 40)); len(b) != 8+31*24 {
		t.Errorf("40 blocks became %d bytes", len(b))
	}
}

func TestParsingAllocatesNothing(t *testing.T) {
	b := marshal(t, &rtcp.ReceiverReport{Reports: []rtcp.ReceptionReport{{SSRC: 1}}},
		&rtcp.TransportLayerNack{MediaSSRC: 1, Nacks: []rtcp.NackPair{{PacketID: 5, LostPackets: 0xFFFF}}})
	var p Parser
	p.Parse(b, silent{})
	if got := testing.AllocsPerRun(100, func() { p.Parse(b, silent{}) }); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

type silent struct{}

func (silent) SenderReport(uint32, uint64, uint32) {}
func (silent) Report(Report)                       {}
func (silent) Nack(uint32, []uint16)               {}
func (silent) KeyframeWanted(uint32)               {}
func (silent) Arrived([]bandwidth.Arrival)         {}
func (silent) ReferenceTime(uint32, uint64)        {}

func FuzzParse(f *testing.F) {
	f.Add(AppendNack(AppendPLI(nil, 1), 2, []int64{3, 9}))
	f.Add([]byte{0x8f, 205, 0, 4, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xff, 0xff, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Parser
		p.Parse(b, silent{})
		if len(p.symbols) > 1<<16 || len(p.seqs) > 17*len(b) {
			t.Error("a small packet became a large list")
		}
	})
}

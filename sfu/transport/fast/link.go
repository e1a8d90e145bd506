//go:build linux

package fast

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor/pkg/twcc"
	"github.com/pion/rtcp"

	"plenum/sfu/packet"
	"plenum/sfu/rtcpwire"
	"plenum/sfu/srtp"
	"plenum/sfu/transport"
	"plenum/sfu/transport/plain"
)

// A link is the media of one fast connection: its keys, where the peer is, and
// what comes in. It lives from the end of the handshake to the connection's.
type link struct {
	f      *Factory
	conn   *conn
	out    *srtp.Outbound
	to     atomic.Pointer[dest] // nil while ICE knows no way
	joints []joint              // by batch, each its batch's own
	side   *side

	mu       sync.Mutex // guards what follows; held while a packet comes in
	closed   bool
	in       *srtp.Inbound
	fresh    srtp.Source // of a packet whose SSRC is new
	streams  map[uint32]*stream
	arrivals *twcc.Recorder
	arrived  bool // there is something to tell the publisher
	parser   rtcpwire.Parser
	now      time.Time // of the RTCP being handled
}

// A stream is one SSRC the peer sends on.
type stream struct {
	ssrc   uint32
	order  int // of its first packet among the link's streams
	source srtp.Source

	line    *line // nil while it is not known where it belongs
	rid     string
	to      transport.Receiver // of media; nil discards
	format  plain.Format       // of media
	since   time.Time          // when it began
	repairs *stream            // of RTX; nil for media
}

func newLink(c *conn, client, server srtp.Master) (*link, error) {
	out, err := srtp.NewOutbound(server)
	if err != nil {
		return nil, err
	}
	in, err := srtp.NewInbound(client, plain.MaxStreams+plain.RTCPPerSeat*c.f.maxSeats)
	if err != nil {
		return nil, err
	}
	l := &link{
		f: c.f, conn: c, out: out, in: in, streams: map[uint32]*stream{},
		joints: make([]joint, c.f.batches), side: c.f.nextSide(), arrivals: twcc.NewRecorder(c.f.ssrc()),
	}
	return l, nil
}

// receive takes one datagram of the peer's and returns who is to be flushed
// for it, nil for nobody.
func (l *link) receive(p *packet.Packet, n int, now time.Time) transport.Receiver {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		p.Release()
		return nil
	}
	if control(p.Buffer()) {
		l.receiveRTCP(p.Buffer()[:n], now)
		p.Release()
		return nil
	}
	return l.receiveRTP(p, n, now)
}

func (l *link) receiveRTP(p *packet.Packet, n int, now time.Time) transport.Receiver {
	b := p.Buffer()[:n]
	s, source := l.known(b)
	n, err := l.in.Open(source, b)
	if err != nil {
		l.f.count.failed(err)
		p.Release()
		return nil
	}
	seq, err := p.Parse(n)
	if err != nil {
		l.f.count.malformed.Add(1)
		p.Release()
		return nil
	}
	p.Arrival = now
	table := l.conn.table.Load()
	if ext := p.Extension(table.wide); len(ext) >= 2 {
		l.arrivals.Record(p.SSRC, uint16(ext[0])<<8|uint16(ext[1]), now.Sub(l.f.began).Microseconds())
		l.arrived = true
	}
	if s == nil {
		if s = l.enter(p.SSRC); s == nil {
			p.Release()
			return nil
		}
	}
	if s.line == nil && !l.place(s, p, table) {
		l.f.count.unknown.Add(1)
		p.Release()
		return nil
	}
	return l.deliver(s, p, seq)
}

// known returns the stream of a packet and its source; the source of a new one
// is kept only if the packet is authentic.
func (l *link) known(b []byte) (*stream, *srtp.Source) {
	if len(b) >= 12 {
		if s := l.streams[uint32(b[8])<<24|uint32(b[9])<<16|uint32(b[10])<<8|uint32(b[11])]; s != nil {
			return s, &s.source
		}
	}
	l.fresh = srtp.Source{}
	return nil, &l.fresh
}

// enter remembers an SSRC whose first packet was authentic. A client that
// changes SSRC without end is cut off.
func (l *link) enter(ssrc uint32) *stream {
	if len(l.streams) >= plain.MaxStreams {
		l.closed = true
		l.conn.plain.CutOff("too many streams")
		return nil
	}
	s := &stream{ssrc: ssrc, order: len(l.streams), source: l.fresh}
	l.streams[ssrc] = s
	return s
}

// place finds out where a stream belongs: by what the offer declared, or by
// what its packets say (RFC 8843 section 9.2, RFC 8852 section 3).
func (l *link) place(s *stream, p *packet.Packet, table *negotiated) bool {
	declared := table.declared[s.ssrc]
	mid := declared.mid
	if said := p.Extension(table.mid); len(said) > 0 {
		mid = string(said)
	}
	at := table.lines[mid]
	switch {
	case at == nil:
		return false
	case at.repairs(p.PayloadType) != nil:
		media := l.repaired(at, declared.repairs, string(p.Extension(table.repaired)))
		if media == nil {
			return false
		}
		s.line, s.repairs = at, media
		return true
	case plain.FormatOf(at.formats, p.PayloadType) == nil:
		return false
	}
	s.rid = string(p.Extension(table.rid))
	if s.rid == "" && len(at.rids) > 0 {
		return false
	}
	s.line = at
	l.begin(s, *plain.FormatOf(at.formats, p.PayloadType), table, time.Time{})
	return true
}

// begin tells of a stream in a format.
func (l *link) begin(s *stream, f plain.Format, table *negotiated, now time.Time) {
	s.format, s.since = f, now
	t := transport.Track{Mid: s.line.mid, RID: s.rid, Layer: plain.LayerOf(s.line.rids, s.rid), SSRC: s.ssrc}
	if s.line.audio {
		t.LevelID = table.level
	}
	s.to = l.conn.events.Incoming(f.Describe(t))
}

// change lets a stream go on in another format of its m-line, unless it has
// just changed. It reports whether packets of that payload type are its own now.
func (l *link) change(s *stream, payload uint8, now time.Time) bool {
	table := l.conn.table.Load()
	at := table.lines[s.line.mid]
	if at == nil || now.Sub(s.since) < plain.FormatHold {
		return false
	}
	f := plain.FormatOf(at.formats, payload)
	if f == nil {
		return false
	}
	l.begin(s, *f, table, now)
	return true
}

// repaired finds the stream that RTX of a line repairs; of several with its
// RID the newest.
func (l *link) repaired(at *line, ssrc uint32, rid string) *stream {
	if ssrc != 0 {
		if s := l.streams[ssrc]; s != nil && s.line != nil && s.line.mid == at.mid && s.repairs == nil {
			return s
		}
		return nil
	}
	var found *stream
	for _, s := range l.streams {
		if s.line != nil && s.line.mid == at.mid && s.repairs == nil && s.rid == rid && (found == nil || s.order > found.order) {
			found = s
		}
	}
	return found
}

// deliver hands a packet to who takes its stream; RTX is unwrapped before (RFC
// 4588 section 4).
func (l *link) deliver(s *stream, p *packet.Packet, seq uint16) transport.Receiver {
	if media := s.repairs; media != nil {
		start, end := p.PayloadBounds()
		if p.PayloadType != media.format.RTX || end-start <= 2 { // a probe of padding
			p.Release()
			return nil
		}
		b := p.Buffer()
		seq = uint16(b[start])<<8 | uint16(b[start+1])
		p.SetPayload(start+2, end)
		p.SSRC, p.PayloadType, p.Repaired = media.ssrc, media.format.Payload, true
		s = media
	}
	if p.PayloadType != s.format.Payload && !l.change(s, p.PayloadType, p.Arrival) || s.to == nil {
		p.Release()
		return nil
	}
	s.to.Packet(p, seq)
	return s.to
}

// failed counts a packet that was not opened.
func (c *counters) failed(err error) {
	switch {
	case errors.Is(err, srtp.ErrAuth):
		c.forged.Add(1)
	case errors.Is(err, srtp.ErrReplayed):
		c.replayed.Add(1)
	default:
		c.malformed.Add(1)
	}
}

func (l *link) receiveRTCP(b []byte, now time.Time) {
	n, err := l.in.OpenRTCP(b)
	if err != nil {
		l.f.count.failed(err)
		return
	}
	l.now = now
	if !l.parser.Parse(b[:n], (*hearer)(l)) {
		l.f.count.malformed.Add(1)
	}
}

// tell reports to the publisher when its packets arrived, if any did.
func (l *link) tell() {
	l.mu.Lock()
	var packets []rtcp.Packet
	if l.arrived && !l.closed {
		packets = l.arrivals.BuildFeedbackPacket()
		l.arrived = false
	}
	l.mu.Unlock()
	for _, p := range packets {
		if raw, err := p.Marshal(); err == nil {
			l.control(raw)
		}
	}
}

// control seals and sends a compound RTCP packet.
func (l *link) control(raw []byte) {
	d := l.to.Load()
	if d == nil {
		return
	}
	l.side.put(l, d, len(raw)+srtp.RTCPTrailer, func(to []byte) ([]byte, error) { return l.out.SealRTCP(to, raw) })
}

// close takes nothing any more. It waits for a packet that is coming in.
func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
}

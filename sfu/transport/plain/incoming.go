package plain

import (
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/transport"
)

// FormatHold is for how long a stream keeps its format at least: what comes
// late in the one before is dropped, and a client that changes formats without
// end costs no more than one that does not.
const FormatHold = 2 * time.Second

// A stream is one incoming SSRC.
type stream struct {
	conn     *Conn
	remote   *webrtc.TrackRemote
	receiver *webrtc.RTPReceiver
	is       transport.Track // but for its format

	to atomic.Pointer[transport.Receiver] // who takes it; nil for nobody

	// Of the goroutine that reads packets.
	format Format
	since  time.Time
}

// begin tells of the stream in a format.
func (s *stream) begin(f Format, now time.Time) {
	s.format, s.since = f, now
	s.to.Store(nil)
	if to := s.conn.events.Incoming(f.Describe(s.is)); to != nil {
		s.to.Store(&to)
	}
}

// readPackets reads a stream to its end; it must be read even when nobody wants it.
func (s *stream) readPackets() {
	for {
		p := s.conn.pool.Get()
		n, attributes, err := s.remote.Read(p.Buffer())
		if err != nil {
			p.Release()
			if n == 0 {
				return
			}
			continue // one packet that is too long or of an unknown type
		}
		seq, err := p.Parse(n)
		if err != nil {
			p.Release()
			continue
		}
		p.Arrival = time.Now()
		p.Repaired = attributes.Get(webrtc.AttributeRtxSsrc) != nil
		if rtx, ok := attributes.Get(webrtc.AttributeRtxPayloadType).(byte); ok && p.Repaired {
			p.PayloadType = s.repaired(rtx)
		}
		if to := s.taker(p.PayloadType, p.Repaired, p.Arrival); to != nil {
			to.Packet(p, seq)
			to.Flush(nil)
			continue
		}
		p.Release()
	}
}

// repaired returns the payload type that one of RTX repairs; 0 for none.
func (s *stream) repaired(rtx uint8) uint8 {
	if s.format.RTX == rtx {
		return s.format.Payload
	}
	return 0
}

// taker returns who takes a packet of a payload type; nil drops it. Another
// format of the m-line begins the stream anew.
func (s *stream) taker(payload uint8, repaired bool, now time.Time) transport.Receiver {
	if payload != s.format.Payload {
		f := FormatOf(s.conn.formatsOf(s.is.Mid), payload)
		if f == nil || repaired || now.Sub(s.since) < FormatHold {
			return nil
		}
		s.begin(*f, now)
	}
	if to := s.to.Load(); to != nil {
		return *to
	}
	return nil
}

// readReports reads the RTCP a publisher sends about one of its streams.
func (s *stream) readReports() {
	for {
		var packets []rtcp.Packet
		var err error
		if s.is.RID != "" {
			packets, _, err = s.receiver.ReadSimulcastRTCP(s.is.RID)
		} else {
			packets, _, err = s.receiver.ReadRTCP()
		}
		if err != nil {
			return
		}
		now := time.Now()
		for _, p := range packets {
			sr, ok := p.(*rtcp.SenderReport)
			if to := s.to.Load(); ok && sr.SSRC == s.is.SSRC && to != nil {
				(*to).SenderReport(sr.NTPTime, sr.RTPTime, now)
			}
		}
	}
}

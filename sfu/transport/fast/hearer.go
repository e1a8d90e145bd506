//go:build linux

package fast

import (
	"plenum/sfu/bandwidth"
	"plenum/sfu/rtcpwire"
	"plenum/sfu/transport"
)

// A hearer is a link as its peer's RTCP goes to it. The link's mutex is held.
type hearer link

// SenderReport implements rtcpwire.Handler.
func (h *hearer) SenderReport(ssrc uint32, ntp uint64, timestamp uint32) {
	if s := h.streams[ssrc]; s != nil && s.to != nil {
		s.to.SenderReport(ntp, timestamp, h.now)
	}
}

// Report implements rtcpwire.Handler.
func (h *hearer) Report(r rtcpwire.Report) {
	if f := h.feedback(r.SSRC); f != nil && r.LSR != 0 {
		f.RoundTrip(transport.RoundTrip(h.now, r.LSR, r.DLSR))
		f.Lost(float64(r.FractionLost) / 256)
	}
}

// Nack implements rtcpwire.Handler.
func (h *hearer) Nack(ssrc uint32, seqs []uint16) {
	if f := h.feedback(ssrc); f != nil {
		f.Nack(seqs, h.now)
	}
}

// KeyframeWanted implements rtcpwire.Handler.
func (h *hearer) KeyframeWanted(ssrc uint32) {
	if f := h.feedback(ssrc); f != nil {
		f.KeyframeWanted(h.now)
	}
}

// Arrived implements rtcpwire.Handler.
func (h *hearer) Arrived(arrivals []bandwidth.Arrival) {
	h.conn.events.Arrived(arrivals, h.now)
}

// ReferenceTime implements rtcpwire.Handler. Who only receives has no other way
// to learn the round trip, and asks for lost packets every 100 ms without.
func (h *hearer) ReferenceTime(ssrc uint32, ntp uint64) {
	(*link)(h).control(rtcpwire.AppendDLRR(nil, ssrc, ntp))
}

// feedback finds who hears of an outgoing stream.
func (h *hearer) feedback(ssrc uint32) transport.Feedback {
	if s := h.conn.sending(ssrc); s != nil {
		return s.feedback
	}
	return nil
}

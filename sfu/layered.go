package sfu

import (
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// choose passes a packet of what plays, unless it is of a layer that does not go.
func (o *output) choose(l *layer, p *packet.Packet, t *tally) {
	if l.layered() && len(p.Payload()) > 0 {
		forward, _ := o.layers.Take(p.Frame, p.Timestamp, int(o.top.Load()))
		if goes := int32(o.layers.Top()); goes != o.goes.Load() {
			o.goes.Store(goes)
			o.sub.stir()
		}
		if !forward {
			o.leaveOut(p)
			return
		}
	}
	o.pass(p, t)
}

// leaveOut drops a packet without a gap. When one that came after it went
// already, its place is filled with padding: nobody should ask for it.
func (o *output) leaveOut(p *packet.Packet) {
	if o.stream.Drop(p.Seq) {
		return
	}
	if seq, ts, ok := o.stream.Forward(p.Seq, p.Timestamp, p.Arrival); ok {
		o.sender.Pad(transport.Header{Seq: seq, Timestamp: ts, Codec: o.plays.Load().layer.kind}, 1)
	}
}

// climbs reports whether more spatial layers of l should go than do.
func (o *output) climbs(l *layer) bool {
	return l.layered() && o.goes.Load() < min(o.top.Load(), l.spatials.Load()-1)
}

// has returns what is forwarded now.
func (o *output) has() rung {
	l := o.playing()
	if l == nil || !l.layered() {
		return rung{layer: l}
	}
	return rung{layer: l, spatial: int(o.goes.Load())}
}

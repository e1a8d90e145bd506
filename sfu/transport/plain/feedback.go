package plain

import (
	"time"

	"github.com/pion/rtcp"

	"plenum/sfu/bandwidth"
)

// unpack appends what transport-wide feedback says of each packet
// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).
func unpack(to []bandwidth.Arrival, f *rtcp.TransportLayerCC) []bandwidth.Arrival {
	at := time.Duration(f.ReferenceTime) * 64 * time.Millisecond
	deltas := f.RecvDeltas
	left := int(f.PacketStatusCount)
	number := f.BaseSequenceNumber
	add := func(symbol uint16) {
		if left == 0 {
			return
		}
		left--
		a := bandwidth.Arrival{Number: number}
		number++
		received := symbol == rtcp.TypeTCCPacketReceivedSmallDelta || symbol == rtcp.TypeTCCPacketReceivedLargeDelta
		if received && len(deltas) > 0 {
			at += time.Duration(deltas[0].Delta) * time.Microsecond
			deltas = deltas[1:]
			a.Received, a.At = true, (at+bandwidth.ClockWrap)%bandwidth.ClockWrap
		}
		to = append(to, a)
	}
	for _, chunk := range f.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range c.RunLength {
				add(c.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			for _, symbol := range c.SymbolList {
				add(symbol)
			}
		}
	}
	return to
}

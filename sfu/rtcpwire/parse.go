// Package rtcpwire reads and writes the few RTCP packets the media plane needs
// (RFC 3550 section 6, RFC 4585, RFC 5104, transport-wide feedback) without
// allocating. What it does not know it passes over.
package rtcpwire

import (
	"encoding/binary"
	"time"

	"plenum/sfu/bandwidth"
)

// The packet types and formats read and written here.
const (
	typeSenderReport   = 200
	typeReceiverReport = 201
	typeTransport      = 205 // RFC 4585 section 6.2
	typePayload        = 206 // RFC 4585 section 6.3
	typeExtended       = 207 // RFC 3611
	blockReference     = 4   // RFC 3611 section 4.4
	blockDLRR          = 5   // RFC 3611 section 4.5
	formatNack         = 1
	formatTransportCC  = 15
	formatPLI          = 1
	formatFIR          = 4 // RFC 5104 section 4.3.1
)

// A Report is one reception report block (RFC 3550 section 6.4.1).
type Report struct {
	SSRC         uint32
	FractionLost uint8
	LSR, DLSR    uint32
}

// A Handler takes what a compound packet holds. Slices are valid until the
// method returns.
type Handler interface {
	SenderReport(ssrc uint32, ntp uint64, timestamp uint32)
	Report(r Report)
	Nack(ssrc uint32, seqs []uint16)
	KeyframeWanted(ssrc uint32)
	Arrived(arrivals []bandwidth.Arrival)
	// ReferenceTime is what who only receives says to learn the round trip.
	ReferenceTime(ssrc uint32, ntp uint64)
}

// A Parser keeps the scratch space of parsing. Its zero value is ready.
type Parser struct {
	seqs     []uint16
	arrivals []bandwidth.Arrival
	symbols  []uint8
}

// Parse reads a compound packet, or a single one (RFC 5506), and reports
// whether it was well formed to its end. What comes before a fault is handled.
func (p *Parser) Parse(b []byte, h Handler) bool {
	for len(b) > 0 {
		if len(b) < 4 || b[0]>>6 != 2 {
			return false
		}
		size := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if size > len(b) {
			return false
		}
		body := b[4:size]
		if b[0]&0x20 != 0 && size > 4 { // padding, RFC 3550 section 6.4.1
			n := int(body[len(body)-1])
			if n == 0 || n > len(body) {
				return false
			}
			body = body[:len(body)-n]
		}
		if !p.one(b[1], int(b[0]&0x1F), body, h) {
			return false
		}
		b = b[size:]
	}
	return true
}

func (p *Parser) one(kind byte, format int, b []byte, h Handler) bool {
	switch kind {
	case typeSenderReport:
		if len(b) < 24+24*format {
			return false
		}
		h.SenderReport(binary.BigEndian.Uint32(b), binary.BigEndian.Uint64(b[4:]), binary.BigEndian.Uint32(b[12:]))
		reports(b[24:], format, h)
	case typeReceiverReport:
		if len(b) < 4+24*format {
			return false
		}
		reports(b[4:], format, h)
	case typeExtended:
		if len(b) < 4 {
			return false
		}
		return extended(b[4:], binary.BigEndian.Uint32(b), h)
	case typeTransport, typePayload:
		if len(b) < 8 {
			return false
		}
		return p.feedback(kind, format, binary.BigEndian.Uint32(b[4:]), b[8:], h)
	}
	return true
}

// extended reads the blocks of an extended report.
func extended(b []byte, ssrc uint32, h Handler) bool {
	for len(b) >= 4 {
		size := 4 * (int(binary.BigEndian.Uint16(b[2:])) + 1)
		if size > len(b) {
			return false
		}
		if b[0] == blockReference && size == 12 {
			h.ReferenceTime(ssrc, binary.BigEndian.Uint64(b[4:]))
		}
		b = b[size:]
	}
	return true
}

func reports(b []byte, n int, h Handler) {
	for range n {
		h.Report(Report{
			SSRC: binary.BigEndian.Uint32(b), FractionLost: b[4],
			LSR: binary.BigEndian.Uint32(b[16:]), DLSR: binary.BigEndian.Uint32(b[20:]),
		})
		b = b[24:]
	}
}

func (p *Parser) feedback(kind byte, format int, ssrc uint32, b []byte, h Handler) bool {
	switch {
	case kind == typeTransport && format == formatNack:
		p.seqs = p.seqs[:0]
		for ; len(b) >= 4; b = b[4:] {
			pid, mask := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
			p.seqs = append(p.seqs, pid)
			for i := range uint16(16) {
				if mask>>i&1 != 0 {
					p.seqs = append(p.seqs, pid+i+1)
				}
			}
		}
		h.Nack(ssrc, p.seqs)
	case kind == typeTransport && format == formatTransportCC:
		if len(b) < 8 {
			return false
		}
		return p.transportCC(b, h)
	case kind == typePayload && format == formatPLI:
		h.KeyframeWanted(ssrc)
	case kind == typePayload && format == formatFIR:
		for ; len(b) >= 8; b = b[8:] {
			h.KeyframeWanted(binary.BigEndian.Uint32(b))
		}
	}
	return true
}

// The symbols of transport-wide feedback: what is known of one packet.
const (
	notReceived = 0
	smallDelta  = 1
	largeDelta  = 2
)

// transportCC reads draft-holmer-rmcat-transport-wide-cc-extensions-01
// section 3.1 after its SSRCs.
func (p *Parser) transportCC(b []byte, h Handler) bool {
	base, count := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
	at := time.Duration(int32(binary.BigEndian.Uint32(b[4:]))>>8) * 64 * time.Millisecond
	b = b[8:]
	p.symbols = p.symbols[:0]
	for len(p.symbols) < count {
		if len(b) < 2 {
			return false
		}
		p.chunk(binary.BigEndian.Uint16(b), count)
		b = b[2:]
	}
	p.arrivals = p.arrivals[:0]
	for i, symbol := range p.symbols {
		a := bandwidth.Arrival{Number: base + uint16(i)}
		switch {
		case symbol == smallDelta && len(b) >= 1:
			at += time.Duration(b[0]) * 250 * time.Microsecond
			b = b[1:]
		case symbol == largeDelta && len(b) >= 2:
			at += time.Duration(int16(binary.BigEndian.Uint16(b))) * 250 * time.Microsecond
			b = b[2:]
		default:
			symbol = notReceived
		}
		if symbol != notReceived {
			a.Received, a.At = true, ((at%bandwidth.ClockWrap)+bandwidth.ClockWrap)%bandwidth.ClockWrap
		}
		p.arrivals = append(p.arrivals, a)
	}
	h.Arrived(p.arrivals)
	return true
}

// chunk appends the symbols of one packet status chunk, up to count in all.
func (p *Parser) chunk(c uint16, count int) {
	switch {
	case c>>15 == 0: // run length
		for range min(int(c&0x1FFF), count-len(p.symbols)) {
			p.symbols = append(p.symbols, uint8(c>>13&3))
		}
		if c&0x1FFF == 0 { // an empty run must not hold us here
			p.symbols = append(p.symbols, notReceived)
		}
	case c>>14&1 == 0: // 14 symbols of one bit
		for i := 13; i >= 0 && len(p.symbols) < count; i-- {
			p.symbols = append(p.symbols, uint8(c>>i&1))
		}
	default: // seven of two bits
		for i := 12; i >= 0 && len(p.symbols) < count; i -= 2 {
			p.symbols = append(p.symbols, uint8(c>>i&3))
		}
	}
}

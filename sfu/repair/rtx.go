package repair

import (
	"encoding/binary"
	"iter"
)

// AppendRTX appends the payload of a retransmission packet (RFC 4588 section 4):
// the original sequence number, then the original payload.
func AppendRTX(dst []byte, seq uint16, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, seq)
	return append(dst, payload...)
}

// ParseRTX takes a retransmission's payload apart. It reports false for one
// too short to repair anything, such as a probe of padding.
func ParseRTX(payload []byte) (seq uint16, original []byte, ok bool) {
	if len(payload) <= 2 {
		return 0, nil, false
	}
	return binary.BigEndian.Uint16(payload), payload[2:], true
}

// A Pair names up to 17 lost packets (RFC 4585 section 6.2.1).
type Pair struct {
	PID uint16 // one lost packet
	BLP uint16 // bit i is set when PID+i+1 is lost too
}

// Seqs yields the numbers a pair names.
func (p Pair) Seqs() iter.Seq[uint16] {
	return func(yield func(uint16) bool) {
		if !yield(p.PID) {
			return
		}
		for i := range uint16(16) {
			if p.BLP>>i&1 != 0 && !yield(p.PID+i+1) {
				return
			}
		}
	}
}

// NackPairs packs rising sequence numbers, as Due returns them, into pairs.
func NackPairs(seqs []int64) []Pair {
	var pairs []Pair
	var first int64
	for _, seq := range seqs {
		if d := seq - first; len(pairs) > 0 && d >= 0 && d <= 16 {
			if d > 0 {
				pairs[len(pairs)-1].BLP |= 1 << (d - 1)
			}
			continue
		}
		first = seq
		pairs = append(pairs, Pair{PID: uint16(seq & 0xFFFF)})
	}
	return pairs
}

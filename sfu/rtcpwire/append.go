package rtcpwire

import (
	"encoding/binary"

	"plenum/sfu/repair"
	"plenum/sfu/transport"
)

// AppendPLI appends a picture loss indication (RFC 4585 section 6.3.1).
func AppendPLI(to []byte, ssrc uint32) []byte {
	to = header(to, formatPLI, typePayload, 2)
	to = binary.BigEndian.AppendUint32(to, 0)
	return binary.BigEndian.AppendUint32(to, ssrc)
}

// AppendNack appends a request for the packets with these rising numbers (RFC
// 4585 section 6.2.1).
func AppendNack(to []byte, ssrc uint32, seqs []int64) []byte {
	pairs := repair.NackPairs(seqs)
	to = header(to, formatNack, typeTransport, 2+len(pairs))
	to = binary.BigEndian.AppendUint32(to, 0)
	to = binary.BigEndian.AppendUint32(to, ssrc)
	for _, p := range pairs {
		to = binary.BigEndian.AppendUint16(to, p.PID)
		to = binary.BigEndian.AppendUint16(to, p.BLP)
	}
	return to
}

// AppendReceiverReport appends a receiver report of at most 31 blocks (RFC
// 3550 section 6.4.2).
func AppendReceiverReport(to []byte, blocks []transport.Block) []byte {
	blocks = blocks[:min(len(blocks), 31)]
	to = header(to, len(blocks), typeReceiverReport, 1+6*len(blocks))
	to = binary.BigEndian.AppendUint32(to, 0)
	for _, b := range blocks {
		to = binary.BigEndian.AppendUint32(to, b.SSRC)
		to = binary.BigEndian.AppendUint32(to, uint32(b.FractionLost)<<24|b.CumulativeLost&0xFFFFFF)
		to = binary.BigEndian.AppendUint32(to, b.HighestSeq)
		to = binary.BigEndian.AppendUint32(to, b.Jitter)
		to = binary.BigEndian.AppendUint32(to, b.LSR)
		to = binary.BigEndian.AppendUint32(to, b.DLSR)
	}
	return to
}

// AppendDLRR appends the answer to a reference time, at once: who said it
// reckons the round trip from it (RFC 3611 section 4.5).
func AppendDLRR(to []byte, ssrc uint32, ntp uint64) []byte {
	to = header(to, 0, typeExtended, 5)
	to = binary.BigEndian.AppendUint32(to, 0)
	to = append(to, blockDLRR, 0, 0, 3)
	to = binary.BigEndian.AppendUint32(to, ssrc)
	to = binary.BigEndian.AppendUint32(to, uint32(ntp>>16&0xFFFFFFFF))
	return binary.BigEndian.AppendUint32(to, 0)
}

// AppendSenderReport appends a sender report without blocks (RFC 3550 section
// 6.4.1).
func AppendSenderReport(to []byte, ssrc uint32, ntp uint64, timestamp, packets, octets uint32) []byte {
	to = header(to, 0, typeSenderReport, 6)
	to = binary.BigEndian.AppendUint32(to, ssrc)
	to = binary.BigEndian.AppendUint64(to, ntp)
	to = binary.BigEndian.AppendUint32(to, timestamp)
	to = binary.BigEndian.AppendUint32(to, packets)
	return binary.BigEndian.AppendUint32(to, octets)
}

// header begins a packet whose body has so many words.
func header(to []byte, format int, kind byte, words int) []byte {
	to = append(to, 0x80|byte(format), kind)
	return binary.BigEndian.AppendUint16(to, uint16(words))
}

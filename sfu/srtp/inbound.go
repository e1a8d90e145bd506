package srtp

import (
	"encoding/binary"
)

// An Inbound opens what one peer sends. It is not safe for concurrent use.
type Inbound struct {
	rtp, rtcp half
	nonce     [SaltLen]byte
	aad       [rtcpHeader + 4]byte

	maxControl int
	control    map[uint32]*window // by the SSRC of the sender
}

// NewInbound derives the session keys of what a peer sends. It may send RTCP
// under so many SSRCs at most.
func NewInbound(m Master, maxRTCP int) (*Inbound, error) {
	rtp, rtcp, err := derive(m)
	if err != nil {
		return nil, err
	}
	return &Inbound{rtp: rtp, rtcp: rtcp, maxControl: maxRTCP, control: map[uint32]*window{}}, nil
}

// A Source is what is known of one SSRC that a peer sends on: its rollover
// counter and what came already. Its zero value is a source not heard yet.
type Source struct{ got window }

// HeaderLen returns the length of the RTP header of packet, CSRCs and
// extensions included.
func HeaderLen(packet []byte) (int, error) {
	if len(packet) < 12 {
		return 0, ErrShort
	}
	n := 12 + 4*int(packet[0]&0x0F)
	if packet[0]&0x10 != 0 {
		if n+4 > len(packet) {
			return 0, ErrShort
		}
		n += 4 + 4*int(binary.BigEndian.Uint16(packet[n+2:]))
	}
	if n > len(packet) {
		return 0, ErrShort
	}
	return n, nil
}

// Open decrypts an RTP packet in place and returns its length without the
// tag. A packet that fails leaves from as it was, but not its own bytes.
func (in *Inbound) Open(from *Source, packet []byte) (int, error) {
	h, err := HeaderLen(packet)
	if err != nil {
		return 0, err
	}
	if len(packet) < h+TagLen {
		return 0, ErrShort
	}
	seq, ssrc := binary.BigEndian.Uint16(packet[2:]), binary.BigEndian.Uint32(packet[8:])
	index := from.got.estimate(seq)
	if index > maxIndex || !from.got.fresh(index) {
		return 0, ErrReplayed
	}
	rtpNonce(&in.nonce, &in.rtp.salt, ssrc, index)
	if _, err := in.rtp.aead.Open(packet[h:h], in.nonce[:], packet[h:], packet[:h]); err != nil {
		return 0, ErrAuth
	}
	from.got.use(index)
	return len(packet) - TagLen, nil
}

// OpenRTCP decrypts a compound RTCP packet in place and returns its length
// without what sealing added.
func (in *Inbound) OpenRTCP(packet []byte) (int, error) {
	n := len(packet) - RTCPTrailer
	if n < rtcpHeader {
		return 0, ErrShort
	}
	word := binary.BigEndian.Uint32(packet[n+TagLen:])
	if word&encryptedFlag == 0 {
		return 0, ErrAuth // we never agreed to RTCP in the clear
	}
	index, ssrc := word&^encryptedFlag, binary.BigEndian.Uint32(packet[4:])
	got := in.control[ssrc]
	if got != nil && !got.fresh(int64(index)) {
		return 0, ErrReplayed
	}
	if got == nil && len(in.control) >= in.maxControl {
		return 0, ErrReplayed
	}
	copy(in.aad[:], packet[:rtcpHeader])
	copy(in.aad[rtcpHeader:], packet[n+TagLen:])
	rtcpNonce(&in.nonce, &in.rtcp.salt, ssrc, index)
	sealed := packet[rtcpHeader : n+TagLen]
	if _, err := in.rtcp.aead.Open(sealed[:0], in.nonce[:], sealed, in.aad[:]); err != nil {
		return 0, ErrAuth
	}
	if got == nil {
		got = &window{}
		in.control[ssrc] = got
	}
	got.use(int64(index))
	return n, nil
}

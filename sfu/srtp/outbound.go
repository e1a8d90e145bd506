package srtp

import (
	"encoding/binary"
	"sync"
)

const (
	maxIndex     = 1<<48 - 1 // RTP: rollover counter and sequence number
	maxRTCPIndex = 1<<31 - 1
)

// An Outbound is the one owner of a sending direction's keys. It is safe for
// concurrent use.
type Outbound struct {
	rtp half

	mu      sync.Mutex // guards streams
	streams map[uint32]*Stream

	control sync.Mutex // guards what follows
	rtcp    half
	index   uint32
	nonce   [SaltLen]byte
}

// NewOutbound derives the session keys of what we send.
func NewOutbound(m Master) (*Outbound, error) {
	rtp, rtcp, err := derive(m)
	if err != nil {
		return nil, err
	}
	return &Outbound{rtp: rtp, rtcp: rtcp, streams: map[uint32]*Stream{}}, nil
}

// Stream returns the one owner of an SSRC under these keys. It lives as long
// as the keys, so that its index never starts again.
func (o *Outbound) Stream(ssrc uint32) *Stream {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.streams[ssrc]
	if s == nil {
		s = &Stream{out: o, ssrc: ssrc}
		o.streams[ssrc] = s
	}
	return s
}

// A Stream seals the packets of one SSRC. It is safe for concurrent use.
type Stream struct {
	out  *Outbound
	ssrc uint32

	mu    sync.Mutex // guards what follows
	sent  window
	nonce [SaltLen]byte
}

// SSRC is the stream's.
func (s *Stream) SSRC() uint32 { return s.ssrc }

// Seal appends the sealed packet to dst: the header as it is, then payload
// encrypted, then the tag. The header's SSRC is set to the stream's; its
// sequence number must not have been sealed before. The payload may begin in
// dst's spare room right where its ciphertext goes, else they must not overlap.
func (s *Stream) Seal(dst, header, payload []byte) ([]byte, error) {
	if len(header) < 12 {
		return dst, ErrShort
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	index := s.sent.estimate(binary.BigEndian.Uint16(header[2:]))
	if index > maxIndex {
		return dst, ErrSpent
	}
	if !s.sent.fresh(index) {
		return dst, ErrReused
	}
	s.sent.use(index) // before sealing: whatever comes, it is gone
	binary.BigEndian.PutUint32(header[8:], s.ssrc)
	rtpNonce(&s.nonce, &s.out.rtp.salt, s.ssrc, index)
	dst = append(dst, header...)
	return s.out.rtp.aead.Seal(dst, s.nonce[:], payload, dst[len(dst)-len(header):]), nil
}

// rtpNonce is RFC 7714 section 8.1.
func rtpNonce(to, salt *[SaltLen]byte, ssrc uint32, index int64) {
	to[0], to[1] = 0, 0
	binary.BigEndian.PutUint32(to[2:], ssrc)
	binary.BigEndian.PutUint32(to[6:], uint32(index>>16))
	binary.BigEndian.PutUint16(to[10:], uint16(index))
	for i, b := range salt {
		to[i] ^= b
	}
}

// rtcpNonce is RFC 7714 section 9.1.
func rtcpNonce(to, salt *[SaltLen]byte, ssrc, index uint32) {
	to[0], to[1], to[6], to[7] = 0, 0, 0, 0
	binary.BigEndian.PutUint32(to[2:], ssrc)
	binary.BigEndian.PutUint32(to[8:], index)
	for i, b := range salt {
		to[i] ^= b
	}
}

// rtcpHeader is what of an RTCP packet stays in the clear.
const rtcpHeader = 8

// encryptedFlag marks an encrypted SRTCP packet, beside its index.
const encryptedFlag = 1 << 31

// SealRTCP appends the sealed compound packet to dst. All RTCP of a connection
// shares one index, whoever its SSRC says sent it. Packet must not lie in dst.
func (o *Outbound) SealRTCP(dst, packet []byte) ([]byte, error) {
	if len(packet) < rtcpHeader {
		return dst, ErrShort
	}
	o.control.Lock()
	defer o.control.Unlock()
	if o.index == maxRTCPIndex {
		return dst, ErrSpent
	}
	o.index++
	rtcpNonce(&o.nonce, &o.rtcp.salt, binary.BigEndian.Uint32(packet[4:]), o.index)
	var aad [rtcpHeader + 4]byte
	copy(aad[:], packet[:rtcpHeader])
	binary.BigEndian.PutUint32(aad[rtcpHeader:], o.index|encryptedFlag)
	dst = append(dst, packet[:rtcpHeader]...)
	dst = o.rtcp.aead.Seal(dst, o.nonce[:], packet[rtcpHeader:], aad[:])
	return append(dst, aad[rtcpHeader:]...), nil
}

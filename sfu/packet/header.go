package packet

import (
	"encoding/binary"
	"errors"
)

// Errors of Parse. The peer's fault, so the packet is dropped and counted.
var (
	ErrShort   = errors.New("packet: truncated")
	ErrVersion = errors.New("packet: not RTP version 2")
	ErrPadding = errors.New("packet: padding longer than the payload")
)

// headerLen is the length of an RTP header without CSRCs and extensions.
const headerLen = 12

// The profiles of RFC 8285 sections 4.2 and 4.3.
const (
	oneByteProfile = 0xBEDE
	twoByteProfile = 0x1000 // its low four bits are the application's
)

// extensions says where the header extension lies in the buffer.
type extensions struct {
	start, end int
	profile    uint16
}

// Parse reads the RTP header of the packet that fills the first n bytes of the
// buffer. It sets SSRC, PayloadType, Marker, Timestamp and the payload, with
// padding cut off, and returns the sequence number as sent.
func (p *Packet) Parse(n int) (seq uint16, err error) {
	if n < headerLen || n > MTU {
		return 0, ErrShort
	}
	b := p.buf[:n]
	if b[0]>>6 != 2 {
		return 0, ErrVersion
	}
	start := headerLen + 4*int(b[0]&0x0F)
	ext := extensions{}
	if b[0]&0x10 != 0 {
		if start+4 > n {
			return 0, ErrShort
		}
		ext.profile = binary.BigEndian.Uint16(b[start:])
		ext.start = start + 4
		ext.end = ext.start + 4*int(binary.BigEndian.Uint16(b[start+2:]))
		start = ext.end
	}
	if start > n {
		return 0, ErrShort
	}
	end := n
	if b[0]&0x20 != 0 {
		end -= int(b[n-1])
		if end < start || end == n {
			return 0, ErrPadding
		}
	}
	p.PayloadType, p.Marker = b[1]&0x7F, b[1]&0x80 != 0
	p.Timestamp = binary.BigEndian.Uint32(b[4:])
	p.SSRC = binary.BigEndian.Uint32(b[8:])
	p.start, p.end, p.ext = start, end, ext
	return binary.BigEndian.Uint16(b[2:]), nil
}

// Extension returns the header extension element id of a parsed packet
// (RFC 8285), nil when it is absent. Its bytes lie in the packet's buffer.
func (p *Packet) Extension(id uint8) []byte {
	b := p.buf[p.ext.start:p.ext.end]
	switch {
	case id == 0: // padding
		return nil
	case p.ext.profile == oneByteProfile:
		return oneByteExtension(b, id)
	case p.ext.profile&0xFFF0 == twoByteProfile:
		return twoByteExtension(b, id)
	default:
		return nil
	}
}

func oneByteExtension(b []byte, id uint8) []byte {
	for len(b) > 0 {
		got, size := b[0]>>4, int(b[0]&0x0F)+1
		b = b[1:]
		switch {
		case got == 0 && size == 1: // padding
			continue
		case got == 0, got == 15: // the rest must not be read
			return nil
		case size > len(b):
			return nil
		case got == id:
			return b[:size:size]
		}
		b = b[size:]
	}
	return nil
}

func twoByteExtension(b []byte, id uint8) []byte {
	for len(b) > 0 {
		if b[0] == 0 { // padding
			b = b[1:]
			continue
		}
		if len(b) < 2 {
			return nil
		}
		got, size := b[0], int(b[1])
		b = b[2:]
		if size > len(b) {
			return nil
		}
		if got == id {
			return b[:size:size]
		}
		b = b[size:]
	}
	return nil
}

// Package codec tells what an RTP payload says about itself: keyframes, sizes,
// temporal layers and durations. It decodes no media.
package codec

import (
	"encoding/binary"
	"errors"
)

// ErrShort is returned for a payload that ends before its header does.
var ErrShort = errors.New("codec: truncated payload")

// ErrH264 is returned for a H.264 packet of the interleaved mode, which is never
// agreed on.
var ErrH264 = errors.New("codec: not a H.264 packet of packetization mode 0 or 1")

// VP8 is the payload descriptor of one VP8 packet (RFC 7741 section 4.2) and
// what the frame header tells on a frame's first packet.
type VP8 struct {
	PictureID     int // 7 or 15 bits; -1 when absent
	LongPictureID bool
	TL0PicIdx     int // 8 bits; -1 when absent
	TID           int // temporal layer; -1 when absent
	LayerSync     bool
	KeyIdx        int  // -1 when absent
	Start         bool // the packet begins a frame: S=1 and PID=0
	Keyframe      bool // Start, of a keyframe
	Discardable   bool // N: no other frame refers to this one
	Width, Height int  // on the first packet of a keyframe
	DescriptorLen int
}

// The bits of the descriptor's bytes.
const (
	vp8Extended  = 0x80 // X, first byte
	vp8Discard   = 0x20 // N, first byte
	vp8Start     = 0x10 // S, first byte
	vp8Partition = 0x07 // PID, first byte
	vp8Picture   = 0x80 // I, second byte
	vp8TL0       = 0x40 // L, second byte
	vp8Temporal  = 0x20 // T, second byte
	vp8Key       = 0x10 // K, second byte
	vp8Long      = 0x80 // M, first byte of the picture id
)

// ParseVP8 reads the descriptor of a VP8 payload. A payload without a byte of
// VP8 behind its descriptor is an error.
func ParseVP8(payload []byte) (VP8, error) {
	v := VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1}
	at, err := locateVP8(payload)
	if err != nil {
		return v, err
	}
	v.DescriptorLen = at.end
	v.Start = payload[0]&(vp8Start|vp8Partition) == vp8Start
	v.Discardable = payload[0]&vp8Discard != 0
	if at.picture > 0 {
		v.LongPictureID = at.long
		if at.long {
			v.PictureID = int(binary.BigEndian.Uint16(payload[at.picture:]) & 0x7FFF)
		} else {
			v.PictureID = int(payload[at.picture])
		}
	}
	if at.tl0 > 0 {
		v.TL0PicIdx = int(payload[at.tl0])
	}
	if at.layer > 0 {
		b := payload[at.layer]
		if payload[1]&vp8Temporal != 0 {
			v.TID, v.LayerSync = int(b>>6), b&0x20 != 0
		}
		if payload[1]&vp8Key != 0 {
			v.KeyIdx = int(b & 0x1F)
		}
	}
	v.readFrame(payload[at.end:])
	return v, nil
}

// readFrame reads the frame header (RFC 6386 section 9.1) of a first packet.
func (v *VP8) readFrame(frame []byte) {
	v.Keyframe = v.Start && frame[0]&1 == 0
	if !v.Keyframe || len(frame) < 10 || frame[3] != 0x9D || frame[4] != 0x01 || frame[5] != 0x2A {
		return
	}
	v.Width = int(binary.LittleEndian.Uint16(frame[6:]) & 0x3FFF)
	v.Height = int(binary.LittleEndian.Uint16(frame[8:]) & 0x3FFF)
}

// PatchVP8 writes a picture id and a TL0PICIDX into the descriptor, where they
// are present, keeping their widths. A negative value leaves its field alone,
// as does a payload that can't be parsed. The caller owns payload.
func PatchVP8(payload []byte, pictureID, tl0 int) {
	at, err := locateVP8(payload)
	if err != nil {
		return
	}
	if at.picture > 0 && pictureID >= 0 {
		low := byte(pictureID & 0xFF)
		if at.long {
			payload[at.picture] = vp8Long | byte(pictureID>>8&0x7F)
			payload[at.picture+1] = low
		} else {
			payload[at.picture] = low & 0x7F
		}
	}
	if at.tl0 > 0 && tl0 >= 0 {
		payload[at.tl0] = byte(tl0 & 0xFF)
	}
}

// vp8Fields says where the optional fields of a descriptor are; 0 is absent.
type vp8Fields struct {
	picture int
	long    bool
	tl0     int
	layer   int // the byte of TID, Y and KEYIDX
	end     int // length of the descriptor
}

func locateVP8(b []byte) (at vp8Fields, err error) {
	if len(b) < 2 {
		return at, ErrShort
	}
	at.end = 1
	if b[0]&vp8Extended != 0 {
		has := b[1]
		at.end = 2
		if has&vp8Picture != 0 {
			at.picture = at.end
			if at.end >= len(b) {
				return at, ErrShort
			}
			at.long = b[at.end]&vp8Long != 0
			at.end++
			if at.long {
				at.end++
			}
		}
		if has&vp8TL0 != 0 {
			at.tl0 = at.end
			at.end++
		}
		if has&(vp8Temporal|vp8Key) != 0 {
			at.layer = at.end
			at.end++
		}
	}
	if at.end >= len(b) {
		return at, ErrShort
	}
	return at, nil
}

package load

import (
	"encoding/binary"
	"time"

	"plenum/sfu/codec"
)

// Sizes of what is sent.
const (
	maxPayload   = 1160 // bytes of one video payload, as browsers cut frames
	opusPayload  = 80   // 32 kbit/s at 20 ms
	opusSilence  = 24   // a comfort packet of DTX is smaller still, but the mark must fit
	opusTOC      = 0x78 // RFC 6716 section 3.1: hybrid, fullband, 20 ms, mono, one frame
	vp8Prefix    = 6    // descriptor with X, I, L and T: 15-bit picture id, TL0PICIDX, TID
	vp8Key       = 10   // frame tag, start code and size of a keyframe (RFC 6386 section 9.1)
	vp8Delta     = 3    // frame tag of any other frame
	opusPrefix   = 1    // TOC
	keyFrameSize = 4    // a keyframe is so many times as large as another frame
)

// A mark is what the generator hides in every payload, to know its own packets
// again on the other side: four bytes of magic and the time of sending.
const (
	markMagic = 0x506c4c64 // "PlLd"
	markLen   = 12
)

// putMark writes sent, the time since the generator began, into b.
func putMark(b []byte, sent time.Duration) {
	binary.BigEndian.PutUint32(b, markMagic)
	binary.BigEndian.PutUint64(b[4:], uint64(sent))
}

func getMark(b []byte) (sent time.Duration, ok bool) {
	if len(b) < markLen || binary.BigEndian.Uint32(b) != markMagic {
		return 0, false
	}
	return time.Duration(binary.BigEndian.Uint64(b[4:])), true
}

// A picture is one synthetic VP8 frame. It has headers any server can read,
// and no content any decoder could show.
type picture struct {
	id            uint16 // 15 bits
	tl0           uint8
	key           bool
	width, height uint16
	size          int // bytes of all its payloads together
}

// packets returns how many packets the picture takes.
func (p picture) packets() int { return max(1, (p.size+maxPayload-1)/maxPayload) }

// payload writes the n-th packet's payload of the picture into buf and returns
// it. Packets of one picture are equally large, as a browser cuts them.
func (p picture) payload(buf []byte, n int, sent time.Duration) []byte {
	size := max(p.size/p.packets(), vp8Prefix+vp8Key+markLen)
	b := buf[:size]
	b[0] = 0x80 // X; RFC 7741 section 4.2
	if n == 0 {
		b[0] |= 0x10 // S, partition 0
	}
	b[1] = 0xE0 // I, L, T
	binary.BigEndian.PutUint16(b[2:], p.id|0x8000)
	b[4] = p.tl0
	b[5] = 0 // temporal layer 0
	at := vp8Prefix
	if n == 0 {
		at += p.header(b[vp8Prefix:])
	}
	putMark(b[at:], sent)
	return b
}

// header writes the frame header: the tag, and start code and size of a keyframe.
func (p picture) header(b []byte) int {
	first := uint32(p.size-vp8Prefix) / 2 // first partition's length, 19 bits
	tag := first<<5 | 1<<4                // shown, version 0
	if !p.key {
		tag |= 1
	}
	b[0], b[1], b[2] = byte(tag), byte(tag>>8), byte(tag>>16)
	if !p.key {
		return vp8Delta
	}
	b[3], b[4], b[5] = 0x9D, 0x01, 0x2A
	binary.LittleEndian.PutUint16(b[6:], p.width&0x3FFF)
	binary.LittleEndian.PutUint16(b[8:], p.height&0x3FFF)
	return vp8Key
}

// videoMark finds the mark of a video payload.
func videoMark(payload []byte) (sent time.Duration, ok bool) {
	d, err := codec.ParseVP8(payload)
	if err != nil {
		return 0, false
	}
	at := d.DescriptorLen
	switch {
	case d.Keyframe:
		at += vp8Key
	case d.Start:
		at += vp8Delta
	}
	return getMark(payload[min(at, len(payload)):])
}

// sound writes an Opus payload of one 20 ms frame into buf.
func sound(buf []byte, speaking bool, sent time.Duration) []byte {
	b := buf[:opusPayload]
	if !speaking {
		b = buf[:opusSilence]
	}
	b[0] = opusTOC
	putMark(b[opusPrefix:], sent)
	return b
}

// soundMark finds the mark of an Opus payload.
func soundMark(payload []byte) (sent time.Duration, ok bool) {
	return getMark(payload[min(opusPrefix, len(payload)):])
}

// speaks reports whether publisher i of n speaks at a time: some of them do,
// and every turn others.
func speaks(i, n, speaking int, at, turn time.Duration) bool {
	if n == 0 {
		return false
	}
	first := int(at/turn) * speaking % n
	return ((i-first)%n+n)%n < speaking
}

// shown returns which of n publishers subscriber i looks at on its k-th page:
// each begins elsewhere and goes round.
func shown(i, k, n, view, self int) []int {
	var tiles []int
	for j := range n {
		who := (i + k*view + j) % n
		if who != self && len(tiles) < view {
			tiles = append(tiles, who)
		}
	}
	return tiles
}

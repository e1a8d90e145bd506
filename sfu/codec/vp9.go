package codec

import "encoding/binary"

// VP9 is the payload descriptor of one VP9 packet (RFC 9628 section 4.2).
type VP9 struct {
	PictureID     int // 7 or 15 bits; -1 when absent
	LongPictureID bool
	TL0PicIdx     int // 8 bits; -1 when absent, as in flexible mode
	TID, SID      int // temporal and spatial layer; -1 when absent
	SwitchUp      bool
	InterLayer    bool // the frame refers to the spatial layer below
	Predicted     bool // the frame refers to earlier pictures
	Flexible      bool
	NoUpper       bool // no higher spatial layer of the picture refers to the frame
	Begin, End    bool // the packet begins, ends a frame
	Layers        int  // spatial layers, where the packet has the scalability structure; else 0
	Heights       [MaxSpatial]uint16
	DescriptorLen int
}

// The bits of the descriptor's bytes.
const (
	vp9Picture   = 0x80 // I
	vp9Predicted = 0x40 // P
	vp9Layers    = 0x20 // L
	vp9Flexible  = 0x10 // F
	vp9Begin     = 0x08 // B
	vp9End       = 0x04 // E
	vp9Structure = 0x02 // V
	vp9NoUpper   = 0x01 // Z
	vp9Long      = 0x80 // M, first byte of the picture id
)

// maxVP9Refs is how many earlier pictures a frame refers to at most.
const maxVP9Refs = 3

// ParseVP9 reads the descriptor of a VP9 payload. A payload without a byte of
// VP9 behind its descriptor is an error.
func ParseVP9(b []byte) (VP9, error) {
	v := VP9{PictureID: -1, TL0PicIdx: -1, TID: -1, SID: -1}
	at, err := locateVP9(b)
	if err != nil {
		return v, err
	}
	v.DescriptorLen = at.end
	v.Predicted, v.Flexible = b[0]&vp9Predicted != 0, b[0]&vp9Flexible != 0
	v.Begin, v.End, v.NoUpper = b[0]&vp9Begin != 0, b[0]&vp9End != 0, b[0]&vp9NoUpper != 0
	if at.picture > 0 {
		if v.LongPictureID = at.long; at.long {
			v.PictureID = int(binary.BigEndian.Uint16(b[at.picture:]) & 0x7FFF)
		} else {
			v.PictureID = int(b[at.picture])
		}
	}
	if at.layer > 0 {
		l := b[at.layer]
		v.TID, v.SwitchUp, v.SID, v.InterLayer = int(l>>5), l&0x10 != 0, int(l>>1&7), l&1 != 0
	}
	if at.tl0 > 0 {
		v.TL0PicIdx = int(b[at.tl0])
	}
	if at.structure > 0 {
		v.readStructure(b[at.structure:at.end])
	}
	return v, nil
}

// readStructure reads layers and sizes of a scalability structure that is
// known to be whole.
func (v *VP9) readStructure(b []byte) {
	v.Layers = int(b[0]>>5) + 1
	if b[0]&0x10 == 0 {
		return
	}
	for i := range min(v.Layers, MaxSpatial) {
		v.Heights[i] = binary.BigEndian.Uint16(b[1+4*i+2:])
	}
}

// Frame tells of the packet in the terms of every format.
func (v VP9) Frame() Frame {
	f := Frame{
		Start: v.Begin, End: v.End, Fresh: !v.Predicted, Sync: v.SwitchUp,
		Spatial: uint8(max(v.SID, 0)), Temporal: uint8(max(v.TID, 0)),
		Layers: uint8(v.Layers), Heights: v.Heights, PictureID: int32(v.PictureID), TL0: int32(v.TL0PicIdx),
	}
	f.Keyframe = f.Start && f.Fresh && f.Spatial == 0
	return f
}

// PatchVP9 writes a picture id and a TL0PICIDX into the descriptor, where they
// are present, keeping their widths. A negative value leaves its field alone,
// as does a payload that can't be parsed. The caller owns payload.
func PatchVP9(payload []byte, pictureID, tl0 int) {
	at, err := locateVP9(payload)
	if err != nil {
		return
	}
	if at.picture > 0 && pictureID >= 0 {
		low := byte(pictureID & 0xFF)
		if at.long {
			payload[at.picture] = vp9Long | byte(pictureID>>8&0x7F)
			payload[at.picture+1] = low
		} else {
			payload[at.picture] = low & 0x7F
		}
	}
	if at.tl0 > 0 && tl0 >= 0 {
		payload[at.tl0] = byte(tl0 & 0xFF)
	}
}

// vp9Fields says where the optional fields of a descriptor are; 0 is absent.
type vp9Fields struct {
	picture   int
	long      bool
	layer     int // the byte of TID, U, SID and D
	tl0       int
	structure int
	end       int // length of the descriptor
}

func locateVP9(b []byte) (at vp9Fields, err error) {
	if len(b) == 0 {
		return at, ErrShort
	}
	has, n := b[0], 1
	if has&vp9Picture != 0 {
		at.picture = n
		if n >= len(b) {
			return at, ErrShort
		}
		at.long = b[n]&vp9Long != 0
		n++
		if at.long {
			n++
		}
	}
	if has&vp9Layers != 0 {
		at.layer = n
		n++
		if has&vp9Flexible == 0 {
			at.tl0 = n
			n++
		}
	}
	if has&vp9Flexible != 0 && has&vp9Predicted != 0 {
		for refs := 1; ; refs++ {
			if n >= len(b) || refs > maxVP9Refs {
				return at, ErrShort
			}
			n++
			if b[n-1]&1 == 0 { // N: no more of them
				break
			}
		}
	}
	if has&vp9Structure != 0 {
		at.structure = n
		if n, err = skipVP9Structure(b, n); err != nil {
			return at, err
		}
	}
	if n >= len(b) {
		return at, ErrShort
	}
	at.end = n
	return at, nil
}

// skipVP9Structure returns where the scalability structure at n ends (RFC 9628
// section 4.2.1).
func skipVP9Structure(b []byte, n int) (int, error) {
	if n >= len(b) {
		return 0, ErrShort
	}
	head := b[n]
	n++
	if head&0x10 != 0 { // Y: sizes
		n += 4 * (int(head>>5) + 1)
	}
	if head&0x08 == 0 { // G: the pictures of a group
		return n, nil
	}
	if n >= len(b) {
		return 0, ErrShort
	}
	pictures := int(b[n])
	n++
	for range pictures {
		if n >= len(b) {
			return 0, ErrShort
		}
		n += 1 + int(b[n]>>2&3)
	}
	return n, nil
}

package codec

import "encoding/binary"

// NAL unit types (H.264 table 7-1, RFC 6184 table 1).
const (
	nalSlice = 1
	nalIDR   = 5
	nalSPS   = 7
	nalSTAPA = 24
	nalFUA   = 28
	nalType  = 0x1F
	nalRef   = 0x60 // nal_ref_idc: 0 when nothing refers to the unit
)

// H264 is what one H.264 packet in single NAL unit or non-interleaved mode
// tells (RFC 6184 sections 5.6 to 5.8).
type H264 struct {
	// Begin is set when a NAL unit begins in the packet: not in a later part
	// of a fragmented one.
	Begin bool
	// Slice is set when the first slice of a picture begins in the packet.
	Slice bool
	// IDR is set when a slice of an IDR picture begins in the packet.
	IDR bool
	// SPS is set when the packet has a sequence parameter set, whose picture
	// size Width and Height are, 0 if it can't be read.
	SPS           bool
	Width, Height int
	// Reference is set when something may refer to what the packet has.
	Reference bool
}

// ParseH264 reads a H.264 payload. Interleaved packets are an error, like
// truncated ones.
func ParseH264(b []byte) (H264, error) {
	var h H264
	if len(b) < 2 {
		return h, ErrShort
	}
	h.Reference = b[0]&nalRef != 0
	switch t := b[0] & nalType; {
	case t >= 1 && t < nalSTAPA:
		h.unit(b)
	case t == nalSTAPA:
		for rest := b[1:]; len(rest) > 0; {
			if len(rest) < 3 {
				return h, ErrShort
			}
			size := int(binary.BigEndian.Uint16(rest))
			if size == 0 || size > len(rest)-2 {
				return h, ErrShort
			}
			h.unit(rest[2 : 2+size])
			rest = rest[2+size:]
		}
	case t == nalFUA:
		if len(b) < 3 {
			return h, ErrShort
		}
		if b[1]&0x80 != 0 { // S: the unit's first part
			h.begin(b[1]&nalType, b[2:])
		}
	default:
		return h, ErrH264
	}
	return h, nil
}

// unit reads a NAL unit that begins in the packet.
func (h *H264) unit(b []byte) {
	h.Reference = h.Reference || b[0]&nalRef != 0
	h.begin(b[0]&nalType, b[1:])
}

func (h *H264) begin(kind byte, b []byte) {
	h.Begin = true
	switch kind {
	case nalSPS:
		h.SPS = true
		h.Width, h.Height = readSPS(b)
	case nalSlice, nalIDR:
		h.IDR = h.IDR || kind == nalIDR
		h.Slice = h.Slice || len(b) > 0 && b[0]&0x80 != 0 // first_mb_in_slice is 0
	}
}

// h264Reader knows how a stream begins its keyframes: with parameter sets, or
// without when they were agreed on otherwise.
type h264Reader struct{ sets bool }

func (r *h264Reader) read(payload []byte) (Frame, error) {
	f := Frame{PictureID: -1, TL0: -1}
	h, err := ParseH264(payload)
	if err != nil {
		return f, err
	}
	r.sets = r.sets || h.SPS
	f.Keyframe = h.SPS || !r.sets && h.IDR && h.Slice
	f.Start, f.Fresh, f.Discardable = f.Keyframe || h.Slice, h.IDR || h.SPS, !h.Reference
	f.Heights[0] = uint16(min(h.Height, 1<<16-1))
	return f, nil
}

// readSPS returns the size a sequence parameter set without its first byte
// tells (H.264 section 7.3.2.1.1), 0 if it is cut off.
func readSPS(b []byte) (width, height int) {
	r := bits{b: unescape(b)}
	profile := r.read(8)
	r.skip(16) // constraints, level
	r.golomb() // id
	chroma, separate := uint32(1), false
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		chroma, separate = r.chroma()
	}
	r.golomb() // log2_max_frame_num
	switch r.golomb() {
	case 0:
		r.golomb()
	case 1:
		r.skip(1)
		r.golomb()
		r.golomb()
		for range min(r.golomb(), 255) {
			r.golomb()
		}
	}
	r.golomb() // reference frames
	r.skip(1)
	w, h := int(r.golomb())+1, int(r.golomb())+1
	fields := 1
	if !r.flag() { // frame_mbs_only
		fields = 2
		r.skip(1)
	}
	r.skip(1)
	width, height = 16*w, 16*h*fields
	if r.flag() {
		unitX, unitY := cropUnits(chroma, separate, fields)
		width -= unitX * int(r.golomb()+r.golomb())
		height -= unitY * int(r.golomb()+r.golomb())
	}
	if r.short || width <= 0 || height <= 0 || width > 1<<14 || height > 1<<14 {
		return 0, 0
	}
	return width, height
}

// chroma reads what high profiles add.
func (r *bits) chroma() (format uint32, separate bool) {
	if format = r.golomb(); format == 3 {
		separate = r.flag()
	}
	r.golomb() // bit depths
	r.golomb()
	r.skip(1)
	if r.flag() { // scaling lists
		lists := 8
		if format == 3 {
			lists = 12
		}
		for i := range lists {
			if r.flag() {
				r.scalingList(16 + 48*min(i/6, 1))
			}
		}
	}
	return format, separate
}

func (r *bits) scalingList(size int) {
	last, next := int32(8), int32(8)
	for range size {
		if next != 0 {
			v := int32(r.golomb())
			delta := (v + 1) / 2 // a signed Exp-Golomb number
			if v%2 == 0 {
				delta = -delta
			}
			next = (last + delta + 256) & 0xFF
		}
		if next != 0 {
			last = next
		}
	}
}

// cropUnits are the steps of a cropping rectangle in pixels (H.264 section 7.4.2.1.1).
func cropUnits(chroma uint32, separate bool, fields int) (x, y int) {
	x, y = 1, fields
	if !separate && (chroma == 1 || chroma == 2) {
		x = 2
	}
	if !separate && chroma == 1 {
		y *= 2
	}
	return x, y
}

// maxSPS bounds what is read of a parameter set: sizes stand at its beginning.
const maxSPS = 128

// unescape removes the bytes that keep start codes out (H.264 section 7.4.1).
func unescape(b []byte) []byte {
	out := make([]byte, 0, min(len(b), maxSPS))
	zeros := 0
	for _, c := range b[:min(len(b), maxSPS)] {
		if zeros >= 2 && c == 3 {
			zeros = 0
			continue
		}
		if zeros++; c != 0 {
			zeros = 0
		}
		out = append(out, c)
	}
	return out
}

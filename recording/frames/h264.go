package frames

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"
)

// The types of NAL units that matter here (ITU-T H.264 table 7-1, RFC 6184
// section 5.2).
const (
	nalSlice     = 1
	nalPartition = 4 // the last of the data partitions 2 to 4
	nalIDR       = 5
	nalSPS       = 7
	nalPPS       = 8
	nalDelimiter = 9
	nalFiller    = 12
	nalLast      = 23 // of those that may be a payload by themselves
	nalSTAPA     = 24
	nalFUA       = 28
	nalMask      = 0x1F
)

// An h264Builder makes access units of one H.264 stream.
type h264Builder struct {
	sps, pps map[int][]byte // the newest of each id
	open     int            // where the fragmented NAL unit begins in the unit; -1 if none is
	sets     bool           // the unit holds an SPS
	slices   bool           // the unit holds a picture
	size     vp9Size
}

func (h *h264Builder) add(u *unit, payload []byte, first bool) error {
	if first {
		h.open, h.sets, h.slices = -1, false, false
	}
	kind := payload[0] & nalMask
	if h.open >= 0 && kind != nalFUA {
		return errTorn
	}
	switch {
	case kind >= 1 && kind <= nalLast:
		return h.nal(u, payload)
	case kind == nalSTAPA:
		return h.aggregate(u, payload[1:])
	case kind == nalFUA:
		return h.fragment(u, payload)
	default: // packetization mode 2, which nobody negotiates
		return errTorn
	}
}

func (h *h264Builder) aggregate(u *unit, b []byte) error {
	for len(b) > 0 {
		if len(b) < 2 {
			return errTorn
		}
		n := int(binary.BigEndian.Uint16(b))
		if b = b[2:]; n == 0 || n > len(b) {
			return errTorn
		}
		if err := h.nal(u, b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// fragment adds a piece of a NAL unit.
func (h *h264Builder) fragment(u *unit, b []byte) error {
	const start, end = 0x80, 0x40
	if len(b) < 3 || b[1]&start != 0 == (h.open >= 0) {
		return errTorn
	}
	if b[1]&start != 0 {
		h.open = len(u.data)
		u.data = append(u.data, 0, 0, 0, 0, b[0]&^nalMask|b[1]&nalMask)
	}
	u.data = append(u.data, b[2:]...)
	if b[1]&end == 0 {
		return nil
	}
	from := h.open
	h.open = -1
	whole := u.data[from+4:]
	keep, err := h.look(u, whole)
	if !keep {
		u.data = u.data[:from]
		return err
	}
	binary.BigEndian.PutUint32(u.data[from:], uint32(len(whole)))
	return nil
}

// nal adds a whole NAL unit with its length in front.
func (h *h264Builder) nal(u *unit, b []byte) error {
	keep, err := h.look(u, b)
	if keep {
		u.data = binary.BigEndian.AppendUint32(u.data, uint32(len(b)))
		u.data = append(u.data, b...)
	}
	return err
}

// look reads what a NAL unit tells and reports whether it is kept.
func (h *h264Builder) look(u *unit, b []byte) (keep bool, err error) {
	switch kind := b[0] & nalMask; {
	case kind == nalSPS:
		if err := h.parameters(b); err != nil {
			return false, err
		}
		h.sets = true
	case kind == nalPPS:
		r := bitReader{b: b[1:]}
		h.pps, err = note(h.pps, r.golomb(), b)
	case kind >= nalSlice && kind <= nalPartition, kind == nalIDR:
		if len(b) < 2 || !h.slices && b[1]&0x80 == 0 {
			return false, errTorn // first_mb_in_slice: the picture has begun before
		}
		u.key = kind == nalIDR && (u.key || !h.slices)
		h.slices = true
	case kind >= nalDelimiter && kind <= nalFiller:
		return false, nil // Matroska keeps no delimiters, and filler is nothing
	}
	return err == nil, err
}

func (h *h264Builder) parameters(b []byte) error {
	id, size, err := parseSPS(b)
	if err != nil {
		return err
	}
	h.size = size
	h.sps, err = note(h.sps, id, b)
	return err
}

const (
	// mostSets bounds the ids of a kind that are kept: browsers use one.
	mostSets = 4
	// longestSet bounds a parameter set, so that all fit into a file's header.
	longestSet = 255
)

// note keeps a parameter set if it is another than the one before.
func note(sets map[int][]byte, id int, b []byte) (map[int][]byte, error) {
	if sets == nil {
		sets = map[int][]byte{}
	}
	if _, known := sets[id]; len(b) > longestSet || !known && len(sets) == mostSets {
		return sets, errTorn
	}
	if !bytes.Equal(sets[id], b) {
		sets[id] = slices.Clone(b)
	}
	return sets, nil
}

func (h *h264Builder) end(u *unit) error {
	switch {
	case h.open >= 0:
		return errTorn
	case !h.slices:
		return errNothing
	case !u.key:
		return nil
	case u.cut && !h.sets, len(h.sps) == 0 || len(h.pps) == 0:
		return errTorn // its parameter sets may be those that are missing
	}
	u.width, u.height = h.size.width, h.size.height
	return nil
}

// use makes each keyframe a place to begin at: the parameter sets are in it.
func (h *h264Builder) use(u *unit) {
	if !u.key {
		return
	}
	u.private = h.private()
	if h.sets {
		return
	}
	var sets []byte
	for _, all := range []map[int][]byte{h.sps, h.pps} {
		for _, id := range slices.Sorted(maps.Keys(all)) {
			sets = binary.BigEndian.AppendUint32(sets, uint32(len(all[id])))
			sets = append(sets, all[id]...)
		}
	}
	u.data = slices.Insert(u.data, 0, sets...)
}

// private is the AVCDecoderConfigurationRecord (ISO/IEC 14496-15 section 5.3.3.1).
func (h *h264Builder) private() []byte {
	first := h.sps[slices.Min(slices.Collect(maps.Keys(h.sps)))]
	b := []byte{1, first[1], first[2], first[3], 0xFF}
	for i, all := range []map[int][]byte{h.sps, h.pps} {
		count := byte(len(all))
		if i == 0 {
			count |= 0xE0
		}
		b = append(b, count)
		for _, id := range slices.Sorted(maps.Keys(all)) {
			b = binary.BigEndian.AppendUint16(b, uint16(len(all[id])))
			b = append(b, all[id]...)
		}
	}
	if hasChroma(first[1]) {
		s := spsReader{bitReader{b: unescape(first[1:])}}
		chroma, luma8, chroma8 := s.chroma()
		b = append(b, 0xFC|byte(chroma), 0xF8|byte(luma8), 0xF8|byte(chroma8), 0)
	}
	return b
}

// hasChroma reports whether SPSs of a profile tell the chroma format.
func hasChroma(profile byte) bool {
	return slices.Contains([]byte{100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}, profile)
}

// unescape takes out the bytes that keep start codes from arising (ITU-T H.264
// section 7.4.1.1).
func unescape(b []byte) []byte {
	return bytes.ReplaceAll(b, []byte{0, 0, 3}, []byte{0, 0})
}

// An spsReader reads a sequence parameter set (ITU-T H.264 section 7.3.2.1.1).
type spsReader struct{ bitReader }

// parseSPS returns an SPS's id and the size of its pictures.
func parseSPS(b []byte) (id int, size vp9Size, err error) {
	if len(b) < 4 {
		return 0, size, errBits
	}
	profile := b[1]
	r := spsReader{bitReader{b: unescape(b[1:])}}
	r.skip(24)
	id = r.golomb()
	chroma := 1
	if hasChroma(profile) {
		r.pos = 0
		chroma, _, _ = r.chroma()
		r.skip(1) // qpprime_y_zero_transform_bypass_flag
		if r.flag() {
			r.skipScaling(chroma)
		}
	}
	r.golomb() // log2_max_frame_num_minus4
	r.skipOrder()
	r.golomb() // max_num_ref_frames
	r.skip(1)
	width, height := 16*(r.golomb()+1), 16*(r.golomb()+1)
	interlaced := !r.flag()
	if interlaced {
		height *= 2
		r.skip(1)
	}
	r.skip(1) // direct_8x8_inference_flag
	if r.flag() {
		x, y := cropUnits(chroma, interlaced)
		width -= x * (r.golomb() + r.golomb())
		height -= y * (r.golomb() + r.golomb())
	}
	if err := r.err(); err != nil || width <= 0 || height <= 0 || width > 1<<14 || height > 1<<14 {
		return 0, size, errBits
	}
	return id, vp9Size{width, height}, nil
}

// chroma reads from profile_idc on to the bit depths.
func (r *spsReader) chroma() (format, luma8, chroma8 int) {
	r.skip(24)
	r.golomb()
	if format = r.golomb(); format == 3 {
		r.skip(1)
	}
	return format, r.golomb(), r.golomb()
}

func (r *spsReader) skipScaling(chroma int) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if !r.flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		last, next := 8, 8
		for j := 0; j < size && !r.short; j++ {
			if next != 0 {
				next = (last + r.signedGolomb() + 256) & 0xFF
			}
			if next != 0 {
				last = next
			}
		}
	}
}

// skipOrder skips what tells the order of pictures.
func (r *spsReader) skipOrder() {
	switch r.golomb() {
	case 0:
		r.golomb()
	case 1:
		r.skip(1)
		r.golomb()
		r.golomb()
		for n := r.golomb(); n > 0 && !r.short; n-- {
			r.golomb()
		}
	}
}

// cropUnits is what one step of cropping takes off (ITU-T H.264 section 7.4.2.1.1).
func cropUnits(chroma int, interlaced bool) (x, y int) {
	x, y = 1, 1
	if chroma == 1 || chroma == 2 {
		x = 2
	}
	if chroma == 1 {
		y = 2
	}
	if interlaced {
		y *= 2
	}
	return x, y
}

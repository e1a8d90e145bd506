package frames

import "errors"

// vp9Size is a picture's size.
type vp9Size struct{ width, height int }

// A vp9State is what a VP9 decoder must remember to read frame headers: the
// sizes of the pictures it keeps.
type vp9State struct {
	kept  [8]vp9Size
	color vp9Color
}

// vp9Color is how pictures are stored.
type vp9Color struct{ profile, depth int }

// A vp9Header is the uncompressed header of a frame (VP9 bitstream
// specification, section 6.2).
type vp9Header struct {
	vp9Size
	color     vp9Color
	key       bool
	show      bool
	existing  bool // nothing but a word to show a picture that is kept
	resilient bool
	refresh   int  // which kept pictures it replaces, a bit each
	showBit   int  // where show_frame is, in bits
	intra     bool // key, or predicted from nothing
	bits      int  // length of the header
}

var errVP9 = errors.New("malformed VP9 frame")

const vp9Sync = 0x498342

// peek reads the start of a frame: all that a keyframe tells, little of others.
func (s vp9State) peek(data []byte) (vp9Header, error) {
	r := bitReader{b: data}
	h, err := s.start(&r)
	if err != nil || !h.key {
		return h, err
	}
	h.readKey(&r)
	return h, r.err()
}

// next reads a frame's header and follows what it does to the decoder.
func (s *vp9State) next(data []byte) (vp9Header, error) {
	r := bitReader{b: data}
	h, err := s.start(&r)
	if err != nil || h.existing {
		return h, err
	}
	switch {
	case h.key:
		h.readKey(&r)
	default:
		s.readInter(&h, &r)
	}
	if !h.resilient {
		r.skip(2) // refresh_frame_context, frame_parallel_decoding_mode
	}
	r.skip(2) // frame_context_idx
	skipFilter(&r)
	skipQuantizer(&r)
	skipSegmentation(&r)
	skipTiles(&r, h.width)
	r.skip(16) // header_size_in_bytes
	h.bits = r.pos
	if err := r.err(); err != nil {
		return h, err
	}
	if h.width == 0 || h.height == 0 {
		return h, errVP9 // it refers to a picture we don't know
	}
	for i := range s.kept {
		if h.refresh>>i&1 == 1 {
			s.kept[i] = h.vp9Size
		}
	}
	s.color = h.color
	return h, nil
}

// start reads up to error_resilient_mode, or all of a word to show a kept picture.
func (s vp9State) start(r *bitReader) (h vp9Header, err error) {
	h.color = s.color
	if r.bits(2) != 2 {
		return h, errVP9
	}
	h.color.profile = r.bit() | r.bit()<<1
	if h.color.profile == 3 && r.flag() {
		return h, errVP9
	}
	if r.flag() {
		h.existing, h.show = true, true
		h.vp9Size = s.kept[r.bits(3)]
		h.bits = r.pos
		return h, r.err()
	}
	h.key = !r.flag()
	h.showBit = r.pos
	h.show = r.flag()
	h.resilient = r.flag()
	return h, r.err()
}

func (h *vp9Header) readKey(r *bitReader) {
	h.intra = true
	h.refresh = 0xFF
	if r.bits(24) != vp9Sync {
		r.short = true
		return
	}
	h.readColor(r)
	h.readSize(r)
}

func (h *vp9Header) readColor(r *bitReader) {
	h.color.depth = 8
	if h.color.profile >= 2 {
		h.color.depth = 10 + 2*r.bit()
	}
	const srgb = 7
	space := r.bits(3)
	odd := h.color.profile&1 == 1
	switch {
	case space == srgb && odd:
		r.skip(1)
	case space == srgb:
	case odd:
		r.skip(1 + 2 + 1) // color_range, subsampling_x and _y, reserved
	default:
		r.skip(1)
	}
}

// readSize reads frame_size and render_size.
func (h *vp9Header) readSize(r *bitReader) {
	h.width, h.height = r.bits(16)+1, r.bits(16)+1
	skipRenderSize(r)
}

func skipRenderSize(r *bitReader) {
	if r.flag() {
		r.skip(32)
	}
}

// readInter reads what differs from a keyframe.
func (s *vp9State) readInter(h *vp9Header, r *bitReader) {
	h.intra = !h.show && r.flag()
	if !h.resilient {
		r.skip(2) // reset_frame_context
	}
	if h.intra {
		if r.bits(24) != vp9Sync {
			r.short = true
			return
		}
		if h.color.profile > 0 {
			h.readColor(r)
		}
		h.refresh = r.bits(8)
		h.readSize(r)
		return
	}
	h.refresh = r.bits(8)
	var refs [3]int
	for i := range refs {
		refs[i] = r.bits(3)
		r.skip(1) // ref_frame_sign_bias
	}
	found := false
	for _, ref := range refs {
		if found = r.flag(); found {
			h.vp9Size = s.kept[ref]
			skipRenderSize(r)
			break
		}
	}
	if !found {
		h.readSize(r)
	}
	r.skip(1)      // allow_high_precision_mv
	if !r.flag() { // is_filter_switchable
		r.skip(2)
	}
}

func skipFilter(r *bitReader) {
	r.skip(6 + 3)
	if !r.flag() { // mode_ref_delta_enabled
		return
	}
	if !r.flag() { // mode_ref_delta_update
		return
	}
	for range 4 + 2 {
		if r.flag() {
			r.skip(7)
		}
	}
}

func skipQuantizer(r *bitReader) {
	r.skip(8)
	for range 3 {
		if r.flag() {
			r.skip(5)
		}
	}
}

func skipSegmentation(r *bitReader) {
	if !r.flag() {
		return
	}
	if r.flag() { // update_map
		probabilities := func(n int) {
			for range n {
				if r.flag() {
					r.skip(8)
				}
			}
		}
		probabilities(7)
		if r.flag() { // temporal_update
			probabilities(3)
		}
	}
	if !r.flag() { // update_data
		return
	}
	r.skip(1)
	widths := [4]int{8 + 1, 6 + 1, 2, 0} // with the sign, where there is one
	for range 8 {
		for _, w := range widths {
			if r.flag() {
				r.skip(w)
			}
		}
	}
}

func skipTiles(r *bitReader, width int) {
	blocks := (width + 63) / 64
	least := 0
	for 64<<least < blocks {
		least++
	}
	most := 1
	for blocks>>most >= 4 {
		most++
	}
	for range most - 1 - least {
		if !r.flag() {
			break
		}
	}
	if r.flag() { // tile_rows_log2
		r.skip(1)
	}
}

// private is what WebM keeps about a VP9 stream: profile and bit depth.
func (h vp9Header) private() []byte {
	return []byte{1, 1, byte(h.color.profile), 3, 1, byte(h.color.depth)}
}

// mayHide reports whether a frame can be hidden without a change of what is
// decoded from the frame behind it: that one must not take motion from this one.
func (h vp9Header) mayHide(next vp9Header) bool {
	return h.show && !h.existing && (next.resilient || next.existing || next.key || next.vp9Size != h.vp9Size)
}

// hidden appends a frame with show_frame taken back. Encoders of several
// spatial layers show each; decoders other than libvpx's would give out each.
// A frame that isn't shown has one bit more, intra_only, unless it is a keyframe.
func (h vp9Header) hidden(out, data []byte) []byte {
	from := len(out)
	if h.key {
		out = append(out, data...)
		out[from+h.showBit>>3] &^= 0x80 >> (h.showBit & 7)
		return out
	}
	r := bitReader{b: data}
	w := bitWriter{b: out}
	for r.pos < h.showBit {
		w.bit(r.bit())
	}
	r.skip(1)
	w.bit(0)       // show_frame
	w.bit(r.bit()) // error_resilient_mode
	w.bit(0)       // intra_only
	for r.pos < h.bits {
		w.bit(r.bit())
	}
	return append(w.b, data[(h.bits+7)/8:]...)
}

// A bitWriter appends bits; what is missing of the last byte is zero.
type bitWriter struct {
	b    []byte
	free int // bits of the last byte
}

func (w *bitWriter) bit(v int) {
	if w.free == 0 {
		w.b = append(w.b, 0)
		w.free = 8
	}
	w.free--
	w.b[len(w.b)-1] |= byte(v << w.free)
}

package frames

// The bits of an AV1 aggregation header (RTP Payload Format For AV1, section 4.4).
const (
	av1Continues = 0x80 // Z: the first element continues an OBU
	av1Goes      = 0x40 // Y: the last element goes on in the next packet
)

// The types of OBUs (AV1 bitstream specification, section 6.2.2).
const (
	obuSequence  = 1
	obuDelimiter = 2
	obuHeader    = 3
	obuFrame     = 6
	obuTiles     = 8
	obuPadding   = 15
)

// An av1Builder makes temporal units of one AV1 stream.
type av1Builder struct {
	part     []byte // of an OBU that goes on in the next packet
	open     bool   // there is one
	sequence []byte // the newest sequence header, its OBU with size
	about    av1Sequence
	told     bool // the unit holds a sequence header
	shown    bool // the unit holds a frame
}

func (a *av1Builder) add(u *unit, payload []byte, first bool) error {
	head := payload[0]
	if first {
		a.part, a.open, a.told, a.shown = a.part[:0], false, false, false
	}
	if head&av1Continues != 0 != a.open {
		return errTorn
	}
	count, rest := int(head>>4&3), payload[1:]
	for n := 1; len(rest) > 0; n++ {
		size := len(rest)
		if count == 0 || n < count {
			v, length := leb128(rest)
			if length == 0 || v > len(rest)-length {
				return errTorn
			}
			rest, size = rest[length:], v
		} else if n > count {
			return errTorn
		}
		element := rest[:size]
		rest = rest[size:]
		if a.open {
			a.part = append(a.part, element...)
			element = a.part
		}
		if len(rest) == 0 && head&av1Goes != 0 {
			if !a.open {
				a.part = append(a.part[:0], element...)
			}
			a.open = true
			return nil
		}
		a.open = false
		if err := a.obu(u, element); err != nil {
			return err
		}
	}
	if head&av1Goes != 0 || a.open {
		return errTorn
	}
	return nil
}

// obu adds a whole OBU, with its size put in.
func (a *av1Builder) obu(u *unit, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	head, kind := 1, b[0]>>3&0x0F
	if b[0]&0x80 != 0 {
		return errTorn
	}
	if b[0]&0x04 != 0 { // extension
		head++
	}
	if head > len(b) {
		return errTorn
	}
	body := b[head:]
	if b[0]&0x02 != 0 { // it has its size
		size, length := leb128(body)
		if length == 0 || size > len(body)-length {
			return errTorn
		}
		body = body[length : length+size]
	}
	if kind == obuDelimiter || kind == obuTiles || kind == obuPadding {
		return nil
	}
	from := len(u.data)
	u.data = append(u.data, b[0]|0x02)
	u.data = append(u.data, b[1:head]...)
	u.data = append(appendLEB128(u.data, len(body)), body...)
	return a.look(u, kind, body, u.data[from:])
}

// look reads what OBUs tell of the stream.
func (a *av1Builder) look(u *unit, kind byte, body, whole []byte) error {
	switch kind {
	case obuSequence:
		if a.told {
			return nil // the same for the other operating points
		}
		s, err := parseSequence(body)
		if err != nil {
			return err
		}
		a.about, a.told = s, true
		a.sequence = append(a.sequence[:0], whole...)
	case obuHeader, obuFrame:
		if !a.shown {
			u.key = a.told && isKey(body, a.about.still)
		}
		a.shown = true
	}
	return nil
}

// isKey reports whether a frame header is that of a keyframe that is shown.
func isKey(body []byte, still bool) bool {
	if len(body) == 0 {
		return false
	}
	const existing, kind, show = 0x80, 0x60, 0x10
	return still || body[0]&(existing|kind) == 0 && body[0]&show != 0
}

func (a *av1Builder) end(u *unit) error {
	switch {
	case a.open:
		return errTorn
	case !a.shown:
		return errNothing
	case u.key:
		u.width, u.height = a.about.width, a.about.height
	}
	return nil
}

func (a *av1Builder) use(u *unit) {
	if u.key {
		u.private = a.about.private(a.sequence)
	}
}

// leb128 reads a number of up to four bytes; length is 0 if there is none.
func leb128(b []byte) (v, length int) {
	for i := 0; i < len(b) && i < 4; i++ {
		v |= int(b[i]&0x7F) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, i + 1
		}
	}
	return 0, 0
}

func appendLEB128(b []byte, v int) []byte {
	for ; v >= 0x80; v >>= 7 {
		b = append(b, byte(v)|0x80)
	}
	return append(b, byte(v))
}

// An av1Sequence is what a sequence header tells (AV1 bitstream specification,
// section 5.5).
type av1Sequence struct {
	profile, level, tier        int
	still                       bool // reduced_still_picture_header
	width, height               int
	high, twelve, mono          int
	subsampleX, subsampleY, csp int
}

// private is the AV1CodecConfigurationRecord ("AV1 Codec ISO Media File Format
// Binding", section 2.3).
func (s av1Sequence) private(sequence []byte) []byte {
	b := []byte{
		0x81,
		byte(s.profile<<5 | s.level),
		byte(s.tier<<7 | s.high<<6 | s.twelve<<5 | s.mono<<4 | s.subsampleX<<3 | s.subsampleY<<2 | s.csp),
		0, // no initial presentation delay
	}
	return append(b, sequence...)
}

func parseSequence(b []byte) (s av1Sequence, err error) {
	r := bitReader{b: b}
	s.profile = r.bits(3)
	r.skip(1) // still_picture
	if s.still = r.flag(); s.still {
		s.level = r.bits(5)
	} else {
		s.readPoints(&r)
	}
	wide, high := r.bits(4)+1, r.bits(4)+1
	s.width, s.height = r.bits(wide)+1, r.bits(high)+1
	if !s.still && r.flag() { // frame_id_numbers_present_flag
		r.skip(4 + 3)
	}
	r.skip(3) // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
	if !s.still {
		skipTools(&r)
	}
	r.skip(3) // enable_superres, enable_cdef, enable_restoration
	s.readColor(&r)
	return s, r.err()
}

// readPoints reads the operating points: the first one's level and tier.
func (s *av1Sequence) readPoints(r *bitReader) {
	model, delay := false, 0
	if r.flag() { // timing_info_present_flag
		r.skip(32 + 32)
		if r.flag() { // equal_picture_interval
			r.golomb()
		}
		if model = r.flag(); model {
			delay = r.bits(5) + 1
			r.skip(32 + 5 + 5)
		}
	}
	initial := r.flag()
	for i := range r.bits(5) + 1 {
		r.skip(12)
		level, tier := r.bits(5), 0
		if level > 7 {
			tier = r.bit()
		}
		if i == 0 {
			s.level, s.tier = level, tier
		}
		if model && r.flag() {
			r.skip(2*delay + 1)
		}
		if initial && r.flag() {
			r.skip(4)
		}
	}
}

// skipTools skips the tools that a still picture hasn't.
func skipTools(r *bitReader) {
	r.skip(4) // enable_interintra_compound to enable_dual_filter
	order := r.flag()
	if order {
		r.skip(2)
	}
	screen := r.flag() // seq_choose_screen_content_tools
	if !screen {
		screen = r.flag() // seq_force_screen_content_tools
	}
	if screen {
		if !r.flag() { // seq_choose_integer_mv
			r.skip(1)
		}
	}
	if order {
		r.skip(3)
	}
}

func (s *av1Sequence) readColor(r *bitReader) {
	s.high = r.bit()
	if s.profile == 2 && s.high == 1 {
		s.twelve = r.bit()
	}
	if s.profile != 1 {
		s.mono = r.bit()
	}
	primaries, transfer, matrix := 2, 2, 2
	if r.flag() {
		primaries, transfer, matrix = r.bits(8), r.bits(8), r.bits(8)
	}
	s.subsampleX, s.subsampleY = 1, 1
	switch {
	case s.mono == 1:
		r.skip(1)
		return
	case primaries == 1 && transfer == 13 && matrix == 0: // sRGB
		s.subsampleX, s.subsampleY = 0, 0
		return
	}
	r.skip(1) // color_range
	switch {
	case s.profile == 1:
		s.subsampleX, s.subsampleY = 0, 0
	case s.twelve == 1:
		if s.subsampleX = r.bit(); s.subsampleX == 1 {
			s.subsampleY = r.bit()
		} else {
			s.subsampleY = 0
		}
	case s.profile == 2:
		s.subsampleY = 0
	}
	if s.subsampleX == 1 && s.subsampleY == 1 {
		s.csp = r.bits(2)
	}
}

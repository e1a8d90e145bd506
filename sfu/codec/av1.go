package codec

// Types of open bitstream units (AV1 section 6.2.2).
const (
	obuSequence  = 1
	obuDelimiter = 2
)

// AV1 is the aggregation header of one AV1 packet and what its first unit
// tells (RTP Payload Format For AV1 section 4.4).
type AV1 struct {
	Continues bool // Z: the packet begins in the middle of a unit
	Goes      bool // Y: its last unit goes on in the next packet
	New       bool // N: the first packet of a coded video sequence, a keyframe
	TID, SID  int  // layers of the first unit; -1 when it does not say
	// Width and Height are the largest of the sequence, where its header is in
	// the packet; else 0.
	Width, Height int
}

// ParseAV1 reads an AV1 payload. A payload without a byte of AV1 behind its
// aggregation header is an error.
func ParseAV1(b []byte) (AV1, error) {
	if len(b) < 2 {
		return AV1{TID: -1, SID: -1}, ErrShort
	}
	a := AV1{Continues: b[0]&0x80 != 0, Goes: b[0]&0x40 != 0, New: b[0]&0x08 != 0, TID: -1, SID: -1}
	if a.Continues {
		a.New = false // section 4.4: it can't be
		return a, nil
	}
	count := int(b[0] >> 4 & 3)
	rest := b[1:]
	for i := 1; len(rest) > 0; i++ {
		unit := rest
		if count == 0 || i < count { // W: the last of them has no length
			size, n, ok := leb128(rest)
			if !ok || size > len(rest)-n {
				return a, ErrShort
			}
			unit, rest = rest[n:n+size], rest[n+size:]
		} else {
			rest = nil
		}
		if done := a.unit(unit); done {
			break
		}
	}
	return a, nil
}

// unit reads one open bitstream unit (AV1 section 5.3) and reports whether the
// others tell nothing more.
func (a *AV1) unit(b []byte) (done bool) {
	if len(b) == 0 {
		return false
	}
	kind, n := b[0]>>3&0xF, 1
	if kind == obuDelimiter {
		return false
	}
	if b[0]&4 != 0 { // extension
		if len(b) < 2 {
			return true
		}
		if a.TID < 0 {
			a.TID, a.SID = int(b[1]>>5), int(b[1]>>3&3)
		}
		n++
	}
	if kind != obuSequence {
		return true
	}
	if b[0]&2 != 0 { // has a size, which senders should leave out
		_, m, ok := leb128(b[n:])
		if !ok {
			return true
		}
		n += m
	}
	a.Width, a.Height = readSequence(b[n:])
	return false // the frame behind it tells its layers
}

// leb128 reads a little-endian base 128 number (AV1 section 4.10.5).
func leb128(b []byte) (v, n int, ok bool) {
	for n < min(len(b), 8) {
		c := b[n]
		v |= int(c&0x7F) << (7 * n)
		n++
		if c&0x80 == 0 {
			return v, n, v < 1<<32
		}
	}
	return 0, 0, false
}

// readSequence returns the largest size a sequence header tells (AV1 section
// 5.5.1), 0 if it is cut off.
func readSequence(b []byte) (width, height int) {
	r := bits{b: b}
	r.skip(4)     // profile, still_picture
	if r.flag() { // reduced_still_picture_header
		r.skip(5)
	} else {
		r.operatingPoints()
	}
	w, h := int(r.read(4))+1, int(r.read(4))+1
	width, height = int(r.read(w))+1, int(r.read(h))+1
	if r.short {
		return 0, 0
	}
	return width, height
}

// operatingPoints passes over timing and operating points.
func (r *bits) operatingPoints() {
	model, delay := false, 0
	if r.flag() { // timing_info
		r.skip(64)
		if r.flag() {
			r.golomb()
		}
		if model = r.flag(); model {
			delay = int(r.read(5)) + 1
			r.skip(42)
		}
	}
	initial := r.flag()
	for range r.read(5) + 1 {
		r.skip(12)
		if r.read(5) > 7 {
			r.skip(1)
		}
		if model && r.flag() {
			r.skip(2*delay + 1)
		}
		if initial && r.flag() {
			r.skip(4)
		}
	}
}

// readAV1 tells of one packet of AV1, with its dependency descriptor if it has
// one.
func (r *Reader) readAV1(payload, descriptor []byte) (Frame, error) {
	f := Frame{PictureID: -1, TL0: -1}
	a, err := ParseAV1(payload)
	if err != nil {
		return f, err
	}
	f.Start, f.Keyframe, f.Fresh = !a.Continues, a.New, a.New
	f.Temporal, f.Spatial = uint8(max(a.TID, 0)), uint8(max(a.SID, 0))
	f.Heights[0] = uint16(min(a.Height, 1<<16-1))
	if len(descriptor) == 0 {
		return f, nil
	}
	if r.dd == nil {
		r.dd = &Descriptors{}
	}
	d, err := r.dd.Parse(descriptor)
	if err != nil {
		return f, err
	}
	f.Start, f.End, f.Fresh, f.Discardable = d.First, d.Last, d.Fresh, d.Discardable
	f.Keyframe = d.First && d.Fresh && d.Spatial == 0
	f.Sync = d.Switch
	f.Spatial, f.Temporal, f.PictureID = d.Spatial, d.Temporal, int32(d.FrameNumber)
	if d.Structure {
		f.Layers = uint8(r.dd.spatials())
		for i := range f.Heights {
			if h := r.dd.height(i); h > 0 {
				f.Heights[i] = h
			}
		}
	}
	return f, nil
}

package frames

import (
	"encoding/binary"

	"plenum/sfu/codec"
)

// The bits of a VP9 payload descriptor's first byte (RFC 9628 section 4.2).
const (
	vp9Picture   = 0x80 // I: picture id present
	vp9Inter     = 0x40 // P: predicted from other pictures
	vp9Layers    = 0x20 // L: layer indices present
	vp9Flexible  = 0x10 // F
	vp9Begin     = 0x08 // B: start of a layer frame
	vp9End       = 0x04 // E: end of a layer frame
	vp9Structure = 0x02 // V: scalability structure present
)

// vp9Descriptor is the payload descriptor of one packet.
type vp9Descriptor struct {
	begin, end bool
	inter      bool
	flexible   bool
	picture    int // -1 when absent
	wide       bool
	layered    bool
	temporal   int
	spatial    int
	switchUp   bool // U
	onLower    bool // D: predicted from the spatial layer below
	tl0        int  // -1 when absent
	diffs      [3]byte
	references int // how many of diffs there are
	structure  int // where the scalability structure begins; 0 without one
	length     int
}

func parseVP9(b []byte) (d vp9Descriptor, err error) {
	d = vp9Descriptor{picture: -1, tl0: -1}
	r := cursor{b: b, n: 1}
	if len(b) == 0 {
		return d, codec.ErrShort
	}
	head := b[0]
	d.begin, d.end = head&vp9Begin != 0, head&vp9End != 0
	d.inter, d.flexible = head&vp9Inter != 0, head&vp9Flexible != 0
	if head&vp9Picture != 0 {
		d.picture = int(r.byte())
		if d.wide = d.picture&0x80 != 0; d.wide {
			d.picture = d.picture&0x7F<<8 | int(r.byte())
		}
	}
	if head&vp9Layers != 0 {
		v := r.byte()
		d.layered = true
		d.temporal, d.switchUp, d.spatial, d.onLower = int(v>>5), v&0x10 != 0, int(v>>1&7), v&1 != 0
		if !d.flexible {
			d.tl0 = int(r.byte())
		}
	}
	if d.flexible && d.inter {
		for more := true; more; {
			if d.references == len(d.diffs) {
				return d, errTorn
			}
			v := r.byte()
			d.diffs[d.references] = v >> 1
			d.references++
			more = v&1 != 0
		}
	}
	if head&vp9Structure != 0 {
		d.structure = r.n
		if _, ok := readStructure(&r); !ok {
			return d, errTorn
		}
	}
	if d.length = r.n; r.n >= len(b) {
		return d, codec.ErrShort
	}
	return d, nil
}

// mostPictures bounds a picture group: browsers' have up to eight.
const mostPictures = 32

// A pictureGroup tells what each picture of a repeating pattern needs: how many
// pictures ago that was, 0 behind the last.
type pictureGroup struct {
	pictures [mostPictures][3]byte
	count    int // 0 when the stream has told none
	start    int // picture id of the first
}

// readStructure reads a scalability structure (RFC 9628 section 4.2.1): of the
// sizes, which are in the frames too, nothing is kept.
func readStructure(r *cursor) (g pictureGroup, ok bool) {
	v := r.byte()
	if v&0x10 != 0 {
		r.n += 4 * (int(v>>5) + 1)
	}
	if v&0x08 == 0 {
		return g, true
	}
	if g.count = int(r.byte()); g.count > mostPictures {
		return g, false
	}
	for i := range g.count {
		for n := range int(r.byte() >> 2 & 3) {
			g.pictures[i][n] = r.byte()
		}
	}
	return g, true
}

// needs adds what the group says that a picture needs.
func (g *pictureGroup) needs(refs *Refs) {
	refs.Listed = true
	n := (refs.Picture - g.start) & refs.mask() % g.count
	g.start = (refs.Picture - n) & refs.mask() // counted on from here, so that ids may wrap
	for _, ago := range g.pictures[n] {
		if ago > 0 {
			refs.need(ago)
		}
	}
}

// A cursor reads bytes; behind the end it reads zeros.
type cursor struct {
	b []byte
	n int
}

func (c *cursor) byte() (v byte) {
	if c.n < len(c.b) {
		v = c.b[c.n]
	}
	c.n++
	return v
}

// maxLayerFrames is how many frames fit into a superframe.
const maxLayerFrames = 8

// A vp9Builder makes pictures of one VP9 stream.
type vp9Builder struct {
	decoder vp9State
	group   pictureGroup
	starts  []int // of the layer frames in the unit
	open    bool  // a layer frame has begun and not ended
	spatial int   // of the newest layer frame
	first   vp9Header
	spare   []byte // for the next superframe
	heads   []vp9Header
	sizes   []int
}

func (v *vp9Builder) add(u *unit, payload []byte, first bool) error {
	d, err := parseVP9(payload)
	if err != nil {
		return err
	}
	if first {
		v.starts, v.open, v.spatial = v.starts[:0], false, -1
		u.refs = Refs{Picture: d.picture, Wide: d.wide, TL0: d.tl0, Layer: -1, Up: d.switchUp, Listed: d.flexible && d.picture >= 0}
		if d.layered {
			u.refs.Layer = d.temporal
		}
		if u.cut && d.spatial > 0 {
			return errTorn // the layers below are missing
		}
		v.regroup(d, payload)
		if !d.flexible && d.picture >= 0 && v.group.count > 0 {
			v.group.needs(&u.refs)
		}
	}
	switch {
	case d.begin == v.open, d.picture >= 0 && d.picture != u.refs.Picture:
		return errTorn
	case d.begin && (d.spatial <= v.spatial || len(v.starts) == maxLayerFrames):
		return errTorn
	case d.begin:
		v.starts = append(v.starts, len(u.data))
		v.spatial = d.spatial
	case d.spatial != v.spatial:
		return errTorn
	}
	for _, diff := range d.diffs[:d.references] {
		u.refs.need(diff)
	}
	v.open = !d.end
	u.data = append(u.data, payload[d.length:]...)
	return nil
}

// regroup takes note of a picture group that begins with a packet.
func (v *vp9Builder) regroup(d vp9Descriptor, payload []byte) {
	if d.structure == 0 {
		return
	}
	v.group = pictureGroup{}
	if d.picture < 0 {
		return
	}
	r := cursor{b: payload, n: d.structure}
	v.group, _ = readStructure(&r) // it has been read before
	v.group.start = d.picture
}

func (v *vp9Builder) end(u *unit) error {
	if v.open || len(v.starts) == 0 {
		return errTorn
	}
	h, err := v.decoder.peek(u.data)
	if err != nil {
		return err
	}
	v.first = h
	if u.key = h.key; !u.key && u.refs.Needs[0] == 0 {
		u.refs.Listed = false // it must need something
	}
	// A frame that isn't error resilient takes its probabilities from one of four
	// sets that the frames before it have changed, whatever it is predicted from.
	u.refs.Context = !h.resilient && !h.key
	u.width, u.height = h.width, h.height
	return nil
}

// use makes one frame of the layers: those below the highest are hidden, and an
// index tells where each begins (VP9 bitstream specification, annex B).
func (v *vp9Builder) use(u *unit) {
	if u.key {
		u.private = v.first.private()
		v.decoder = vp9State{}
	}
	if len(v.starts) == 1 {
		v.alone(u)
		return
	}
	layers := v.split(u.data)
	hide := v.follow(layers)
	out := v.spare[:0]
	v.sizes = v.sizes[:0]
	for i, l := range layers {
		from := len(out)
		if hide && i < len(layers)-1 && v.heads[i].mayHide(v.heads[i+1]) {
			out = v.heads[i].hidden(out, l)
		} else {
			out = append(out, l...)
		}
		v.sizes = append(v.sizes, len(out)-from)
	}
	top := v.heads[len(v.heads)-1]
	u.width, u.height = top.width, top.height
	v.spare = u.data
	u.data = appendIndex(out, v.sizes)
}

// follow reads the headers of a picture's frames. It reports whether they are
// understood and the last is shown.
func (v *vp9Builder) follow(layers [][]byte) bool {
	v.heads = v.heads[:0]
	for _, l := range layers {
		h, err := v.decoder.next(l)
		v.heads = append(v.heads, h)
		if err != nil {
			v.decoder = vp9State{}
			return false
		}
	}
	return v.heads[len(v.heads)-1].show
}

// alone follows a picture of one layer, which is left as it is.
func (v *vp9Builder) alone(u *unit) {
	frames, _ := superframe(u.data)
	for _, f := range frames {
		h, err := v.decoder.next(f)
		if err != nil {
			v.decoder = vp9State{}
			return
		}
		u.width, u.height = h.width, h.height
	}
}

// split returns the frames of a picture's layers; a layer that is a superframe
// itself is taken apart.
func (v *vp9Builder) split(data []byte) (layers [][]byte) {
	whole := 0
	for i, from := range v.starts {
		to := len(data)
		if i+1 < len(v.starts) {
			to = v.starts[i+1]
		}
		frames, n := superframe(data[from:to])
		if whole += len(frames); whole > maxLayerFrames {
			frames, n = [][]byte{data[from:to]}, 1
		}
		layers = append(layers, frames[:n]...)
	}
	return layers
}

// superframe returns the frames of a superframe, or the one frame data is.
func superframe(data []byte) (frames [][]byte, n int) {
	if len(data) == 0 {
		return nil, 0
	}
	marker := data[len(data)-1]
	count, width := int(marker&7)+1, int(marker>>3&3)+1
	index := 2 + count*width
	if marker&0xE0 != 0xC0 || len(data) < index || data[len(data)-index] != marker {
		return [][]byte{data}, 1
	}
	sizes := data[len(data)-index+1 : len(data)-1]
	rest := data[:len(data)-index]
	for i := range count {
		var b [8]byte
		copy(b[:], sizes[i*width:(i+1)*width])
		size := int(binary.LittleEndian.Uint64(b[:]))
		if size == 0 || size > len(rest) {
			return [][]byte{data}, 1
		}
		frames = append(frames, rest[:size])
		rest = rest[size:]
	}
	return frames, count
}

// appendIndex appends a superframe's index.
func appendIndex(b []byte, sizes []int) []byte {
	most := 0
	for _, n := range sizes {
		most = max(most, n)
	}
	width := 1
	for most>>(8*width) > 0 {
		width++
	}
	marker := byte(0xC0 | (width-1)<<3 | (len(sizes) - 1))
	b = append(b, marker)
	for _, n := range sizes {
		for i := range width {
			b = append(b, byte(n>>(8*i)))
		}
	}
	return append(b, marker)
}

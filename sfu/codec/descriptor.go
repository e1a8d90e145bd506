package codec

import "errors"

// ErrDescriptor is returned for a dependency descriptor that can't be read, or
// that refers to a structure that was not received.
var ErrDescriptor = errors.New("codec: malformed dependency descriptor")

// Bounds of a template structure (RTP Payload Format For AV1, A.8.3).
const (
	maxTemplates = 64
	maxTargets   = 32
	maxRefs      = 16 // our own: browsers use three
)

// What a frame is to a decode target (A.8.2).
const (
	dtiAbsent = iota
	dtiDiscardable
	dtiSwitch
	dtiRequired
)

// A Descriptor is the dependency descriptor of one packet, the RTP header
// extension that says how frames depend on each other without a look at the
// payload.
type Descriptor struct {
	First, Last       bool // packet of the frame
	FrameNumber       uint16
	Spatial, Temporal uint8
	// Structure is set where the packet brings the templates of what follows.
	Structure bool
	// Targets are the decode targets that the sender sends now, one bit each.
	Targets uint32
	// Fresh is set when the frame refers to no earlier picture; Discardable when
	// nothing refers to it; Switch when a decode target can be begun with it.
	Fresh, Discardable, Switch bool
}

// A template says what frames of one kind have in common.
type template struct {
	spatial, temporal uint8
	dti               [maxTargets]uint8
	refs              [maxRefs]uint16
	refCount          int
}

// Descriptors reads the dependency descriptors of one stream, in which
// templates come once and hold for what follows. Its zero value is ready.
type Descriptors struct {
	offset    uint8
	targets   int
	chains    int
	templates []template
	next      []template // that of a structure being read
	heights   [4]uint16
	active    uint32
	base      uint16 // frame number of the newest frame of the lowest layer
	based     bool
}

// Parse reads one dependency descriptor (A.8.2).
func (s *Descriptors) Parse(b []byte) (Descriptor, error) {
	r := bits{b: b}
	d := Descriptor{First: r.flag(), Last: r.flag()}
	id := uint8(r.read(6))
	d.FrameNumber = uint16(r.read(16))
	var custom struct{ targets, dtis, refs, chains bool }
	if len(b) > 3 {
		d.Structure = r.flag()
		custom.targets, custom.dtis, custom.refs, custom.chains = r.flag(), r.flag(), r.flag(), r.flag()
	}
	if d.Structure && !s.structure(&r) {
		return d, ErrDescriptor
	}
	if custom.targets {
		s.active = r.read(s.targets)
	}
	index := int(id+maxTemplates-s.offset) % maxTemplates
	if r.short || index >= len(s.templates) {
		return d, ErrDescriptor
	}
	t := s.templates[index]
	d.Spatial, d.Temporal, d.Targets = t.spatial, t.temporal, s.active
	if custom.dtis {
		for i := range s.targets {
			t.dti[i] = uint8(r.read(2))
		}
	}
	if custom.refs && !t.customRefs(&r) {
		return d, ErrDescriptor
	}
	if custom.chains {
		r.skip(8 * s.chains)
	}
	if r.short {
		return d, ErrDescriptor
	}
	s.judge(&d, &t)
	return d, nil
}

// judge works out what a frame's references mean for who begins with it.
func (s *Descriptors) judge(d *Descriptor, t *template) {
	if d.Spatial == 0 {
		s.base, s.based = d.FrameNumber, true
	}
	above := d.FrameNumber - s.base // in its picture; wraps
	d.Fresh = s.based && above == uint16(d.Spatial)
	for _, ref := range t.refs[:t.refCount] {
		if ref > above {
			d.Fresh = false
		}
	}
	d.Discardable = true
	for _, dti := range t.dti[:s.targets] {
		d.Switch = d.Switch || dti == dtiSwitch
		d.Discardable = d.Discardable && (dti == dtiAbsent || dti == dtiDiscardable)
	}
}

// customRefs reads a frame's own references.
func (t *template) customRefs(r *bits) bool {
	t.refCount = 0
	for {
		size := r.read(2) // in steps of four bits; 0 ends
		if size == 0 || r.short {
			return !r.short
		}
		if t.refCount == maxRefs {
			return false
		}
		t.refs[t.refCount] = uint16(r.read(4*int(size))) + 1
		t.refCount++
	}
}

// structure reads a template structure (A.8.3) and keeps it if it is whole.
func (s *Descriptors) structure(r *bits) bool {
	offset := uint8(r.read(6))
	targets := int(r.read(5)) + 1
	s.next = s.next[:0]
	spatial, temporal := uint8(0), uint8(0)
	for layers := true; layers; {
		if len(s.next) == maxTemplates || r.short || spatial > 3 || temporal > 7 {
			return false
		}
		s.next = append(s.next, template{spatial: spatial, temporal: temporal})
		switch r.read(2) {
		case 1:
			temporal++
		case 2:
			spatial, temporal = spatial+1, 0
		case 3:
			layers = false
		}
	}
	for i := range s.next {
		for k := range targets {
			s.next[i].dti[k] = uint8(r.read(2))
		}
	}
	for i := range s.next {
		t := &s.next[i]
		for r.flag() {
			if t.refCount == maxRefs {
				return false
			}
			t.refs[t.refCount] = uint16(r.read(4)) + 1
			t.refCount++
		}
	}
	chains := int(r.nonSymmetric(uint32(targets) + 1))
	if chains > 0 {
		for range targets {
			r.nonSymmetric(uint32(chains))
		}
		r.skip(4 * chains * len(s.next))
	}
	var heights [4]uint16
	if r.flag() {
		for i := range min(int(spatial)+1, len(heights)) {
			r.skip(16)
			heights[i] = uint16(min(r.read(16)+1, 1<<16-1))
		}
	}
	if r.short {
		return false
	}
	s.offset, s.targets, s.chains, s.heights = offset, targets, chains, heights
	s.templates, s.next = s.next, s.templates
	s.active, s.based = 1<<targets-1, false
	return true
}

// spatials is how many spatial layers the structure has.
func (s *Descriptors) spatials() (n int) {
	for _, t := range s.templates {
		n = max(n, int(t.spatial)+1)
	}
	return n
}

// height is that of a spatial layer in pixels, 0 where the structure does not say.
func (s *Descriptors) height(spatial int) uint16 { return s.heights[spatial] }

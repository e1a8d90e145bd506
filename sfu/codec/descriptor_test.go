package codec

import (
	"errors"
	"testing"
)

// pen writes a bit stream.
type pen struct {
	b  []byte
	at int
}

func (p *pen) put(v uint32, n int) *pen {
	for i := n - 1; i >= 0; i-- {
		if p.at%8 == 0 {
			p.b = append(p.b, 0)
		}
		p.b[p.at/8] |= byte(v>>i&1) << (7 - p.at%8)
		p.at++
	}
	return p
}

// layered is a stream of so many spatial layers that refer to each other in key
// pictures only (L1T1, L2T1_KEY, L3T1_KEY): templates 0 to n-1 are those of key
// pictures, n to 2n-1 the others'.
type layered int

// mandatory is the part every descriptor has.
func (layered) mandatory(template, number uint32) *pen {
	return (&pen{}).put(1, 1).put(1, 1).put(template, 6).put(number, 16)
}

// first is the descriptor of a key picture's lowest layer, with the structure.
func (n layered) first() []byte {
	p := n.mandatory(0, 100).put(1, 1).put(0, 4)
	p.put(0, 6).put(uint32(n)-1, 5) // template offset, decode targets
	for layer := range int(n) {
		p.put(0, 2) // another of the same layer
		if layer == int(n)-1 {
			p.put(3, 2)
		} else {
			p.put(2, 2)
		}
	}
	for layer := range int(n) { // two templates each
		for key := range 2 {
			for target := range int(n) {
				switch {
				case target < layer, target > layer && key == 1:
					p.put(dtiAbsent, 2)
				case key == 0:
					p.put(dtiSwitch, 2)
				default:
					p.put(dtiRequired, 2)
				}
			}
		}
	}
	for layer := range int(n) {
		if layer > 0 {
			p.put(1, 1).put(0, 4) // the layer below, one frame ago
		}
		p.put(0, 1)
		p.put(1, 1).put(uint32(n)-1, 4).put(0, 1) // itself, one picture ago
	}
	p.put(0, width(uint32(n)+1)) // no chains
	p.put(1, 1)
	for layer := range int(n) {
		p.put(uint32(320<<layer-1), 16).put(uint32(180<<layer-1), 16)
	}
	return p.b
}

// width is how many bits the smallest number below n takes.
func width(n uint32) int {
	w := 0
	for x := n; x != 0; x >>= 1 {
		w++
	}
	if n == 1<<(w-1) {
		return w - 1
	}
	return w - 1
}

func TestDescriptors(t *testing.T) {
	var s Descriptors
	n := layered(3)
	type want struct {
		spatial                    uint8
		fresh, discardable, begins bool
	}
	for i, tt := range []struct {
		b    []byte
		want want
	}{
		{n.first(), want{0, true, false, true}},
		{n.mandatory(2, 101).b, want{1, true, false, true}},
		{n.mandatory(4, 102).b, want{2, true, false, true}},
		{n.mandatory(1, 103).b, want{0, false, false, false}},
		{n.mandatory(3, 104).b, want{1, false, false, false}},
		{n.mandatory(5, 105).b, want{2, false, false, false}},
		{n.mandatory(2, 108).b, want{1, false, false, true}}, // its picture's lowest frame was lost
	} {
		d, err := s.Parse(tt.b)
		if err != nil {
			t.Fatalf("descriptor %d: %v", i, err)
		}
		if got := (want{d.Spatial, d.Fresh, d.Discardable, d.Switch}); got != tt.want {
			t.Errorf("descriptor %d: %+v, want %+v", i, got, tt.want)
		}
		if d.Structure != (i == 0) || d.Targets != 7 || !d.First || !d.Last {
			t.Errorf("descriptor %d: %+v", i, d)
		}
	}
	if s.spatials() != 3 || s.height(0) != 180 || s.height(2) != 720 {
		t.Errorf("%d layers of %v", s.spatials(), s.heights)
	}
}

// A frame may say for itself what its template does not.
func TestDescriptorsOfTheirOwn(t *testing.T) {
	n := layered(2)
	for name, tt := range map[string]struct {
		b                  *pen
		fresh, discardable bool
		targets            uint32
	}{
		"fewer targets":  {n.mandatory(1, 102).put(0, 1).put(1, 1).put(0, 3).put(1, 2), false, false, 1},
		"discardable":    {n.mandatory(1, 102).put(0, 2).put(1, 1).put(0, 2).put(dtiDiscardable, 2).put(dtiAbsent, 2), false, true, 3},
		"no references":  {n.mandatory(1, 102).put(0, 3).put(1, 1).put(0, 1).put(0, 2), true, false, 3},
		"its references": {n.mandatory(1, 102).put(0, 3).put(1, 1).put(0, 1).put(1, 2).put(1, 4).put(2, 2).put(200, 8).put(0, 2), false, false, 3},
	} {
		var s Descriptors
		if _, err := s.Parse(n.first()); err != nil {
			t.Fatal(err)
		}
		d, err := s.Parse(tt.b.b)
		if err != nil || d.Fresh != tt.fresh || d.Discardable != tt.discardable || d.Targets != tt.targets {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

func TestBadDescriptors(t *testing.T) {
	whole := layered(3).first()
	for name, b := range map[string][]byte{
		"nothing":             nil,
		"two bytes":           {0x80, 0},
		"no structure yet":    {0xC0, 0, 1},
		"structure cut":       whole[:8],
		"sizes cut":           whole[:len(whole)-2],
		"layers without end":  layered(1).mandatory(0, 1).put(1, 1).put(0, 4).put(0, 11).put(0, 32).put(0, 32).put(0, 32).put(0, 32).put(0, 32).b,
		"too many references": layered(1).mandatory(0, 1).put(1, 1).put(0, 4).put(0, 11).put(3, 2).put(2, 2).put(1<<32-1, 32).put(1<<32-1, 32).put(1<<32-1, 32).b,
	} {
		var s Descriptors
		if d, err := s.Parse(b); !errors.Is(err, ErrDescriptor) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
	var s Descriptors
	if _, err := s.Parse(whole); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Parse(layered(3).mandatory(6, 101).b); !errors.Is(err, ErrDescriptor) {
		t.Errorf("a template there is none of: %v", err)
	}
	if _, err := s.Parse(whole[:9]); !errors.Is(err, ErrDescriptor) {
		t.Errorf("a structure that is cut: %v", err)
	}
	if d, err := s.Parse(layered(3).mandatory(2, 101).b); err != nil || d.Spatial != 1 {
		t.Errorf("the structure before does not hold any more: %+v, %v", d, err)
	}
}

// An AV1 frame is told by its descriptor where it has one.
func TestAV1Frames(t *testing.T) {
	r := NewReader(AV1Video)
	f, err := r.Read([]byte{0x18, 0x30, 1}, layered(3).first())
	want := Frame{
		Start: true, End: true, Keyframe: true, Fresh: true, Sync: true, Layers: 3,
		Heights: [3]uint16{180, 360, 720}, PictureID: 100, TL0: -1,
	}
	if err != nil || f != want {
		t.Errorf("key picture:\n got %+v %v\nwant %+v", f, err, want)
	}
	f, err = r.Read([]byte{0x10, 0x30, 1}, layered(3).mandatory(2, 101).b)
	want = Frame{Start: true, End: true, Fresh: true, Sync: true, Spatial: 1, PictureID: 101, TL0: -1}
	if err != nil || f != want {
		t.Errorf("its upper layer:\n got %+v %v\nwant %+v", f, err, want)
	}
}

func FuzzDescriptor(f *testing.F) {
	for n := layered(1); n <= 3; n++ {
		f.Add(n.first(), n.mandatory(1, 101).b)
		f.Add(n.first(), n.mandatory(1, 101).put(0x1F, 5).put(0x12345678, 32).put(0x9ABCDEF0, 32).b)
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var s Descriptors
		_, _ = s.Parse(first)
		before := len(s.templates)
		d, err := s.Parse(second)
		if err != nil {
			if !d.Structure && len(s.templates) != before {
				t.Fatal("the structure changed without a new one")
			}
			return
		}
		if int(d.Spatial) >= s.spatials() || d.Spatial > 3 || d.Temporal > 7 {
			t.Fatalf("layer %d, %d of %d", d.Spatial, d.Temporal, s.spatials())
		}
	})
}

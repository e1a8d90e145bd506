package frames

// Refs is what a frame says about the frames it needs (RFC 7741 section 4.2,
// RFC 9628 section 4.2). A negative field is absent.
type Refs struct {
	Picture int  // picture id
	Wide    bool // the picture id has 15 bits, not 7
	TL0     int  // which base frame it belongs to, 8 bits
	Layer   int  // temporal layer
	Sync    bool // it needs nothing but that base frame
	Up      bool // higher layers after it need nothing of theirs before it

	Context bool // it goes on with the statistics of what was decoded before it

	Listed bool      // Needs tells all it needs
	Needs  [16]uint8 // how many pictures ago, 0 behind the last
}

// need notes that the frame needs the picture a number of pictures ago.
func (r *Refs) need(ago byte) {
	for i, n := range r.Needs {
		switch n {
		case ago:
			return
		case 0:
			r.Needs[i] = ago
			return
		}
	}
	r.Listed = false // more than any encoder keeps
}

// noRefs is for a format whose frames say nothing.
var noRefs = Refs{Picture: -1, TL0: -1, Layer: -1}

// maxLayers is how many temporal layers three bits tell apart.
const maxLayers = 8

// maxSilent is the most packets that may be lost before ids of seven bits
// could have come round.
const maxSilent = 127

// A verdict says what becomes of a frame.
type verdict int

const (
	follows   verdict = iota // it continues what was given out
	bridges                  // it can be decoded, but frames before it are missing
	dangles                  // it lacks its reference; a later frame need not
	breaksOff                // nothing can be decoded before a keyframe
)

// A chain follows which frames a decoder has, and tells which of the next ones
// it can decode. Without temporal layers a lost frame is missed by all that
// follow; with them a lost frame above the base is missed by few.
type chain struct {
	last    Refs               // of the newest frame judged
	whole   [maxLayers]bool    // the layer has lost nothing since its last sync point
	lost    int64              // packets lost since the newest frame
	hurt    bool               // something was lost since the newest frame
	given   [maxSilent + 1]int // picture ids of what was given out, plus 1, each in its place
	skipped bool               // frames are missing since the newest that was given out
}

// lose notes that packets are missing, or that a frame was torn (0 packets).
func (c *chain) lose(packets int64) {
	c.hurt = true
	c.lost += packets
}

// next says what becomes of a frame and takes note of it.
func (c *chain) next(key bool, r Refs) verdict {
	c.skipped = c.skipped || c.hurt && (key || !c.consecutive(r))
	if c.skipped && r.Context && !key {
		return breaksOff // that it refers to nothing that is missing doesn't help
	}
	if r.Listed {
		return c.listed(key, r)
	}
	switch {
	case key:
		c.whole = [maxLayers]bool{true, true, true, true, true, true, true, true}
	case c.hurt && !c.consecutive(r):
		if !c.based(r) {
			return breaksOff
		}
		c.whole = [maxLayers]bool{true}
	}
	c.last, c.lost, c.hurt = r, 0, false
	if !key && r.Layer > 0 {
		if !r.Sync && !c.intact(r.Layer) {
			clear(c.whole[min(r.Layer, maxLayers-1):])
			c.skipped = true
			return dangles
		}
		c.whole[r.Layer] = c.whole[r.Layer] || r.Sync
	}
	if r.Up && r.Layer >= 0 {
		for n := r.Layer + 1; n < maxLayers; n++ {
			c.whole[n] = true
		}
	}
	return c.goes()
}

// goes is the verdict on a frame that can be decoded.
func (c *chain) goes() verdict {
	if c.skipped {
		c.skipped = false
		return bridges
	}
	return follows
}

// listed is next for a frame that lists what it needs.
func (c *chain) listed(key bool, r Refs) verdict {
	mask := r.mask()
	if key || !c.last.Listed || c.lost > maxSilent {
		c.given = [maxSilent + 1]int{}
	} else {
		for n := (c.last.Picture + 1) & mask; n != r.Picture&mask && n&maxSilent != c.last.Picture&maxSilent; n = (n + 1) & mask {
			c.given[n&maxSilent] = 0
		}
	}
	have := true
	for _, ago := range r.Needs {
		need := (r.Picture - int(ago)) & mask
		have = have && (key || ago == 0 || c.given[need&maxSilent] == need+1)
	}
	c.last, c.lost, c.hurt = r, 0, false
	switch slot := &c.given[r.Picture&maxSilent]; {
	case have:
		*slot = r.Picture + 1
		return c.goes()
	case r.Layer > 0:
		*slot = 0
		c.skipped = true
		return dangles
	default:
		return breaksOff
	}
}

// mask is what picture ids count in.
func (r Refs) mask() int {
	if r.Wide {
		return 0x7FFF
	}
	return 0x7F
}

// based reports whether the base layer is known to be whole though packets are
// missing before a frame.
func (c *chain) based(r Refs) bool {
	switch {
	case c.lost > maxSilent || r.TL0 < 0 || c.last.TL0 < 0 || r.Layer < 0:
		return false
	case r.Layer == 0:
		return r.TL0 == (c.last.TL0+1)&0xFF
	default:
		return r.TL0 == c.last.TL0
	}
}

// consecutive reports whether nothing but padding was lost before a frame.
func (c *chain) consecutive(r Refs) bool {
	if c.last.Picture < 0 || r.Picture < 0 || c.lost > maxSilent || c.last.Wide != r.Wide {
		return false
	}
	return r.Picture == (c.last.Picture+1)&r.mask()
}

// intact reports whether a layer and those below it have lost nothing.
func (c *chain) intact(layer int) bool {
	for n := 1; n <= min(layer, maxLayers-1); n++ {
		if !c.whole[n] {
			return false
		}
	}
	return true
}

package frames

// Refs is what a frame says about the frames it needs (RFC 7741 section 4.2).
// A negative field is absent.
type Refs struct {
	Picture int  // picture id
	Wide    bool // the picture id has 15 bits, not 7
	TL0     int  // which base frame it belongs to, 8 bits
	Layer   int  // temporal layer
	Sync    bool // it needs nothing but that base frame
}

// noRefs is for a format whose frames say nothing.
var noRefs = Refs{Picture: -1, TL0: -1, Layer: -1}

// maxLayers is how many temporal layers two bits tell apart.
const maxLayers = 4

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
	last    Refs            // of the newest frame judged
	whole   [maxLayers]bool // the layer has lost nothing since its last sync point
	lost    int64           // packets lost since the newest frame
	hurt    bool            // something was lost since the newest frame
	skipped bool            // frames are missing since the newest that was given out
}

// lose notes that packets are missing, or that a frame was torn (0 packets).
func (c *chain) lose(packets int64) {
	c.hurt = true
	c.lost += packets
}

// next says what becomes of a frame and takes note of it.
func (c *chain) next(key bool, r Refs) verdict {
	c.skipped = c.skipped || c.hurt && (key || !c.consecutive(r))
	switch {
	case key:
		c.whole = [maxLayers]bool{true, true, true, true}
	case c.hurt && !c.consecutive(r):
		if !c.based(r) {
			return breaksOff
		}
		c.whole = [maxLayers]bool{true}
	}
	c.last, c.lost, c.hurt = r, 0, false
	if !key && r.Layer > 0 {
		if !r.Sync && !c.intact(r.Layer) {
			clear(c.whole[r.Layer:])
			c.skipped = true
			return dangles
		}
		c.whole[r.Layer] = c.whole[r.Layer] || r.Sync
	}
	if c.skipped {
		c.skipped = false
		return bridges
	}
	return follows
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
	mask := 0x7F
	if r.Wide {
		mask = 0x7FFF
	}
	return r.Picture == (c.last.Picture+1)&mask
}

// intact reports whether a layer and those below it have lost nothing.
func (c *chain) intact(layer int) bool {
	for n := 1; n <= layer; n++ {
		if !c.whole[n] {
			return false
		}
	}
	return true
}

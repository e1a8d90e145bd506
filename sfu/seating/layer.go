package seating

// A Layer is one simulcast encoding of a video source.
type Layer struct {
	Height int // pixels; 0 while unknown
	Live   bool
}

// How far a layer may fall short of a tile, in percent of the tile's height.
// The picture is scaled up by that much, which is not seen. Between full and
// loose the layer in use is kept, whichever it is, so that a tile that is being
// resized does not switch to and fro.
const (
	full  = 100
	slack = 115
	loose = 130
)

func (l Layer) fills(height, percent int) bool { return l.Height*percent >= height*100 }

// PickLayer returns the smallest live layer that fills height with 15 % slack,
// else the largest live one, and -1 when none is live. Layers come smallest
// first. The current layer, -1 for none, is kept while it is live unless
// another is clearly better.
func PickLayer(layers []Layer, height, current int) int {
	pick := -1
	for i, l := range layers {
		if !l.Live {
			continue
		}
		pick = i
		if l.fills(height, slack) {
			break
		}
	}
	if current < 0 || current >= len(layers) || !layers[current].Live || pick == current {
		return pick
	}
	if pick > current && layers[current].fills(height, loose) {
		return current
	}
	if pick < current && !layers[pick].fills(height, full) {
		return current
	}
	return pick
}

package frames

import "errors"

var errBits = errors.New("the header ends too early")

// A bitReader reads a header bit by bit, highest bit first. Behind the end it
// reads zeros and short is set.
type bitReader struct {
	b     []byte
	pos   int // in bits
	short bool
}

func (r *bitReader) bit() int {
	if r.pos >= 8*len(r.b) {
		r.short = true
		return 0
	}
	v := r.b[r.pos>>3] >> (7 - r.pos&7) & 1
	r.pos++
	return int(v)
}

func (r *bitReader) flag() bool { return r.bit() == 1 }

func (r *bitReader) bits(n int) (v int) {
	for range n {
		v = v<<1 | r.bit()
	}
	return v
}

func (r *bitReader) skip(n int) {
	if r.pos += n; r.pos > 8*len(r.b) {
		r.short = true
	}
}

// golomb reads an unsigned Exp-Golomb code (ITU-T H.264 section 9.1); AV1's
// uvlc is the same.
func (r *bitReader) golomb() int {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros > 31 || r.short {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}

// signedGolomb reads a signed Exp-Golomb code.
func (r *bitReader) signedGolomb() int {
	v := r.golomb()
	if v&1 == 1 {
		return (v + 1) / 2
	}
	return -v / 2
}

func (r *bitReader) err() error {
	if r.short {
		return errBits
	}
	return nil
}

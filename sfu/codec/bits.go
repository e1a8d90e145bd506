package codec

// bits reads a bit stream, first bit first. Past the end it reads zeros and
// remembers it.
type bits struct {
	b     []byte
	at    int // bits read
	short bool
}

func (r *bits) bit() uint32 {
	if r.at >= 8*len(r.b) {
		r.short = true
		return 0
	}
	v := r.b[r.at/8] >> (7 - r.at%8) & 1
	r.at++
	return uint32(v)
}

func (r *bits) flag() bool { return r.bit() == 1 }

// read returns the next n bits, at most 32.
func (r *bits) read(n int) (v uint32) {
	for range n {
		v = v<<1 | r.bit()
	}
	return v
}

// skip passes over n bits.
func (r *bits) skip(n int) {
	if n > 8*len(r.b)-r.at {
		r.at, r.short = 8*len(r.b), true
		return
	}
	r.at += n
}

// golomb reads an unsigned Exp-Golomb number (H.264 section 9.1), which AV1
// calls uvlc (section 4.10.3).
func (r *bits) golomb() uint32 {
	zeros := 0
	for !r.flag() {
		if zeros++; r.short || zeros > 31 {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.read(zeros)
}

// nonSymmetric reads a number below n (AV1 section 4.10.7).
func (r *bits) nonSymmetric(n uint32) uint32 {
	w := 0
	for x := n; x != 0; x >>= 1 {
		w++
	}
	if w == 0 {
		return 0
	}
	m := uint32(1)<<w - n
	v := r.read(w - 1)
	if v < m {
		return v
	}
	return v<<1 - m + r.bit()
}

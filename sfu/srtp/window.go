package srtp

// windowSize is how many indexes back are told apart, as in browsers.
const windowSize = 1024

// A window remembers which of the newest 48-bit indexes of a stream were used
// (RFC 3711 section 3.3.2). Its zero value is ready.
type window struct {
	newest  int64 // highest index used, if started
	started bool
	used    [windowSize / 64]uint64
}

// estimate guesses the index of a sequence number: the one nearest to the
// newest (RFC 3711 section 3.3.1). It is negative for a number from before the
// stream's first rollover that can't have been.
func (w *window) estimate(seq uint16) int64 {
	if !w.started {
		return int64(seq)
	}
	return w.newest + int64(int16(seq-uint16(w.newest))) // the difference wraps on purpose
}

// fresh reports whether index was not used before, as far as can be told.
func (w *window) fresh(index int64) bool {
	switch {
	case index < 0:
		return false
	case !w.started || index > w.newest:
		return true
	case index <= w.newest-windowSize:
		return false
	default:
		word, bit := place(index)
		return w.used[word]&bit == 0
	}
}

// use marks index as used. It must be fresh.
func (w *window) use(index int64) {
	if !w.started {
		w.started, w.newest = true, index
	}
	switch ahead := index - w.newest; {
	case ahead >= windowSize:
		w.used = [len(w.used)]uint64{}
	default:
		for i := w.newest + 1; i <= index; i++ {
			word, bit := place(i)
			w.used[word] &^= bit
		}
	}
	w.newest = max(w.newest, index)
	word, bit := place(index)
	w.used[word] |= bit
}

func place(index int64) (word int, bit uint64) {
	slot := index % windowSize
	return int(slot / 64), 1 << (slot % 64)
}

package packet

// An Unwrapper turns 16-bit sequence numbers into 64-bit ones that do not
// wrap. A number is taken to be the nearest to the highest seen, as in RFC 3711
// section 3.3.1. Its zero value is ready.
type Unwrapper struct {
	newest  int64
	started bool
}

// Unwrap returns seq without its wrapping. The first number becomes itself plus
// 1<<16, so that packets overtaken by the first one stay positive.
func (u *Unwrapper) Unwrap(seq uint16) int64 {
	if !u.started {
		u.started = true
		u.newest = int64(seq) + 1<<16
		return u.newest
	}
	// The differences wrap on purpose.
	n := u.newest + int64(int16(seq-uint16(u.newest)))
	u.newest = max(u.newest, n)
	return n
}

// An Unwrapper32 does for RTP timestamps what Unwrapper does for sequence
// numbers. Its zero value is ready.
type Unwrapper32 struct {
	newest  int64
	started bool
}

// Unwrap returns ts without its wrapping. The first timestamp becomes itself
// plus 1<<32, so that earlier ones stay positive.
func (u *Unwrapper32) Unwrap(ts uint32) int64 {
	if !u.started {
		u.started = true
		u.newest = int64(ts) + 1<<32
		return u.newest
	}
	// The differences wrap on purpose.
	n := u.newest + int64(int32(ts-uint32(u.newest)))
	u.newest = max(u.newest, n)
	return n
}

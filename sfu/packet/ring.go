package packet

import (
	"fmt"
	"sync"
)

// A Ring keeps the newest packets of one layer, for retransmission and for a
// subscriber who comes late. It is safe for concurrent use by one writer and
// many readers.
type Ring struct {
	mu     sync.Mutex // guards everything below
	slots  []*Packet  // slot of seq is seq & mask; its packet is ours until replaced
	mask   int64
	newest int64 // highest number put, if any
	key    int64 // first packet of the newest keyframe, if hasKey
	any    bool
	hasKey bool
	closed bool
}

// NewRing returns an empty ring for size packets. A size that is no power of
// two panics: the slot of a packet is its number's low bits.
func NewRing(size int) *Ring {
	if size <= 0 || size&(size-1) != 0 {
		panic(fmt.Sprintf("packet: ring size %d is not a power of two", size))
	}
	return &Ring{slots: make([]*Packet, size), mask: int64(size - 1)}
}

// Put takes p. It replaces an older packet in its slot; p itself is released
// when it is older than what the ring keeps, or a duplicate.
func (r *Ring) Put(p *Packet) {
	if old := r.put(p); old != nil {
		old.Release()
	}
}

// put returns the packet that has no place any more, which may be p.
func (r *Ring) put(p *Packet) *Packet {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || r.any && p.Seq <= r.newest-int64(len(r.slots)) {
		return p
	}
	slot := &r.slots[p.Seq&r.mask]
	old := *slot
	if old != nil && old.Seq >= p.Seq {
		return p
	}
	*slot = p
	if !r.any || p.Seq > r.newest {
		r.newest, r.any = p.Seq, true
	}
	if p.Keyframe && (!r.hasKey || p.Seq > r.key) {
		r.key, r.hasKey = p.Seq, true
	}
	return old
}

// Get returns packet seq, retained for the caller, or nil when the ring does
// not have it.
func (r *Ring) Get(seq int64) *Packet {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.at(seq); p != nil {
		return p.Retain()
	}
	return nil
}

// Stale reports whether packet seq is in the ring, or too old for it to tell.
func (r *Ring) Stale(seq int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at(seq) != nil || r.any && seq <= r.newest-int64(len(r.slots))
}

// Keyframe returns the first packet of the newest keyframe. It reports false
// unless the ring holds every packet from there to the newest, so that a
// subscriber who is sent them all can decode.
func (r *Ring) Keyframe() (seq int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.hasKey {
		return 0, false
	}
	for s := r.key; s <= r.newest; s++ {
		if r.at(s) == nil {
			return 0, false
		}
	}
	return r.key, true
}

// Newest returns the highest number put so far.
func (r *Ring) Newest() (seq int64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.newest, r.any
}

// Close releases every packet. A later Put releases what it is given.
func (r *Ring) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.any, r.hasKey = false, false
	for i, p := range r.slots {
		if p != nil {
			p.Release()
			r.slots[i] = nil
		}
	}
}

func (r *Ring) at(seq int64) *Packet {
	if p := r.slots[seq&r.mask]; p != nil && p.Seq == seq {
		return p
	}
	return nil
}

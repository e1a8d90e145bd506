package repair

import "time"

// A Block is what a receiver reports on one stream (RFC 3550 section 6.4.1).
type Block struct {
	FractionLost   uint8  // of 256, since the last block
	CumulativeLost uint32 // signed, in 24 bits
	HighestSeq     uint32 // with the count of cycles in the upper 16 bits
	Jitter         uint32 // in ticks of the stream's clock
	LSR            uint32 // the middle of the last sender report's NTP time
	DLSR           uint32 // time since that report, in 1/65536 s
}

// earlyLimit is how far before the first packet another one may still count as
// reordered rather than as left over from before.
const earlyLimit = 100

// Reception keeps the statistics of one received stream as RFC 3550 appendices
// A.3 and A.8 tell. It is not safe for concurrent use.
type Reception struct {
	rate      int64
	started   bool
	base      int64 // first number expected
	cycles    int64 // what HighestSeq counts from
	highest   int64
	received  int64
	start     time.Time // arrival of the first packet
	ts        uint32    // newest timestamp
	transit   int64     // of the packet that brought it
	jitter    int64     // times 16
	expPrior  int64
	recvPrior int64
	lsr       uint32
	srAt      time.Time
}

// NewReception returns the statistics of a stream with this RTP clock.
func NewReception(clockRate uint32) *Reception {
	return &Reception{rate: int64(clockRate)}
}

// Packet counts one packet that came on the stream itself; what RTX brought
// was lost and is not counted.
func (r *Reception) Packet(seq int64, ts uint32, arrival time.Time) {
	if !r.started {
		r.started = true
		r.base, r.cycles, r.highest = seq, seq&^0xFFFF, seq
		r.start, r.received = arrival, 1
		r.ts, r.transit = ts, r.ticks(arrival)
		return
	}
	if seq < r.base {
		if r.base-seq > earlyLimit {
			return
		}
		r.base = seq
	}
	r.received++
	if seq <= r.highest {
		return
	}
	r.highest = seq
	// Packets of one frame share a timestamp and are sent one after the other;
	// only the first of them tells the network's jitter.
	step := int64(int32(ts - r.ts)) // wraps on purpose
	if step == 0 {
		return
	}
	at := r.ticks(arrival)
	d := at - r.transit - step
	r.jitter += max(d, -d) - (r.jitter+8)>>4
	r.ts, r.transit = ts, at
}

// SenderReport notes the sender's clock, for LSR and DLSR.
func (r *Reception) SenderReport(ntp uint64, arrival time.Time) {
	r.lsr = uint32(ntp >> 16 & 0xFFFFFFFF)
	r.srAt = arrival
}

// Block returns the report and begins the next interval of FractionLost.
func (r *Reception) Block(now time.Time) Block {
	b := Block{LSR: r.lsr}
	if !r.srAt.IsZero() {
		since := max(now.Sub(r.srAt), 0)
		b.DLSR = uint32(min(int64(since/time.Second)<<16+int64(since%time.Second)<<16/int64(time.Second), 1<<32-1))
	}
	if !r.started {
		return b
	}
	expected := r.highest - r.base + 1
	lost := min(max(expected-r.received, -0x800000), 0x7FFFFF)
	b.CumulativeLost = uint32(lost & 0xFFFFFF)
	b.HighestSeq = uint32((r.highest - r.cycles) & 0xFFFFFFFF)
	b.Jitter = uint32(min(r.jitter>>4, 1<<32-1))

	exp, recv := expected-r.expPrior, r.received-r.recvPrior
	r.expPrior, r.recvPrior = expected, r.received
	if exp > 0 && exp > recv {
		b.FractionLost = uint8(min((exp-recv)<<8/exp, 255))
	}
	return b
}

// ticks returns an arrival on the stream's clock, counted from the first one.
func (r *Reception) ticks(arrival time.Time) int64 {
	d := arrival.Sub(r.start)
	return int64(d/time.Second)*r.rate + int64(d%time.Second)*r.rate/int64(time.Second)
}

//go:build linux

package fast

import "sync/atomic"

// counters are what a factory counts; all only rise, but for the links.
type counters struct {
	fast, plain atomic.Int64 // links up now

	received, truncated            atomic.Uint64
	forged, replayed, malformed    atomic.Uint64
	unknown, overrun               atomic.Uint64
	sealed, sent, dropped, refused atomic.Uint64
	runs, calls, barred            atomic.Uint64
}

// Stats is a snapshot of what the fast transport has done. Packets of
// connections that went plain are not in it.
type Stats struct {
	Fast, Plain int64  // connections that carry media now
	Received    uint64 // datagrams read by the shards
	Truncated   uint64 // of those, larger than any packet may be
	Forged      uint64 // packets that failed authentication
	Replayed    uint64 // packets seen before, or too old to tell
	Malformed   uint64 // authentic packets that could not be parsed, and such too short to be one
	Unknown     uint64 // authentic packets that belong to no stream negotiated
	Overrun     uint64 // datagrams for ICE and DTLS that found their queue full
	Sent        uint64 // packets handed to the kernel
	Runs        uint64 // of those, how many runs of one size to one destination
	Calls       uint64 // system calls that took
	Dropped     uint64 // packets the kernel had no room for, or that found no room before it
	Refused     uint64 // destinations whose route takes no runs
	Barred      uint64 // packets of Pion's own under keys that are ours; always 0
}

func (c *counters) stats() Stats {
	return Stats{
		Fast: c.fast.Load(), Plain: c.plain.Load(),
		Received: c.received.Load(), Truncated: c.truncated.Load(), Forged: c.forged.Load(), Replayed: c.replayed.Load(),
		Malformed: c.malformed.Load(), Unknown: c.unknown.Load(), Overrun: c.overrun.Load(),
		Sent: c.sent.Load(), Runs: c.runs.Load(), Calls: c.calls.Load(), Dropped: c.dropped.Load(),
		Refused: c.refused.Load(), Barred: c.barred.Load(),
	}
}

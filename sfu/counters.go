package sfu

import "sync/atomic"

// counters are what the media plane counts; all only rise.
type counters struct {
	received, malformed, duplicate atomic.Uint64
	barred                         atomic.Uint64
	overrun                        atomic.Uint64
	policed, policedFeedback       atomic.Uint64
	unanswered                     atomic.Uint64
	forwarded, forwardedBytes      atomic.Uint64
	nacked, resent, refused        atomic.Uint64
	keyframes                      atomic.Uint64
	switches                       atomic.Uint64
	padded                         atomic.Uint64
}

// sent adds what went out to seats. It is called once for a packet, not once
// for each who gets it: two cores that count in one place wait for each other.
func (c *counters) sent(t tally) {
	if t.packets > 0 {
		c.forwarded.Add(t.packets)
		c.forwardedBytes.Add(t.bytes)
	}
}

// Stats is a snapshot of what the media plane has done since it started.
type Stats struct {
	Received       uint64 // RTP packets read, repaired ones included
	Malformed      uint64 // packets dropped because their payload could not be parsed
	Duplicate      uint64 // packets that had arrived before
	Barred         uint64 // packets dropped because their sender may not publish
	Overrun        uint64 // packets dropped unread because the server did not keep up
	Policed        uint64 // packets dropped because a participant sent more than any may
	PolicedReports uint64 // RTCP dropped because a subscriber asked for more than any may
	Unanswered     uint64 // keyframes asked of publishers who had not answered many requests before
	Forwarded      uint64 // packets written to seats
	ForwardedBytes uint64 // their payload bytes
	Nacked         uint64 // packets asked of publishers again
	Resent         uint64 // packets sent to subscribers again
	Refused        uint64 // packets subscribers asked for that were not sent again
	Keyframes      uint64 // keyframes asked of publishers
	Switches       uint64 // times a seat began to show another source or layer
	Padded         uint64 // bytes of padding sent to find out what links carry
	Estimated      int    // subscribers whose link is estimated right now
	EstimatedBits  int64  // the sum of those estimates, in bit/s
	HeldBack       int    // pictures that get less than their tiles ask for, for want of bandwidth
	Outstanding    int64  // packets held in rings, queues and flight right now
	Fast           Fast
	Rooms          int
	Participants   int
}

// Fast is what the fast transport has done; all zero without it.
type Fast struct {
	Fast, Plain int64  // connections whose media goes past Pion, and through it
	Received    uint64 // datagrams read
	Truncated   uint64 // of those, larger than any packet may be
	Forged      uint64 // packets that failed authentication
	Replayed    uint64 // packets seen before, or too old to tell
	Malformed   uint64 // packets that could not be parsed
	Unknown     uint64 // packets that belong to no stream negotiated
	Overrun     uint64 // datagrams for ICE and DTLS that found their queue full
	Sent        uint64 // packets handed to the kernel
	Runs        uint64 // runs of packets to one destination they made up
	Calls       uint64 // system calls that took
	Dropped     uint64 // packets there was no room for
	Refused     uint64 // destinations whose route takes no runs
	Barred      uint64 // packets of Pion's under keys that are not Pion's; always 0
}

// Stats returns what the media plane has done so far.
func (s *SFU) Stats() Stats {
	st := Stats{
		Received: s.count.received.Load(), Malformed: s.count.malformed.Load(), Duplicate: s.count.duplicate.Load(),
		Policed: s.count.policed.Load(), PolicedReports: s.count.policedFeedback.Load(),
		Unanswered: s.count.unanswered.Load(),
		Overrun:    s.count.overrun.Load(),
		Forwarded:  s.count.forwarded.Load(), ForwardedBytes: s.count.forwardedBytes.Load(),
		Nacked: s.count.nacked.Load(), Resent: s.count.resent.Load(), Refused: s.count.refused.Load(),
		Keyframes: s.count.keyframes.Load(), Switches: s.count.switches.Load(),
		Padded:      s.count.padded.Load(),
		Barred:      s.count.barred.Load(),
		Outstanding: s.pool.Outstanding(),
	}
	if s.countConns != nil {
		s.countConns(&st)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for r := range s.rooms {
		st.Rooms++
		for _, p := range r.all() {
			st.Participants++
			p.down.count(&st)
		}
	}
	return st
}

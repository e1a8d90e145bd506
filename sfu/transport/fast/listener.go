//go:build linux

package fast

import (
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/transport"
)

// A listener is a conn as its plain connection tells it what happens: it
// passes on what is not the link's to tell.
type listener conn

// Incoming implements transport.Events.
func (c *listener) Incoming(t transport.Track) transport.Receiver {
	if c.mode.Load() != modePlain {
		return nil
	}
	return c.events.Incoming(t)
}

// StateChanged implements transport.Events. A connection that is up is decided.
func (c *listener) StateChanged(s transport.State) {
	if s == transport.Up {
		(*conn)(c).decide()
	}
	c.events.StateChanged(s)
}

// Sending implements transport.Events.
func (c *listener) Sending(bytes int) uint16 { return c.events.Sending(bytes) }

// Arrived implements transport.Events.
func (c *listener) Arrived(arrivals []bandwidth.Arrival, now time.Time) {
	c.events.Arrived(arrivals, now)
}

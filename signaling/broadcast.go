package signaling

import (
	"time"

	"plenum/rooms/meeting"
)

// broadcast sends events to everybody.
func (r *liveRoom) broadcast(events []meeting.Event) { r.broadcastBut(nil, events) }

// broadcastBut sends events to everybody but one. Who can't take them is lost,
// which makes further events; those are for all.
func (r *liveRoom) broadcastBut(but *session, events []meeting.Event) {
	for len(events) > 0 {
		r.scribe.read(time.Now(), events)
		var slow []*session
		for _, e := range events {
			msg := encode(eventMessage(e))
			for _, s := range r.sessions {
				if s != but && s.socket != nil && !s.socket.out.push(msg) {
					s.socket.finish(byeSlow, true)
					slow = append(slow, s)
				}
			}
		}
		but, events = nil, nil
		for _, s := range slow {
			if s.socket != nil { // not twice
				r.log.Warn("socket cut off", "participant", s.id, "reason", "it does not read")
				events = append(events, r.detach(s, time.Now())...)
			}
		}
	}
}

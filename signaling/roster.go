package signaling

import (
	"slices"
	"time"

	"plenum/rooms/meeting"
	"plenum/signaling/protocol"
)

const (
	// rosterPage is the most rows one message holds on joining. The answer in
	// the first of them should not wait behind 500 rows.
	rosterPage = 100
	// rosterGap is how long changes of a crowd's roster wait for each other.
	rosterGap = 500 * time.Millisecond
)

// rosterPages cuts a roster, in order of joining, into messages. The row of
// who joins is on the first.
func rosterPages(roster []meeting.Participant, self string) []protocol.RosterPage {
	if i := slices.IndexFunc(roster, func(p meeting.Participant) bool { return p.ID == self }); i >= rosterPage {
		own := roster[i]
		copy(roster[rosterPage:], roster[rosterPage-1:i])
		roster[rosterPage-1] = own
	}
	pages := []protocol.RosterPage{}
	for {
		n := min(len(roster), rosterPage)
		pages = append(pages, protocol.RosterPage{Rows: rosterRows(roster[:n]), More: len(roster) - n})
		if roster = roster[n:]; len(roster) == 0 {
			return pages
		}
	}
}

func encodeAll[T any](msgs []T) [][]byte {
	all := make([][]byte, len(msgs))
	for i, m := range msgs {
		all[i] = encode(m)
	}
	return all
}

// flushRoster tells what happened to a crowd's roster when it has waited long
// enough.
func (r *liveRoom) flushRoster(now time.Time) {
	if !r.meeting.Waiting() {
		return
	}
	if r.rosterDue.IsZero() {
		r.rosterDue = now.Add(rosterGap)
	}
	if !now.Before(r.rosterDue) {
		r.rosterDue = time.Time{}
		r.broadcast(r.meeting.Flush())
	}
}

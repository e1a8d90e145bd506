package signaling

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"plenum/rooms/meeting"
	"plenum/signaling/protocol"
)

func TestRosterPages(t *testing.T) {
	for n, want := range map[int][]int{1: {1}, 100: {100}, 101: {100, 1}, 250: {100, 100, 50}} {
		for _, self := range []int{0, n / 2, n - 1} {
			roster := make([]meeting.Participant, n)
			for i := range roster {
				roster[i] = meeting.Participant{ID: fmt.Sprint("p", i), Number: uint32(i + 1)}
			}
			pages := rosterPages(roster, fmt.Sprint("p", self))
			var sizes []int
			numbers := map[uint32]bool{}
			left := n
			for _, p := range pages {
				sizes = append(sizes, len(p.Rows))
				for _, row := range p.Rows {
					numbers[row.Number] = true
				}
				if left -= len(p.Rows); p.More != left {
					t.Errorf("%d, self %d: a page says %d follow, want %d", n, self, p.More, left)
				}
			}
			if !slices.Equal(sizes, want) || len(numbers) != n {
				t.Errorf("%d, self %d: pages of %v with %d participants, want %v", n, self, sizes, len(numbers), want)
			}
			own := func(p protocol.Participant) bool { return p.ID == fmt.Sprint("p", self) }
			if !slices.ContainsFunc(pages[0].Rows, own) {
				t.Errorf("%d, self %d: the own row is not on the first page", n, self)
			}
		}
	}
}

// meter is a participant who counts what it is sent.
type meter struct {
	mu              sync.Mutex
	messages, bytes int
	largest         int
	known           map[string]bool
}

func (m *meter) read() (messages, bytes, known int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.messages, m.bytes, len(m.known)
}

func (m *meter) take(data []byte) error {
	msg, err := protocol.DecodeServer(data)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages++
	m.bytes += len(data)
	m.largest = max(m.largest, len(data))
	var rows []protocol.Participant
	switch msg := msg.(type) {
	case protocol.Joined:
		rows = msg.Roster
	case protocol.RosterPage:
		rows = msg.Rows
	case protocol.Roster:
		rows = msg.Changed
	}
	for _, row := range rows {
		m.known[row.ID] = true
	}
	return nil
}

// counting joins and counts from then on.
func (h *harness) counting(name string) *meter {
	h.t.Helper()
	c, m := h.dialDeaf(), &meter{known: map[string]bool{}}
	c.send(joinMessage(name, ""))
	ctx := context.WithoutCancel(h.t.Context())
	go func() {
		for {
			_, data, err := c.conn.Read(ctx)
			if err != nil {
				return
			}
			if err := m.take(data); err != nil {
				h.t.Error(err)
			}
		}
	}()
	eventually(h.t, func() bool { n, _, _ := m.read(); return n > 0 }, func() string { return name + " was not let in" })
	return m
}

// What a join costs each of the others does not grow with the room: a row of
// the roster, in messages that many joins share. Who joins gets the roster in
// pages, and in the end everybody knows everybody.
func TestAJoinIntoACrowd(t *testing.T) {
	const people, joins = 110, 60
	h := newHarness(t, Config{})
	all := make([]*meter, 0, people+joins)
	for i := range people {
		all = append(all, h.counting(fmt.Sprint("participant ", i)))
	}
	settled := func() {
		for i, m := range all {
			eventually(t, func() bool { _, _, known := m.read(); return known == len(all) },
				func() string { _, _, known := m.read(); return fmt.Sprintf("%d knows %d of %d", i, known, len(all)) })
		}
	}
	settled()
	messages, bytes, _ := all[0].read()
	for i := range joins {
		all = append(all, h.counting(fmt.Sprint("participant ", people+i)))
	}
	settled()
	after, sum, _ := all[0].read()
	each := (sum - bytes) / joins
	t.Logf("a join costs each of the others %d bytes, %.2f messages", each, float64(after-messages)/joins)
	if each > 400 {
		t.Errorf("a join costs each of the others %d bytes", each)
	}
	if got := after - messages; got > joins/2 {
		t.Errorf("%d joins at once were told in %d messages", joins, got)
	}
	last := all[len(all)-1]
	last.mu.Lock()
	defer last.mu.Unlock()
	if last.largest > 32<<10 {
		t.Errorf("who joined last got a message of %d bytes", last.largest)
	}
}

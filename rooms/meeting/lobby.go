package meeting

import (
	"errors"
	"slices"
	"time"
)

// ErrLobbyFull is returned by Knock when no more may wait.
var ErrLobbyFull = errors.New("too many wait already")

// Reason is why somebody waits in the lobby.
type Reason string

// The reasons.
const (
	Knocked  Reason = "lobby"     // guests of this room wait
	SentBack Reason = "sent_back" // a host sent the participant out of the meeting
)

// A Waiter is one row of the lobby. Its id and number are those it will have
// in the meeting.
type Waiter struct {
	ID        string
	Name      string
	Role      Role // it will have
	Reason    Reason
	Since     time.Time
	Connected bool
}

// waiter is somebody in the lobby as the meeting keeps it. One whom a host has
// admitted keeps a place in the meeting until taken in.
type waiter struct {
	Waiter
	number   uint32
	lostAt   time.Time // when the connection was lost; zero while it stands
	admitted time.Time // zero until a host admits
}

// Knock puts somebody into the lobby. What its list says is no event: it is
// for hosts only, see Lobby.
func (m *Meeting) Knock(now time.Time, name string, role Role) (id string, err error) {
	if m.info.Locked && role != Host {
		return "", ErrLocked
	}
	if len(m.lobby) >= m.cfg.Capacity {
		return "", ErrLobbyFull
	}
	return m.wait(now, name, role, Knocked), nil
}

func (m *Meeting) wait(now time.Time, name string, role Role, why Reason) string {
	id, number := m.identity()
	m.lobby = append(m.lobby, &waiter{
		Waiter: Waiter{ID: id, Name: name, Role: role, Reason: why, Since: now, Connected: true}, number: number,
	})
	m.lobbyVersion++
	return id
}

// Lobby lists who waits to be admitted, in the order they came. Version rises
// whenever the list changes.
func (m *Meeting) Lobby() (rows []Waiter, version int64) {
	rows = []Waiter{}
	for _, w := range m.lobby {
		if w.admitted.IsZero() {
			rows = append(rows, w.Waiter)
		}
	}
	return rows, m.lobbyVersion
}

// Waiter returns one row of the lobby, of one who is admitted too.
func (m *Meeting) Waiter(id string) (Waiter, bool) {
	w := m.waiter(id)
	if w == nil {
		return Waiter{}, false
	}
	return w.Waiter, true
}

// LetIn admits somebody who waits: a place is kept until TakeIn. It returns
// ErrFull when there is none. It reports false for who does not wait.
func (m *Meeting) LetIn(now time.Time, id string) (bool, error) {
	w := m.waiter(id)
	if w == nil || !w.admitted.IsZero() {
		return false, nil
	}
	if m.full() {
		return true, ErrFull
	}
	w.admitted = now
	m.lobbyVersion++
	return true, nil
}

// Admitted reports whether a host has let somebody in who is in the lobby yet.
func (m *Meeting) Admitted(id string) bool {
	w := m.waiter(id)
	return w != nil && !w.admitted.IsZero()
}

// TakeIn takes somebody admitted out of the lobby: from here on it is as after
// Admit, and Enter, Abort or PutBack must follow.
func (m *Meeting) TakeIn(id string) (number uint32, ok bool) {
	w := m.waiter(id)
	if w == nil || w.admitted.IsZero() || !w.Connected {
		return 0, false
	}
	m.dropWaiter(id)
	m.pending[id] = &member{
		Participant: Participant{ID: id, Number: w.number, Name: w.Name, Role: w.Role}, came: w,
	}
	return w.number, true
}

// PutBack returns somebody to the lobby whose connection broke while it was
// taken in. It stays admitted, and has the resume window to come back.
func (m *Meeting) PutBack(now time.Time, id string) {
	p := m.pending[id]
	if p == nil || p.came == nil {
		return
	}
	delete(m.pending, id)
	p.came.Connected, p.came.lostAt, p.came.admitted = false, now, now
	m.lobby = append(m.lobby, p.came)
}

// SendToLobby takes a participant off the roster and has it wait for a host.
// It gets another id.
func (m *Meeting) SendToLobby(now time.Time, id string) (waiting string, events []Event) {
	p := m.member(id)
	if p == nil {
		return "", nil
	}
	events = m.remove(id)
	waiting = m.wait(now, p.Name, p.Role, SentBack)
	if p.lost&Signalling != 0 {
		w := m.waiter(waiting)
		w.Connected, w.lostAt = false, p.lostAt
	}
	return waiting, events
}

// SetLobby has guests wait from here on, or not any more. Who waits keeps
// waiting until LetIn.
func (m *Meeting) SetLobby(on bool) []Event {
	if m.info.Lobby == on {
		return nil
	}
	m.info.Lobby = on
	return m.events.add(RoomChanged{Info: m.info})
}

// Unwait takes somebody out of the lobby for good.
func (m *Meeting) Unwait(id string) { m.dropWaiter(id) }

// WaiterLost tells that the connection to somebody in the lobby broke; from
// here on it has the resume window to come back. WaiterBack tells that it did.
func (m *Meeting) WaiterLost(now time.Time, id string) {
	if w := m.waiter(id); w != nil && w.Connected {
		w.Connected, w.lostAt = false, now
		m.lobbyVersion++
	}
}

// WaiterBack tells that somebody in the lobby is connected again.
func (m *Meeting) WaiterBack(now time.Time, id string) {
	w := m.waiter(id)
	if w == nil || w.Connected {
		return
	}
	w.Connected, w.lostAt = true, time.Time{}
	if !w.admitted.IsZero() {
		w.admitted = now // has its time anew to be taken in
	}
	m.lobbyVersion++
}

// ExpireLobby takes those out of the lobby who have been lost for longer than
// the resume window, or were admitted that long ago and brought no offer.
func (m *Meeting) ExpireLobby(now time.Time) (gone []string) {
	for _, w := range m.lobby {
		if at := m.waiterEnd(w); !at.IsZero() && !now.Before(at) {
			gone = append(gone, w.ID)
		}
	}
	for _, id := range gone {
		m.dropWaiter(id)
	}
	return gone
}

// waiterEnd is when somebody in the lobby is given up, or zero.
func (m *Meeting) waiterEnd(w *waiter) time.Time {
	switch {
	case !w.Connected:
		return w.lostAt.Add(m.cfg.ResumeWindow)
	case !w.admitted.IsZero():
		return w.admitted.Add(m.cfg.ResumeWindow)
	}
	return time.Time{}
}

// HostPresent reports whether somebody is in the meeting who can admit.
func (m *Meeting) HostPresent() bool {
	return slices.ContainsFunc(m.roster, func(p *member) bool { return p.Role == Host && p.lost&Signalling == 0 })
}

func (m *Meeting) waiter(id string) *waiter {
	for _, w := range m.lobby {
		if w.ID == id {
			return w
		}
	}
	return nil
}

func (m *Meeting) dropWaiter(id string) {
	before := len(m.lobby)
	m.lobby = slices.DeleteFunc(m.lobby, func(w *waiter) bool { return w.ID == id })
	if len(m.lobby) != before {
		m.lobbyVersion++
	}
}

// admittedCount is how many places are kept for those a host let in.
func (m *Meeting) admittedCount() int {
	n := 0
	for _, w := range m.lobby {
		if !w.admitted.IsZero() {
			n++
		}
	}
	return n
}

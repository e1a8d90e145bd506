// Package meeting is the live meeting as a state machine: who is in the room,
// what they publish and write, whether it is recorded and when it ends.
// Commands go in, numbered events come out. It has no clock, no lock and no
// goroutine: package signaling owns one Meeting per live room.
package meeting

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"plenum/rooms"
)

// ErrFull is returned by Admit when the room holds no more participants.
var ErrFull = errors.New("the room is full")

// Role says what a participant may do in the meeting.
type Role string

// The roles. A host may record, extend, lock and end the meeting, and moderate.
// A speaker publishes. The audience does not, and does what else the room
// allows it.
const (
	Host     Role = "host"
	Speaker  Role = "speaker"
	Audience Role = "audience"
)

// Source is one thing a participant publishes.
type Source string

// The sources of a participant.
const (
	Microphone  Source = "microphone"
	Camera      Source = "camera"
	Screen      Source = "screen"
	ScreenAudio Source = "screen_audio"
)

// sources is the order sources are listed in.
var sources = []Source{Microphone, Camera, Screen, ScreenAudio}

// SourceState is what one source that is on does.
type SourceState struct {
	Source Source
	Muted  bool
}

// Path is one of the two ways a participant is connected by.
type Path uint8

// The paths. A participant is connected while neither is lost.
const (
	Signalling Path = 1 << iota
	Media
)

// Participant is one row of the roster. Values are never changed once given
// out, so that they may be read from any goroutine.
type Participant struct {
	ID        string
	Number    uint32
	Name      string
	Role      Role
	Sources   []SourceState // those that are on
	Connected bool
	JoinedAt  time.Time
	Hand      int64 // place among the hands ever raised; 0 while it is down
	Spotlight int64 // place among those ever put there; 0 while not in it
}

// Info is what everybody may know about the room.
type Info struct {
	ID     string
	Title  string
	EndsAt time.Time
	// ClosesAt is when the meeting ends for everybody; EndsAt, when zero.
	ClosesAt  time.Time
	Locked    bool // no guest gets in who is not in
	Lobby     bool // guests wait until a host admits them
	Recording rooms.RecordingPolicy
	Audience  rooms.AudienceRules
}

// closes is when the meeting ends for everybody.
func (i Info) closes() time.Time {
	if i.ClosesAt.IsZero() {
		return i.EndsAt
	}
	return i.ClosesAt
}

// Message is one line of the chat.
type Message struct {
	From string // participant id
	Name string
	Text string
	At   time.Time
	File *File // nil for none
}

// Snapshot is the state after all events up to Seq.
type Snapshot struct {
	Seq       int64
	Room      Info
	Roster    []Participant
	Recording Recording
	Chat      []Message
}

// Config bounds a meeting. A zero field means its default.
type Config struct {
	Capacity     int           // most participants; default 500
	Crowd        int           // participants beyond which changes of the roster wait for Flush; default 100
	Events       int           // events kept for replay; default 1024
	Chat         int           // chat messages kept; default 500
	ChatBytes    int           // bytes of chat text kept; default 256 KiB
	ResumeWindow time.Duration // how long a lost participant may come back; default 30 s
	Grace        time.Duration // how long a meeting may run over its end; default not at all
}

func (c Config) withDefaults() Config {
	if c.Capacity == 0 {
		c.Capacity = 500
	}
	if c.Crowd == 0 {
		c.Crowd = 100
	}
	if c.Events == 0 {
		c.Events = 1024
	}
	if c.Chat == 0 {
		c.Chat = 500
	}
	if c.ChatBytes == 0 {
		c.ChatBytes = 256 << 10
	}
	if c.ResumeWindow == 0 {
		c.ResumeWindow = 30 * time.Second
	}
	return c
}

// closing is when a meeting ends that may run over, or zero.
func (c Config) closing(end time.Time) time.Time {
	if c.Grace == 0 {
		return time.Time{}
	}
	return end.Add(c.Grace)
}

// A Meeting is the state of one live room. The participants' numbers start at
// 1 and are never given twice.
type Meeting struct {
	cfg     Config
	info    Info
	number  uint32             // the last one given
	hands   int64              // the number of the hand raised last
	spots   int64              // the number of who was put in the spotlight last
	pending map[string]*member // admitted, not yet entered
	roster  []*member          // in order of entering
	lobby   []*waiter          // in order of coming
	// capacity is the room's own, when it is less than the config's.
	capacity     int
	lobbyVersion int64
	chat         []Message
	chatLen      int // bytes of text in chat
	rec          Recording
	events       eventLog
	held         held
}

// member is a participant as the meeting keeps it.
type member struct {
	Participant
	lost   Path              // paths that are lost
	lostAt time.Time         // when signalling was lost
	held   map[Source]string // see Hold: by whom
	came   *waiter           // out of the lobby, while pending
	direct directs
}

// snapshot returns a copy that later commands leave alone.
func (m *member) snapshot() Participant {
	p := m.Participant
	p.Connected = m.lost == 0
	p.Sources = slices.Clone(p.Sources)
	return p
}

// New returns an empty meeting.
func New(info Info, cfg Config) *Meeting {
	cfg = cfg.withDefaults()
	info.ClosesAt = cfg.closing(info.EndsAt)
	return &Meeting{cfg: cfg, info: info, pending: map[string]*member{}, events: eventLog{keep: cfg.Events}}
}

// Admit reserves a place for somebody whose connection is still being made.
// It must be followed by Enter or Abort. Nobody is told before Enter.
func (m *Meeting) Admit(name string, role Role) (id string, number uint32, err error) {
	if m.info.Locked && role != Host {
		return "", 0, ErrLocked
	}
	if m.full() {
		return "", 0, ErrFull
	}
	id, number = m.identity()
	m.pending[id] = &member{Participant: Participant{ID: id, Number: number, Name: name, Role: role}}
	return id, number, nil
}

// identity returns an id and a number that were never given before.
func (m *Meeting) identity() (id string, number uint32) {
	m.number++
	return fmt.Sprintf("p%d", m.number), m.number
}

// SetCapacity bounds the meeting by the room's own capacity; 0 is none. Who is
// in stays in.
func (m *Meeting) SetCapacity(most int) { m.capacity = most }

// full reports whether there is no place left, those counted that are kept for
// who was admitted.
func (m *Meeting) full() bool {
	most := m.cfg.Capacity
	if m.capacity > 0 {
		most = min(most, m.capacity)
	}
	return len(m.roster)+len(m.pending)+m.admittedCount() >= most
}

// Enter puts an admitted participant on the roster.
func (m *Meeting) Enter(now time.Time, id string) []Event {
	p, ok := m.pending[id]
	if !ok {
		return nil
	}
	delete(m.pending, id)
	p.JoinedAt, p.came = now, nil
	m.roster = append(m.roster, p)
	return m.changed(p)
}

// Abort gives back the place of an admitted participant who did not enter.
func (m *Meeting) Abort(id string) { delete(m.pending, id) }

// Leave takes a participant off the roster.
func (m *Meeting) Leave(id string) []Event { return m.remove(id) }

// Lost tells that a path to the participant is interrupted. From the loss of
// signalling on the participant has the resume window to come back.
func (m *Meeting) Lost(now time.Time, id string, path Path) []Event {
	p := m.member(id)
	if p == nil || p.lost&path != 0 {
		return nil
	}
	before := p.lost
	p.lost |= path
	if path&Signalling != 0 {
		p.lostAt = now
	}
	if before != 0 {
		return nil // was disconnected already
	}
	return m.changed(p)
}

// Back tells that a path to the participant works again.
func (m *Meeting) Back(id string, path Path) []Event {
	p := m.member(id)
	if p == nil || p.lost&path == 0 {
		return nil
	}
	p.lost &^= path
	if p.lost != 0 {
		return nil
	}
	return m.changed(p)
}

// Publish says what one source of a participant does now. See Hold for when
// it does not count; what the audience turns on does not count either.
func (m *Meeting) Publish(id string, source Source, on, muted bool) []Event {
	p := m.member(id)
	if p == nil || !slices.Contains(sources, source) || on && !may(p.Role, MayPublish, m.info.Audience) {
		return nil
	}
	if _, held := p.held[source]; held && on && (!muted || source != Microphone) {
		return nil
	}
	delete(p.held, source)
	at := p.source(source)
	switch {
	case !on && at < 0, on && at >= 0 && p.Sources[at].Muted == muted:
		return nil
	case !on:
		p.Sources = slices.Delete(p.Sources, at, at+1)
	case at >= 0:
		p.Sources[at].Muted = muted
	default:
		p.Sources = append(p.Sources, SourceState{Source: source, Muted: muted})
		slices.SortFunc(p.Sources, func(a, b SourceState) int {
			return slices.Index(sources, a.Source) - slices.Index(sources, b.Source)
		})
	}
	return m.changed(p)
}

// Say adds a line to the chat, with a file or nil.
func (m *Meeting) Say(now time.Time, id, text string, file *File) []Event {
	p := m.member(id)
	if p == nil {
		return nil
	}
	msg := Message{From: id, Name: p.Name, Text: text, At: now, File: file}
	m.chat = append(m.chat, msg)
	m.chatLen += len(text)
	for len(m.chat) > m.cfg.Chat || m.chatLen > m.cfg.ChatBytes && len(m.chat) > 1 {
		m.chatLen -= len(m.chat[0].Text)
		m.chat = slices.Delete(m.chat, 0, 1)
	}
	return m.events.add(ChatSent{Message: msg})
}

// Change gives the room another title or end.
func (m *Meeting) Change(title string, endsAt time.Time) []Event {
	if m.info.Title == title && m.info.EndsAt.Equal(endsAt) {
		return nil
	}
	m.info.Title, m.info.EndsAt, m.info.ClosesAt = title, endsAt, m.cfg.closing(endsAt)
	return m.events.add(RoomChanged{Info: m.info})
}

// Expire takes those off the roster who have been lost for longer than the
// resume window, and says who they were.
func (m *Meeting) Expire(now time.Time) (gone []string, events []Event) {
	for _, p := range m.roster {
		if p.lost&Signalling != 0 && !now.Before(p.lostAt.Add(m.cfg.ResumeWindow)) {
			gone = append(gone, p.ID)
		}
	}
	return gone, m.remove(gone...)
}

// Ended reports whether the meeting's time is over.
func (m *Meeting) Ended(now time.Time) bool { return !now.Before(m.info.closes()) }

// Deadline is the next instant at which Ended, Expire or ExpireLobby has
// something to say.
func (m *Meeting) Deadline() time.Time {
	next := m.info.closes()
	for _, p := range m.roster {
		if p.lost&Signalling == 0 {
			continue
		}
		if at := p.lostAt.Add(m.cfg.ResumeWindow); at.Before(next) {
			next = at
		}
	}
	for _, w := range m.lobby {
		if at := m.waiterEnd(w); !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return next
}

// Empty reports whether nobody is in the meeting, about to enter or waiting.
func (m *Meeting) Empty() bool { return len(m.roster)+len(m.pending)+len(m.lobby) == 0 }

// Seq is the number of the last event.
func (m *Meeting) Seq() int64 { return m.events.seq }

// After returns the events that followed number seq, in order. It reports
// false when some of them are no longer kept, or seq is yet to come.
func (m *Meeting) After(seq int64) ([]Event, bool) { return m.events.after(seq) }

// Participant returns one row of the roster.
func (m *Meeting) Participant(id string) (Participant, bool) {
	p := m.member(id)
	if p == nil {
		return Participant{}, false
	}
	return p.snapshot(), true
}

// Roster returns all rows, in order of entering.
func (m *Meeting) Roster() []Participant {
	rows := make([]Participant, len(m.roster))
	for i, p := range m.roster {
		rows[i] = p.snapshot()
	}
	return rows
}

// Info returns what everybody may know about the room.
func (m *Meeting) Info() Info { return m.info }

// Recording returns the state of the recording.
func (m *Meeting) Recording() Recording { return m.rec }

// Locked reports whether a host keeps out who is not in.
func (m *Meeting) Locked() bool { return m.info.Locked }

// Snapshot returns the whole state.
func (m *Meeting) Snapshot() Snapshot {
	return Snapshot{
		Seq: m.events.seq, Room: m.info, Roster: m.Roster(), Recording: m.rec, Chat: slices.Clone(m.chat),
	}
}

func (m *Meeting) member(id string) *member {
	for _, p := range m.roster {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// changed makes the event that carries p's new row.
func (m *Meeting) changed(p *member) []Event {
	return m.note([]Participant{p.snapshot()}, nil)
}

// remove takes those of ids who are on the roster off it, with one event.
func (m *Meeting) remove(ids ...string) []Event {
	var left []string
	m.roster = slices.DeleteFunc(m.roster, func(p *member) bool {
		if !slices.Contains(ids, p.ID) {
			return false
		}
		left = append(left, p.ID)
		return true
	})
	if left == nil {
		return nil
	}
	return m.note(nil, left)
}

package rooms

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// EventKind is what kind of thing an event tells.
type EventKind string

// The kinds of events. Those of participants, recordings and meetings come from
// live meetings; a meeting may begin and end several times in one room.
const (
	RoomReserved  EventKind = "room.reserved"
	RoomChanged   EventKind = "room.changed"   // by whoever manages the room
	RoomExtended  EventKind = "room.extended"  // End is the new end
	RoomEnded     EventKind = "room.ended"     // by hand, before its time
	RoomCancelled EventKind = "room.cancelled" // called off
	RoomLocked    EventKind = "room.locked"
	RoomUnlocked  EventKind = "room.unlocked"

	MeetingStarted EventKind = "meeting.started" // somebody came into the empty room
	MeetingEnded   EventKind = "meeting.ended"   // nobody is in it any more

	ParticipantJoined      EventKind = "participant.joined"
	ParticipantMediaUp     EventKind = "participant.media_up" // media flows for the first time
	ParticipantInterrupted EventKind = "participant.interrupted"
	ParticipantResumed     EventKind = "participant.resumed"
	ParticipantRole        EventKind = "participant.role_changed"
	ParticipantLeft        EventKind = "participant.left"

	RecordingStarted EventKind = "recording.started"
	RecordingPaused  EventKind = "recording.paused"
	RecordingResumed EventKind = "recording.resumed"
	RecordingStopped EventKind = "recording.stopped"
)

// EventKinds are all kinds, in the order they are listed in.
var EventKinds = []EventKind{
	RoomReserved, RoomChanged, RoomExtended, RoomEnded, RoomCancelled, RoomLocked, RoomUnlocked,
	MeetingStarted, MeetingEnded,
	ParticipantJoined, ParticipantMediaUp, ParticipantInterrupted, ParticipantResumed, ParticipantRole, ParticipantLeft,
	RecordingStarted, RecordingPaused, RecordingResumed, RecordingStopped,
}

// Reasons of participant.left, meeting.ended and participant.interrupted.
const (
	ReasonLeft      = "left"      // of their own accord
	ReasonRemoved   = "removed"   // by a host
	ReasonRevoked   = "revoked"   // their link or login was taken back
	ReasonLobby     = "lobby"     // a host sent them back to the lobby
	ReasonLost      = "lost"      // the connection broke and was not taken up again
	ReasonEnded     = "ended"     // the meeting ended
	ReasonShutdown  = "shutdown"  // the server was stopped
	ReasonCrash     = "crash"     // the server died; the time is when it was last known to live
	ReasonEmpty     = "empty"     // the last participant left
	ReasonMedia     = "media"     // interrupted: no media path
	ReasonSignaling = "signaling" // interrupted: no socket
)

// An Event is one thing that happened in a room, kept for good. Fields that
// its kind has no use for are zero.
type Event struct {
	ID   string // UUID, unique everywhere: the same wherever the event is sent
	Room string
	Seq  int64 // within the room: rises from 1 without a gap; the store gives it
	Pos  int64 // among all events of the store, in the order they were stored; the store gives it
	At   time.Time
	Kind EventKind

	Visit       string // id of the participant's visit
	Participant string // id within the meeting, such as p3
	Name        string
	UserID      int64 // who is logged in; 0 is nobody
	Role        string
	By          string // name of who did it, when that is another
	Reason      string
	Recording   string // id
	End         time.Time
}

// NewEvent returns an event with an id that has never been given before.
func NewEvent(room string, kind EventKind, at time.Time) Event {
	return Event{ID: newID(), Room: room, Kind: kind, At: at}
}

// NewVisitID returns an id for one stay of a participant.
func NewVisitID() string { return newID() }

// newID returns a UUID that sorts by the time it was made.
func newID() string {
	id, err := uuid.NewV7()
	if err != nil {
		panic("rooms: " + err.Error()) // the system's randomness never fails
	}
	return id.String()
}

// Storable returns the event with texts that every store can keep, and times
// to the millisecond.
func (e Event) Storable() Event {
	for _, text := range []*string{&e.Visit, &e.Participant, &e.Name, &e.Role, &e.By, &e.Reason, &e.Recording} {
		*text = strings.ReplaceAll(strings.ToValidUTF8(*text, "\uFFFD"), "\x00", "")
	}
	e.At = e.At.UTC().Truncate(time.Millisecond)
	if !e.End.IsZero() {
		e.End = e.End.UTC().Truncate(time.Millisecond)
	}
	return e
}

// KnownKind reports whether k is one of EventKinds.
func KnownKind(k EventKind) bool { return slices.Contains(EventKinds, k) }

// Bounds of a page of events.
const (
	DefaultEvents = 100
	MostEvents    = 1000
)

// An EventFilter picks a page of events, oldest first.
type EventFilter struct {
	Room      string // of this room, After being a Seq; else of all rooms, After being a Pos
	CreatorID int64  // of rooms of this user; 0 is everybody's
	After     int64
	Limit     int // default DefaultEvents, most MostEvents
}

// PageSize returns how many events the filter asks for.
func (f EventFilter) PageSize() int {
	if f.Limit <= 0 {
		return DefaultEvents
	}
	return min(f.Limit, MostEvents)
}

// A Node is a server that has visits open in the store.
type Node struct {
	ID       string
	LastSeen time.Time // its last heartbeat; zero without one
}

// An EventStore keeps what happens in rooms, and the visits that follow from it.
type EventStore interface {
	// AppendEvents numbers events and stores them in the order given, with what
	// follows from them: the visits of the server node, and deliveries to the
	// webhooks that want them. It does all of it or nothing. Events whose ID is
	// stored already and events of unknown rooms are passed over. It returns
	// those stored, numbered.
	AppendEvents(ctx context.Context, node string, events []Event) ([]Event, error)
	// Events lists a page, oldest first.
	Events(ctx context.Context, f EventFilter) ([]Event, error)
	// Visits lists the visits of a room in order of joining.
	Visits(ctx context.Context, roomID string) ([]Visit, error)
	// OpenVisits lists the visits of a server that have not ended.
	OpenVisits(ctx context.Context, node string) ([]Visit, error)
	// Beat stores that a server lives.
	Beat(ctx context.Context, node string, at time.Time) error
	// Nodes lists the servers that have open visits.
	Nodes(ctx context.Context) ([]Node, error)
	// PruneEvents deletes up to limit events and up to limit ended visits that
	// are older than before, and returns how many it deleted. Numbers are never
	// given again.
	PruneEvents(ctx context.Context, before time.Time, limit int) (int, error)
}

package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"plenum/recording"
	"plenum/rooms"
	"plenum/signaling"
)

// Errors of what is live.
var (
	// ErrOffline is returned for a push to an attendant who is not connected.
	ErrOffline = errors.New("attendant is offline")
	// ErrNotLive is returned for what needs somebody in the room.
	ErrNotLive = errors.New("nobody is in the room")
	// ErrNotHere is returned for a participant who is not in the meeting.
	ErrNotHere = errors.New("the participant is not in the meeting")
	// ErrNoPlace is returned when somebody can't be admitted to a full room.
	ErrNoPlace = errors.New("the room is full")
)

// What is live is told in the words of package signaling.
type (
	// A Visitor is who opens a meeting's socket, as far as HTTP tells.
	Visitor = signaling.Visitor
	// An Attendant is a WebSocket connected to /attendance/.
	Attendant = signaling.Attendant
	// An AttendantTarget says which attendants a text is for.
	AttendantTarget = signaling.Target
	// A Delivery is what became of a text for one recipient.
	Delivery = signaling.Delivery
)

// Meetings is the live side of rooms.
type Meetings interface {
	// ServeMeeting upgrades the request to a meeting's socket and blocks until
	// it ends. Rights and origin are checked.
	ServeMeeting(w http.ResponseWriter, r *http.Request, room rooms.Room, from Visitor)
	// Live returns who is in a room now; false when nobody has come.
	Live(roomID string) (Live, bool)
	// UpdateRoom tells a meeting of its room's new title, end and capacity.
	UpdateRoom(room rooms.Room)
	// EndRoom ends a meeting for all who are in it.
	EndRoom(ctx context.Context, roomID string)
	// RevokeLinks tells of a room whose older links hold no more, and sends
	// those off who came by one.
	RevokeLinks(room rooms.Room)
	// RevokeLink sends those off who came by one link, which the store refuses
	// already.
	RevokeLink(room rooms.Room, id string)
	Moderation
}

// Audit takes entries for the audit log; *rooms.AuditLog is one.
type Audit interface {
	// Note writes an entry soon and never blocks.
	Note(e rooms.AuditEntry)
	// Sure returns when the entry is on disk, or reports that it is not yet.
	Sure(ctx context.Context, e rooms.AuditEntry) bool
}

// Revocations tell connections that live on when their login holds no more;
// *rooms.Revocations is one.
type Revocations interface {
	// Watch returns a channel that is closed then. Cancel must be called in the end.
	Watch(l rooms.Login) (gone <-chan struct{}, cancel func())
	// Poke says that a user or a token has changed.
	Poke()
}

// Moderation is what may be done in a live room from outside it. Rights are
// checked. Its methods return ErrNotHere for a participant who is not there, and
// ErrNotLive for everybody when nobody is.
type Moderation interface {
	// Moderate does what a host in the meeting could do, by its name in
	// the meeting's protocol, on the word of by; to nobody in particular when
	// participant is empty; make_speaker and make_audience give these roles. It
	// returns ErrNoPlace when somebody can't be admitted.
	Moderate(roomID, by, action, participant string) error
	// Lock keeps new guests out, or lets them in again.
	Lock(roomID string, on bool) error
	// Announce shows a text of from to everybody, or to one participant alone.
	Announce(roomID, from, text, participant string) ([]Delivery, error)
}

// Live is what happens in a room now.
type Live struct {
	Participants []Participant
	Recording    bool
	Waiting      []Waiter // in the lobby, in the order they came
	Locked       bool     // no new guest gets in
}

// A Participant is one who is in a room.
type Participant struct {
	ID        string
	Name      string
	Role      string
	JoinedAt  time.Time
	Connected bool
	Sources   []Source
	Hand      int64 // place among the hands ever raised; 0 while it is down
}

// A Waiter waits in a room's lobby.
type Waiter struct {
	ID        string
	Name      string
	Role      string // it will have
	Reason    string // lobby, or sent_back
	Since     time.Time
	Connected bool
}

// A Source is one thing a participant publishes.
type Source struct {
	Source string `json:"source"`
	Muted  bool   `json:"muted"`
}

// Attendants are the sockets on /attendance/.
type Attendants interface {
	// ServeAttendance upgrades the request and keeps the socket, which may
	// outlive the call. It gives the attendant its channel name and time.
	ServeAttendance(w http.ResponseWriter, r *http.Request, a Attendant)
	List() []Attendant
	// Push sends text to one attendant as it is, or returns ErrOffline.
	Push(ctx context.Context, channelName, text string) error
	// Send puts text on its way to all whom a target names, and waits for nobody.
	Send(to AttendantTarget, text string) []Delivery
}

// Recordings is the library of recordings. Its errors wrap those of package
// recording.
type Recordings interface {
	List(f recording.Filter) ([]Recording, error)
	Get(id string) (Recording, error)
	File(id, name string) (recording.File, error)
	Delete(id string) error
	RemoveDerived(id, path string) error
	Archive(id string) (recording.Archive, error)
	SetHold(id string, hold bool) (Recording, error)
	Audit(e recording.Entry)
}

// A Recording is what the API must know of one. Manifest is sent as it is.
type Recording struct {
	ID        string
	Room      string
	CreatorID int64
	Manifest  any
}

// Ledger takes what happens to rooms, and tells when something was stored.
type Ledger interface {
	// Record takes an event. It never waits.
	Record(e rooms.Event)
	// Held reports whether events of a room wait for the store.
	Held(roomID string) bool
	// Watch returns a channel that holds a token when events of a room were
	// stored here; "" is all rooms. The caller must call stop.
	Watch(roomID string) (stored <-chan struct{}, stop func())
}

// Figures remembers how much went on lately, here and in each room.
type Figures interface {
	// Server returns the figures of the whole server, oldest first.
	Server() []Figure
	// Room returns those of a room; none when nobody was in it lately.
	Room(id string) []Figure
	// Every is the time between two figures.
	Every() time.Duration
}

// A Figure is what went on until an instant, since the figure before it.
type Figure struct {
	At      time.Time
	Rooms   int     // with somebody in them
	People  int     // in meetings
	Bitrate int64   // bit/s of media sent to people
	Loss    float64 // of what was sent to people, 0 to 1; the mean of their links
	CPU     float64 // of the machine's processors used by the server, 0 to 1
}

// Webhooks sends what is queued.
type Webhooks interface {
	// Wake has it look at once.
	Wake()
	// CheckURL says what is wrong with an address, as a *rooms.FieldError.
	CheckURL(url string) error
}

// ErrTrials is returned by a Trials when too many try at once, ErrOffer when
// an offer can't be answered.
var (
	ErrTrials = errors.New("too many trials")
	ErrOffer  = errors.New("bad offer")
)

// A Trials lets pages try which ways lead to the media ports.
type Trials interface {
	// Trial answers the SDP offer of a connection that will carry nothing.
	Trial(ctx context.Context, offer string) (answer string, err error)
}

// A Relay gets media through to pages that reach the media ports no other way.
type Relay interface {
	// ICEServers returns where a page finds the relay on a machine of this name,
	// with credentials of its own, and how long they hold.
	ICEServers(host string) ([]ICEServer, time.Duration)
}

// An ICEServer is one entry of the list a page gives its RTCPeerConnection.
type ICEServer struct {
	URLs       string `json:"urls"`
	Username   string `json:"username,omitempty"`
	Credential string `json:"credential,omitempty"`
}

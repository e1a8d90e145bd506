package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"time"

	"plenum/recording"
	"plenum/rooms"
)

// ErrOffline is returned for a push to an attendant who is not connected.
var ErrOffline = errors.New("attendant is offline")

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
}

// A Visitor is who opens a meeting's socket, as far as HTTP tells.
type Visitor struct {
	Addr    netip.Addr
	User    string          // who is logged in on our own page, or empty
	UserID  int64           // that user's id, or 0
	Revoked <-chan struct{} // closed when that login holds no more; nil is never
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

// Live is what happens in a room now.
type Live struct {
	Participants []Participant
	Recording    bool
}

// A Participant is one who is in a room.
type Participant struct {
	ID        string
	Name      string
	Role      string
	JoinedAt  time.Time
	Connected bool
	Sources   []Source
}

// A Source is one thing a participant publishes.
type Source struct {
	Source string `json:"source"`
	Muted  bool   `json:"muted"`
}

// Attendants are the sockets on /attendance/.
type Attendants interface {
	// ServeAttendance upgrades the request and blocks until the socket ends.
	// It gives the attendant its channel name and time.
	ServeAttendance(w http.ResponseWriter, r *http.Request, a Attendant)
	List() []Attendant
	// Push sends text to one attendant as it is, or returns ErrOffline.
	Push(ctx context.Context, channelName, text string) error
}

// An Attendant is a WebSocket connected to /attendance/.
type Attendant struct {
	ChannelName string
	IP          string
	Port        int
	User        string // who is logged in, or empty
	Details     map[string]string
	ConnectedAt time.Time
	Revoked     <-chan struct{} `json:"-"` // closed when that login holds no more; nil is never
}

// Recordings is the library of recordings. Its errors wrap those of package
// recording.
type Recordings interface {
	List(f recording.Filter) ([]Recording, error)
	Get(id string) (Recording, error)
	File(id, name string) (recording.File, error)
	Delete(id string) error
}

// A Recording is what the API must know of one. Manifest is sent as it is.
type Recording struct {
	ID        string
	CreatorID int64
	Manifest  any
}

// An ICEServer is one entry of the list a page gives its RTCPeerConnection.
type ICEServer struct {
	URLs       string `json:"urls"`
	Username   string `json:"username,omitempty"`
	Credential string `json:"credential,omitempty"`
}

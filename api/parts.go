package api

import (
	"context"
	"errors"
	"net/http"
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
	ServeMeeting(w http.ResponseWriter, r *http.Request, room rooms.Room)
	// Live returns who is in a room now; false when nobody has come.
	Live(roomID string) (Live, bool)
	// UpdateRoom tells a meeting of its room's new title, end and capacity.
	UpdateRoom(room rooms.Room)
	// EndRoom ends a meeting for all who are in it.
	EndRoom(ctx context.Context, roomID string)
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

package signaling

import (
	"sync/atomic"

	"plenum/sfu"
	"plenum/signaling/protocol"
)

// session is one who has joined, or waits to, as the room's goroutine keeps it.
type session struct {
	token string // takes the session up again; never changes
	guest guest  // who joined; never changes

	state atomic.Int32          // set by the room's goroutine
	plane atomic.Pointer[plane] // likewise

	// The rest belongs to the room's goroutine.
	id      string  // of the participant, or in the lobby
	attempt int     // the last of the page to take it up
	socket  *socket // nil while lost
	seats   seatTable
	wanted  map[sfu.Source]int       // layers of its sources; none for all
	codecs  map[sfu.Source]sfu.Codec // what its sources should be sent in; none for VP8
	// declined is set while the participant does not want to be recorded.
	declined bool
	// lobbyTold is set while the socket has been told of somebody in the lobby.
	lobbyTold bool
	entry     protocol.Join // what to join with when admitted; no offer, none yet
	uploads   uploading
	answer    string // to who came out of the lobby and has not yet been heard of
}

// The states of a session.
const (
	sessionEntering int32 = iota // its media connection is being made
	sessionIn                    // on the roster
	sessionWaiting               // in the lobby
	sessionOver
)

// plane is a session's media side.
type plane struct{ MediaParticipant }

// media returns the session's media side, or nil while it has none.
func (s *session) media() MediaParticipant {
	if p := s.plane.Load(); p != nil {
		return p.MediaParticipant
	}
	return nil
}

func (s *session) setMedia(m MediaParticipant) {
	if m == nil {
		s.plane.Store(nil)
		return
	}
	s.plane.Store(&plane{m})
}

// Package sfu is the media plane: it takes what participants publish and
// forwards it to the seats of the others. It knows nothing of reservations,
// names or HTTP.
package sfu

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"plenum/sfu/packet"
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

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	UDP         string       // host:port of the one UDP port; default ":7882"
	TCP         string       // host:port of the ICE-TCP port; default ":7881", "off" for none
	ExternalIPs []netip.Addr // addresses to announce instead of the local ones
	Loopback    bool         // announce loopback addresses too, for browsers on this machine
	Seats       int          // most seats of one participant; default 49
	Audible     int          // most participants heard at once; default 5
}

// ErrBadOffer is wrapped by errors about an SDP offer that can't be answered.
var ErrBadOffer = errors.New("bad offer")

// ErrClosed is returned for calls on a room or participant that has ended.
var ErrClosed = errors.New("closed")

// An SFU owns the media ports and the rooms on them.
type SFU struct{}

// New opens the media ports. The caller must Close the SFU.
func New(cfg Config, log *slog.Logger) (*SFU, error) { panic("contract") }

// Close ends every room and closes the ports. It waits for their goroutines.
func (s *SFU) Close() error { panic("contract") }

// UDPPort and TCPPort are the ports media arrives on; TCPPort is 0 without ICE-TCP.
func (s *SFU) UDPPort() int { panic("contract") }

// TCPPort is the ICE-TCP port, 0 without one.
func (s *SFU) TCPPort() int { panic("contract") }

// LinkState is the state of a participant's media connection.
type LinkState string

// The states of a link.
const (
	LinkConnecting  LinkState = "connecting"
	LinkUp          LinkState = "up"
	LinkInterrupted LinkState = "interrupted" // no packets for a while; may come back
	LinkFailed      LinkState = "failed"      // needs an ICE restart
)

// SeatRow is one row of a participant's seat table.
type SeatRow struct {
	Participant string // who sits here; empty for a free seat
	Source      Source // Camera (with its microphone) or Screen (with its audio)
	Video       bool   // the picture is being forwarded or about to be
	From        uint32 // RTP timestamp of the occupant's first frame, if HasFrom
	HasFrom     bool
}

// An Observer hears what happens in one room's media. Its methods are called
// from media goroutines: they hand the value on and return at once.
type Observer interface {
	// SeatsChanged carries the whole seat table of one participant. Epoch rises
	// with every call; AckSeats takes it back.
	SeatsChanged(participant string, epoch int64, seats []SeatRow)
	// FloorChanged lists who is audible, loudest first.
	FloorChanged(participants []string)
	// LinkChanged tells the state of one participant's media connection.
	LinkChanged(participant string, state LinkState)
}

// NewRoom returns an empty room. The caller must Close it.
func (s *SFU) NewRoom(id string, obs Observer) *Room { panic("contract") }

// A Room forwards media between its participants.
type Room struct{}

// Tile is one thing a subscriber wants to see; Source is Camera or Screen.
type Tile struct {
	Participant string
	Source      Source
	Height      int // device pixels
}

// Entry is what a participant brings when it joins.
type Entry struct {
	ID      string            // unique in the room
	Number  uint32            // unique in the room, at least 1; the CSRC of its packets
	Offer   string            // SDP
	Sources map[string]Source // send-only m-lines: mid to source
	View    []Tile            // most wanted first
}

// Join answers an offer and seats the participant. It returns ErrBadOffer for
// an offer that can't be answered, ErrClosed after Close.
func (r *Room) Join(ctx context.Context, e Entry) (p *Participant, answer string, err error) {
	panic("contract")
}

// Close ends the room and every participant in it. It waits for their goroutines.
func (r *Room) Close() { panic("contract") }

// A Participant is one connection in a room. Its methods may be called from
// any goroutine; after Leave they do nothing or return ErrClosed.
type Participant struct{}

// Reoffer answers a further offer of the same connection: more seats, or an ICE restart.
func (p *Participant) Reoffer(ctx context.Context, offer string, sources map[string]Source) (answer string, err error) {
	panic("contract")
}

// SetView replaces what the participant wants to see, most wanted first.
func (p *Participant) SetView(tiles []Tile) { panic("contract") }

// SetSource says whether a source is on and whether it is muted. Packets of a
// source that is off or muted are dropped and not recorded.
func (p *Participant) SetSource(s Source, on, muted bool) { panic("contract") }

// AckSeats tells that the page has cleared the seats up to this epoch.
func (p *Participant) AckSeats(epoch int64) { panic("contract") }

// Pause stops media to and from the participant, or lets it flow again. It is
// set while the participant's signalling is lost, so that nobody is heard
// without knowing it.
func (p *Participant) Pause(paused bool) { panic("contract") }

// Leave ends the connection and frees its seats. It waits for its goroutines.
func (p *Participant) Leave() { panic("contract") }

// Codec names the format of a stream's payload.
type Codec string

// The codecs this version negotiates.
const (
	Opus Codec = "opus"
	VP8  Codec = "vp8"
)

// Stream is one encoding of a source as it arrives at the server.
type Stream struct {
	Participant string
	Source      Source
	Codec       Codec
	ClockRate   uint32
	SSRC        uint32
	Layer       int // 0 is the smallest simulcast layer; 0 for audio
}

// SenderReport is an RTCP sender report (RFC 3550 section 6.4.1).
type SenderReport struct {
	NTP       uint64    // the sender's clock, NTP format
	Timestamp uint32    // the same instant on the stream's RTP clock
	Arrival   time.Time // when it was read, monotonic
}

// A Tap sees every packet of a room that may be recorded. Its methods are
// called from media goroutines and must not block.
type Tap interface {
	// Packet takes p.
	Packet(s Stream, p *packet.Packet)
	// Report carries a sender report of the stream.
	Report(s Stream, sr SenderReport)
}

// Tap starts feeding t and returns a function that stops it. After stop
// returns, t is not called again.
func (r *Room) Tap(t Tap) (stop func()) { panic("contract") }

// RequestKeyframe asks a publisher for a keyframe of one layer of a video
// source; requests are merged to one per 500 ms.
func (r *Room) RequestKeyframe(participant string, source Source, layer int) { panic("contract") }

// Package sfu is the media plane: it takes what participants publish and
// forwards it to the seats of the others. It knows nothing of reservations,
// names or HTTP.
//
// Its hard parts are pure packages below it; this package owns the goroutines.
// A packet goes transport -> layer -> (taps) -> output -> transport on the
// goroutine that read it. A room's own goroutine decides who sits where.
package sfu

import (
	"errors"
	"log/slog"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"time"

	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/pionlog"
	"plenum/sfu/transport"
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

// Audio reports whether the source is sound.
func (s Source) Audio() bool { return s == Microphone || s == ScreenAudio }

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	UDP         string              // host:port of the one UDP port; default ":7882"
	TCP         string              // host:port of the ICE-TCP port; default ":7881", "off" for none
	ExternalIPs []netip.Addr        // addresses to announce instead of the local ones
	Found       func() []netip.Addr // further addresses to announce, as they become known; nil for none
	Loopback    bool                // announce loopback addresses too, for browsers on this machine
	Seats       int                 // most seats of one participant; default 49
	Audible     int                 // most participants heard at once in a large room; default 5
	Unbounded   bool                // send what tiles ask for, whatever a subscriber's link carries
	Plain       bool                // carry all media through Pion, also where there is a faster way
	Shards      int                 // sockets and goroutines that read media from each address; default one per core
	VideoCodecs []Codec             // of pictures, best first; default VP8 alone
}

func (c Config) withDefaults() Config {
	if c.UDP == "" {
		c.UDP = ":7882"
	}
	if c.TCP == "" {
		c.TCP = ":7881"
	}
	if c.Seats == 0 {
		c.Seats = 49
	}
	if c.Audible == 0 {
		c.Audible = 5
	}
	if len(c.VideoCodecs) == 0 {
		c.VideoCodecs = []Codec{VP8}
	}
	if c.Shards == 0 {
		c.Shards = runtime.GOMAXPROCS(0)
	}
	return c
}

// ErrBadOffer is wrapped by errors about an SDP offer that can't be answered.
var ErrBadOffer = transport.ErrBadOffer

// ErrClosed is returned for calls on a room or participant that has ended.
var ErrClosed = errors.New("closed")

// connector makes connections.
type connector interface {
	New(ev transport.Events, log *slog.Logger) (transport.Conn, error)
}

// An SFU owns the media ports and the rooms on them.
type SFU struct {
	cfg Config
	log *slog.Logger
	media
	pool  *packet.Pool
	count counters

	codecs []codec.Kind // of pictures, best first

	turns chan struct{} // holds a token for each picture that is being forwarded to a large audience

	mu     sync.Mutex // guards what follows
	rooms  map[*Room]struct{}
	trials map[transport.Conn]*time.Timer // and what ends them
	closed bool

	trying sync.WaitGroup // trials
}

// New opens the media ports. The caller must Close the SFU.
func New(cfg Config, log *slog.Logger) (*SFU, error) {
	cfg = cfg.withDefaults()
	s := &SFU{cfg: cfg, log: log, pool: &packet.Pool{}, turns: newTurns(), rooms: map[*Room]struct{}{}, trials: map[transport.Conn]*time.Timer{}}
	s.codecs = kindsOf(cfg.VideoCodecs)
	open := openFast
	if cfg.Plain {
		open = openPlain
	}
	m, err := open(below{cfg: cfg, pool: s.pool, overrun: &s.count.overrun, log: pionlog.New(log)})
	if err != nil {
		return nil, err
	}
	s.media = m
	return s, nil
}

func newTurns() chan struct{} { return make(chan struct{}, runtime.GOMAXPROCS(0)) }

// Close ends every room and closes the ports. It waits for their goroutines.
func (s *SFU) Close() error {
	s.mu.Lock()
	rooms := make([]*Room, 0, len(s.rooms))
	for r := range s.rooms {
		rooms = append(rooms, r)
	}
	s.mu.Unlock()
	for _, r := range rooms {
		r.Close()
	}
	s.endTrials()
	return s.close()
}

// UDPPort is the port media arrives on.
func (s *SFU) UDPPort() int { return s.ports.UDPPort }

// MediaAddrs is where media arrives over UDP.
func (s *SFU) MediaAddrs() []netip.AddrPort { return s.ports.Addrs() }

// Announced lists the addresses that browsers are told beside or instead of
// those of MediaAddrs.
func (s *SFU) Announced() []netip.Addr {
	if s.cfg.Found == nil {
		return s.cfg.ExternalIPs
	}
	return slices.Concat(s.cfg.ExternalIPs, s.cfg.Found())
}

// TCPPort is the ICE-TCP port, 0 without one.
func (s *SFU) TCPPort() int { return s.ports.TCPPort }

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
	Undecodable bool   // there is a picture, but in a format this participant can't decode
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
	// LayersWanted tells that of a participant's simulcast source only so many
	// layers are wanted, from the smallest; the others need not be sent.
	LayersWanted(participant string, source Source, layers int)
	// CodecWanted tells in which format a participant's camera or screen should
	// be sent from now on. Before the first of these it is the one the
	// participant chose itself.
	CodecWanted(participant string, source Source, codec Codec)
	// LinkChanged tells the state of one participant's media connection.
	LinkChanged(participant string, state LinkState)
}

// Tile is one thing a subscriber wants to see; Source is Camera or Screen.
type Tile struct {
	Participant string
	Source      Source
	Height      int // device pixels
}

// Codec names the format of a stream's payload.
type Codec string

// The codecs this version negotiates.
const (
	Opus Codec = "opus"
	VP8  Codec = "vp8"
	VP9  Codec = "vp9"
	AV1  Codec = "av1"
	H264 Codec = "h264"
	RED  Codec = "red" // Opus with copies of what went before (RFC 2198)
)

// Stream is one encoding of a source as it arrives at the server. All spatial
// layers of a layered one are one Stream, with Layer 0. When a publisher changes
// the format, a new Stream begins, which may have the SSRC of the old one.
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

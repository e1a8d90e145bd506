// Package transport is the small interface between the media plane and one
// participant's connection. Package plain implements it on Pion's
// PeerConnection; a faster one may stand beside it.
package transport

import (
	"context"
	"errors"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/codec"
	"plenum/sfu/packet"
)

// Overhead is how many bytes of headers a packet takes on the wire beside its
// payload: IPv4 and UDP 28, RTP 12, CSRC 4, extension 8, AES-GCM tag 16.
const Overhead = 68

// ErrBadOffer is wrapped by errors about an offer that can't be answered.
var ErrBadOffer = errors.New("bad offer")

// State is the state of a connection.
type State string

// The states of a connection.
const (
	Connecting  State = "connecting"
	Up          State = "up"
	Interrupted State = "interrupted"
	Failed      State = "failed"
)

// A Track describes one incoming RTP stream of one format. When a publisher
// changes the format of a stream, that is told as another one with the same SSRC.
type Track struct {
	Mid       string // the m-line it belongs to
	RID       string // simulcast encoding; empty without simulcast
	Layer     int    // place of RID in the offer's a=simulcast line; 0 without simulcast
	SSRC      uint32
	Mime      string // such as "audio/opus" or "video/VP8"
	ClockRate uint32
	Repairs   bool  // the publisher sends again what Nack asks for
	LevelID   uint8 // header extension id of RFC 6464 audio levels; 0 when not negotiated
}

// Events is told what comes in on a connection. Its methods run on the
// connection's goroutines.
type Events interface {
	// Incoming tells of a new stream and returns who takes its packets; nil discards them.
	Incoming(t Track) Receiver
	// StateChanged tells the state of the connection. Up comes again when packets
	// begin to take another way, on which those sent last may not have arrived.
	StateChanged(s State)
	// Sending tells that a packet of so many bytes leaves now and returns the
	// transport-wide number it carries, if the connection is Numbered.
	Sending(bytes int) (number uint16)
	// Arrived carries what the subscriber reports of those packets, valid
	// until it returns. Reports may overtake each other.
	Arrived(arrivals []bandwidth.Arrival, now time.Time)
}

// A Receiver takes the packets of one incoming stream. Packet and
// SenderReport may be called from different goroutines.
type Receiver interface {
	// Packet takes p, whose header is parsed, whose Arrival is set and whose
	// Seq is not yet unwrapped. Packets recovered by RTX look like any other,
	// but are marked Repaired.
	Packet(p *packet.Packet, seq uint16)
	// Flush tells that no more packets come for now: what Packet held back is
	// forwarded with b, which may be nil. The goroutine that called Packet
	// calls it, soon.
	Flush(b Batch)
	// SenderReport carries an RTCP sender report (RFC 3550 section 6.4.1).
	SenderReport(ntp uint64, timestamp uint32, arrival time.Time)
}

// A Batch gathers the packets that leave because of those that came in
// together. It is valid until the Flush it was given to returns, and used by
// its goroutine only.
type Batch interface {
	// Pause lets the batch send what it has, if that is much. It is called
	// between two subscribers, with no lock held that another one waits for.
	Pause()
}

// Header is what a forwarded packet's RTP header says; the SSRC and the number
// of the payload type belong to the Sender.
type Header struct {
	// Codec is the payload's format; None is the first of those agreed on. A
	// packet of a format that was not agreed on is not sent.
	Codec     codec.Kind
	Seq       uint16
	Timestamp uint32
	Marker    bool
	CSRC      uint32
	// Batch is what the packet leaves with; nil sends it soon.
	Batch Batch
	// Fill is how many bytes of padding make the packet as long as the others
	// of its batch. A transport that gains nothing from that leaves it out.
	Fill uint8
}

// Feedback is told what a subscriber reports about one outgoing stream.
type Feedback interface {
	// Nack asks for packets again, by the numbers they were sent with.
	Nack(seqs []uint16, now time.Time)
	// KeyframeWanted tells that the subscriber can't decode without a keyframe.
	KeyframeWanted(now time.Time)
	// RoundTrip carries a measured round-trip time.
	RoundTrip(d time.Duration)
	// Lost carries the fraction of packets lost since the last report.
	Lost(fraction float64)
}

// A Sender is one outgoing RTP stream: half a seat. Write and Resend copy what
// they are given before they return. One goroutine at a time calls them.
type Sender interface {
	// Listen names who hears the subscriber's feedback. It is called once,
	// before the first Write.
	Listen(f Feedback)
	// Codecs are the formats that were agreed on; none before an answer.
	Codecs() codec.Set
	// Write sends one packet.
	Write(h Header, payload []byte)
	// Resend sends a packet again as RTX (RFC 4588). It returns the bytes
	// sent, 0 where RTX was not negotiated.
	Resend(h Header, payload []byte) int
	// Pad sends a packet of nothing but padding, at most 255 bytes (RFC 3550
	// section 5.1).
	Pad(h Header, bytes int)
	// Report sends an RTCP sender report.
	Report(ntp uint64, timestamp uint32)
}

// Block is one reception report block (RFC 3550 section 6.4.1).
type Block struct {
	SSRC           uint32
	FractionLost   uint8
	CumulativeLost uint32
	HighestSeq     uint32
	Jitter         uint32
	LSR, DLSR      uint32
}

// Seat is the two senders of one seat.
type Seat struct{ Audio, Video Sender }

// A Conn is one participant's media connection. The caller must Close it.
type Conn interface {
	// Answer answers the first offer or a further one. Errors that are the
	// offer's fault wrap ErrBadOffer.
	Answer(ctx context.Context, offer string) (string, error)
	// Seats returns the seats of the offers answered so far, in m-line order.
	Seats() []Seat
	// Sends returns the formats the client may send on one of its m-lines.
	Sends(mid string) codec.Set
	// Numbered reports whether the offer wants transport-wide numbers on what
	// it receives, for congestion control.
	Numbered() bool
	// AskKeyframe sends a picture loss indication (RFC 4585 section 6.3.1).
	AskKeyframe(ssrc uint32)
	// Nack asks the publisher for packets again.
	Nack(ssrc uint32, seqs []int64)
	// ReceiverReport sends reception reports, at most 31 blocks.
	ReceiverReport(blocks []Block)
	// Close ends the connection and waits for its goroutines.
	Close() error
}

package plain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// A Conn is a transport.Conn on a PeerConnection.
type Conn struct {
	factory  *Factory
	pc       *webrtc.PeerConnection
	events   transport.Events
	log      *slog.Logger
	pool     *packet.Pool
	maxSeats int

	answering sync.Mutex // one Answer at a time
	mu        sync.Mutex // guards what follows
	rids      map[string][]string
	formats   map[string][]Format // by mid, as answered last
	wide      bool                // packets carry transport-wide numbers
	seats     []transport.Seat
	done      bool

	telling sync.Mutex // held while a state is told; guards told and way
	told    webrtc.PeerConnectionState
	way     string // by which the connection was up when that was told
	offers  atomic.Int64

	rtpStreams, rtcpStreams atomic.Int64 // SSRCs seen

	closed  chan struct{}  // closed by Close
	readers sync.WaitGroup // the goroutines of incoming and senders
}

// Answer implements transport.Conn.
func (c *Conn) Answer(ctx context.Context, text string) (string, error) {
	c.answering.Lock()
	defer c.answering.Unlock()
	o, err := parseOffer(text, c.maxSeats)
	if err != nil {
		return "", err
	}
	if err := c.addSeats(o.seats); err != nil {
		return "", err
	}
	c.mu.Lock()
	c.rids, c.wide = o.rids, o.wide
	c.mu.Unlock()
	if err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: o.sdp}); err != nil {
		return "", fmt.Errorf("take the offer: %w: %w", transport.ErrBadOffer, err)
	}
	c.offers.Add(1)
	answer, err := c.pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("create the answer: %w: %w", transport.ErrBadOffer, err)
	}
	c.agree(answer.SDP)
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("set the answer: %w", err)
	}
	select {
	case <-gathered:
		return withDTX(c.pc.LocalDescription().SDP), nil
	case <-ctx.Done():
		return "", ctx.Err()
	case <-c.closed:
		return "", errors.New("the connection was closed while it answered")
	}
}

// addSeats makes senders for the seats an offer has beyond those we know.
// Pion pairs them with the offer's receive-only m-lines in order.
func (c *Conn) addSeats(want int) error {
	c.mu.Lock()
	have := len(c.seats)
	c.mu.Unlock()
	for i := have; i < want; i++ {
		audio := newSender(c, i, webrtc.RTPCodecTypeAudio)
		video := newSender(c, i, webrtc.RTPCodecTypeVideo)
		for _, s := range []*sender{audio, video} {
			t, err := c.pc.AddTransceiverFromTrack(s, webrtc.RTPTransceiverInit{
				Direction: webrtc.RTPTransceiverDirectionSendonly,
			})
			if err != nil {
				return fmt.Errorf("add seat %d: %w", i, err)
			}
			s.tr, s.rtp = t, t.Sender()
		}
		c.mu.Lock()
		c.seats = append(c.seats, transport.Seat{Audio: audio, Video: video})
		c.mu.Unlock()
	}
	return nil
}

// agree keeps what an answer says of payload types.
func (c *Conn) agree(answer string) {
	formats := agreed(answer)
	c.mu.Lock()
	c.formats = formats
	seats := slices.Clip(c.seats)
	c.mu.Unlock()
	for _, seat := range seats {
		for _, half := range []transport.Sender{seat.Audio, seat.Video} {
			if s, ok := half.(*sender); ok {
				s.rebind()
			}
		}
	}
}

// formatsOf returns the formats agreed on for an m-line. They are read-only.
func (c *Conn) formatsOf(mid string) []Format {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.formats[mid]
}

// Sends implements transport.Conn.
func (c *Conn) Sends(mid string) codec.Set { return KindsOf(c.formatsOf(mid)) }

// Peer is the Pion connection below.
func (c *Conn) Peer() *webrtc.PeerConnection { return c.pc }

// CutOff ends the connection from outside, as if the network had: the state
// becomes Failed. It does not wait, so the connection's own goroutines may call it.
func (c *Conn) CutOff(reason string) {
	if !c.enter() {
		return
	}
	c.log.Warn("connection cut off", "reason", reason)
	go func() {
		defer c.readers.Done()
		_ = c.pc.Close()
	}()
}

// Seats implements transport.Conn.
func (c *Conn) Seats() []transport.Seat {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clip(c.seats)
}

// Numbered implements transport.Conn.
func (c *Conn) Numbered() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wide
}

// AskKeyframe implements transport.Conn.
func (c *Conn) AskKeyframe(ssrc uint32) {
	c.writeRTCP(&rtcp.PictureLossIndication{MediaSSRC: ssrc})
}

// Nack implements transport.Conn.
func (c *Conn) Nack(ssrc uint32, seqs []int64) {
	numbers := make([]uint16, len(seqs))
	for i, seq := range seqs {
		numbers[i] = uint16(seq)
	}
	c.writeRTCP(&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)})
}

// ReceiverReport implements transport.Conn.
func (c *Conn) ReceiverReport(blocks []transport.Block) {
	r := &rtcp.ReceiverReport{Reports: make([]rtcp.ReceptionReport, 0, len(blocks))}
	for _, b := range blocks {
		r.Reports = append(r.Reports, rtcp.ReceptionReport{
			SSRC: b.SSRC, FractionLost: b.FractionLost, TotalLost: b.CumulativeLost,
			LastSequenceNumber: b.HighestSeq, Jitter: b.Jitter, LastSenderReport: b.LSR, Delay: b.DLSR,
		})
	}
	c.writeRTCP(r)
}

// writeRTCP sends p. A connection that is not up or is closing refuses it,
// which is as good as a lost packet.
func (c *Conn) writeRTCP(p rtcp.Packet) {
	if err := c.pc.WriteRTCP([]rtcp.Packet{p}); err != nil {
		c.log.Debug("rtcp not sent", "error", err)
	}
}

// Close implements transport.Conn.
func (c *Conn) Close() error {
	c.mu.Lock()
	first := !c.done
	c.done = true
	c.mu.Unlock()
	if first {
		close(c.closed)
	}
	err := c.pc.GracefulClose()
	c.readers.Wait()
	return err
}

// run starts f as a reader unless the connection is closing.
func (c *Conn) run(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.done {
		c.readers.Go(f)
	}
}

// enter makes Close wait for the caller, who calls c.readers.Done. It reports
// false when the connection is closing.
func (c *Conn) enter() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done {
		return false
	}
	c.readers.Add(1)
	return true
}

// stateChanged tells the state that holds. Pion calls it on a goroutine of its
// own for each change, in no order, so what it says may be over.
func (c *Conn) stateChanged(webrtc.PeerConnectionState) {
	if !c.enter() {
		return
	}
	defer c.readers.Done()
	c.telling.Lock()
	defer c.telling.Unlock()
	s := c.pc.ConnectionState()
	if s == c.told {
		return
	}
	c.told = s
	switch s {
	case webrtc.PeerConnectionStateConnecting:
		c.events.StateChanged(transport.Connecting)
	case webrtc.PeerConnectionStateConnected:
		c.way = c.selected()
		c.events.StateChanged(transport.Up)
	case webrtc.PeerConnectionStateDisconnected:
		c.events.StateChanged(transport.Interrupted)
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed: // closed, but not by Close
		c.events.StateChanged(transport.Failed)
	case webrtc.PeerConnectionStateUnknown, webrtc.PeerConnectionStateNew:
	}
}

// selected names the candidate pair that carries the packets, and the offer it
// is of: after an ICE restart the same addresses are another way.
func (c *Conn) selected() string {
	pair, err := c.pc.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return ""
	}
	return fmt.Sprint(c.offers.Load(), pair.Local.Protocol, pair.Local.Address, pair.Local.Port, pair.Remote.Address, pair.Remote.Port)
}

// PathChanged tells that a connection that is up is up by another way. Pion
// calls it on a goroutine of its own, for the first way too, and after a
// restart together with the state; a transport that hears of it in its place
// passes it on.
func (c *Conn) PathChanged() {
	if !c.enter() {
		return
	}
	defer c.readers.Done()
	c.telling.Lock()
	defer c.telling.Unlock()
	if way := c.selected(); c.told == webrtc.PeerConnectionStateConnected && way != c.way {
		c.way = way
		c.events.StateChanged(transport.Up)
	}
}

// midOf finds the m-line of a receiver.
func (c *Conn) midOf(r *webrtc.RTPReceiver) string {
	if t := r.RTPTransceiver(); t != nil {
		return t.Mid()
	}
	return ""
}

// incoming runs on a goroutine of Pion's for each new stream and reads it to its end.
func (c *Conn) incoming(track *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	if !c.enter() {
		return
	}
	defer c.readers.Done()
	mid := c.midOf(r)
	c.mu.Lock()
	rids := c.rids[mid]
	c.mu.Unlock()
	s := &stream{conn: c, remote: track, receiver: r, is: transport.Track{
		Mid: mid, RID: track.RID(), Layer: LayerOf(rids, track.RID()), SSRC: uint32(track.SSRC()), LevelID: levelID(r),
	}}
	// PayloadType() is not known yet with a RID
	if f := FormatOf(c.formatsOf(mid), uint8(track.Codec().PayloadType)); f != nil {
		s.begin(*f, time.Time{})
	}
	c.run(s.readReports)
	c.run(s.readPackets)
}

func levelID(r *webrtc.RTPReceiver) uint8 {
	for _, ext := range r.GetParameters().HeaderExtensions {
		if ext.URI == URIAudioLevel {
			return uint8(ext.ID)
		}
	}
	return 0
}

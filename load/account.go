package load

import (
	"encoding/binary"
	"sync"
	"time"

	"plenum/signaling/protocol"
)

// stream is one half of a seat as it arrives.
type stream struct {
	video bool
	seq   sequence
	pulse pulse
}

// seatState is what the server says about one seat.
type seatState struct {
	participant string
	source      protocol.Source
	video       bool
}

// An account keeps the books of what one participant receives. Packets enter
// it on the goroutines that read them.
type account struct {
	mu      sync.Mutex // guards what follows
	streams map[uint32]*stream
	pulses  map[int]*pulse // of video, by seat
	seats   []seatState
	wanted  int // pictures the view asks for
	latency histogram
	first   time.Duration // when the first packet came; 0 before
	strange uint64        // packets that are not ours, or of no seat
}

func newAccount() *account {
	return &account{streams: map[uint32]*stream{}, pulses: map[int]*pulse{}}
}

// expect names the streams of an answer.
func (a *account) expect(streams []seatStream) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range streams {
		st := &stream{video: s.video}
		a.streams[s.ssrc] = st
		if s.video {
			a.pulses[s.seat] = &st.pulse
		}
	}
}

// want notes how many pictures the view asks for from now on.
func (a *account) want(pictures int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wanted = pictures
}

// seated takes a seat table. Where another picture will stand, or none, the
// old one's rhythm means nothing any more.
func (a *account) seated(table []protocol.Seat) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := make([]seatState, len(table))
	for i, row := range table {
		now[i] = seatState{row.Participant, row.Source, row.Video}
		if i >= len(a.seats) || now[i] != a.seats[i] {
			if p := a.pulses[row.Seat]; p != nil {
				p.stop()
			}
		}
	}
	a.seats = now
}

// rtpHeader is the fixed part of an RTP header.
const rtpHeader = 12

// isRTP tells RTP from what shares its port (RFC 7983, RFC 5761 section 4).
func isRTP(b []byte) bool {
	return len(b) >= rtpHeader && b[0]>>6 == 2 && (b[1]&0x7F < 64 || b[1]&0x7F > 95)
}

// sealed accounts for a packet that is still encrypted: its header is not.
func (a *account) sealed(b []byte, at time.Duration) {
	a.packet(binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint16(b[2:]), b[1]&0x80 != 0, at)
}

// open accounts for a decrypted packet.
func (a *account) open(ssrc uint32, seq uint16, marker bool, payload []byte, at time.Duration) {
	fresh, video := a.packet(ssrc, seq, marker, at)
	if !fresh || len(payload) == 0 {
		return
	}
	read := soundMark
	if video {
		read = videoMark
	}
	sent, ok := read(payload)
	a.mu.Lock()
	defer a.mu.Unlock()
	if !ok {
		a.strange++
		return
	}
	a.latency.add(at - sent)
}

func (a *account) packet(ssrc uint32, seq uint16, marker bool, at time.Duration) (fresh, video bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.streams[ssrc]
	if s == nil { // a retransmission, or nothing of ours
		a.strange++
		return false, false
	}
	if a.first == 0 {
		a.first = at
	}
	fresh = s.seq.packet(seq)
	if fresh && marker && s.video {
		s.pulse.frame(at)
	}
	return fresh, s.video
}

// firstPacket returns when the first packet came, 0 if none did.
func (a *account) firstPacket() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.first
}

// totals are the books of many participants up to a moment.
type totals struct {
	counts
	sound   counts // the part of counts that is sound
	strange uint64
	freezes uint64
	frozen  time.Duration
	wanted  int // pictures the views ask for now
	shown   int // pictures that move now
	latency histogram
}

// addTo adds this participant's books.
func (a *account) addTo(t *totals, now time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t.wanted += a.wanted
	t.strange += a.strange
	t.latency.merge(&a.latency)
	for _, s := range a.streams {
		t.counts = t.plus(s.seq.counts)
		if !s.video {
			t.sound = t.sound.plus(s.seq.counts)
			continue
		}
		t.freezes += s.pulse.freezes
		t.frozen += s.pulse.frozen
		switch {
		case s.pulse.stalled(now): // not over yet, but begun
			t.freezes++
			t.frozen += now - s.pulse.last
		case s.pulse.begun:
			t.shown++
		}
	}
}

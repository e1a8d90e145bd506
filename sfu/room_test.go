package sfu

import (
	"net"
	"slices"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func isLoopback(ip net.IP) bool { return ip.IsLoopback() && ip.To4() != nil }

func camera(ids ...string) []Tile {
	var view []Tile
	for _, id := range ids {
		view = append(view, Tile{Participant: id, Source: Camera, Height: 720})
	}
	return view
}

// publish turns a client's camera and microphone on and feeds them.
func (c *client) publish() { c.publishAt(20) }

// publishAt says how loud the microphone is, in -dBov; 127 is silence.
func (c *client) publishAt(level byte) {
	video := &feed{track: c.video, video: true, size: [2]uint16{640, 360}, step: 3000}
	id := c.extension(Microphone, "urn:ietf:params:rtp-hdrext:ssrc-audio-level")
	audio := &feed{track: c.audio, step: 480, ext: map[uint8][]byte{id: {level}}}
	video.run(c.t)
	audio.run(c.t)
	c.p.SetSource(Camera, true, false)
	c.p.SetSource(Microphone, true, false)
}

// seatOf finds where a participant sits in a subscriber's table.
func seatOf(w *watcher, subscriber, participant string) int {
	rows, _ := w.rows(subscriber)
	return slices.IndexFunc(rows, func(s SeatRow) bool { return s.Participant == participant })
}

func TestTwoParticipantsSeeAndHearEachOther(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 3})
	bo := join(t, r, w, "bo", 2, camera("ann"), clientOptions{seats: 3})
	ann.publish()
	bo.publish()
	for _, pair := range []struct {
		to   *client
		from string
		csrc uint32
	}{{ann, "bo", 2}, {bo, "ann", 1}} {
		var seat int
		eventually(t, pair.to.id+" to be told the seat", func() bool {
			seat = seatOf(w, pair.to.id, pair.from)
			rows, _ := w.rows(pair.to.id)
			return seat >= 0 && rows[seat].HasFrom && rows[seat].Video
		})
		eventually(t, pair.to.id+" to receive", func() bool {
			return len(pair.to.videoOn(seat)) > 30 && len(pair.to.audioOn(seat)) > 30
		})
		rows, _ := w.rows(pair.to.id)
		first := pair.to.videoOn(seat)[0]
		if first.Timestamp != rows[seat].From {
			t.Errorf("%s: first frame has timestamp %d, the seat table says %d", pair.to.id, first.Timestamp, rows[seat].From)
		}
		if !isKeyframe(first) {
			t.Errorf("%s: the first frame is no keyframe", pair.to.id)
		}
		inOrder(t, pair.to.videoOn(seat))
		inOrder(t, pair.to.audioOn(seat))
		for _, p := range pair.to.videoOn(seat) {
			if !slices.Equal(p.CSRC, []uint32{pair.csrc}) {
				t.Fatalf("%s: CSRC %v, want %d", pair.to.id, p.CSRC, pair.csrc)
			}
		}
	}
	eventually(t, "the floor to hold both", func() bool { return len(w.audible()) == 2 })
}

func isKeyframe(p rtp.Packet) bool { return len(p.Payload) > 5 && p.Payload[5]&1 == 0 }

// inOrder checks that numbers run without a gap.
func inOrder(t *testing.T, packets []rtp.Packet) {
	t.Helper()
	for i := 1; i < len(packets); i++ {
		if packets[i].SequenceNumber != packets[i-1].SequenceNumber+1 {
			t.Fatalf("packet %d has number %d after %d", i, packets[i].SequenceNumber, packets[i-1].SequenceNumber)
		}
	}
}

func TestJoinCostsTheOthersNoSDP(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo", "cy"), clientOptions{seats: 3})
	join(t, r, w, "bo", 2, nil, clientOptions{seats: 3}).publish()
	eventually(t, "ann to see bo", func() bool { return seatOf(w, "ann", "bo") >= 0 })
	join(t, r, w, "cy", 3, nil, clientOptions{seats: 3}).publish()
	seat := -1
	eventually(t, "ann to see cy", func() bool {
		seat = seatOf(w, "ann", "cy")
		return seat >= 0 && len(ann.videoOn(seat)) > 5
	})
	if ann.offers != 1 || ann.pc.SignalingState() != webrtc.SignalingStateStable {
		t.Errorf("ann made %d offers and is %s", ann.offers, ann.pc.SignalingState())
	}
}

// A seat is cleared, acknowledged and only then filled: nothing of the new
// occupant may go out before the page has said that the old picture is gone.
func TestSeatWaitsForThePageToClearIt(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	join(t, r, w, "bo", 2, nil, clientOptions{seats: 1}).publishAt(127)
	join(t, r, w, "cy", 3, nil, clientOptions{seats: 1}).publishAt(127)
	eventually(t, "bo on ann's seat", func() bool { return seatOf(w, "ann", "bo") == 0 && len(ann.videoOn(0)) > 10 })
	ann.p.SetView(camera("cy"))
	eventually(t, "the table to give cy the seat", func() bool { return seatOf(w, "ann", "cy") == 0 })
	eventually(t, "cy to be heard at once", func() bool { return fromNumber(ann.audioOn(0), 3) > 10 })
	if n := fromNumber(ann.videoOn(0), 3); n != 0 {
		t.Fatalf("%d of cy's packets came before the seat was acknowledged", n)
	}
	_, epoch := w.rows("ann")
	ann.p.AckSeats(epoch)
	eventually(t, "cy's picture", func() bool { return fromNumber(ann.videoOn(0), 3) > 10 })
	got := ann.videoOn(0)
	first := slices.IndexFunc(got, func(p rtp.Packet) bool { return p.CSRC[0] == 3 })
	if !isKeyframe(got[first]) {
		t.Error("cy's first frame is no keyframe")
	}
	for _, p := range got[first:] {
		if p.CSRC[0] != 3 {
			t.Fatal("a packet of bo came after cy's first")
		}
	}
	eventually(t, "the first timestamp", func() bool { rows, _ := w.rows("ann"); return rows[0].HasFrom })
	if rows, _ := w.rows("ann"); rows[0].From != got[first].Timestamp {
		t.Errorf("table says %d, first frame has %d", rows[0].From, got[first].Timestamp)
	}
	inOrder(t, got)
}

func fromNumber(packets []rtp.Packet, number uint32) (n int) {
	for _, p := range packets {
		if len(p.CSRC) == 1 && p.CSRC[0] == number {
			n++
		}
	}
	return n
}

func TestMutedAndOffSourcesAreNotForwarded(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
	bo.publish()
	eventually(t, "bo's media", func() bool { return len(ann.videoOn(0)) > 10 && len(ann.audioOn(0)) > 10 })
	bo.p.SetSource(Microphone, true, true)
	bo.p.SetSource(Camera, false, false)
	settle := func() (int, int) { return len(ann.videoOn(0)), len(ann.audioOn(0)) }
	forwarded := s.Stats().Forwarded
	received := s.Stats().Received
	eventually(t, "bo to have sent more", func() bool { return s.Stats().Received > received+40 })
	if n := s.Stats().Forwarded - forwarded; n > 4 {
		t.Errorf("%d packets were forwarded of sources that are off", n)
	}
	v, a := settle()
	bo.p.SetSource(Microphone, true, false)
	bo.p.SetSource(Camera, true, false)
	eventually(t, "bo's media again", func() bool { nv, na := settle(); return nv > v+10 && na > a+10 })
	inOrder(t, ann.videoOn(0))
	inOrder(t, ann.audioOn(0))
}

func TestLostPacketsAreAskedForUpstream(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
	video := &feed{
		track: bo.video, video: true, size: [2]uint16{640, 360}, step: 3000,
		skip: func(seq uint16) bool { return seq == 50 || seq == 51 },
	}
	video.run(t)
	bo.p.SetSource(Camera, true, false)
	eventually(t, "a NACK for both", func() bool {
		bo.mu.Lock()
		defer bo.mu.Unlock()
		return slices.Contains(bo.nacks, 50) && slices.Contains(bo.nacks, 51)
	})
	bo.mu.Lock()
	defer bo.mu.Unlock()
	for _, n := range bo.nacks {
		if n != 50 && n != 51 {
			t.Errorf("packet %d was asked for though it came", n)
		}
	}
}

func TestSimulcastLayerFollowsTheTile(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, []Tile{{Participant: "bo", Source: Camera, Height: 180}}, clientOptions{seats: 1})
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1, simulcast: true})
	for i, l := range bo.layers {
		height := uint16(180 << i)
		(&feed{track: l, video: true, size: [2]uint16{height * 16 / 9, height}, step: 3000, ext: map[uint8][]byte{
			bo.extension(Camera, "urn:ietf:params:rtp-hdrext:sdes:mid"):           []byte("1"),
			bo.extension(Camera, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"): []byte(l.RID()),
		}}).run(t)
	}
	bo.p.SetSource(Camera, true, false)
	shown := func() int { // height in the newest keyframe ann got
		got := ann.videoOn(0)
		for _, p := range slices.Backward(got) {
			if isKeyframe(p) {
				return int(p.Payload[13]) | int(p.Payload[14])<<8
			}
		}
		return 0
	}
	for _, height := range []int{180, 720, 360, 180} {
		ann.p.SetView([]Tile{{Participant: "bo", Source: Camera, Height: height}})
		eventually(t, "the layer to follow", func() bool { return shown() == height })
	}
	got := ann.videoOn(0)
	inOrder(t, got)
	pictureIDsRun(t, got)
}

// pictureIDsRun checks that picture ids rise by one across layer switches.
func pictureIDsRun(t *testing.T, packets []rtp.Packet) {
	t.Helper()
	id := func(p rtp.Packet) uint16 { return uint16(p.Payload[2]&0x7f)<<8 | uint16(p.Payload[3]) }
	for i := 1; i < len(packets); i++ {
		if id(packets[i]) != (id(packets[i-1])+1)&0x7fff {
			t.Fatalf("picture id %d after %d", id(packets[i]), id(packets[i-1]))
		}
	}
}

func TestPauseStopsBothWays(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	bo := join(t, r, w, "bo", 2, camera("ann"), clientOptions{seats: 1})
	ann.publish()
	bo.publish()
	eventually(t, "both to receive", func() bool { return len(ann.videoOn(0)) > 5 && len(bo.videoOn(0)) > 5 })
	bo.p.Pause(true)
	forwarded, received := s.Stats().Forwarded, s.Stats().Received
	eventually(t, "more to come in", func() bool { return s.Stats().Received > received+60 })
	if n := s.Stats().Forwarded - forwarded; n > 6 {
		t.Errorf("%d packets were forwarded to or from a paused participant", n)
	}
	a, b := len(ann.videoOn(0)), len(bo.videoOn(0))
	bo.p.Pause(false)
	eventually(t, "both to receive again", func() bool { return len(ann.videoOn(0)) > a+5 && len(bo.videoOn(0)) > b+5 })
}

func TestMoreSeatsByReoffer(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo", "cy"), clientOptions{seats: 1})
	join(t, r, w, "bo", 2, nil, clientOptions{seats: 1}).publishAt(127)
	join(t, r, w, "cy", 3, nil, clientOptions{seats: 1}).publishAt(127)
	eventually(t, "the one seat to be taken", func() bool { return seatOf(w, "ann", "bo") == 0 })
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo} {
		_, err := ann.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		must(t, err)
	}
	answer, err := ann.p.Reoffer(t.Context(), ann.offer(), ann.sources)
	must(t, err)
	ann.accept(answer)
	eventually(t, "cy on the second seat", func() bool {
		return seatOf(w, "ann", "cy") == 1 && len(ann.videoOn(1)) > 5 && len(ann.audioOn(1)) > 5
	})
	if seatOf(w, "ann", "bo") != 0 {
		t.Error("bo was moved")
	}
}

func TestICERestartKeepsTheSession(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	join(t, r, w, "bo", 2, nil, clientOptions{seats: 1}).publish()
	eventually(t, "bo's picture", func() bool { return len(ann.videoOn(0)) > 5 })
	o, err := ann.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	must(t, err)
	must(t, ann.pc.SetLocalDescription(o))
	answer, err := ann.p.Reoffer(t.Context(), ann.pc.LocalDescription().SDP, ann.sources)
	must(t, err)
	ann.accept(answer)
	n := len(ann.videoOn(0))
	eventually(t, "bo's picture after the restart", func() bool { return len(ann.videoOn(0)) > n+50 })
	// What was on its way meanwhile may be lost, but the stream is the same and goes on.
	got := ann.videoOn(0)
	for i := 1; i < len(got); i++ {
		if d := got[i].SequenceNumber - got[i-1].SequenceNumber; got[i].SSRC != got[0].SSRC || d == 0 || d > 1<<10 {
			t.Fatalf("packet %d has number %d after %d", i, got[i].SequenceNumber, got[i-1].SequenceNumber)
		}
	}
}

func TestLeavingFreesTheSeatAndEverything(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
	bo.publish()
	eventually(t, "bo's picture", func() bool { return len(ann.videoOn(0)) > 5 })
	bo.p.Leave()
	bo.p.Leave() // a second time does nothing
	eventually(t, "the seat to be free", func() bool { rows, _ := w.rows("ann"); return rows[0].Participant == "" })
	if _, err := bo.p.Reoffer(t.Context(), "", nil); err == nil {
		t.Error("a participant who left can re-offer")
	}
	r.Close()
	if _, _, err := r.Join(t.Context(), Entry{ID: "x", Number: 9}); err == nil {
		t.Error("a closed room can be joined")
	}
}

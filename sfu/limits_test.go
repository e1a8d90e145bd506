package sfu

import (
	"testing"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/transport"
)

// flood is a frame of a size that arrives at a time of the test's choice.
func (r still) flood(to transport.Receiver, seq uint16, header, size int, at time.Time) {
	p := r.sfu.pool.Get()
	payload := vp8(seq == 1, [2]uint16{640, 360}, seq)
	copy(p.Buffer()[header:], payload)
	p.SetPayload(header, max(size, header+len(payload)))
	p.Timestamp, p.Marker, p.Arrival = uint32(seq)*3000, true, at
	to.Packet(p, seq)
	to.Flush(nil)
}

// A publisher that sends 100 Mbit/s gets a fifth of it through, and its voice whole.
func TestAFloodOfPicturesIsPoliced(t *testing.T) {
	r := newStill(t)
	_, ann := r.enter("ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	in := r.camera(bo)
	bo.SetSource(Microphone, true, false)
	voice := bo.Incoming(transport.Track{Mid: "0", SSRC: 77, Mime: "audio/opus", ClockRate: 48000}).(*layer) //nolint:forcetypeassert // ours
	r.plan(time.Now())
	start := time.Now()
	const seconds, rate, size = 4, 8300, 1500
	for i := range seconds * rate {
		at := start.Add(time.Duration(i) * time.Second / rate)
		r.flood(in, uint16(i+1), 12, size, at)
		if i%(rate/50) == 0 {
			p := r.sfu.pool.Get()
			p.SetPayload(0, 100)
			p.Arrival = at
			voice.Packet(p, uint16(i/(rate/50)))
			voice.Flush(nil)
		}
	}
	passed := len(ann.sent[0].written())
	if most := int(pictureBytes.Burst+seconds*pictureBytes.PerSecond) / size; passed > most+1 || passed < most*9/10 {
		t.Errorf("%d packets passed, want about %d", passed, most)
	}
	if dropped := int(r.sfu.Stats().Policed); dropped+passed != seconds*rate {
		t.Errorf("%d policed and %d passed of %d", dropped, passed, seconds*rate)
	}
	if _, ok := voice.ring.Newest(); !ok || voice.block0(t) != 0 {
		t.Error("the voice lost packets")
	}
	if newest, _ := voice.ring.Newest(); newest-(1<<16) != 50*seconds-1 {
		t.Errorf("the voice's newest packet is %d, want %d", newest-(1<<16), 50*seconds-1)
	}
}

// block0 is how many packets the layer's reports call lost.
func (l *layer) block0(t *testing.T) uint32 {
	t.Helper()
	b, ok := l.block(time.Now())
	if !ok {
		t.Fatal("no report")
	}
	return b.CumulativeLost
}

// Packets that are all header extension are dropped, and small ones count as
// packets: neither way gets more through than pictures would.
func TestHeaderFloodsArePoliced(t *testing.T) {
	for name, tt := range map[string]struct {
		header    int
		malformed bool
	}{"headers of a kilobyte": {1000, true}, "tiny packets": {12, false}} {
		t.Run(name, func(t *testing.T) {
			r := newStill(t)
			_, ann := r.enter("ann", 1, camera("bo")...)
			bo, _ := r.enter("bo", 2)
			in := r.camera(bo)
			r.plan(time.Now())
			start := time.Now()
			const packets = 50_000
			for i := range packets {
				r.flood(in, uint16(i+1), tt.header, 0, start.Add(time.Duration(i)*20*time.Microsecond))
			}
			st, passed := r.sfu.Stats(), len(ann.sent[0].written())
			if tt.malformed && (passed != 0 || st.Malformed != packets) {
				t.Errorf("%d passed, %d counted as malformed", passed, st.Malformed)
			}
			if most := int(picturePackets.Burst + picturePackets.PerSecond); !tt.malformed && (passed > most+1 || st.Policed == 0) {
				t.Errorf("%d of %d passed in a second, at most %d may; %d policed", passed, packets, most, st.Policed)
			}
		})
	}
}

// Garbage in place of a picture is counted and goes nowhere.
func TestGarbagePayloadsAreDropped(t *testing.T) {
	r := newStill(t)
	_, ann := r.enter("ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	in := r.camera(bo)
	r.plan(time.Now())
	r.shoot(in, 1, true)
	r.plan(time.Now())
	garbage := [][]byte{{0x80}, {0xFF, 0xFF}, {0x90, 0xF0, 0x80}, {0x90, 0xFF, 1, 2, 3}}
	for i, payload := range garbage {
		p := r.sfu.pool.Get()
		p.SetPayload(0, copy(p.Buffer(), payload))
		p.Arrival = time.Now()
		in.Packet(p, uint16(i+2))
		in.Flush(nil)
	}
	if n := len(ann.sent[0].written()); n != 1 {
		t.Errorf("%d packets were forwarded, want the good one alone", n)
	}
	if n := r.sfu.Stats().Malformed; n != uint64(len(garbage)) {
		t.Errorf("%d packets counted as malformed, want %d", n, len(garbage))
	}
}

// A viewer that asks a thousand times a second costs the publisher a keyframe
// every other second, and itself no more retransmissions than the limit.
func TestFloodsOfFeedbackArePoliced(t *testing.T) {
	r := newStill(t)
	ann, _ := r.enter("ann", 1, camera("bo")...)
	bo, asked := r.enter("bo", 2)
	in := r.camera(bo)
	r.plan(time.Now())
	r.shoot(in, 1, true)
	r.plan(time.Now())
	before, start := asked.asked(), time.Now()
	out, l := ann.seats[0].video, bo.sources[Camera].layers[0].Load()
	const seconds = 60
	for i := range seconds * 1000 {
		at := start.Add(time.Duration(i) * time.Millisecond)
		out.KeyframeWanted(at)
		if i%100 == 0 { // as the room does
			l.tick(at)
		}
		if i%500 == 250 {
			l.keyframes.Arrived(at)
		}
	}
	most := int(keyframesWanted.Burst + seconds*keyframesWanted.PerSecond)
	if n := asked.asked() - before; n > most || n < most/2 {
		t.Errorf("%d keyframes were asked for in %d s, want about %d", n, seconds, most)
	}
	if r.sfu.Stats().PolicedReports < seconds*900 {
		t.Errorf("%d requests were counted as too many", r.sfu.Stats().PolicedReports)
	}
	seqs := make([]uint16, 512)
	before2 := r.sfu.Stats()
	for i := range 1000 { // 100 a second
		out.Nack(seqs, start.Add(time.Duration(i)*10*time.Millisecond))
	}
	after := r.sfu.Stats()
	if n := after.PolicedReports - before2.PolicedReports; n < 900 {
		t.Errorf("%d of 1000 NACKs were policed", n)
	}
	if n := after.Resent - before2.Resent; n > 1000 {
		t.Errorf("%d packets were sent again", n)
	}
	before3 := after.PolicedReports
	for i := range 10_000 {
		ann.Arrived([]bandwidth.Arrival{{Number: uint16(i)}}, start.Add(time.Duration(i)*100*time.Microsecond))
	}
	if n := r.sfu.Stats().PolicedReports - before3; n < 9000 {
		t.Errorf("%d of 10000 link reports in a second were policed", n)
	}
}

// A publisher that answers no request is asked seldom, and it is counted.
func TestAPublisherWithoutKeyframes(t *testing.T) {
	r := newStill(t)
	_, ann := r.enter("ann", 1, camera("bo")...)
	bo, asked := r.enter("bo", 2)
	in := r.camera(bo)
	start := time.Now()
	seq := uint16(0)
	for i := range 600 { // a minute
		at := start.Add(time.Duration(i) * 100 * time.Millisecond)
		seq++
		p := r.frame(seq, false)
		p.Arrival = at
		in.Packet(p, seq)
		in.Flush(nil)
		r.plan(at)
		bo.sources[Camera].layers[0].Load().tick(at)
	}
	if n := asked.asked(); n < 10 || n > 25 {
		t.Errorf("%d keyframes were asked for in a minute, want ten at once and then one every five seconds", n)
	}
	if r.sfu.Stats().Unanswered == 0 {
		t.Error("it is not counted")
	}
	if n := len(ann.sent[0].written()); n != 0 {
		t.Errorf("%d packets without a keyframe were forwarded", n)
	}
	if n := r.sfu.Stats().Outstanding; n > videoRing {
		t.Errorf("%d packets are held", n)
	}
}

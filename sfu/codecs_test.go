package sfu

import (
	"bytes"
	"testing"
	"time"

	"plenum/sfu/codec"
	"plenum/sfu/transport"
)

// withCodecs lets a room's operator prefer codecs.
func (r still) withCodecs(codecs ...Codec) still {
	r.sfu.codecs = kindsOf(codecs)
	return r
}

// enterWith lets somebody in whose page decodes and sends only some codecs.
func (r still) enterWith(can codec.Set, id string, number uint32, view ...Tile) (*Participant, *wire) {
	r.sfu.conns = wires{seats: 1, can: can}
	defer func() { r.sfu.conns = wires{seats: 1} }()
	return r.enter(id, number, view...)
}

func TestThePublisherIsToldWhatAllCanDecode(t *testing.T) {
	r := newStill(t).withCodecs(H264, VP9, VP8)
	now := time.Now()
	r.enter("ann", 1)
	r.plan(now)
	if got := r.w.codec(); got != H264 {
		t.Errorf("alone: %q, want H.264", got)
	}
	fox, _ := r.enterWith(codec.SetOf(codec.VP8Video, codec.VP9Video), "fox", 2)
	r.plan(now)
	if got := r.w.codec(); got != VP9 {
		t.Errorf("with one who has no H.264: %q, want VP9", got)
	}
	old, _ := r.enterWith(codec.SetOf(codec.VP8Video), "old", 3)
	r.plan(now)
	if got := r.w.codec(); got != VP8 {
		t.Errorf("with one who has VP8 alone: %q", got)
	}
	old.Leave()
	for range 9 { // seconds
		r.plan(now)
		now = now.Add(time.Second)
	}
	if got := r.w.codec(); got != VP8 {
		t.Errorf("nine seconds after that one left: %q, want VP8 still", got)
	}
	for range 3 {
		now = now.Add(time.Second)
		r.plan(now)
	}
	if got := r.w.codec(); got != VP9 {
		t.Errorf("twelve seconds after that one left: %q, want VP9", got)
	}
	fox.Leave()
}

func TestJudge(t *testing.T) {
	all := codec.SetOf(codec.VP8Video, codec.H264Video, codec.VP9Video)
	order := []codec.Kind{codec.VP9Video, codec.H264Video, codec.VP8Video}
	now := time.Now()
	for name, tt := range map[string]struct {
		f              format
		sends, decodes codec.Set
		want           codec.Kind
	}{
		"the best at first":                {format{told: codec.VP8Video}, all, all, codec.VP9Video},
		"what the publisher can send":      {format{}, codec.SetOf(codec.H264Video, codec.VP8Video), all, codec.H264Video},
		"nothing new":                      {format{told: codec.VP9Video, ever: true}, all, all, codec.None},
		"nothing that anybody can decode":  {format{told: codec.VP9Video}, all, codec.SetOf(codec.AV1Video), codec.None},
		"better, but not at once":          {format{told: codec.VP8Video, ever: true}, all, all, codec.None},
		"better for long":                  {format{told: codec.VP8Video, ever: true, since: now.Add(-codecLinger)}, all, all, codec.VP9Video},
		"worse at once, as somebody needs": {format{told: codec.VP9Video, ever: true}, all, codec.SetOf(codec.VP8Video), codec.VP8Video},
	} {
		if got := tt.f.judge(order, tt.sends, tt.decodes, now); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got.Mime(), tt.want.Mime())
		}
	}
}

// Nobody is sent what they can't decode; the seat says why there is no picture.
func TestUndecodablePictures(t *testing.T) {
	r := newStill(t).withCodecs(VP9)
	_, got := r.enterWith(codec.SetOf(codec.VP8Video), "ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	cam := r.layeredCamera(bo, 2)
	r.plan(cam.at)
	cam.send(true)
	r.plan(cam.at)
	cam.send(true)
	if n := len(got.sent[0].written()); n != 0 {
		t.Errorf("%d packets were sent", n)
	}
	if rows, _ := r.w.rows("ann"); rows[0].Participant != "bo" || rows[0].Video || !rows[0].Undecodable {
		t.Errorf("the seat is told as %+v", rows[0])
	}
	in := bo.Incoming(transport.Track{Mid: "1", SSRC: 2, Mime: "video/VP8", ClockRate: 90000}) // it changes
	r.shoot(in, 1, true)
	r.plan(time.Now())
	if rows, _ := r.w.rows("ann"); !rows[0].Video || rows[0].Undecodable {
		t.Errorf("after the change the seat is told as %+v", rows[0])
	}
	if written := got.sent[0].written(); len(written) != 1 || written[0].Codec != codec.VP8Video {
		t.Errorf("after the change %+v went", written)
	}
}

// A stream in another format takes the place of all the source had, and a seat
// goes on in it at its keyframe.
func TestAPublisherChangesItsFormat(t *testing.T) {
	r := newStill(t)
	_, got := r.enter("ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	bo.SetSource(Camera, true, false)
	for i := range 2 {
		in := bo.Incoming(transport.Track{Mid: "1", SSRC: uint32(10 + i), Layer: i, Mime: "video/VP8", ClockRate: 90000})
		r.shoot(in, 1, true)
	}
	r.plan(time.Now())
	if len(got.sent[0].written()) == 0 {
		t.Fatal("nothing was sent")
	}
	cam := r.layeredCamera(bo, 3)
	cam.send(true)
	for i := 1; i < maxLayers; i++ {
		if l := bo.sources[Camera].layers[i].Load(); l != nil {
			t.Errorf("encoding %d is still there, in %s", i, l.kind.Mime())
		}
	}
	r.plan(cam.at)
	cam.send(true)
	written := got.sent[0].written()
	if last := written[len(written)-1]; last.Codec != codec.VP9Video || last.Seq-written[0].Seq != uint16(len(written)-1) {
		t.Errorf("the last of %d packets is %+v after %+v", len(written), last, written[0])
	}
}

// Who offered RED gets it, others the sound alone.
func TestRedundantSound(t *testing.T) {
	r := newStill(t)
	_, red := r.enter("ann", 1)
	_, plain := r.enterWith(codec.SetOf(codec.OpusAudio, codec.VP8Video), "cy", 3)
	bo, _ := r.enter("bo", 2)
	bo.SetSource(Microphone, true, false)
	in := bo.Incoming(transport.Track{Mid: "0", SSRC: 5, Mime: "audio/red", ClockRate: 48000, LevelID: 0})
	r.plan(time.Now())
	payload := []byte{0x80 | 111, 0x0F, 0, 2, 111, 7, 8, 0xF8, 1, 2}
	for seq, b := range [][]byte{payload, {0x80 | 111, 0, 0, 9, 111, 1}, payload} {
		p := r.sfu.pool.Get()
		p.SetPayload(0, copy(p.Buffer(), b))
		p.Timestamp, p.Arrival = uint32(seq)*960, time.Now()
		in.Packet(p, uint16(seq))
		in.Flush(nil)
	}
	for name, tt := range map[string]struct {
		got  *paper
		kind codec.Kind
		want []byte
	}{"offered": {red.heard[0], codec.REDAudio, payload}, "not offered": {plain.heard[0], codec.OpusAudio, []byte{0xF8, 1, 2}}} {
		if len(tt.got.payloads) != 2 {
			t.Fatalf("%s: %d packets, want those two that can be read", name, len(tt.got.payloads))
		}
		for i, b := range tt.got.payloads {
			if !bytes.Equal(b, tt.want) || tt.got.headers[i].Codec != tt.kind {
				t.Errorf("%s: %v as %s", name, b, tt.got.headers[i].Codec.Mime())
			}
		}
	}
	if n := r.sfu.count.malformed.Load(); n != 1 {
		t.Errorf("%d malformed packets were counted", n)
	}
}

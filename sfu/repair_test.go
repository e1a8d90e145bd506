package sfu

import (
	"slices"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// videoSSRC is the SSRC of one seat's picture at the subscriber.
func (c *client) videoSSRC(seat int) uint32 {
	c.t.Helper()
	for _, tr := range c.pc.GetTransceivers() {
		track := tr.Receiver()
		if track == nil || track.Track() == nil || tr.Kind() != webrtc.RTPCodecTypeVideo {
			continue
		}
		if track.Track().StreamID() == "seat-"+string(rune('0'+seat)) {
			return uint32(track.Track().SSRC())
		}
	}
	c.t.Fatalf("no track on seat %d", seat)
	return 0
}

func (c *client) times(seat int, seq uint16) (n int) {
	for _, p := range c.videoOn(seat) {
		if p.SequenceNumber == seq {
			n++
		}
	}
	return n
}

func TestSubscribersGetLostPacketsAgain(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	join(t, r, w, "bo", 2, nil, clientOptions{seats: 1}).publish()
	eventually(t, "bo's picture", func() bool { return len(ann.videoOn(0)) > 30 })
	lost := ann.videoOn(0)[25]
	nack := &rtcp.TransportLayerNack{
		MediaSSRC: ann.videoSSRC(0), Nacks: []rtcp.NackPair{{PacketID: lost.SequenceNumber}},
	}
	must(t, ann.pc.WriteRTCP([]rtcp.Packet{nack}))
	eventually(t, "the packet to come again", func() bool { return ann.times(0, lost.SequenceNumber) == 2 })
	for _, p := range ann.videoOn(0) {
		if p.SequenceNumber == lost.SequenceNumber && (p.Timestamp != lost.Timestamp || string(p.Payload) != string(lost.Payload)) {
			t.Errorf("it came again as %v, was %v", p, lost)
		}
	}
	for range 100 { // a flood is answered once per round trip, not each time
		must(t, ann.pc.WriteRTCP([]rtcp.Packet{nack}))
	}
	eventually(t, "the flood to be refused", func() bool { return s.Stats().Refused >= 95 })
	if n := s.Stats().Resent; n > 6 {
		t.Errorf("%d packets were sent again", n)
	}
}

func TestKeyframeFloodsAreMerged(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
	bo.publish()
	eventually(t, "bo's picture", func() bool { return len(ann.videoOn(0)) > 30 })
	asked := s.Stats().Keyframes
	pli := &rtcp.PictureLossIndication{MediaSSRC: ann.videoSSRC(0)}
	for range 300 {
		must(t, ann.pc.WriteRTCP([]rtcp.Packet{pli}))
	}
	eventually(t, "a request upstream", func() bool { return bo.keyframesAsked() > 0 })
	n := len(ann.videoOn(0))
	eventually(t, "the flood to be over", func() bool { return len(ann.videoOn(0)) > n+40 })
	if n := s.Stats().Keyframes - asked; n > 5 {
		t.Errorf("300 requests became %d upstream", n)
	}
}

func TestLostSoundIsAskedForAgain(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	bo := join(t, r, w, "bo", 1, nil, clientOptions{seats: 1})
	(&feed{track: bo.audio, step: 960, skip: func(seq uint16) bool { return seq == 20 }}).run(t)
	bo.p.SetSource(Microphone, true, false)
	eventually(t, "the lost packet to be asked for", func() bool {
		bo.mu.Lock()
		defer bo.mu.Unlock()
		return slices.Contains(bo.nacks, 20)
	})
}

package sfu

import (
	"slices"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// rawTrack also writes packets that no honest publisher would.
type rawTrack struct {
	*webrtc.TrackLocalStaticRTP
	out  webrtc.TrackLocalWriter // set before the connection is up
	ssrc uint32
}

func (r *rawTrack) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	r.out, r.ssrc = ctx.WriteStream(), uint32(ctx.SSRC())
	return r.TrackLocalStaticRTP.Bind(ctx)
}

// A packet of another payload type is no picture, and ends nothing.
func TestForeignPayloadTypesAreDropped(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
	foreign := map[uint16]uint8{60: 97, 61: 111, 62: 50, 63: 0} // number to payload type
	video := &feed{
		track: bo.video, video: true, size: [2]uint16{640, 360}, step: 3000,
		skip: func(seq uint16) bool { _, ok := foreign[seq]; return ok },
	}
	video.run(t)
	bo.p.SetSource(Camera, true, false)
	eventually(t, "bo's picture", func() bool { return len(ann.videoOn(0)) > 65 })
	for seq, payloadType := range foreign {
		_, err := bo.raw.out.WriteRTP(&rtp.Header{
			Version: 2, PayloadType: payloadType, SequenceNumber: seq, Timestamp: 1, SSRC: bo.raw.ssrc,
		}, append(vp8(false, video.size, seq), "foreign to the room"...))
		must(t, err)
	}
	n := len(ann.videoOn(0))
	eventually(t, "the picture to go on", func() bool { return len(ann.videoOn(0)) > n+50 })
	if slices.ContainsFunc(ann.videoOn(0), func(p rtp.Packet) bool { return len(p.Payload) > 20 }) {
		t.Error("a foreign packet was forwarded")
	}
}

// A publisher that never stays with an SSRC loses its connection, not the server its memory.
func TestSSRCHoppingIsCutOff(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	ann := join(t, r, w, "ann", 1, camera("cy"), clientOptions{seats: 1})
	bo := join(t, r, w, "bo", 2, nil, clientOptions{seats: 1})
	join(t, r, w, "cy", 3, nil, clientOptions{seats: 1}).publish()
	bo.p.SetSource(Camera, true, false)
	mid := bo.extension(Camera, "urn:ietf:params:rtp-hdrext:sdes:mid")
	ssrc := uint32(1000)
	eventually(t, "bo to be cut off", func() bool {
		ssrc++
		h := &rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: uint16(ssrc), SSRC: ssrc}
		must(t, h.SetExtension(mid, []byte("1")))
		_, _ = bo.raw.out.WriteRTP(h, vp8(true, [2]uint16{640, 360}, 1)) // fails once it is cut off
		return w.link("bo") == LinkFailed
	})
	n := len(ann.videoOn(0))
	eventually(t, "the others to be unhurt", func() bool { return len(ann.videoOn(0)) > n+30 })
	bo.p.Leave()
}

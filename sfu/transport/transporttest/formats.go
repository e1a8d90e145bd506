package transporttest

import (
	"testing"

	"github.com/pion/webrtc/v4"

	"plenum/sfu/codec"
	"plenum/sfu/transport"
)

// Video are the formats of pictures that a rig agrees on.
var Video = []codec.Kind{codec.VP8Video, codec.VP9Video, codec.AV1Video}

// Payload types of Pion's own list, which the page offers.
const (
	typeVP8 = 96
	typeVP9 = 98
	typeAV1 = 45
)

// testFormatsOut switches a seat between formats.
func testFormatsOut(t *testing.T, m *meeting) {
	seat := m.conn.Seats()[0]
	if got, want := seat.Video.Codecs(), codec.SetOf(Video...); got != want {
		t.Errorf("the picture's formats are %b, want %b", got, want)
	}
	if got, want := seat.Audio.Codecs(), codec.SetOf(codec.OpusAudio); got != want {
		t.Errorf("the sound's formats are %b, want %b", got, want)
	}
	for n, k := range []codec.Kind{codec.None, codec.VP9Video, codec.H264Video, codec.AV1Video, codec.REDAudio, codec.VP8Video} {
		seat.Video.Write(transport.Header{Seq: uint16(n), Codec: k}, []byte{byte(n), 1, 2, 3})
	}
	seat.Audio.Write(transport.Header{Seq: 1, Codec: codec.REDAudio}, []byte{1})
	seat.Audio.Write(transport.Header{Seq: 2, Codec: codec.OpusAudio}, []byte{2})
	eventually(t, "what was agreed on", func() bool {
		return len(m.page.on(0, video)) == 4 && len(m.page.on(0, webrtc.RTPCodecTypeAudio)) == 1
	})
	for i, want := range []struct {
		seq         uint16
		payloadType uint8
	}{{0, typeVP8}, {1, typeVP9}, {3, typeAV1}, {5, typeVP8}} {
		if p := m.page.on(0, video)[i]; p.SequenceNumber != want.seq || p.PayloadType != want.payloadType {
			t.Errorf("packet %d came as type %d with number %d, want %+v", i, p.PayloadType, p.SequenceNumber, want)
		}
	}
	if p := m.page.on(0, webrtc.RTPCodecTypeAudio)[0]; p.SequenceNumber != 2 {
		t.Errorf("sound that was not agreed on came: %v", p.Header)
	}
	if seat.Video.Resend(transport.Header{Seq: 1, Codec: codec.VP9Video}, []byte{1}) == 0 {
		t.Error("a packet of another format than the first can't be sent again")
	}
	if seat.Video.Resend(transport.Header{Seq: 2, Codec: codec.H264Video}, []byte{1}) != 0 {
		t.Error("a packet of a format that was not agreed on was sent again")
	}
}

// testFormatsIn has a publisher change the format of a stream, as browsers do:
// under the same SSRC.
func testFormatsIn(t *testing.T, m *meeting) {
	cam := m.page.senders[1]
	if !m.conn.Sends(cam.mid()).Has(codec.VP9Video) || m.conn.Sends(cam.mid()).Has(codec.H264Video) || m.conn.Sends("nowhere") != 0 {
		t.Errorf("the camera may send %b", m.conn.Sends(cam.mid()))
	}
	for n := range uint16(5) {
		must(t, cam.write(n, []byte{0x10, byte(n)}, nil))
	}
	before := m.stream(t, cam.ssrc())
	eventually(t, "the first format", func() bool { return before.count() == 5 })
	for n := uint16(5); n < 10; n++ {
		must(t, cam.writeAs(cam.ssrc(), typeVP9, n, []byte{0x08, byte(n)}))
	}
	eventually(t, "the change", func() bool { return m.stream(t, cam.ssrc()).track.Mime == "video/VP9" })
	after := m.stream(t, cam.ssrc())
	// What comes late in the format before is no other change.
	must(t, cam.write(4, []byte{0x10, 4}, nil))
	must(t, cam.writeAs(cam.ssrc(), typeVP9, 10, []byte{0x08, 10}))
	eventually(t, "what follows", func() bool { return after.count() == 6 })
	if k := after.track; k.Mid != cam.mid() || k.SSRC != cam.ssrc() || k.ClockRate != 90000 || !k.Repairs {
		t.Errorf("the stream in another format is told as %+v", k)
	}
	if n := before.count(); n != 5 {
		t.Errorf("%d packets came in the first format, want 5", n)
	}
	if m.stream(t, cam.ssrc()) != after {
		t.Error("a late packet changed the format back")
	}
}

package plain

import (
	"fmt"

	"github.com/pion/webrtc/v4"

	"plenum/sfu/codec"
)

// What a subscriber may tell of pictures and of sound. Sound is asked for again
// too: a round trip is mostly shorter than what players hold back, and nothing
// else repairs a burst.
var (
	pictureFeedback = []webrtc.RTCPFeedback{
		{Type: "transport-cc"}, {Type: "ccm", Parameter: "fir"}, {Type: "nack"}, {Type: "nack", Parameter: "pli"},
	}
	soundFeedback = []webrtc.RTCPFeedback{{Type: "transport-cc"}, {Type: "nack"}}
)

// pictures are the formats of pictures that can be agreed on, with the payload
// type of each, whose RTX has the next one. They are the profiles that every
// browser which has the format can send and receive: H.264 constrained baseline
// in packetization mode 1, VP9 profile 0, AV1 main.
var pictures = map[codec.Kind]struct {
	payload uint8
	fmtp    string
}{
	codec.VP8Video:  {96, ""},
	codec.VP9Video:  {98, "profile-id=0"},
	codec.H264Video: {102, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
	codec.AV1Video:  {45, ""},
}

// mediaEngine holds only the server's formats: SDP costs m-lines times formats.
func mediaEngine(video []codec.Kind) (*webrtc.MediaEngine, error) {
	m := &webrtc.MediaEngine{}
	for _, c := range []webrtc.RTPCodecParameters{{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2,
			SDPFmtpLine: "minptime=10;useinbandfec=1", RTCPFeedback: soundFeedback,
		},
		PayloadType: 111,
	}, {
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: codec.REDAudio.Mime(), ClockRate: 48000, Channels: 2,
			SDPFmtpLine: "111/111", RTCPFeedback: soundFeedback,
		},
		PayloadType: 63,
	}} {
		if err := m.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, err
		}
	}
	if len(video) == 0 {
		video = []codec.Kind{codec.VP8Video}
	}
	for _, k := range video {
		if err := registerPicture(m, k); err != nil {
			return nil, err
		}
	}
	return m, extensions(m)
}

// registerPicture adds a format of pictures and its RTX.
func registerPicture(m *webrtc.MediaEngine, k codec.Kind) error {
	is, ok := pictures[k]
	if !ok {
		return fmt.Errorf("%q is no format of pictures", k.Mime())
	}
	for _, c := range []webrtc.RTPCodecParameters{{
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: k.Mime(), ClockRate: 90000, SDPFmtpLine: is.fmtp, RTCPFeedback: pictureFeedback,
		},
		PayloadType: webrtc.PayloadType(is.payload),
	}, {
		RTPCodecCapability: webrtc.RTPCodecCapability{
			MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", is.payload),
		},
		PayloadType: webrtc.PayloadType(is.payload + 1),
	}} {
		if err := m.RegisterCodec(c, webrtc.RTPCodecTypeVideo); err != nil {
			return fmt.Errorf("register %s: %w", c.MimeType, err)
		}
	}
	return nil
}

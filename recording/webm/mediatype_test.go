package webm

import "testing"

func TestMediaType(t *testing.T) {
	for want, tr := range map[string]Track{
		"audio/webm; codecs=opus":              {Codec: Opus},
		"video/webm; codecs=vp8":               {Codec: VP8},
		"video/webm; codecs=vp9":               {Codec: VP9, Private: []byte{1, 1, 0}},
		"video/webm; codecs=av01.0.04M.08":     {Codec: AV1, Private: []byte{0x81, 0x04, 0x0C, 0}},
		"video/webm; codecs=av01.0.13H.10":     {Codec: AV1, Private: []byte{0x81, 0x0D, 0xCC, 0}},
		"video/webm; codecs=av01.2.08M.12":     {Codec: AV1, Private: []byte{0x81, 0x48, 0x60, 0}},
		"video/x-matroska; codecs=avc1.42C01F": {Codec: H264, Private: []byte{1, 0x42, 0xC0, 0x1F, 0xFF}},
		"video/webm":                           {Codec: AV1, Private: []byte{0x81}},
		"video/x-matroska":                     {Codec: H264},
	} {
		if got := tr.MediaType(); got != want {
			t.Errorf("%s: %q, want %q", tr.Codec, got, want)
		}
	}
}

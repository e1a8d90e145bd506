package webm

import "fmt"

// MediaType is the media type of a file that holds only this track, with its
// codec (RFC 6381; the codec strings of the codecs' container bindings).
func (t Track) MediaType() string {
	p := t.Private
	switch {
	case t.Codec == Opus:
		return "audio/webm; codecs=opus"
	case t.Codec == VP8:
		return "video/webm; codecs=vp8"
	case t.Codec == VP9:
		return "video/webm; codecs=vp9"
	case t.Codec == AV1 && len(p) >= 4:
		tier, depth := byte('M'), 8
		if p[2]&0x80 != 0 {
			tier = 'H'
		}
		if p[2]&0x40 != 0 {
			depth = 10
		}
		if p[2]&0x20 != 0 {
			depth = 12
		}
		return fmt.Sprintf("video/webm; codecs=av01.%d.%02d%c.%02d", p[1]>>5, p[1]&0x1F, tier, depth)
	case t.Codec == H264 && len(p) >= 4:
		return fmt.Sprintf("video/x-matroska; codecs=avc1.%02X%02X%02X", p[1], p[2], p[3])
	case t.Codec.WebM():
		return "video/webm"
	default:
		return "video/x-matroska"
	}
}

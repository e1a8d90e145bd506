package codec

import "errors"

// ErrOpus is returned for an Opus packet no decoder accepts.
var ErrOpus = errors.New("codec: malformed Opus packet")

// maxOpus is the longest Opus packet: 120 ms in samples of 48 kHz (RFC 6716
// section 3.2.5).
const maxOpus = 5760

// Frame lengths in samples of 48 kHz, by the configuration number's low bits
// (RFC 6716 table 2).
var (
	silkFrames   = [4]int{480, 960, 1920, 2880}
	hybridFrames = [2]int{480, 960}
	celtFrames   = [4]int{120, 240, 480, 960}
)

// OpusDuration returns how long an Opus packet plays, in samples of 48 kHz,
// from its TOC byte (RFC 6716 section 3.1).
func OpusDuration(payload []byte) (samples48k int, err error) {
	if len(payload) == 0 {
		return 0, ErrShort
	}
	frames := 0
	switch payload[0] & 3 {
	case 0:
		frames = 1
	case 1, 2:
		frames = 2
	default:
		if len(payload) < 2 {
			return 0, ErrShort
		}
		frames = int(payload[1] & 0x3F)
	}
	samples48k = frames * opusFrame(payload[0]>>3)
	if samples48k == 0 || samples48k > maxOpus {
		return 0, ErrOpus
	}
	return samples48k, nil
}

func opusFrame(config byte) int {
	switch {
	case config < 12:
		return silkFrames[config&3]
	case config < 16:
		return hybridFrames[config&1]
	default:
		return celtFrames[config&3]
	}
}

// IsOpusDTX reports whether a payload is too short to carry sound: encoders
// send at most 2 bytes in discontinuous transmission.
func IsOpusDTX(payload []byte) bool { return len(payload) <= 2 }

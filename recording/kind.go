package recording

import (
	"plenum/recording/frames"
	"plenum/recording/webm"
	"plenum/sfu"
)

// A kind says how a codec is recorded.
type kind struct {
	id     webm.Codec
	format func() frames.Format
	video  bool
	suffix string // of its files
}

// kinds are the codecs that are recorded. RED is Opus in other packets.
var kinds = map[sfu.Codec]kind{
	sfu.Opus: {webm.Opus, frames.Opus, false, ".webm"},
	sfu.VP8:  {webm.VP8, frames.VP8, true, ".webm"},
	sfu.VP9:  {webm.VP9, frames.VP9, true, ".webm"},
	sfu.AV1:  {webm.AV1, frames.AV1, true, ".webm"},
	sfu.H264: {webm.H264, frames.H264, true, ".mkv"},
}

// A slot is one codec of a source: what one track records. A file holds one
// codec, so that a source whose codec changes goes on in another track.
type slot struct {
	key
	codec sfu.Codec
}

func slotOf(s sfu.Stream) slot {
	codec := s.Codec
	if codec == sfu.RED {
		codec = sfu.Opus
	}
	return slot{key{s.Participant, s.Source}, codec}
}

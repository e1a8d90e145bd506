package codec

import "strings"

// A Kind is the format of a stream's payload.
type Kind uint8

// The formats known here.
const (
	None Kind = iota
	VP8Video
	H264Video
	VP9Video
	AV1Video
	OpusAudio
	REDAudio // Opus with copies of what went before (RFC 2198)

	// Kinds is how many there are, for tables.
	Kinds
)

// mimes are the names of formats in SDP, by Kind.
var mimes = [...]string{"", "video/VP8", "video/H264", "video/VP9", "video/AV1", "audio/opus", "audio/red"}

// Mime returns the format's media type as SDP writes it.
func (k Kind) Mime() string { return mimes[k] }

// Audio reports whether the format is sound.
func (k Kind) Audio() bool { return k == OpusAudio || k == REDAudio }

// KindOf returns the format of a media type, None for one not known here.
func KindOf(mime string) Kind {
	for k, m := range mimes {
		if k > 0 && strings.EqualFold(m, mime) {
			return Kind(k)
		}
	}
	return None
}

// A Set is a set of formats. Its zero value is empty.
type Set uint8

// SetOf returns the set of kinds.
func SetOf(kinds ...Kind) (s Set) {
	for _, k := range kinds {
		s |= 1 << k
	}
	return s
}

// Has reports whether k is in the set.
func (s Set) Has(k Kind) bool { return s&(1<<k) != 0 }

// With returns the set with k added.
func (s Set) With(k Kind) Set { return s | 1<<k }

// Video returns those of the set that are pictures.
func (s Set) Video() Set { return s & SetOf(VP8Video, H264Video, VP9Video, AV1Video) }

// MaxSpatial is how many spatial layers of one stream are told apart: what
// browsers send at most.
const MaxSpatial = 3

// A Frame is what forwarding needs to know of one packet of video, in the same
// terms for every format. A frame is one picture at one spatial layer.
type Frame struct {
	// Start is set on the first packet of a frame, End on the last one.
	Start, End bool
	// Keyframe is set on the first packet of a picture from which on everything
	// can be decoded.
	Keyframe bool
	// Fresh is set on every packet of a frame that refers to no earlier picture,
	// only to lower spatial layers of the same one: who did not get its spatial
	// layer before can begin to.
	Fresh bool
	// Discardable is set when nothing else of the stream refers to the frame.
	Discardable bool
	// Sync is set on a frame after which frames of higher temporal layers refer
	// to none of those before it.
	Sync bool
	// Spatial and Temporal are the frame's layers, 0 the lowest.
	Spatial, Temporal uint8
	// Layers is how many spatial layers the stream has, on a keyframe that says
	// so; else 0.
	Layers uint8
	// Heights are those of the spatial layers in pixels, on a keyframe that says
	// so. A stream without spatial layers has the first one only.
	Heights [MaxSpatial]uint16
	// PictureID is that of VP8 and VP9, 7 or 15 bits, and AV1's frame number, 16
	// bits; TL0 is TL0PICIDX, 8 bits. They are -1 when absent.
	PictureID, TL0 int32
}

// A Reader reads the packets of one stream in the order they come. Some
// formats say a thing once that holds for what follows.
type Reader struct {
	kind Kind
	h264 h264Reader
	dd   *Descriptors
}

// NewReader returns a reader of a stream of video.
func NewReader(k Kind) *Reader { return &Reader{kind: k} }

// Read tells of one packet from its payload and, for AV1, its dependency
// descriptor, which may be nil. It keeps neither.
func (r *Reader) Read(payload, descriptor []byte) (Frame, error) {
	switch r.kind {
	case VP8Video:
		v, err := ParseVP8(payload)
		return v.Frame(), err
	case VP9Video:
		v, err := ParseVP9(payload)
		return v.Frame(), err
	case H264Video:
		return r.h264.read(payload)
	case AV1Video:
		return r.readAV1(payload, descriptor)
	case None, OpusAudio, REDAudio, Kinds:
	}
	return Frame{PictureID: -1, TL0: -1}, nil
}

// Patch writes a picture id and a TL0PICIDX into a payload that the caller
// owns, where its format has them. A negative value leaves its field alone.
func Patch(k Kind, payload []byte, pictureID, tl0 int) {
	switch k {
	case VP8Video:
		PatchVP8(payload, pictureID, tl0)
	case VP9Video:
		PatchVP9(payload, pictureID, tl0)
	case None, H264Video, AV1Video, OpusAudio, REDAudio, Kinds:
	}
}

// Frame tells of the packet in the terms of every format.
func (v VP8) Frame() Frame {
	f := Frame{
		Start: v.Start, Keyframe: v.Keyframe, Fresh: v.Keyframe, Discardable: v.Discardable, Sync: v.LayerSync,
		Temporal: uint8(max(v.TID, 0)), PictureID: int32(v.PictureID), TL0: int32(v.TL0PicIdx),
	}
	f.Heights[0] = uint16(v.Height)
	return f
}

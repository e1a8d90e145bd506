package frames

import (
	"errors"

	"plenum/sfu/codec"
)

// A Format says how a codec's frames lie in packets.
type Format struct {
	begin func() builder
	video bool // frames span packets and refer to each other
}

// VP8 is the format of RFC 7741.
func VP8() Format { return Format{begin: func() builder { return vp8Builder{} }, video: true} }

// VP9 is the format of RFC 9628. All spatial layers of a picture make one
// frame: a superframe of which only the last picture is shown.
func VP9() Format { return Format{begin: func() builder { return &vp9Builder{} }, video: true} }

// AV1 is the format of the RTP Payload Format For AV1, version 1.0. A frame is
// a temporal unit as Matroska wants it: OBUs with sizes, no delimiter.
func AV1() Format { return Format{begin: func() builder { return &av1Builder{} }, video: true} }

// H264 is the format of RFC 6184, packetization modes 0 and 1. A frame is an
// access unit whose NAL units have four bytes of length in front.
func H264() Format { return Format{begin: func() builder { return &h264Builder{} }, video: true} }

// Opus is the format of RFC 7587: each packet is a frame. Packets of RFC 2198
// come by PushRED.
func Opus() Format { return Format{begin: func() builder { return opusBuilder{} }} }

// A builder makes frames of the payloads that the Assembler found to belong
// together. It remembers what the stream has told so far.
type builder interface {
	// add adds the next payload of a frame, which begins with the first.
	add(u *unit, payload []byte, first bool) error
	// end completes a frame whose payloads are all there. ErrNothing says that
	// they hold none.
	end(u *unit) error
	// use is told that a frame is given out, and may put it right.
	use(u *unit)
}

// A unit is a frame while it is built.
type unit struct {
	// cut is set by the Assembler when the packet before the frame is missing:
	// the frame may have begun earlier.
	cut bool

	data          []byte
	key           bool
	width, height int
	samples       int
	refs          Refs
	private       []byte
}

func (u *unit) reset(cut bool) {
	*u = unit{cut: cut, data: u.data[:0], refs: noRefs}
}

// Errors of builders.
var (
	errTorn    = errors.New("the frame is not whole")
	errNothing = errors.New("the packets hold no frame")
)

type vp8Builder struct{}

func (vp8Builder) add(u *unit, payload []byte, first bool) error {
	v, err := codec.ParseVP8(payload)
	if err != nil {
		return err
	}
	if v.Start != first {
		return errTorn
	}
	if first {
		u.key, u.width, u.height = v.Keyframe, v.Width, v.Height
		u.refs = Refs{Picture: v.PictureID, Wide: v.LongPictureID, TL0: v.TL0PicIdx, Layer: v.TID, Sync: v.LayerSync}
	}
	u.data = append(u.data, payload[v.DescriptorLen:]...)
	return nil
}

func (vp8Builder) end(*unit) error { return nil }

func (vp8Builder) use(*unit) {}

type opusBuilder struct{}

func (opusBuilder) add(u *unit, payload []byte, _ bool) (err error) {
	u.key = true
	u.samples, err = codec.OpusDuration(payload)
	u.data = append(u.data, payload...)
	return err
}

func (opusBuilder) end(*unit) error { return nil }

func (opusBuilder) use(*unit) {}

package codec

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// key640 is the head of a keyframe of 640x360; delta is that of another frame.
var (
	key640 = []byte{0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01}
	delta  = []byte{0x01, 2, 3}
)

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

var vp8Payloads = map[string]struct {
	payload []byte
	want    VP8
	err     error
}{
	"shortest": {
		cat([]byte{0x10}, delta),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, Start: true, DescriptorLen: 1},
		nil,
	},
	"keyframe, short descriptor": {
		cat([]byte{0x10}, key640),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, Start: true, Keyframe: true, Width: 640, Height: 360, DescriptorLen: 1},
		nil,
	},
	"Chromium keyframe": {
		cat([]byte{0x90, 0xE0, 0x92, 0x34, 0x56, 0x20}, key640),
		VP8{
			PictureID: 0x1234, LongPictureID: true, TL0PicIdx: 0x56, TID: 0, LayerSync: true, KeyIdx: -1,
			Start: true, Keyframe: true, Width: 640, Height: 360, DescriptorLen: 6,
		},
		nil,
	},
	"scaling bits are no size": {
		cat([]byte{0x10}, []byte{0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x42, 0x68, 0xC1}),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, Start: true, Keyframe: true, Width: 640, Height: 360, DescriptorLen: 1},
		nil,
	},
	"7 bit picture id": {
		cat([]byte{0x90, 0x80, 0x7F}, delta),
		VP8{PictureID: 127, TL0PicIdx: -1, TID: -1, KeyIdx: -1, Start: true, DescriptorLen: 3},
		nil,
	},
	"only a key index": {
		cat([]byte{0x90, 0x10, 0xFF}, delta),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: 31, Start: true, DescriptorLen: 3},
		nil,
	},
	"temporal layer 2, key index": {
		cat([]byte{0x90, 0x70, 9, 0x85}, delta),
		VP8{PictureID: -1, TL0PicIdx: 9, TID: 2, KeyIdx: 5, Start: true, DescriptorLen: 4},
		nil,
	},
	"X without fields": {
		cat([]byte{0x90, 0}, delta),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, Start: true, DescriptorLen: 2},
		nil,
	},
	"not the first packet": {
		cat([]byte{0x00}, key640),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, DescriptorLen: 1},
		nil,
	},
	"second partition": {
		cat([]byte{0x11}, key640),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, DescriptorLen: 1},
		nil,
	},
	"reserved and N bits": {
		cat([]byte{0x78}, delta),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, Start: true, Discardable: true, DescriptorLen: 1},
		nil,
	},
	"keyframe without a start code": {
		cat([]byte{0x10}, make([]byte, 10)),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, Start: true, Keyframe: true, DescriptorLen: 1},
		nil,
	},
	"keyframe cut before its size": {
		cat([]byte{0x10}, key640[:9]),
		VP8{PictureID: -1, TL0PicIdx: -1, TID: -1, KeyIdx: -1, Start: true, Keyframe: true, DescriptorLen: 1},
		nil,
	},
	"nothing":                  {nil, VP8{}, ErrShort},
	"no frame":                 {[]byte{0x10}, VP8{}, ErrShort},
	"no frame, extended":       {[]byte{0x90, 0}, VP8{}, ErrShort},
	"no picture id":            {[]byte{0x90, 0x80}, VP8{}, ErrShort},
	"half a picture id":        {[]byte{0x90, 0x80, 0x80}, VP8{}, ErrShort},
	"picture id and no frame":  {[]byte{0x90, 0x80, 0x80, 1}, VP8{}, ErrShort},
	"no TL0PICIDX":             {[]byte{0x90, 0x40}, VP8{}, ErrShort},
	"no layer":                 {[]byte{0x90, 0x60, 1}, VP8{}, ErrShort},
	"everything and no frame":  {[]byte{0x90, 0xF0, 0x80, 1, 2, 3}, VP8{}, ErrShort},
	"descriptor of X only cut": {[]byte{0x80}, VP8{}, ErrShort},
}

func TestParseVP8(t *testing.T) {
	for name, tt := range vp8Payloads {
		got, err := ParseVP8(tt.payload)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", name, err, tt.err)
		}
		if err == nil && got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, tt.want)
		}
	}
}

func TestPatchVP8(t *testing.T) {
	for name, tt := range map[string]struct {
		payload        []byte
		pictureID, tl0 int
		want           []byte
	}{
		"15 bits":          {[]byte{0x90, 0xE0, 0x92, 0x34, 0x56, 0x20, 1}, 0x7FFE, 0xFF, []byte{0x90, 0xE0, 0xFF, 0xFE, 0xFF, 0x20, 1}},
		"7 bits of 15":     {[]byte{0x90, 0x80, 0x12, 1}, 0x7F85, 9, []byte{0x90, 0x80, 0x05, 1}},
		"too wide":         {[]byte{0x90, 0xE0, 0x92, 0x34, 0x56, 0x20, 1}, 0x18001, 0x102, []byte{0x90, 0xE0, 0x80, 0x01, 0x02, 0x20, 1}},
		"negative":         {[]byte{0x90, 0xE0, 0x92, 0x34, 0x56, 0x20, 1}, -1, -1, []byte{0x90, 0xE0, 0x92, 0x34, 0x56, 0x20, 1}},
		"absent":           {[]byte{0x10, 1, 2}, 5, 6, []byte{0x10, 1, 2}},
		"only TL0PICIDX":   {[]byte{0x90, 0x40, 3, 1}, 5, 6, []byte{0x90, 0x40, 6, 1}},
		"truncated":        {[]byte{0x90, 0xE0, 0x92, 0x34}, 5, 6, []byte{0x90, 0xE0, 0x92, 0x34}},
		"empty":            {[]byte{}, 5, 6, []byte{}},
		"first and lowest": {[]byte{0x90, 0xE0, 0xFF, 0xFF, 0xFF, 0x20, 1}, 0, 0, []byte{0x90, 0xE0, 0x80, 0, 0, 0x20, 1}},
	} {
		got := slices.Clone(tt.payload)
		PatchVP8(got, tt.pictureID, tt.tl0)
		if !bytes.Equal(got, tt.want) {
			t.Errorf("%s: %x, want %x", name, got, tt.want)
		}
	}
}

// FuzzVP8 holds that parsing never panics and that a patch changes nothing but
// what it is told to.
func FuzzVP8(f *testing.F) {
	for _, tt := range vp8Payloads {
		f.Add(tt.payload, uint16(0x7FFF), uint8(0xFF))
	}
	for _, payload := range recorded(f, "vp8") {
		f.Add(payload, uint16(1), uint8(1))
	}
	f.Fuzz(func(t *testing.T, payload []byte, pictureID uint16, tl0 uint8) {
		before, err := ParseVP8(payload)
		patched := slices.Clone(payload)
		PatchVP8(patched, int(pictureID), int(tl0))
		if err != nil {
			if !bytes.Equal(patched, payload) {
				t.Fatalf("%x is no VP8 and was patched to %x", payload, patched)
			}
			return
		}
		if before.DescriptorLen < 1 || before.DescriptorLen > 6 || before.DescriptorLen >= len(payload) {
			t.Fatalf("descriptor of %d bytes in %d", before.DescriptorLen, len(payload))
		}
		if before.Keyframe && !before.Start {
			t.Fatal("a keyframe that does not start")
		}
		want := before
		if want.PictureID >= 0 {
			want.PictureID = int(pictureID) & 0x7F
			if want.LongPictureID {
				want.PictureID = int(pictureID) & 0x7FFF
			}
		}
		if want.TL0PicIdx >= 0 {
			want.TL0PicIdx = int(tl0)
		}
		if got, err := ParseVP8(patched); err != nil || got != want {
			t.Fatalf("patched to %+v (%v), want %+v", got, err, want)
		}
		if !bytes.Equal(patched[before.DescriptorLen:], payload[before.DescriptorLen:]) {
			t.Fatal("the frame was changed")
		}
	})
}

func TestVP8AllocatesNothing(t *testing.T) {
	payload := slices.Clone(vp8Payloads["Chromium keyframe"].payload)
	if got := testing.AllocsPerRun(1000, func() {
		if v, err := ParseVP8(payload); err != nil || !v.Keyframe {
			t.Error("lost the keyframe", err)
		}
		PatchVP8(payload, 77, 7)
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func BenchmarkParseVP8(b *testing.B) {
	payload := vp8Payloads["Chromium keyframe"].payload
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseVP8(payload); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
}

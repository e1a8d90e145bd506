package codec

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

// no is a VP9 descriptor in which every optional field is absent.
var no = VP9{PictureID: -1, TL0PicIdx: -1, TID: -1, SID: -1}

// with changes a descriptor.
func with(v VP9, change func(*VP9)) VP9 {
	change(&v)
	return v
}

var vp9Payloads = map[string]struct {
	payload []byte
	want    VP9
	err     error
}{
	"shortest": {[]byte{0x08, 1}, with(no, func(v *VP9) { v.Begin, v.DescriptorLen = true, 1 }), nil},
	"7 bit picture id, predicted": {
		[]byte{0xC4, 0x7F, 1},
		with(no, func(v *VP9) { v.PictureID, v.Predicted, v.End, v.DescriptorLen = 127, true, true, 2 }), nil,
	},
	"Chromium's key picture, lowest layer": {
		cat([]byte{0xBE, 0xCC, 0x1C, 0x10}, []byte{0x50, 1, 0x40, 0, 0xB4, 2, 0x80, 1, 0x68, 5, 0, 2, 0xD0}, []byte{9}),
		VP9{
			PictureID: 0x4C1C, LongPictureID: true, TL0PicIdx: -1, SwitchUp: true, Flexible: true, Begin: true, End: true,
			Layers: 3, Heights: [3]uint16{180, 360, 720}, DescriptorLen: 17,
		},
		nil,
	},
	"upper layer, refers to the one below": {
		[]byte{0xB9, 0xCC, 0x1C, 0x15, 9},
		VP9{
			PictureID: 0x4C1C, LongPictureID: true, TL0PicIdx: -1, SID: 2, SwitchUp: true, InterLayer: true,
			Flexible: true, Begin: true, NoUpper: true, DescriptorLen: 4,
		},
		nil,
	},
	"two references": {
		[]byte{0xF5, 0xCC, 0x1E, 0x54, 0x03, 0x02, 9},
		VP9{
			PictureID: 0x4C1E, LongPictureID: true, TL0PicIdx: -1, TID: 2, SID: 2, SwitchUp: true, Predicted: true,
			Flexible: true, End: true, NoUpper: true, DescriptorLen: 6,
		},
		nil,
	},
	"TL0PICIDX outside flexible mode": {
		[]byte{0xE8, 0x05, 0x22, 0x77, 9},
		VP9{PictureID: 5, TL0PicIdx: 0x77, TID: 1, SID: 1, Predicted: true, Begin: true, DescriptorLen: 4},
		nil,
	},
	"a group of pictures": {
		[]byte{0x0A, 0x08, 2, 0x04, 1, 0x08, 1, 2, 9},
		with(no, func(v *VP9) { v.Begin, v.Layers, v.DescriptorLen = true, 1, 8 }), nil,
	},
	"eight layers are three here": {
		cat([]byte{0x0A, 0xF0}, bytes.Repeat([]byte{0, 1, 0, 2}, 8), []byte{9}),
		with(no, func(v *VP9) { v.Begin, v.Layers, v.Heights, v.DescriptorLen = true, 8, [3]uint16{2, 2, 2}, 34 }), nil,
	},
	"nothing":                 {nil, VP9{}, ErrShort},
	"no frame":                {[]byte{0x08}, VP9{}, ErrShort},
	"no picture id":           {[]byte{0x80}, VP9{}, ErrShort},
	"half a picture id":       {[]byte{0x80, 0x80}, VP9{}, ErrShort},
	"picture id and no frame": {[]byte{0x80, 0x80, 1}, VP9{}, ErrShort},
	"no layer":                {[]byte{0x20}, VP9{}, ErrShort},
	"no TL0PICIDX":            {[]byte{0x20, 1}, VP9{}, ErrShort},
	"references without end":  {[]byte{0x50, 1, 1, 1, 1, 0, 9}, VP9{}, ErrShort},
	"references cut":          {[]byte{0x50, 1}, VP9{}, ErrShort},
	"no structure":            {[]byte{0x02}, VP9{}, ErrShort},
	"no sizes":                {[]byte{0x02, 0x10, 1}, VP9{}, ErrShort},
	"no group":                {[]byte{0x02, 0x08}, VP9{}, ErrShort},
	"group cut":               {[]byte{0x02, 0x08, 2, 0}, VP9{}, ErrShort},
	"group's references cut":  {[]byte{0x02, 0x08, 1, 0x0C, 1}, VP9{}, ErrShort},
}

func TestParseVP9(t *testing.T) {
	for name, tt := range vp9Payloads {
		got, err := ParseVP9(tt.payload)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", name, err, tt.err)
		}
		if err == nil && got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, tt.want)
		}
	}
}

func TestVP9Frame(t *testing.T) {
	for name, tt := range map[string]struct {
		payload []byte
		want    Frame
	}{
		"key picture":      {[]byte{0x8C, 1, 9}, Frame{Start: true, End: true, Keyframe: true, Fresh: true, PictureID: 1, TL0: -1}},
		"its second part":  {[]byte{0x84, 1, 9}, Frame{End: true, Fresh: true, PictureID: 1, TL0: -1}},
		"its upper layer":  {[]byte{0xB8, 1, 0x13, 9}, Frame{Start: true, Fresh: true, Sync: true, Spatial: 1, PictureID: 1, TL0: -1}},
		"any other":        {[]byte{0xC8, 1, 9}, Frame{Start: true, PictureID: 1, TL0: -1}},
		"a temporal layer": {[]byte{0xE8, 1, 0x40, 7, 9}, Frame{Start: true, Temporal: 2, PictureID: 1, TL0: 7}},
	} {
		if got, err := NewReader(VP9Video).Read(tt.payload, nil); err != nil || got != tt.want {
			t.Errorf("%s:\n got %+v %v\nwant %+v", name, got, err, tt.want)
		}
	}
}

// FuzzVP9 holds that parsing never panics and that a patch changes nothing but
// what it is told to.
func FuzzVP9(f *testing.F) {
	for _, tt := range vp9Payloads {
		f.Add(tt.payload, uint16(0x7FFF), uint8(0xFF))
	}
	for _, payload := range recorded(f, "vp9") {
		f.Add(payload[:min(len(payload), 64)], uint16(1), uint8(1))
	}
	f.Fuzz(func(t *testing.T, payload []byte, pictureID uint16, tl0 uint8) {
		before, err := ParseVP9(payload)
		patched := slices.Clone(payload)
		PatchVP9(patched, int(pictureID), int(tl0))
		if err != nil {
			if !bytes.Equal(patched, payload) {
				t.Fatalf("%x is no VP9 and was patched to %x", payload, patched)
			}
			return
		}
		if before.DescriptorLen < 1 || before.DescriptorLen >= len(payload) {
			t.Fatalf("descriptor of %d bytes in %d", before.DescriptorLen, len(payload))
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
		if got, err := ParseVP9(patched); err != nil || got != want {
			t.Fatalf("patched to %+v (%v), want %+v", got, err, want)
		}
		if !bytes.Equal(patched[before.DescriptorLen:], payload[before.DescriptorLen:]) {
			t.Fatal("the frame was changed")
		}
	})
}

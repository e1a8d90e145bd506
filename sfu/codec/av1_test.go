package codec

import (
	"errors"
	"testing"
)

// seq180 is Chromium's sequence header of 320x180, as a unit.
var seq180 = []byte{0x08, 0x00, 0x21, 0x07, 0x00, 0x81, 0x80, 0x40, 0x41, 0x0F, 0x3F, 0xB3, 0x00, 0x68, 0x02}

var av1Payloads = map[string]struct {
	payload []byte
	want    AV1
	err     error
}{
	"one unit":               {[]byte{0x10, 0x30, 1}, AV1{TID: -1, SID: -1}, nil},
	"in temporal layer 2":    {[]byte{0x10, 0x34, 0x40, 1}, AV1{TID: 2, SID: 0}, nil},
	"in spatial layer 1":     {[]byte{0x10, 0x34, 0x28, 1}, AV1{TID: 1, SID: 1}, nil},
	"behind a delimiter":     {[]byte{0x20, 2, 0x10, 0, 0x34, 0x40, 1}, AV1{TID: 2, SID: 0}, nil},
	"lengths everywhere":     {[]byte{0x00, 3, 0x34, 0x20, 1}, AV1{TID: 1, SID: 0}, nil},
	"in the middle":          {[]byte{0xD0, 0x34, 0x40}, AV1{Continues: true, Goes: true, TID: -1, SID: -1}, nil},
	"in the middle, and new": {[]byte{0x98, 0x34, 0x40}, AV1{Continues: true, TID: -1, SID: -1}, nil},
	"a new sequence": {
		append([]byte{0x28, byte(len(seq180))}, append(append([]byte{}, seq180...), 0x30, 1)...),
		AV1{New: true, TID: -1, SID: -1, Width: 320, Height: 180},
		nil,
	},
	"a sequence header cut":    {[]byte{0x18, 0x08, 0, 0}, AV1{New: true, TID: -1, SID: -1}, nil},
	"an extension cut":         {[]byte{0x10, 0x34}, AV1{TID: -1, SID: -1}, nil},
	"a unit of nothing":        {[]byte{0x20, 0, 0x30}, AV1{TID: -1, SID: -1}, nil},
	"nothing":                  {nil, AV1{}, ErrShort},
	"header alone":             {[]byte{0x10}, AV1{}, ErrShort},
	"a unit longer than all":   {[]byte{0x20, 9, 0x30}, AV1{}, ErrShort},
	"a length without end":     {[]byte{0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1}, AV1{}, ErrShort},
	"a length over four bytes": {[]byte{0x20, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1}, AV1{}, ErrShort},
}

func TestParseAV1(t *testing.T) {
	for name, tt := range av1Payloads {
		got, err := ParseAV1(tt.payload)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", name, err, tt.err)
		}
		if err == nil && got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, tt.want)
		}
	}
}

func FuzzAV1(f *testing.F) {
	for _, tt := range av1Payloads {
		f.Add(tt.payload, []byte{})
	}
	for _, payload := range recorded(f, "av1") {
		f.Add(payload[:min(len(payload), 64)], layered(2).first())
	}
	f.Fuzz(func(t *testing.T, payload, descriptor []byte) {
		r := NewReader(AV1Video)
		frame, err := r.Read(payload, descriptor)
		if err == nil && frame.Keyframe && !frame.Start {
			t.Fatalf("%x %x is a keyframe that does not start", payload, descriptor)
		}
		if again, err2 := r.Read(payload, descriptor); (err == nil) != (err2 == nil) || err == nil && again.Keyframe != frame.Keyframe {
			t.Fatalf("%x %x is %+v first and then %+v", payload, descriptor, frame, again)
		}
	})
}

package codec

import (
	"errors"
	"testing"
)

// Parameter sets: Chromium's of 320x180, x264's of 1280x720 in the high
// profile, and one of 1920x1080 that is 1088 lines and cropped.
var (
	sps180 = []byte{0x67, 0x42, 0xC0, 0x15, 0x8C, 0x8D, 0x40, 0xA0, 0xCB, 0xCF, 0x35, 0x06, 0x06, 0x06, 0x40, 0, 0, 0x03, 0, 0x40}
	sps720 = []byte{0x67, 0x64, 0x00, 0x1F, 0xAC, 0xD9, 0x40, 0x50, 0x05, 0xBB, 0x01, 0x6A, 0x02, 0x02, 0x02, 0x80, 0, 0, 0x03, 0, 0x80, 0, 0, 0x1E, 0x07, 0x8C, 0x18, 0xCB}
	pps    = []byte{0x68, 0xCE, 0x3C, 0x80}
)

func stap(units ...[]byte) []byte {
	b := []byte{0x78}
	for _, u := range units {
		b = append(b, byte(len(u)>>8), byte(len(u)))
		b = append(b, u...)
	}
	return b
}

var h264Payloads = map[string]struct {
	payload []byte
	want    H264
	err     error
}{
	"slice":                    {[]byte{0x61, 0xE0, 1}, H264{Begin: true, Slice: true, Reference: true}, nil},
	"a picture's second slice": {[]byte{0x61, 0x40, 1}, H264{Begin: true, Reference: true}, nil},
	"nobody refers to it":      {[]byte{0x01, 0xE0, 1}, H264{Begin: true, Slice: true}, nil},
	"IDR":                      {[]byte{0x65, 0x88, 1}, H264{Begin: true, Slice: true, IDR: true, Reference: true}, nil},
	"parameter set alone":      {sps180, H264{Begin: true, SPS: true, Width: 320, Height: 180, Reference: true}, nil},
	"sets together":            {stap(sps180, pps), H264{Begin: true, SPS: true, Width: 320, Height: 180, Reference: true}, nil},
	"high profile":             {stap(sps720, pps), H264{Begin: true, SPS: true, Width: 1280, Height: 720, Reference: true}, nil},
	"sets and picture": {
		stap(sps180, pps, []byte{0x65, 0x88}),
		H264{Begin: true, SPS: true, Slice: true, IDR: true, Width: 320, Height: 180, Reference: true},
		nil,
	},
	"fragment of an IDR":     {[]byte{0x7C, 0x85, 0x88, 1}, H264{Begin: true, Slice: true, IDR: true, Reference: true}, nil},
	"its second part":        {[]byte{0x7C, 0x05, 0x88, 1}, H264{Reference: true}, nil},
	"its last part":          {[]byte{0x7C, 0x45, 0x88, 1}, H264{Reference: true}, nil},
	"parameter set cut":      {sps180[:6], H264{Begin: true, SPS: true, Reference: true}, nil},
	"delimiter":              {[]byte{0x09, 0x10}, H264{Begin: true}, nil},
	"nothing":                {nil, H264{}, ErrShort},
	"one byte":               {[]byte{0x65}, H264{}, ErrShort},
	"aggregate without size": {[]byte{0x78, 0}, H264{}, ErrShort},
	"aggregate cut":          {[]byte{0x78, 0, 9, 0x65, 1}, H264{}, ErrShort},
	"unit of nothing":        {[]byte{0x78, 0, 0, 1}, H264{}, ErrShort},
	"fragment cut":           {[]byte{0x7C, 0x85}, H264{}, ErrShort},
	"interleaved":            {[]byte{0x79, 0, 0, 1, 1}, H264{}, ErrH264},
	"fragment with DON":      {[]byte{0x7D, 0x85, 1, 1}, H264{}, ErrH264},
	"type 0":                 {[]byte{0x60, 1}, H264{}, ErrH264},
}

func TestParseH264(t *testing.T) {
	for name, tt := range h264Payloads {
		got, err := ParseH264(tt.payload)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", name, err, tt.err)
		}
		if err == nil && got != tt.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, tt.want)
		}
	}
}

// A keyframe begins with its parameter sets, where they come with it.
func TestH264Keyframes(t *testing.T) {
	idr, slice, sets := []byte{0x65, 0x88, 1}, []byte{0x61, 0xE0, 1}, stap(sps180, pps)
	for name, tt := range map[string]struct {
		packets [][]byte
		want    []bool
	}{
		"sets in a packet of their own": {[][]byte{sets, idr, slice, sets, idr}, []bool{true, false, false, true, false}},
		"sets agreed on otherwise":      {[][]byte{idr, slice, idr}, []bool{true, false, true}},
		"sets that come later":          {[][]byte{idr, sets, idr, sets}, []bool{true, true, false, true}},
		"two slices":                    {[][]byte{idr, {0x65, 0x40, 1}}, []bool{true, false}},
	} {
		r := NewReader(H264Video)
		for i, p := range tt.packets {
			if f, err := r.Read(p, nil); err != nil || f.Keyframe != tt.want[i] {
				t.Errorf("%s: packet %d: keyframe %v (%v), want %v", name, i, f.Keyframe, err, tt.want[i])
			}
		}
	}
}

func FuzzH264(f *testing.F) {
	for _, tt := range h264Payloads {
		f.Add(tt.payload)
	}
	for _, payload := range recorded(f, "h264") {
		f.Add(payload[:min(len(payload), 64)])
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := ParseH264(payload)
		if err == nil && (h.IDR || h.SPS || h.Slice) && !h.Begin {
			t.Fatalf("%x has a unit that does not begin: %+v", payload, h)
		}
		if h.Width < 0 || h.Height < 0 || (h.Width > 0) != (h.Height > 0) || h.Height > 1<<14 {
			t.Fatalf("%x is %d by %d", payload, h.Width, h.Height)
		}
	})
}

package codec

import (
	"errors"
	"testing"
)

var opusPayloads = map[string]struct {
	payload []byte
	want    int
	err     error
}{
	"SILK 10 ms":           {[]byte{0 << 3, 1}, 480, nil},
	"SILK 60 ms":           {[]byte{11 << 3, 1}, 2880, nil},
	"SILK 2 x 60 ms":       {[]byte{3<<3 | 1, 1}, 5760, nil},
	"hybrid 10 ms":         {[]byte{12 << 3, 1}, 480, nil},
	"hybrid 20 ms":         {[]byte{15 << 3, 1}, 960, nil},
	"CELT 2.5 ms":          {[]byte{16 << 3, 1}, 120, nil},
	"browser's 20 ms":      {[]byte{0x78, 1, 2, 3}, 960, nil},
	"stereo bit":           {[]byte{31<<3 | 4, 1}, 960, nil},
	"two, unequal":         {[]byte{31<<3 | 2, 1}, 1920, nil},
	"three of 20 ms":       {[]byte{31<<3 | 3, 3}, 2880, nil},
	"flags beside count":   {[]byte{31<<3 | 3, 0xC3}, 2880, nil},
	"48 x 2.5 ms":          {[]byte{16<<3 | 3, 48}, 5760, nil},
	"DTX, TOC only":        {[]byte{0x78}, 960, nil},
	"49 x 2.5 ms":          {[]byte{16<<3 | 3, 49}, 0, ErrOpus},
	"7 x 20 ms":            {[]byte{31<<3 | 3, 7}, 0, ErrOpus},
	"no frames":            {[]byte{31<<3 | 3, 0}, 0, ErrOpus},
	"count missing":        {[]byte{31<<3 | 3}, 0, ErrShort},
	"nothing":              {nil, 0, ErrShort},
	"most frames, longest": {[]byte{11<<3 | 3, 63}, 0, ErrOpus},
}

func TestOpusDuration(t *testing.T) {
	for name, tt := range opusPayloads {
		got, err := OpusDuration(tt.payload)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d, %v, want %d, %v", name, got, err, tt.want, tt.err)
		}
	}
}

func TestIsOpusDTX(t *testing.T) {
	for size, want := range map[int]bool{0: true, 1: true, 2: true, 3: false, 100: false} {
		if got := IsOpusDTX(make([]byte, size)); got != want {
			t.Errorf("%d bytes: %v, want %v", size, got, want)
		}
	}
}

func FuzzOpusDuration(f *testing.F) {
	for _, tt := range opusPayloads {
		f.Add(tt.payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		got, err := OpusDuration(payload)
		if err == nil && (got < 120 || got > 5760 || got%120 != 0) {
			t.Fatalf("%x plays %d samples", payload, got)
		}
		if err != nil && got != 0 {
			t.Fatalf("%x is refused and plays %d samples", payload, got)
		}
	})
}

package codec

import (
	"bytes"
	"errors"
	"testing"
)

var redPayloads = map[string]struct {
	payload []byte
	primary []byte
	err     error
}{
	"no copy":              {[]byte{111, 1, 2, 3}, []byte{1, 2, 3}, nil},
	"one copy":             {[]byte{0x80 | 111, 0x0F, 0x00, 2, 111, 8, 9, 1, 2, 3}, []byte{1, 2, 3}, nil},
	"two copies":           {[]byte{0x80 | 111, 0x1E, 0, 1, 0x80 | 111, 0x0F, 0, 2, 111, 7, 8, 9, 1}, []byte{1}, nil},
	"a copy of nothing":    {[]byte{0x80 | 111, 0, 0, 0, 111, 1}, []byte{1}, nil},
	"primary of nothing":   {[]byte{0x80 | 111, 0, 0, 1, 111, 9}, []byte{}, nil},
	"a copy of 1023 bytes": {append([]byte{0x80 | 111, 0, 3, 0xFF, 111}, make([]byte, 1024)...), []byte{0}, nil},
	"nothing":              {nil, nil, ErrShort},
	"a header cut":         {[]byte{0x80 | 111, 0, 0}, nil, ErrShort},
	"no last header":       {[]byte{0x80 | 111, 0, 0, 0}, nil, ErrShort},
	"a copy cut":           {[]byte{0x80 | 111, 0, 0, 3, 111, 1, 2}, nil, ErrShort},
	"headers without end":  {bytes.Repeat([]byte{0x80 | 111, 0, 0, 0}, 40), nil, ErrShort},
}

func TestREDPrimary(t *testing.T) {
	for name, tt := range redPayloads {
		got, payloadType, err := REDPrimary(tt.payload)
		if !errors.Is(err, tt.err) || !bytes.Equal(got, tt.primary) || err == nil && payloadType != 111 {
			t.Errorf("%s: %v of type %d (%v), want %v (%v)", name, got, payloadType, err, tt.primary, tt.err)
		}
	}
}

// What Chromium calls RED is Opus in the end.
func TestRecordedRED(t *testing.T) {
	copies := 0
	for i, payload := range recorded(t, "red") {
		primary, payloadType, err := REDPrimary(payload)
		if err != nil || payloadType != 111 {
			t.Fatalf("packet %d: type %d, %v", i, payloadType, err)
		}
		if n, err := OpusDuration(primary); err != nil || n != 960 {
			t.Errorf("packet %d plays %d samples, %v", i, n, err)
		}
		if payload[0]&0x80 != 0 {
			copies++
		}
	}
	if copies < 50 {
		t.Errorf("%d packets have copies", copies)
	}
}

func FuzzRED(f *testing.F) {
	for _, tt := range redPayloads {
		f.Add(tt.payload)
	}
	for _, payload := range recorded(f, "red") {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		primary, _, err := REDPrimary(payload)
		if err == nil && !bytes.HasSuffix(payload, primary) {
			t.Fatalf("%x is not the end of %x", primary, payload)
		}
	})
}

package packet

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// head is an RTP header with this first byte: payload type 96, marker set,
// sequence number 0x1234, timestamp 0x01020304, SSRC 0x0A0B0C0D.
func head(first byte) []byte {
	return []byte{first, 0xE0, 0x12, 0x34, 1, 2, 3, 4, 0x0A, 0x0B, 0x0C, 0x0D}
}

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func parse(t *testing.T, raw []byte) (*Packet, uint16, error) {
	t.Helper()
	var pool Pool
	p := pool.Get()
	seq, err := p.Parse(copy(p.Buffer(), raw))
	return p, seq, err
}

var oneByte = []byte{0xBE, 0xDE, 0, 2, 0x10, 0x85, 0, 0x32, 7, 8, 9, 0}

var headers = map[string]struct {
	raw     []byte
	payload []byte
	err     error
}{
	"plain":                  {cat(head(0x80), []byte{1, 2, 3}), []byte{1, 2, 3}, nil},
	"empty payload":          {head(0x80), []byte{}, nil},
	"two sources":            {cat(head(0x82), make([]byte, 8), []byte{9}), []byte{9}, nil},
	"extensions":             {cat(head(0x90), oneByte, []byte{5, 6}), []byte{5, 6}, nil},
	"empty extension":        {cat(head(0x90), []byte{0xBE, 0xDE, 0, 0, 5}), []byte{5}, nil},
	"padding":                {cat(head(0xA0), []byte{7, 7, 0, 0, 3}), []byte{7, 7}, nil},
	"only padding":           {cat(head(0xA0), []byte{0, 0, 3}), []byte{}, nil},
	"all at once":            {cat(head(0xB1), make([]byte, 4), oneByte, []byte{7, 1}), []byte{7}, nil},
	"nothing":                {nil, nil, ErrShort},
	"half a header":          {head(0x80)[:11], nil, ErrShort},
	"version 1":              {head(0x40), nil, ErrVersion},
	"version 3":              {head(0xC0), nil, ErrVersion},
	"missing sources":        {cat(head(0x8F), make([]byte, 59)), nil, ErrShort},
	"missing extension head": {cat(head(0x90), []byte{0xBE, 0xDE, 0}), nil, ErrShort},
	"missing extension":      {cat(head(0x90), []byte{0xBE, 0xDE, 0, 2, 1, 2, 3, 4}), nil, ErrShort},
	"huge extension":         {cat(head(0x90), []byte{0xBE, 0xDE, 0xFF, 0xFF}), nil, ErrShort},
	"padding of none":        {cat(head(0xA0), []byte{7, 0}), nil, ErrPadding},
	"padding of the header":  {cat(head(0xA0), []byte{0, 0, 4}), nil, ErrPadding},
	"padding without a byte": {head(0xA0), nil, ErrPadding},
}

func TestParse(t *testing.T) {
	for name, tt := range headers {
		p, seq, err := parse(t, tt.raw)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: error %v, want %v", name, err, tt.err)
			continue
		}
		if err != nil {
			continue
		}
		if !bytes.Equal(p.Payload(), tt.payload) {
			t.Errorf("%s: payload %v, want %v", name, p.Payload(), tt.payload)
		}
		if seq != 0x1234 || p.Timestamp != 0x01020304 || p.SSRC != 0x0A0B0C0D || p.PayloadType != 96 || !p.Marker {
			t.Errorf("%s: header %x %x %x %d %v", name, seq, p.Timestamp, p.SSRC, p.PayloadType, p.Marker)
		}
		if start, end := p.PayloadBounds(); end-start != len(tt.payload) {
			t.Errorf("%s: bounds %d to %d", name, start, end)
		}
	}
}

func TestParseRefusesMoreThanItHolds(t *testing.T) {
	var pool Pool
	p := pool.Get()
	p.Buffer()[0] = 0x80
	if _, err := p.Parse(MTU + 1); !errors.Is(err, ErrShort) {
		t.Errorf("error %v, want %v", err, ErrShort)
	}
	if _, err := p.Parse(MTU); err != nil {
		t.Errorf("a full packet: %v", err)
	}
}

func TestParseForgetsThePacketBefore(t *testing.T) {
	var pool Pool
	p := pool.Get()
	if _, err := p.Parse(copy(p.Buffer(), cat(head(0x90), oneByte))); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Parse(copy(p.Buffer(), head(0x80))); err != nil {
		t.Fatal(err)
	}
	if got := p.Extension(1); got != nil {
		t.Errorf("extension %v of the packet before", got)
	}
}

func TestExtension(t *testing.T) {
	for name, tt := range map[string]struct {
		profile uint16
		words   []byte
		id      uint8
		want    []byte // nil for absent
	}{
		"one byte, first":           {0xBEDE, []byte{0x10, 0x85, 0, 0}, 1, []byte{0x85}},
		"one byte, after padding":   {0xBEDE, []byte{0, 0x22, 1, 2, 3, 0x10, 9, 0}, 1, []byte{9}},
		"one byte, absent":          {0xBEDE, []byte{0x10, 0x85, 0, 0}, 2, nil},
		"one byte, longest":         {0xBEDE, append([]byte{0x3F}, make([]byte, 19)...), 3, make([]byte, 16)},
		"one byte, cut off":         {0xBEDE, []byte{0x13, 1, 2, 3}, 1, nil},
		"one byte, stop":            {0xBEDE, []byte{0xF0, 0, 0x10, 5}, 1, nil},
		"one byte, padding long":    {0xBEDE, []byte{0x01, 0, 0x10, 5}, 1, nil},
		"one byte, id 15":           {0xBEDE, []byte{0xF0, 7, 0, 0}, 15, nil},
		"one byte, id 0":            {0xBEDE, []byte{0, 0, 0, 0}, 0, nil},
		"two bytes":                 {0x1000, []byte{1, 2, 8, 9}, 1, []byte{8, 9}},
		"two bytes, own bits":       {0x100F, []byte{1, 2, 8, 9}, 1, []byte{8, 9}},
		"two bytes, empty":          {0x1000, []byte{1, 0, 2, 0}, 2, []byte{}},
		"two bytes, after others":   {0x1000, []byte{0, 5, 1, 3, 200, 2, 6, 7}, 200, []byte{6, 7}},
		"two bytes, absent":         {0x1000, []byte{1, 2, 8, 9}, 3, nil},
		"two bytes, cut off":        {0x1000, []byte{1, 3, 8, 9}, 1, nil},
		"two bytes, half a header":  {0x1000, []byte{1, 1, 8, 2}, 2, nil},
		"two bytes, id 0 is no one": {0x1000, []byte{0, 0, 0, 0}, 0, nil},
		"some other profile":        {0xABCD, []byte{0x10, 0x85, 0, 0}, 1, nil},
	} {
		raw := cat(head(0x90), []byte{byte(tt.profile >> 8), byte(tt.profile), 0, byte(len(tt.words) / 4)}, tt.words, []byte{0xEE})
		p, _, err := parse(t, raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := p.Extension(tt.id)
		if !bytes.Equal(got, tt.want) || (got == nil) != (tt.want == nil) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

// recorded are packets that a browser sent, each behind its length.
func recorded(f *testing.F) (all [][]byte) {
	f.Helper()
	files, err := filepath.Glob("../testdata/rtp/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no streams: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for len(b) >= 2 {
			n := int(b[0])<<8 | int(b[1])
			all = append(all, b[2:2+n])
			b = b[2+n:]
		}
	}
	return all
}

func FuzzParse(f *testing.F) {
	for _, tt := range headers {
		f.Add(tt.raw, uint8(1))
	}
	f.Add(cat(head(0x90), []byte{0x10, 0, 0, 1, 200, 2, 6, 7}), uint8(200))
	for _, raw := range recorded(f) {
		f.Add(raw, uint8(3))
	}
	f.Fuzz(func(t *testing.T, raw []byte, id uint8) {
		var pool Pool
		p := pool.Get()
		n := copy(p.Buffer(), raw)
		_, err := p.Parse(n)
		start, end := p.PayloadBounds()
		if err != nil {
			if start != 0 || end != 0 || p.Extension(id) != nil {
				t.Fatalf("a refused packet was taken over: %d to %d", start, end)
			}
			return
		}
		if start < 12 || end < start || end > n {
			t.Fatalf("payload %d to %d of %d bytes", start, end, n)
		}
		if ext := p.Extension(id); len(ext) > 255 {
			t.Fatalf("extension of %d bytes", len(ext))
		}
	})
}

func TestParseAllocatesNothing(t *testing.T) {
	var pool Pool
	p := pool.Get()
	n := copy(p.Buffer(), cat(head(0x90), oneByte, []byte{5, 6}))
	if got := testing.AllocsPerRun(1000, func() {
		if _, err := p.Parse(n); err != nil || len(p.Extension(3)) != 3 {
			t.Error("lost the extension", err)
		}
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func BenchmarkParse(b *testing.B) {
	var pool Pool
	p := pool.Get()
	n := copy(p.Buffer(), cat(head(0x90), oneByte, make([]byte, 1100)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Parse(n); err != nil || p.Extension(3) == nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/packet")
}

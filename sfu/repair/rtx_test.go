package repair

import (
	"bytes"
	"slices"
	"testing"
)

func TestRTX(t *testing.T) {
	dst := make([]byte, 0, 16)
	got := AppendRTX(dst, 0xFFFE, []byte{7, 8})
	if want := []byte{0xFF, 0xFE, 7, 8}; !bytes.Equal(got, want) || &got[0] != &dst[:1][0] {
		t.Errorf("%x, want %x in the buffer given", got, want)
	}
	if got := AppendRTX([]byte{1}, 2, nil); !bytes.Equal(got, []byte{1, 0, 2}) {
		t.Errorf("%x, want 010002", got)
	}
	for name, tt := range map[string]struct {
		payload  []byte
		seq      uint16
		original []byte
		ok       bool
	}{
		"a packet":         {got, 0xFFFE, []byte{7, 8}, true},
		"nothing":          {nil, 0, nil, false},
		"half a number":    {[]byte{1}, 0, nil, false},
		"nothing repaired": {[]byte{1, 2}, 0, nil, false},
	} {
		seq, original, ok := ParseRTX(tt.payload)
		if seq != tt.seq || !bytes.Equal(original, tt.original) || ok != tt.ok {
			t.Errorf("%s: %d %x %v", name, seq, original, ok)
		}
	}
}

func TestNackPairs(t *testing.T) {
	for name, tt := range map[string]struct {
		seqs []int64
		want []Pair
	}{
		"none":             {nil, nil},
		"one":              {[]int64{9}, []Pair{{9, 0}}},
		"neighbours":       {[]int64{9, 10, 12}, []Pair{{9, 0b101}}},
		"the last bit":     {[]int64{9, 25}, []Pair{{9, 1 << 15}}},
		"one further":      {[]int64{9, 26}, []Pair{{9, 0}, {26, 0}}},
		"all of 17":        {[]int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, []Pair{{0, 0xFFFF}}},
		"across the wrap":  {[]int64{1<<16 - 1, 1 << 16, 1<<16 + 3}, []Pair{{65535, 0b1001}}},
		"twice":            {[]int64{9, 9, 10}, []Pair{{9, 1}}},
		"starts at number": {[]int64{0, 5}, []Pair{{0, 1 << 4}}},
		"falling":          {[]int64{9, 3}, []Pair{{9, 0}, {3, 0}}},
	} {
		if got := NackPairs(tt.seqs); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// FuzzNackPairs holds that unpacking is the inverse of packing.
func FuzzNackPairs(f *testing.F) {
	f.Add(uint16(65_530), []byte{0, 1, 2, 14, 15, 16, 17, 255})
	f.Fuzz(func(t *testing.T, start uint16, steps []byte) {
		seq := int64(start)
		var seqs []int64
		var want, got []uint16
		for _, s := range steps {
			seq += int64(s) + 1
			seqs = append(seqs, seq)
			want = append(want, uint16(seq))
		}
		for _, p := range NackPairs(seqs) {
			got = slices.AppendSeq(got, p.Seqs())
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v became %v", want, got)
		}
	})
}

// FuzzRTX holds that wrapping is undone by unwrapping, and that nothing is
// made of what is too short.
func FuzzRTX(f *testing.F) {
	f.Add([]byte{0xFF, 0xFE, 0x90, 0x80, 1}, uint16(0))
	f.Add([]byte{0, 1}, uint16(65_535))
	f.Add([]byte{}, uint16(7))
	f.Fuzz(func(t *testing.T, payload []byte, seq uint16) {
		got, original, ok := ParseRTX(payload)
		if ok != (len(payload) > 2) {
			t.Fatalf("%d bytes are a retransmission: %v", len(payload), ok)
		}
		if ok && !slices.Equal(AppendRTX(nil, got, original), payload) {
			t.Fatalf("%x became %d and %x", payload, got, original)
		}
		back, inner, ok := ParseRTX(AppendRTX([]byte("x"), seq, payload)[1:])
		if ok != (len(payload) > 0) || ok && (back != seq || !slices.Equal(inner, payload)) {
			t.Fatalf("%d and %x became %d and %x", seq, payload, back, inner)
		}
	})
}

func TestSeqsStops(t *testing.T) {
	for stop := range 3 {
		n := 0
		for range (Pair{PID: 1, BLP: 0b11}).Seqs() {
			if n++; n > stop {
				break
			}
		}
		if n != stop+1 {
			t.Errorf("%d numbers, want %d", n, stop+1)
		}
	}
}

package packet

import "testing"

func TestUnwrap(t *testing.T) {
	for _, start := range []uint16{0, 1, 100, 1<<15 - 1, 1 << 15, 1<<16 - 2, 1<<16 - 1} {
		var u Unwrapper
		first := u.Unwrap(start)
		if want := int64(start) + 1<<16; first != want {
			t.Errorf("start %d: first is %d, want %d", start, first, want)
		}
		// Far enough for three turns, each number overtaken by the one after it.
		for i := int64(2); i < 200_000; i += 2 {
			for _, d := range []int64{i, i - 1} {
				if got := u.Unwrap(uint16(first + d)); got != first+d {
					t.Fatalf("start %d: step %d is %d, want %d", start, d, got, first+d)
				}
			}
		}
	}
}

func TestUnwrapTakesTheNearest(t *testing.T) {
	for name, tt := range map[string]struct {
		seqs []uint16
		want []int64
	}{
		"back over the first wrap": {[]uint16{2, 65535}, []int64{65538, 65535}},
		"largest step forward":     {[]uint16{0, 32767}, []int64{65536, 98303}},
		"half way is back":         {[]uint16{0, 32768}, []int64{65536, 32768}},
		"late does not move it":    {[]uint16{10, 65535, 40000, 11}, []int64{65546, 65535, 40000, 65547}},
	} {
		var u Unwrapper
		for i, seq := range tt.seqs {
			if got := u.Unwrap(seq); got != tt.want[i] {
				t.Errorf("%s: number %d (%d) is %d, want %d", name, i, seq, got, tt.want[i])
			}
		}
	}
}

func TestUnwrap32(t *testing.T) {
	for _, start := range []uint32{0, 1, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		var u Unwrapper32
		first := u.Unwrap(start)
		if want := int64(start) + 1<<32; first != want {
			t.Errorf("start %d: first is %d, want %d", start, first, want)
		}
		const step = 1 << 29
		for i := int64(2); i < 40; i += 2 {
			for _, d := range []int64{i * step, (i - 1) * step} {
				if got := u.Unwrap(uint32(first + d)); got != first+d {
					t.Fatalf("start %d: step %d is %d, want %d", start, d, got, first+d)
				}
			}
		}
	}
}

func FuzzUnwrap(f *testing.F) {
	f.Add(uint16(65535), []byte{1, 1, 0xFF, 2})
	f.Add(uint16(0), []byte{0x80, 0x7F, 0x80, 0x7F})
	f.Fuzz(func(t *testing.T, start uint16, steps []byte) {
		var u Unwrapper
		truth := u.Unwrap(start)
		newest := truth
		for _, b := range steps {
			truth = newest + int64(int8(b))*200 // well within half a turn
			if got := u.Unwrap(uint16(truth)); got != truth {
				t.Fatalf("%d is %d", truth, got)
			}
			newest = max(newest, truth)
		}
	})
}

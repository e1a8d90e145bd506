package repair

import (
	"slices"
	"testing"
	"time"
)

// A script runs what happens at given milliseconds, and Due every 20 ms.
func keyframeScript(asks, arrivals []int, until int) (sent []int) {
	k := NewKeyframes(500 * ms)
	for at := 0; at <= until; at++ {
		now := t0.Add(time.Duration(at) * ms)
		if slices.Contains(arrivals, at) {
			k.Arrived(now)
		}
		if slices.Contains(asks, at) && k.Ask(now) || at%20 == 0 && k.Due(now) {
			sent = append(sent, at)
		}
	}
	return sent
}

// every lists the multiples of step up to last.
func every(step, last int) (at []int) {
	for i := 0; i <= last; i += step {
		at = append(at, i)
	}
	return at
}

func TestKeyframes(t *testing.T) {
	for name, tt := range map[string]struct {
		asks, arrivals []int
		until          int
		want           []int
	}{
		"nobody asks":             {nil, nil, 3000, nil},
		"one, answered":           {[]int{5}, []int{100}, 3000, []int{5}},
		"a burst":                 {[]int{5, 6, 7, 300}, []int{400}, 3000, []int{5}},
		"a burst, slow answer":    {[]int{5, 6, 300}, []int{900}, 3000, []int{5, 520}},
		"asked after the answer":  {[]int{5, 200}, []int{100, 600}, 3000, []int{5, 520}},
		"asked later":             {[]int{5, 2000}, []int{100, 2100}, 4000, []int{5, 2000}},
		"asked every 100 ms":      {[]int{0, 100, 200, 300, 400, 500, 600, 700}, []int{1050}, 2500, []int{0, 500, 1000}},
		"never answered":          {[]int{0}, nil, 20_000, []int{0, 1000, 2000, 3000, 4000, 5000}},
		"asked again after that":  {[]int{0, 9000}, []int{9100}, 20_000, []int{0, 1000, 2000, 3000, 4000, 5000, 9000}},
		"asked again while waits": {[]int{0, 1600}, []int{1700}, 5000, []int{0, 1000, 1600}},
		"asked in vain, and again": {
			every(500, 12_000), nil, 12_000,
			[]int{0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 9500},
		},
		"an answer brings hope": {every(500, 7000), []int{5100}, 7000, []int{
			0, 500, 1000, 1500, 2000, 2500, 3000, 3500, 4000, 4500, 5500, 6000, 6500, 7000,
		}},
		"a keyframe nobody asked": {nil, []int{10, 20}, 3000, nil},
	} {
		if got := keyframeScript(tt.asks, tt.arrivals, tt.until); !slices.Equal(got, tt.want) {
			t.Errorf("%s: sent at %v, want %v", name, got, tt.want)
		}
	}
}

// FuzzKeyframes holds that two requests are never closer than 500 ms, and that
// nobody who asked is left without a request or a keyframe: for 500 ms, or for
// 5 s where ten requests were in vain.
func FuzzKeyframes(f *testing.F) {
	f.Add([]byte{0, 1, 2, 0, 0, 255, 1, 2, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		k := NewKeyframes(500 * ms)
		now := t0
		var last, asked time.Time
		send := func(ok bool) {
			if !ok {
				return
			}
			if !last.IsZero() && now.Sub(last) < 500*ms {
				t.Fatalf("two requests within %v", now.Sub(last))
			}
			last, asked = now, time.Time{}
		}
		for _, op := range ops {
			switch op & 3 {
			case 0:
				if asked.IsZero() {
					asked = now
				}
				send(k.Ask(now))
			case 1:
				k.Arrived(now)
				asked = time.Time{}
			default:
				now = now.Add(time.Duration(op>>2) * 4 * ms)
				send(k.Due(now))
				if !asked.IsZero() && now.Sub(asked) >= k.gap() {
					t.Fatalf("asked %v ago and nothing went", now.Sub(asked))
				}
			}
		}
	})
}

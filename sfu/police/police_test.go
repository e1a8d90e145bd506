package police

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestBucket(t *testing.T) {
	limit := Limit{PerSecond: 10, Burst: 5}
	start := time.Unix(1e9, 0)
	type take struct {
		after time.Duration // since the one before
		n     float64
		want  bool
	}
	for name, takes := range map[string][]take{
		"a burst, and no more":         {{0, 5, true}, {0, 1, false}},
		"time fills it":                {{0, 5, true}, {100 * time.Millisecond, 1, true}, {0, 1, false}},
		"not beyond the burst":         {{0, 1, true}, {time.Hour, 5, true}, {0, 1, false}},
		"too much at once":             {{time.Hour, 6, false}, {0, 5, true}},
		"what was refused costs none":  {{0, 4, true}, {0, 2, false}, {0, 1, true}},
		"a clock that steps back":      {{0, 5, true}, {-time.Hour, 1, false}, {0, 1, false}},
		"and its way forward is short": {{0, 5, true}, {-time.Second, 1, false}, {1100 * time.Millisecond, 1, true}},
	} {
		var b Bucket
		now := start
		for i, step := range takes {
			now = now.Add(step.after)
			if got := b.Take(step.n, limit, now); got != step.want {
				t.Errorf("%s: step %d: %v, want %v", name, i, got, step.want)
			}
		}
	}
}

// Whatever is asked and when, no stretch of time sees more than the limit.
func TestNoStretchSeesMore(t *testing.T) {
	limit := Limit{PerSecond: 100, Burst: 30}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		var b Bucket
		var at []time.Time
		now := time.Unix(1e9, 0)
		for range 500 {
			now = now.Add(time.Duration(rng.IntN(12)) * time.Millisecond)
			if b.Take(1, limit, now) {
				at = append(at, now)
			}
		}
		for i := range at {
			for j := i; j < len(at); j++ {
				most := limit.Burst + at[j].Sub(at[i]).Seconds()*limit.PerSecond
				if got := float64(j - i + 1); got > most+1e-6 {
					t.Fatalf("%v passed in %v, at most %v may", got, at[j].Sub(at[i]), most)
				}
			}
		}
	}
}

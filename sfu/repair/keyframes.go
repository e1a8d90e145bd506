package repair

import "time"

const (
	keyframeRetry   = time.Second // an unanswered request is repeated after this
	keyframeRepeats = 5           // this often

	keyframePatience = 10              // requests without an answer until
	keyframeHopeless = 5 * time.Second // only one in this time is sent
)

// Keyframes merges the keyframe requests for one layer into few. It is not
// safe for concurrent use.
type Keyframes struct {
	every   time.Duration
	last    time.Time // when the last request went
	asked   bool      // one went, ever
	pending bool      // someone asked since
	waiting bool      // no keyframe has come since
	repeats int
	vain    int // requests since a keyframe came
}

// NewKeyframes returns a Keyframes that lets one request through per every.
func NewKeyframes(every time.Duration) *Keyframes {
	return &Keyframes{every: every}
}

// Ask tells that someone needs a keyframe. It reports whether to send a request
// now; otherwise Due will in time.
func (k *Keyframes) Ask(now time.Time) (send bool) {
	if k.asked && now.Sub(k.last) < k.gap() {
		k.pending = true
		return false
	}
	k.repeats = 0
	k.sent(now)
	return true
}

// Due is called on a tick. It reports whether to send a request: one that had
// to wait, or one that got no answer.
func (k *Keyframes) Due(now time.Time) (send bool) {
	since := now.Sub(k.last)
	switch {
	case k.pending && since >= k.gap():
		k.repeats = 0
	case k.waiting && since >= max(keyframeRetry, k.gap()) && k.repeats < keyframeRepeats:
		k.repeats++
	default:
		return false
	}
	k.sent(now)
	return true
}

// Arrived tells that a keyframe came, which serves everyone who asked.
func (k *Keyframes) Arrived(time.Time) {
	k.pending, k.waiting, k.repeats, k.vain = false, false, 0, 0
}

// Hopeless reports whether many requests in a row got no answer, so that few
// are sent any more.
func (k *Keyframes) Hopeless() bool { return k.vain >= keyframePatience }

// gap is the least time between two requests.
func (k *Keyframes) gap() time.Duration {
	if k.Hopeless() {
		return max(k.every, keyframeHopeless)
	}
	return k.every
}

func (k *Keyframes) sent(now time.Time) {
	k.last, k.asked, k.pending, k.waiting = now, true, false, true
	k.vain++
}

package api

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Bounds of the throttle. A name from everywhere is allowed more failures than
// a name from one address, so that a guesser can't lock a user out easily.
const (
	failuresPerPair    = 5
	failuresPerAddress = 30
	failuresPerName    = 100
	forgetFailures     = 15 * time.Minute // after the last one
	longestWait        = 5 * time.Minute
	mostFailures       = 50_000 // entries kept
)

// A throttle slows down guessing of passwords: past a few failures the wait
// doubles with each.
type throttle struct {
	mu     sync.Mutex
	failed map[string]failures // guarded by mu
}

type failures struct {
	count int
	last  time.Time
}

func newThrottle() *throttle { return &throttle{failed: map[string]failures{}} }

// guess names the three things a login counts against, and their limits.
type guess [3]struct {
	key   string
	limit int
}

func newGuess(from netip.Addr, name string) guess {
	if from.Is6() { // one customer holds a whole /64
		from = netip.PrefixFrom(from, 64).Masked().Addr()
	}
	name = strings.ToLower(name)
	if len(name) > 64 {
		name = name[:64]
	}
	address := from.String()
	return guess{
		{"pair " + address + " " + name, failuresPerPair},
		{"address " + address, failuresPerAddress},
		{"name " + name, failuresPerName},
	}
}

// wait returns how long this login must wait; zero lets it try.
func (t *throttle) wait(now time.Time, from netip.Addr, name string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var longest time.Duration
	for _, g := range newGuess(from, name) {
		f := t.failed[g.key]
		if over := f.count - g.limit; over >= 0 {
			pause := min(time.Second<<min(over, 16), longestWait)
			longest = max(longest, f.last.Add(pause).Sub(now))
		}
	}
	return longest
}

// fail counts a wrong login.
func (t *throttle) fail(now time.Time, from netip.Addr, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.makeRoomLocked(now)
	for _, g := range newGuess(from, name) {
		f := t.failed[g.key]
		if now.Sub(f.last) > forgetFailures {
			f.count = 0
		}
		t.failed[g.key] = failures{f.count + 1, now}
	}
}

// pass forgets the failures of a pair that got it right in the end. Those of
// the address stay, or one good password would buy endless guesses.
func (t *throttle) pass(from netip.Addr, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.failed, newGuess(from, name)[0].key)
}

func (t *throttle) makeRoomLocked(now time.Time) {
	if len(t.failed) < mostFailures {
		return
	}
	for key, f := range t.failed {
		if now.Sub(f.last) > forgetFailures {
			delete(t.failed, key)
		}
	}
	for key := range t.failed { // still full: a tenth goes, whichever
		if len(t.failed) < mostFailures*9/10 {
			break
		}
		delete(t.failed, key)
	}
}

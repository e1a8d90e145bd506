// Package throttle slows down guessing: past a few failures of one key, each
// further one doubles the wait. It has no clock; the time is an argument.
package throttle

import (
	"net/netip"
	"sync"
	"time"
)

// Config bounds a Throttle. A zero field means its default.
type Config struct {
	Forget  time.Duration // after the last failure of a key; default 15 min
	Longest time.Duration // wait; default 5 min
	Keys    int           // most kept; default 50 000
}

// A Guess counts against several keys at once, each with its own patience.
type Guess []Key

// A Key is one thing to count failures of.
type Key struct {
	Name  string
	Limit int // failures before the first wait, of one second
}

// A Throttle counts failures. It may be used from any goroutine.
type Throttle struct {
	cfg Config

	mu     sync.Mutex
	failed map[string]failures // guarded by mu
}

type failures struct {
	count int
	last  time.Time
}

// New returns a Throttle that has seen no failure.
func New(cfg Config) *Throttle {
	if cfg.Forget == 0 {
		cfg.Forget = 15 * time.Minute
	}
	if cfg.Longest == 0 {
		cfg.Longest = 5 * time.Minute
	}
	if cfg.Keys == 0 {
		cfg.Keys = 50_000
	}
	return &Throttle{cfg: cfg, failed: map[string]failures{}}
}

// Wait returns how long this guess must wait; zero lets it try.
func (t *Throttle) Wait(now time.Time, g Guess) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waitLocked(now, g)
}

func (t *Throttle) waitLocked(now time.Time, g Guess) time.Duration {
	var longest time.Duration
	for _, key := range g {
		f := t.failed[key.Name]
		if over := f.count - key.Limit; over >= 0 {
			pause := min(time.Second<<min(over, 16), t.cfg.Longest)
			longest = max(longest, f.last.Add(pause).Sub(now))
		}
	}
	return longest
}

// Try counts a guess as wrong before it is known to be, so that many at once
// are no more than many in a row. It returns how long the guess must wait, and
// then it was not counted. One that was right, or not looked at, is given to
// Pass or Forget.
func (t *Throttle) Try(now time.Time, g Guess) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if wait := t.waitLocked(now, g); wait > 0 {
		return wait
	}
	t.makeRoomLocked(now)
	for _, key := range g {
		f := t.failed[key.Name]
		if now.Sub(f.last) > t.cfg.Forget {
			f.count = 0
		}
		t.failed[key.Name] = failures{f.count + 1, now}
	}
	return 0
}

// Forget takes back what Try counted.
func (t *Throttle) Forget(g Guess) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range g {
		if f := t.failed[key.Name]; f.count > 1 {
			t.failed[key.Name] = failures{f.count - 1, f.last}
		} else {
			delete(t.failed, key.Name)
		}
	}
}

// Pass forgets the failures of the first key of a guess that was right in the
// end. Those of the others stay, but for the guess itself, or one good guess
// would buy endless ones.
func (t *Throttle) Pass(g Guess) {
	t.Forget(g)
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(g) > 0 {
		delete(t.failed, g[0].Name)
	}
}

func (t *Throttle) makeRoomLocked(now time.Time) {
	if len(t.failed) < t.cfg.Keys {
		return
	}
	for key, f := range t.failed {
		if now.Sub(f.last) > t.cfg.Forget {
			delete(t.failed, key)
		}
	}
	for key := range t.failed { // still full: a tenth goes, whichever
		if len(t.failed) < t.cfg.Keys*9/10 {
			break
		}
		delete(t.failed, key)
	}
}

// Address names an address for a key: one customer holds a whole IPv6 /64.
func Address(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	if addr.Is6() {
		addr = netip.PrefixFrom(addr, 64).Masked().Addr()
	}
	return addr.String()
}

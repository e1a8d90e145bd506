package throttle

import (
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var now = time.Unix(1_000_000, 0)

// pair is a guess that counts against itself and against what it shares.
func pair(name string) Guess {
	return Guess{{Name: "pair " + name, Limit: 5}, {Name: "all", Limit: 30}}
}

func TestWaitDoubles(t *testing.T) {
	th := New(Config{})
	at := now
	for i, seconds := range []int{0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		want := time.Duration(seconds) * time.Second
		if got := th.Wait(at, pair("a")); got != want {
			t.Errorf("after %d failures: wait %v, want %v", i, got, want)
		}
		if got := th.Try(at, pair("a")); got != want {
			t.Errorf("try %d: wait %v, want %v", i, got, want)
		}
		if want > 0 { // what had to wait was not counted
			at = at.Add(want)
			if got := th.Try(at, pair("a")); got != 0 {
				t.Errorf("try %d after its wait: wait %v more", i, got)
			}
		}
	}
}

// TestManyAtOnce has no more guesses looked at that come together than would
// be of those that come one by one, and none lost that was not looked at.
func TestManyAtOnce(t *testing.T) {
	th := New(Config{})
	var tried atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if th.Try(now, pair("a")) == 0 {
				tried.Add(1)
			}
		})
	}
	all.Wait()
	if n := tried.Load(); n != 5 {
		t.Errorf("%d of 100 at once were tried, want 5", n)
	}
	for range 3 {
		th.Forget(pair("a"))
	}
	for range 3 {
		if wait := th.Try(now, pair("a")); wait != 0 {
			t.Errorf("what was taken back counts: wait %v", wait)
		}
	}
	if th.Try(now, pair("a")) == 0 {
		t.Error("more was taken back than had been counted")
	}
}

func TestKeysAreShared(t *testing.T) {
	th := New(Config{})
	for i := range 29 {
		th.Try(now, pair(strconv.Itoa(i)))
	}
	if wait := th.Try(now, pair("right")); wait != 0 {
		t.Fatalf("the thirtieth waits %v", wait)
	}
	th.Pass(pair("right")) // leaves the 29 others
	th.Try(now, pair("wrong"))
	if th.Wait(now, pair("fresh")) == 0 {
		t.Error("one good guess bought endless ones")
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	th := New(Config{})
	for range 5 {
		th.Try(now, pair("a"))
	}
	th.Pass(pair("a"))
	if got := th.Wait(now, pair("a")); got != 0 {
		t.Errorf("after a right guess: wait %v", got)
	}
	for range 5 {
		th.Try(now, pair("a"))
	}
	later := now.Add(15*time.Minute + time.Second)
	th.Try(later, pair("a"))
	if got := th.Wait(later, pair("a")); got != 0 {
		t.Errorf("old failures still make it wait %v", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	th := New(Config{Keys: 1000})
	for i := range 5000 {
		th.Try(now, pair(strconv.Itoa(i)))
	}
	if n := len(th.failed); n > 1002 {
		t.Errorf("%d keys are kept, want about 1000", n)
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::",
		"2001:db8::ffff:1": "2001:db8::", "2001:db8:0:1::1": "2001:db8:0:1::", "fe80::1%eth0": "fe80::",
	} {
		if got := Address(netip.MustParseAddr(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

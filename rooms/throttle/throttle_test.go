package throttle

import (
	"net/netip"
	"strconv"
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
	for i, want := range []time.Duration{0, 0, 0, 0, 0, 1, 2, 4, 8} {
		if got := th.Wait(now, pair("a")); got != want*time.Second {
			t.Errorf("after %d failures: wait %v, want %v s", i, got, int(want))
		}
		th.Fail(now, pair("a"))
	}
	for range 100 {
		th.Fail(now, pair("a"))
	}
	if got := th.Wait(now, pair("a")); got != 5*time.Minute {
		t.Errorf("the wait grew to %v, want 5 min", got)
	}
	if got := th.Wait(now.Add(5*time.Minute), pair("a")); got > 0 {
		t.Errorf("after the wait: %v", got)
	}
}

func TestKeysAreShared(t *testing.T) {
	th := New(Config{})
	for i := range 30 {
		th.Fail(now, pair(strconv.Itoa(i)))
	}
	if th.Wait(now, pair("fresh")) == 0 {
		t.Error("what all share has no end of patience")
	}
	th.Pass(pair("fresh"))
	if th.Wait(now, pair("fresh")) == 0 {
		t.Error("one good guess bought endless ones")
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	th := New(Config{})
	for range 6 {
		th.Fail(now, pair("a"))
	}
	th.Pass(pair("a"))
	if got := th.Wait(now, pair("a")); got != 0 {
		t.Errorf("after a right guess: wait %v", got)
	}
	for range 50 {
		th.Fail(now, pair("a"))
	}
	later := now.Add(15*time.Minute + time.Second)
	th.Fail(later, pair("a"))
	if got := th.Wait(later, pair("a")); got != 0 {
		t.Errorf("old failures still make it wait %v", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	th := New(Config{Keys: 1000})
	for i := range 5000 {
		th.Fail(now, pair(strconv.Itoa(i)))
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

// Package link imitates bad networks: it loses, delays, reorders and repeats
// the packets between two network namespaces, seeded so that a run can be
// repeated. It stands in for the kernel's netem, which not every kernel has.
//
// Spec and Path are arithmetic on packets and times; Device and Run, on Linux
// only, move real packets through them.
package link

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Spec says what one direction of a link does to packets. The zero Spec
// does nothing to them.
type Spec struct {
	Loss    float64       // per cent of packets lost
	Burst   float64       // mean length of a run of losses; up to 1 for independent ones
	Delay   time.Duration // of every packet
	Jitter  time.Duration // up to this much more, evenly spread; order is kept
	Reorder float64       // per cent of packets that skip delay and jitter, and so overtake
	Dup     float64       // per cent of packets that arrive twice
	Rate    float64       // bit/s; 0 for any
	Queue   time.Duration // how much may wait for Rate before packets are dropped; default 300 ms
	NoUDP   bool          // drops UDP, as firewalls do
	Down    bool          // drops everything
}

// defaultQueue is a home router's, roughly.
const defaultQueue = 300 * time.Millisecond

// ParseSpec reads a list such as "delay=10ms,loss=5,burst=8,rate=300kbit". The
// keys are loss, burst, delay, jitter, reorder, dup, rate, queue, udp (drop or
// pass) and down (1 or 0).
func ParseSpec(text string) (Spec, error) {
	s := Spec{Queue: defaultQueue}
	for field := range strings.SplitSeq(text, ",") {
		if field == "" {
			continue
		}
		key, value, _ := strings.Cut(field, "=")
		if err := s.set(key, value); err != nil {
			return Spec{}, fmt.Errorf("%q: %w", field, err)
		}
	}
	return s, nil
}

func (s *Spec) set(key, value string) (err error) {
	switch key {
	case "loss":
		s.Loss, err = share(value)
	case "reorder":
		s.Reorder, err = share(value)
	case "dup":
		s.Dup, err = share(value)
	case "burst":
		s.Burst, err = strconv.ParseFloat(value, 64)
	case "delay":
		s.Delay, err = time.ParseDuration(value)
	case "jitter":
		s.Jitter, err = time.ParseDuration(value)
	case "queue":
		s.Queue, err = time.ParseDuration(value)
	case "rate":
		s.Rate, err = bitrate(value)
	case "udp":
		s.NoUDP, err = oneOf(value, "drop", "pass")
	case "down":
		s.Down, err = oneOf(value, "1", "0")
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}

// share reads per cent.
func share(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && (v < 0 || v > 100) {
		err = fmt.Errorf("%v is not between 0 and 100", v)
	}
	return v, err
}

// bitrate reads 300kbit, 2mbit or 64000.
func bitrate(text string) (float64, error) {
	text, unit := strings.TrimSuffix(text, "bit"), 1.0
	switch {
	case strings.HasSuffix(text, "k"):
		text, unit = strings.TrimSuffix(text, "k"), 1e3
	case strings.HasSuffix(text, "m"):
		text, unit = strings.TrimSuffix(text, "m"), 1e6
	}
	v, err := strconv.ParseFloat(text, 64)
	return v * unit, err
}

func oneOf(text, yes, no string) (bool, error) {
	if text != yes && text != no {
		return false, fmt.Errorf("want %s or %s", yes, no)
	}
	return text == yes, nil
}

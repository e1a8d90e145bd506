package plain

import (
	"slices"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"
)

func TestSimulcastRIDs(t *testing.T) {
	for value, want := range map[string][]string{
		"send q;h;f":             {"q", "h", "f"},
		"send ~q;h,x;f recv a":   {"q", "h", "f"},
		"recv q;h":               nil,
		"send":                   nil,
		"":                       nil,
		"send one":               {"one"},
		"  send   low;high  ":    {"low", "high"},
		"send ;":                 {"", ""},
		"recv a;b send q;h;f":    nil, // a publisher names what it sends first
		"send " + string("\xff"): {"\xff"},
	} {
		m := &sdp.MediaDescription{Attributes: []sdp.Attribute{{Key: "simulcast", Value: value}}}
		if got := SimulcastRIDs(m); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", value, got, want)
		}
	}
	if got := SimulcastRIDs(&sdp.MediaDescription{}); got != nil {
		t.Errorf("no attribute: %q", got)
	}
}

func TestCandidatesAreRemoved(t *testing.T) {
	in := "v=0\r\na=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=mid:0\r\na=end-of-candidates\r\n"
	if got := withoutCandidates(in); got != "v=0\r\na=mid:0\r\n" {
		t.Errorf("%q", got)
	}
}

func FuzzParseOffer(f *testing.F) {
	f.Add("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\na=simulcast:send q;h\r\n")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOffer(text, 9)
		if err == nil && (o.seats > 9 || strings.Contains(o.sdp, "\na=candidate:")) {
			t.Errorf("accepted %d seats of %q", o.seats, text)
		}
	})
}

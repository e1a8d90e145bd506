package sfu

import (
	"errors"
	"strings"
	"testing"
)

func TestBadOffers(t *testing.T) {
	s := newSFU(t)
	r := s.NewRoom("r", newWatcher())
	defer r.Close()
	head := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
	line := func(kind, direction, mid string) string {
		return "m=" + kind + " 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:" + mid + "\r\na=" + direction + "\r\na=rtpmap:96 VP8/90000\r\n"
	}
	for name, e := range map[string]Entry{
		"empty":             {Offer: ""},
		"not sdp":           {Offer: "hello"},
		"no fingerprint":    {Offer: head + line("video", "sendonly", "0")},
		"data channel":      {Offer: head + "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"},
		"sendrecv":          {Offer: head + line("video", "sendrecv", "0")},
		"uneven seats":      {Offer: head + line("video", "recvonly", "0")},
		"too many sources":  {Offer: head + strings.Repeat(line("video", "sendonly", "0"), 5)},
		"too many seats":    {Offer: head + strings.Repeat(line("video", "recvonly", "0")+line("audio", "recvonly", "1"), 50)},
		"unknown source":    {Offer: head, Sources: map[string]Source{"0": "hologram"}},
		"truncated m-line":  {Offer: head + "m=video"},
		"binary":            {Offer: "\x00\xff\x00"},
		"thousands m-lines": {Offer: head + strings.Repeat(line("audio", "recvonly", "0"), 3000)},
	} {
		e.ID, e.Number = "x", 1
		if _, _, err := r.Join(t.Context(), e); !errors.Is(err, ErrBadOffer) {
			t.Errorf("%s: %v, want ErrBadOffer", name, err)
		}
	}
	if n := r.size(); n != 0 {
		t.Errorf("%d participants are left of refused offers", n)
	}
}

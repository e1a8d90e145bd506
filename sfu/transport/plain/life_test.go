package plain

import (
	"strings"
	"testing"
	"time"
)

// offerOf is an offer as pages make it, with this many seats.
func offerOf(seats int) string {
	var b strings.Builder
	b.WriteString("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 " +
		strings.TrimSuffix(strings.Repeat("AB:", 32), ":") + "\r\na=ice-ufrag:abcd\r\na=ice-pwd:" + strings.Repeat("x", 24) + "\r\n")
	mid := 0
	line := func(kind, pt, codec, direction string) {
		b.WriteString("m=" + kind + " 9 UDP/TLS/RTP/SAVPF " + pt + "\r\nc=IN IP4 0.0.0.0\r\na=setup:actpass\r\na=rtcp-mux\r\na=mid:" +
			string(rune('a'+mid)) + "\r\na=" + direction + "\r\na=rtpmap:" + pt + " " + codec + "\r\n")
		mid++
	}
	line("video", "96", "VP8/90000", "sendonly")
	for range seats {
		line("audio", "111", "opus/48000/2", "recvonly")
		line("video", "96", "VP8/90000", "recvonly")
	}
	return b.String()
}

// Close ends a connection at any point of its life, and waits.
func TestCloseBeforeTheClientEverCame(t *testing.T) {
	c := newConn(t, &ear{})
	if _, err := c.Answer(t.Context(), offerOf(2)); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- c.Close() }()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Close hangs")
	}
	if _, err := c.Answer(t.Context(), offerOf(2)); err == nil {
		t.Error("a closed connection answered")
	}
}

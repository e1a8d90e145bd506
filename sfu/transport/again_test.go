package transport

import (
	"bytes"
	"testing"
)

func TestAgain(t *testing.T) {
	var a Again
	a.Keep(65_535, []byte("nobody has asked"))
	if got := a.Get(65_535); got != nil {
		t.Errorf("kept %q before anybody asked", got)
	}
	for n := range uint16(200) {
		a.Keep(65_500+n, []byte{byte(n)}, []byte("payload")) // wraps on purpose
	}
	for n := range uint16(200) {
		got, want := a.Get(65_500+n), append([]byte{byte(n)}, "payload"...)
		if n < 200-againPackets {
			want = nil
		}
		if !bytes.Equal(got, want) {
			t.Errorf("packet %d is %q, want %q", n, got, want)
		}
	}
	a.Keep(1000, make([]byte, AgainLargest), []byte{1})
	if got := a.Get(1000); got != nil {
		t.Errorf("kept a packet of %d bytes", len(got))
	}
}

package load

import (
	"strconv"
	"strings"
)

// seatStream is one half of a seat, as the answer names it.
type seatStream struct {
	seat  int
	video bool
	ssrc  uint32
}

// seatStreams lists the media streams an SDP answer announces, without those
// for retransmission: the n-th sending audio and video m-lines are seat n.
func seatStreams(answer string) []seatStream {
	var all []seatStream
	seats := map[string]int{} // by kind, those passed
	for _, part := range strings.Split(answer, "\nm=")[1:] {
		kind, _, _ := strings.Cut(part, " ")
		if !strings.Contains(part, "\na=sendonly") {
			continue
		}
		seat := seats[kind]
		seats[kind]++
		if ssrc, ok := firstSSRC(part); ok {
			all = append(all, seatStream{seat: seat, video: kind == "video", ssrc: ssrc})
		}
	}
	return all
}

// firstSSRC finds an m-line's media SSRC: the first of its FID group, which
// holds the one for retransmission too (RFC 5576 section 4.2), or its only one.
func firstSSRC(part string) (uint32, bool) {
	for _, prefix := range []string{"a=ssrc-group:FID ", "a=ssrc:"} {
		for line := range strings.Lines(part) {
			rest, ok := strings.CutPrefix(line, prefix)
			if !ok {
				continue
			}
			number, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
			ssrc, err := strconv.ParseUint(number, 10, 32)
			return uint32(ssrc), err == nil
		}
	}
	return 0, false
}

// withoutStreams removes the SSRCs from an answer, so that Pion prepares
// nothing for streams that it will never see.
func withoutStreams(answer string) string {
	var b strings.Builder
	b.Grow(len(answer))
	for line := range strings.Lines(answer) {
		if !strings.HasPrefix(line, "a=ssrc") {
			b.WriteString(line)
		}
	}
	return b.String()
}

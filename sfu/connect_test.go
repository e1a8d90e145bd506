package sfu

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"plenum/sfu/transport"
)

// offerOf is a plain offer of a browser-like client, with further lines.
func offerOf(t *testing.T, further string) string {
	t.Helper()
	lines := []string{
		"v=0", "o=- 1 2 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0", "a=ice-ufrag:abcd",
		"a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa", "a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"),
		"a=setup:actpass", "m=audio 9 UDP/TLS/RTP/SAVPF 111", "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendonly", "a=rtcp-mux",
		"a=rtpmap:111 opus/48000/2",
	}
	return strings.Join(lines, "\r\n") + "\r\n" + further
}

func answerTo(t *testing.T, s *SFU, offer string) string {
	t.Helper()
	r := s.NewRoom("r", newWatcher())
	t.Cleanup(r.Close)
	_, answer, err := r.Join(t.Context(), Entry{ID: "ann", Number: 1, Offer: offer, Sources: map[string]Source{"0": Microphone}})
	must(t, err)
	return answer
}

func candidates(answer string) (udp, tcp []string) {
	for line := range strings.Lines(answer) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasPrefix(line, "a=candidate:") {
			continue
		}
		if strings.EqualFold(fields[2], "udp") {
			udp = append(udp, fields[4])
		} else {
			tcp = append(tcp, fields[4])
		}
	}
	return udp, tcp
}

// An ICE-lite server sends nothing to addresses a client names (RFC 8445
// section 2.5): else it would scan networks for whoever asks.
func TestNothingIsSentToAddressesThatAnOfferNames(t *testing.T) {
	victim, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	defer func() { _ = victim.Close() }()
	_, port, err := net.SplitHostPort(victim.LocalAddr().String())
	must(t, err)
	var named strings.Builder
	for range 200 {
		named.WriteString("a=candidate:1 1 udp 2130706431 127.0.0.1 " + port + " typ host\r\n")
	}
	answer := answerTo(t, newSFU(t), offerOf(t, named.String()))
	if !strings.Contains(answer, "a=ice-lite") {
		t.Error("the answer is not that of an ICE-lite agent")
	}
	must(t, victim.SetReadDeadline(time.Now().Add(500*time.Millisecond)))
	if n, from, err := victim.ReadFromUDP(make([]byte, 1500)); err == nil {
		t.Errorf("%d bytes came from %v", n, from)
	}
}

func TestAnAnswerHasBothTransportsAndFoundAddresses(t *testing.T) {
	var found []netip.Addr
	s, err := New(Config{
		UDP: "127.0.0.1:0", TCP: "127.0.0.1:0", Loopback: true, Found: func() []netip.Addr { return found },
	}, slog.New(slog.DiscardHandler))
	must(t, err)
	defer func() { must(t, s.Close()) }()
	udp, tcp := candidates(answerTo(t, s, offerOf(t, "")))
	if len(udp) == 0 || len(tcp) == 0 {
		t.Errorf("candidates over UDP: %v, over TCP: %v", udp, tcp)
	}
	found = []netip.Addr{netip.MustParseAddr("203.0.113.7")}
	udp, _ = candidates(answerTo(t, s, offerOf(t, "")))
	if all := strings.Join(udp, " "); !strings.Contains(all, "203.0.113.7") || !strings.Contains(all, "127.0.0.1") {
		t.Errorf("candidates once an address was found: %v", udp)
	}
	if got := s.Announced(); len(got) != 1 || got[0] != found[0] {
		t.Errorf("announced %v", got)
	}
}

func TestTrials(t *testing.T) {
	s := newSFU(t)
	for i := range mostTrials {
		answer, err := s.Trial(t.Context(), offerOf(t, ""))
		if err != nil {
			t.Fatalf("trial %d: %v", i, err)
		}
		if udp, tcp := candidates(answer); len(udp) == 0 || len(tcp) == 0 {
			t.Fatalf("trial %d: %s", i, answer)
		}
	}
	if _, err := s.Trial(t.Context(), offerOf(t, "")); !errors.Is(err, ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	s.mu.Lock()
	var any transport.Conn
	for conn := range s.trials {
		any = conn
	}
	s.mu.Unlock()
	s.dismiss(any)
	s.dismiss(any) // its timer may come as well
	if _, err := s.Trial(t.Context(), "no offer"); !errors.Is(err, ErrBadOffer) {
		t.Errorf("what is no offer: %v", err)
	}
	if _, err := s.Trial(t.Context(), offerOf(t, "")); err != nil {
		t.Errorf("once one had ended: %v", err)
	}
}

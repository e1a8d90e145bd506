package ice

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// answerSTUN answers binding requests with an address, but for the first silent ones.
func answerSTUN(t *testing.T, seen net.IP, silent int) string {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for i := 0; ; i++ {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			m := &stun.Message{Raw: slices.Clone(buf[:n])}
			if i < silent || m.Decode() != nil {
				continue
			}
			answer, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
				&stun.XORMappedAddress{IP: seen, Port: 7})
			if err != nil {
				continue
			}
			_, _ = conn.WriteToUDP(answer.Raw, from)
		}
	}()
	return conn.LocalAddr().String()
}

func TestAFinderLearnsTheAddressInTheBackground(t *testing.T) {
	want := netip.MustParseAddr("203.0.113.7")
	f := NewFinder(answerSTUN(t, want.AsSlice(), 1), slog.New(slog.DiscardHandler))
	if got := f.Addrs(); len(got) != 0 {
		t.Errorf("%v is known before it asked", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	for end := time.Now().Add(10 * time.Second); !slices.Equal(f.Addrs(), []netip.Addr{want}); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("found %v", f.Addrs())
		}
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestAServerThatDoesNotAnswer(t *testing.T) {
	server := answerSTUN(t, net.IPv4(203, 0, 113, 7), 1000)
	if addr, err := AskSTUN(t.Context(), "udp4", server); err == nil {
		t.Errorf("found %v", addr)
	}
	if addr, err := AskSTUN(t.Context(), "udp6", server); err == nil {
		t.Errorf("found %v over IPv6", addr)
	}
}

func TestMappedRefusesOtherAnswers(t *testing.T) {
	other, err := stun.Build(stun.TransactionID, stun.BindingSuccess)
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string][]byte{"empty": nil, "garbage": []byte("not STUN at all......"), "of another question": other.Raw} {
		if addr, err := mapped(answer, [stun.TransactionIDSize]byte{1}); err == nil {
			t.Errorf("%s: %v", name, addr)
		}
	}
}

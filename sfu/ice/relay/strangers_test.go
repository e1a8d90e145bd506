package relay

import (
	"net"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// allocateRequest is the first request of every client: it has no credentials.
func allocateRequest(t *testing.T, further ...stun.Setter) []byte {
	t.Helper()
	m, err := stun.Build(append([]stun.Setter{
		stun.TransactionID, stun.NewType(stun.MethodAllocate, stun.ClassRequest),
		stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}},
	}, further...)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// flood sends a packet so often, and counts the answers until none comes for a while.
func flood(t *testing.T, port int, packet []byte, times int) (answers int) {
	t.Helper()
	conn := listenUDP(t)
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	done := make(chan int)
	go func() {
		buf := make([]byte, 2000)
		for n := 0; ; n++ {
			_ = conn.SetReadDeadline(time.Now().Add(nothing))
			if _, _, err := conn.ReadFrom(buf); err != nil {
				done <- n
				return
			}
		}
	}()
	for range times {
		if _, err := conn.WriteTo(packet, to); err != nil {
			t.Fatal(err)
		}
	}
	return <-done
}

// Whoever floods gets few answers; who has an allocation keeps it, on the very
// address the flood comes from.
func TestAFloodOfStrangersIsNotAnswered(t *testing.T) {
	r := newRig(t, nil)
	relayed := allocate(t, r.client(t, listenUDP(t), r.udpPort, r.Issue(time.Now())))
	times, answers := 0, 0
	for end := time.Now().Add(patience); r.Refused() == 0 && time.Now().Before(end); times += 1000 { // the kernel drops some
		answers += flood(t, r.udpPort, allocateRequest(t), 1000)
	}
	if most := int(fromAddress.Burst + 2*fromAddress.PerSecond*patience.Seconds()); answers == 0 || answers > most {
		t.Errorf("%d of %d requests without credentials were answered, want some, at most %d", answers, times, most)
	}
	if r.Refused() == 0 {
		t.Error("nothing was refused")
	}
	if !comesBack(t, relayed, r.mediaAddr(), patience) {
		t.Error("an allocation that was there before the flood is dead")
	}
}

// Wrong credentials cost more than none.
func TestGuessersAreSlowedDown(t *testing.T) {
	r := newRig(t, nil)
	c := r.Issue(time.Now())
	c.Password = "guess"
	guesses := 0
	for at := netip.MustParseAddr("127.0.0.1"); r.gate.spent(at) < fromAddress.Burst/2; guesses++ {
		if _, err := r.client(t, listenUDP(t), r.udpPort, c).Allocate(); err == nil {
			t.Fatal("a guessed password opened an allocation")
		}
	}
	if most := int(fromAddress.Burst / wrongCosts); guesses > most {
		t.Errorf("%d guesses cost half of the burst, want at most %d", guesses, most)
	}
}

// spent is how much of its burst an address has used.
func (s *strangers) spent(at netip.Addr) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for n := fromAddress.Burst; n > 0; n-- {
		if trial := s.hostLocked(at, now).bucket; trial.Take(n, fromAddress, now) {
			return fromAddress.Burst - n
		}
	}
	return fromAddress.Burst
}

func TestStrangersByAddress(t *testing.T) {
	now := time.Unix(1000, 0)
	request := allocateRequest(t)
	at := func(addr string, n int) net.Addr {
		return net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(addr), uint16(1000+n)))
	}
	q := newQuota(Config{}.withDefaults())
	s := newStrangers(q)
	admitted := func(addr string, times int) (n int) {
		for i := range times {
			if s.admits(request, at(addr, i), now) {
				n++
			}
		}
		return n
	}
	if n := admitted("192.0.2.1", 1000); n != int(fromAddress.Burst) {
		t.Errorf("one address with many ports got %d through, want %v", n, fromAddress.Burst)
	}
	if n := admitted("192.0.2.2", 10); n != 10 {
		t.Errorf("its neighbour got %d of 10 through", n)
	}
	if n := admitted("2001:db8::1", 200) + admitted("2001:db8::ffff", 200); n != int(fromAddress.Burst) {
		t.Errorf("one IPv6 network got %d through, want %v", n, fromAddress.Burst)
	}
	now = now.Add(time.Second)
	if n := admitted("192.0.2.1", 1000); n != int(fromAddress.PerSecond) {
		t.Errorf("a second later it got %d through, want %v", n, fromAddress.PerSecond)
	}
	q.began("u", at("192.0.2.1", 0))
	if s.admits(request, at("192.0.2.1", 0), now) {
		t.Error("an allocation lets its whole address flood without credentials")
	}
	channelData := []byte{0x40, 0, 0, 4, 1, 2, 3, 4}
	if !s.admits(channelData, at("192.0.2.1", 0), now) {
		t.Error("the media of an allocation was dropped")
	}
}

// The memory of a forged flood is bounded.
func TestStrangersAreForgotten(t *testing.T) {
	now := time.Unix(1000, 0)
	s := newStrangers(newQuota(Config{}.withDefaults()))
	for i := range 3 * mostHosts {
		addr := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		s.admits(nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 1)), now)
		if i%100 == 0 {
			now = now.Add(time.Second)
		}
	}
	if len(s.hosts) > mostHosts {
		t.Errorf("%d addresses are remembered, want at most %d", len(s.hosts), mostHosts)
	}
}

func TestAnonymous(t *testing.T) {
	for name, tt := range map[string]struct {
		packet []byte
		want   bool
	}{
		"first request": {allocateRequest(t), true},
		"with credentials": {
			allocateRequest(t, stun.NewUsername("u"), stun.NewLongTermIntegrity("u", Realm, "p")), false,
		},
		"channel data": {[]byte{0x40, 0, 0, 0}, false},
		"nothing":      {nil, false},
		"cut off":      {allocateRequest(t)[:21], true},
	} {
		if got := anonymous(tt.packet); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// Connections that say much and prove nothing are closed, and those beyond an
// address's share are not taken.
func TestStreamsOfStrangers(t *testing.T) {
	r := newRig(t, func(c *Config) { c.UDP, c.TCP, c.PerAddress = Off, "127.0.0.1:0", 1 })
	dial := func() net.Conn {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.tcpPort)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	ended := func(c net.Conn) bool {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		buf := make([]byte, 64<<10)
		for {
			if _, err := c.Read(buf); err != nil {
				timeout, ok := err.(net.Error) //nolint:errorlint // comes unwrapped
				return !ok || !timeout.Timeout()
			}
		}
	}
	talker := dial()
	request := allocateRequest(t)
	for said := 0; said <= mostSpoken+len(request); said += len(request) {
		if _, err := talker.Write(request); err != nil {
			break
		}
	}
	if !ended(talker) {
		t.Error("who talked and proved nothing is still connected")
	}
	for range extraStreams + 1 {
		dial()
	}
	if !ended(dial()) {
		t.Error("a connection beyond its address's share is still open")
	}
}

package relay

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
	"go.uber.org/goleak"

	"plenum/sfu/pionlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests; it is no measurement.
const patience = 10 * time.Second

// nothing is how long a test waits for what must not come.
const nothing = 200 * time.Millisecond

func listenUDP(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// rig is a relay before a media port that sends back what it gets.
type rig struct {
	*Server
	media *net.UDPConn
}

func newRig(t *testing.T, change func(*Config)) rig {
	t.Helper()
	media := listenUDP(t)
	go func() {
		buf := make([]byte, 2000)
		for {
			n, from, err := media.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = media.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	cfg := Config{
		UDP: "127.0.0.1:0", Secret: []byte("sixteen bytes or more"),
		Peers: []netip.AddrPort{media.LocalAddr().(*net.UDPAddr).AddrPort()}, //nolint:forcetypeassert // a UDP socket's address
	}
	if change != nil {
		change(&cfg)
	}
	s, err := New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return rig{s, media}
}

func (r rig) mediaAddr() *net.UDPAddr { return r.media.LocalAddr().(*net.UDPAddr) } //nolint:forcetypeassert // a UDP socket's address

// client is a TURN client over some transport.
func (r rig) client(t *testing.T, conn net.PacketConn, port int, c Credentials) *turn.Client {
	t.Helper()
	client, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Conn: conn,
		Username: c.Username, Password: c.Password, Realm: Realm, LoggerFactory: pionlog.New(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		client.Close()
		_ = conn.Close()
	})
	return client
}

func allocate(t *testing.T, client *turn.Client) net.PacketConn {
	t.Helper()
	relayed, err := client.Allocate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relayed.Close() })
	return relayed
}

// comesBack sends something to a peer and reports whether it comes back.
func comesBack(t *testing.T, relayed net.PacketConn, peer net.Addr, wait time.Duration) bool {
	t.Helper()
	if _, err := relayed.WriteTo([]byte("hello"), peer); err != nil {
		return false
	}
	if err := relayed.SetReadDeadline(time.Now().Add(wait)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, from, err := relayed.ReadFrom(buf)
	if err != nil {
		return false
	}
	if string(buf[:n]) != "hello" || from.String() != peer.String() {
		t.Errorf("%q came back from %v, want it from %v", buf[:n], from, peer)
	}
	return true
}

func TestEveryTransportReachesMedia(t *testing.T) {
	certificates := selfSigned(t)
	r := newRig(t, func(c *Config) { c.TCP, c.TLS, c.Certificates = "127.0.0.1:0", "127.0.0.1:0", certificates })
	over := map[string]func() (net.PacketConn, int){
		"udp": func() (net.PacketConn, int) { return listenUDP(t), r.udpPort },
		"tcp": func() (net.PacketConn, int) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.tcpPort)))
			if err != nil {
				t.Fatal(err)
			}
			return turn.NewSTUNConn(conn), r.tcpPort
		},
		"tls": func() (net.PacketConn, int) {
			dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"stun.turn"}}}
			conn, err := dialer.DialContext(t.Context(), "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(r.tlsPort)))
			if err != nil {
				t.Fatal(err)
			}
			return turn.NewSTUNConn(conn), r.tlsPort
		},
	}
	for name, dial := range over {
		conn, port := dial()
		if !comesBack(t, allocate(t, r.client(t, conn, port, r.Issue(time.Now()))), r.mediaAddr(), patience) {
			t.Errorf("nothing came back over %s", name)
		}
	}
	want := []string{"turn:a.example:", "turn:a.example:", "turns:a.example:"}
	for i, url := range r.URLs("a.example") {
		if !strings.HasPrefix(url, want[i]) {
			t.Errorf("URL %d is %s", i, url)
		}
	}
}

func TestNothingElseIsReached(t *testing.T) {
	r := newRig(t, nil)
	other := listenUDP(t)
	client := r.client(t, listenUDP(t), r.udpPort, r.Issue(time.Now()))
	relayed := allocate(t, client)
	for _, text := range []string{
		"169.254.169.254:80", "10.0.0.1:" + strconv.Itoa(r.mediaAddr().Port), "0.0.0.0:80", "127.0.0.2:80", "8.8.8.8:53", "255.255.255.255:9",
	} {
		peer := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(text))
		if err := client.CreatePermission(peer); err == nil {
			t.Errorf("a permission for %s was given", text)
		} else if !strings.Contains(err.Error(), "403") {
			t.Errorf("a permission for %s: %v, want 403", text, err)
		}
	}
	// Permissions know no ports: the one for media's address must not open its neighbours.
	if _, err := relayed.WriteTo([]byte("hello"), other.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	if err := other.SetReadDeadline(time.Now().Add(nothing)); err != nil {
		t.Fatal(err)
	}
	if n, from, err := other.ReadFromUDP(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes from %v reached a port that is not media's", n, from)
	}
	if !comesBack(t, relayed, r.mediaAddr(), patience) {
		t.Error("media is not reached either")
	}
	// And nobody but media may send to the client through the relay.
	to := *relayed.LocalAddr().(*net.UDPAddr) //nolint:forcetypeassert // a relayed address
	if _, err := other.WriteToUDP([]byte("intruder"), &to); err != nil {
		t.Fatal(err)
	}
	if err := relayed.SetReadDeadline(time.Now().Add(nothing)); err != nil {
		t.Fatal(err)
	}
	if n, from, err := relayed.ReadFrom(make([]byte, 100)); err == nil {
		t.Errorf("%d bytes from %v came through the relay", n, from)
	}
}

func TestAnAnnouncedAddressStandsForMedia(t *testing.T) {
	announced := netip.MustParseAddr("203.0.113.7")
	r := newRig(t, func(c *Config) { c.Announced = func() []netip.Addr { return []netip.Addr{announced} } })
	relayed := allocate(t, r.client(t, listenUDP(t), r.udpPort, r.Issue(time.Now())))
	peer := &net.UDPAddr{IP: announced.AsSlice(), Port: r.mediaAddr().Port}
	if !comesBack(t, relayed, peer, patience) {
		t.Error("nothing came back from the announced address")
	}
	if comesBack(t, relayed, &net.UDPAddr{IP: announced.AsSlice(), Port: 53}, nothing) {
		t.Error("another port of the announced address is reached")
	}
}

func TestLoopbackIsNoPeerWhereMediaIsElsewhere(t *testing.T) {
	p := newPeers([]netip.AddrPort{
		netip.MustParseAddrPort("127.0.0.1:7882"), netip.MustParseAddrPort("[::1]:7882"),
		netip.MustParseAddrPort("198.18.0.1:7882"), netip.MustParseAddrPort("[::ffff:198.18.0.2]:7882"),
	}, nil)
	for text, want := range map[string]bool{
		"198.18.0.1:7882": true, "198.18.0.2:7882": true, "[::ffff:198.18.0.1]:7882": true,
		"127.0.0.1:7882": false, "[::1]:7882": false, "[::ffff:127.0.0.1]:7882": false, "198.18.0.1:7881": false, "[::]:7882": false,
	} {
		if _, ok := p.target(netip.MustParseAddrPort(text)); ok != want {
			t.Errorf("%s is a peer: %v", text, ok)
		}
	}
}

func TestWhoMayNotAllocate(t *testing.T) {
	r := newRig(t, nil)
	now := time.Now()
	good := r.Issue(now)
	stranger := Credentials{Username: good.Username, Password: "guess"}
	forever := Credentials{Username: strconv.FormatInt(now.Add(48*time.Hour).Unix(), 10) + ":x"}
	forever.Password = r.password(forever.Username)
	for name, c := range map[string]Credentials{
		"a wrong password": stranger, "expired": r.Issue(now.Add(-Lifetime - time.Minute)), "not from us": forever,
		"no time": {Username: "ann", Password: r.password("ann")},
	} {
		if _, err := r.client(t, listenUDP(t), r.udpPort, c).Allocate(); err == nil {
			t.Errorf("%s: allocated", name)
		}
	}
	if lasts := good.Expires.Sub(now); lasts > Lifetime {
		t.Errorf("credentials last %v", lasts)
	}
	if n := r.Allocations(); n != 0 {
		t.Errorf("%d allocations", n)
	}
}

func TestWhatOldCredentialsMay(t *testing.T) {
	ends := time.Unix(1_800_000_000, 0)
	username := "1800000000:x"
	for name, tt := range map[string]struct {
		method stun.Method
		at     time.Duration
		want   bool
	}{
		"allocate in time":     {stun.MethodAllocate, -time.Second, true},
		"allocate too late":    {stun.MethodAllocate, time.Second, false},
		"refresh much later":   {stun.MethodRefresh, 23 * time.Hour, true},
		"bind a channel later": {stun.MethodChannelBind, time.Hour, true},
		"refresh next day":     {stun.MethodRefresh, 25 * time.Hour, false},
		"from the future":      {stun.MethodAllocate, -2 * time.Hour, false},
	} {
		if got := valid(username, tt.method, ends.Add(tt.at)); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestQuotas(t *testing.T) {
	r := newRig(t, func(c *Config) { c.PerUser, c.PerAddress = 2, 3 })
	ann, bo := r.Issue(time.Now()), r.Issue(time.Now())
	first := allocate(t, r.client(t, listenUDP(t), r.udpPort, ann))
	allocate(t, r.client(t, listenUDP(t), r.udpPort, ann))
	if _, err := r.client(t, listenUDP(t), r.udpPort, ann).Allocate(); err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("a third allocation: %v, want 486", err)
	}
	allocate(t, r.client(t, listenUDP(t), r.udpPort, bo))
	if _, err := r.client(t, listenUDP(t), r.udpPort, bo).Allocate(); err == nil || !strings.Contains(err.Error(), "486") {
		t.Errorf("a fourth from one address: %v, want 486", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); r.Allocations() != 2; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d allocations, want 2", r.Allocations())
		}
	}
	allocate(t, r.client(t, listenUDP(t), r.udpPort, bo))
}

func TestWhatIsTooMuchIsDropped(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Bitrate = 8 })
	relayed := allocate(t, r.client(t, listenUDP(t), r.udpPort, r.Issue(time.Now())))
	r.quota.mu.Lock()
	for _, u := range r.quota.users {
		if !u.up.AllowN(time.Now(), burst) {
			t.Error("the burst is not there")
		}
	}
	r.quota.mu.Unlock()
	if comesBack(t, relayed, r.mediaAddr(), nothing) {
		t.Error("it went through")
	}
}

func TestMistakesInTheConfiguration(t *testing.T) {
	peers := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7882")}
	secret := []byte("sixteen bytes or more")
	for name, cfg := range map[string]Config{
		"no certificate": {TLS: "127.0.0.1:0", Secret: secret, Peers: peers},
		"no secret":      {UDP: "127.0.0.1:0", Peers: peers},
		"no peers":       {UDP: "127.0.0.1:0", Secret: secret},
		"no such host":   {UDP: "192.0.2.1:0", Secret: secret, Peers: peers},
	} {
		if s, err := New(cfg, slog.New(slog.DiscardHandler)); err == nil {
			_ = s.Close()
			t.Errorf("%s: started", name)
		}
	}
	if (Config{}).Enabled() || !(Config{TCP: ":443"}).Enabled() {
		t.Error("enabled is wrong")
	}
}

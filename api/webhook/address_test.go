package webhook

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plenum/rooms"
)

func TestPermitted(t *testing.T) {
	for text, want := range map[string]bool{
		"93.184.215.14": true, "1.1.1.1": true, "172.15.255.255": true, "172.32.0.1": true, "100.63.255.255": true,
		"100.128.0.1": true, "169.253.1.1": true, "223.255.255.255": true, "2606:4700::1111": true, "2a00:1450:4001::1": true,
		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "127.0.0.1": false, "127.255.255.254": false,
		"100.64.0.1": false, "100.100.100.200": false, "169.254.169.254": false, "168.63.129.16": false, "172.16.0.1": false,
		"172.31.255.255": false, "192.0.0.192": false, "192.168.1.1": false, "198.18.0.1": false, "203.0.113.1": false,
		"224.0.0.1": false, "239.1.1.1": false, "240.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "fe80::1%eth0": false, "fec0::1": false, "fc00::1": false,
		"fd00:ec2::254": false, "ff02::1": false, "2001:db8::1": false, "100::1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:169.254.169.254": false, "::ffff:1.1.1.1": true,
		"::127.0.0.1": false, "::ffff:0:127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::a9fe:a9fe": false, "64:ff9b::101:101": true, "64:ff9b:1::1": false,
		"2002:7f00:1::": false, "2002:a00:1::1": false, "2002:101:101::1": true,
		"2001:0:4136:e378:8000:63bf:3fff:fdd2": false,
		"2a00:1450::5efe:a00:1":                false, "2a00:1450::200:5efe:7f00:1": false, "2a00:1450::5efe:101:101": true,
	} {
		if got := permitted(netip.MustParseAddr(text), nil); got != want {
			t.Errorf("%s: permitted %v, want %v", text, got, want)
		}
	}
	if permitted(netip.Addr{}, nil) {
		t.Error("no address is permitted")
	}
	ours := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("fd00:1::/32")}
	for text, want := range map[string]bool{
		"10.1.2.3": true, "10.2.0.1": false, "fd00:1::5": true, "fd00:2::5": false, "::ffff:10.1.2.3": true, "64:ff9b::a01:203": false,
	} {
		if got := permitted(netip.MustParseAddr(text), ours); got != want {
			t.Errorf("%s beside our own: permitted %v, want %v", text, got, want)
		}
	}
}

func FuzzPermitted(f *testing.F) {
	for _, text := range []string{"127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:a00:1::1", "1.1.1.1"} {
		addr := netip.MustParseAddr(text)
		f.Add(addr.AsSlice())
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		addr, ok := netip.AddrFromSlice(raw)
		if !ok || !permitted(addr, nil) {
			return
		}
		if a := addr.Unmap(); a.IsLoopback() || a.IsPrivate() || a.IsMulticast() || a.IsLinkLocalUnicast() || a.IsUnspecified() {
			t.Errorf("%s is permitted", addr)
		}
		if inner, hidden := inside(addr); hidden && !permitted(inner, nil) {
			t.Errorf("%s hides %s and is permitted", addr, inner)
		}
	})
}

// TestNamesAreCheckedWhenCalled has names and numbers that lead to this
// machine; none of its ports hears a word.
func TestNamesAreCheckedWhenCalled(t *testing.T) {
	var heard atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard.Add(1) }))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			heard.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	_, port, err := net.SplitHostPort(strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	w := New(Config{Node: "n", Insecure: true}, nil, slog.New(slog.DiscardHandler))
	for _, host := range []string{
		"localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0.0.0.0", "[::1]", "[::]", "[::ffff:127.0.0.1]",
		"[::ffff:7f00:1]", "[64:ff9b::7f00:1]",
	} {
		o := w.send(t.Context(), rooms.DueDelivery{URL: "http://" + host + ":" + port + "/", Secret: "whsec_eA=="}, time.Now())
		if o.ok() || o.status != 0 || o.problem == "" {
			t.Errorf("%s: %+v", host, o)
		}
	}
	if n := heard.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// TestRebinding has a name that leads to a public address when it is looked at,
// and to this machine when it is called: a dialer asks about what it calls.
func TestRebinding(t *testing.T) {
	check := control(nil)
	if err := check("tcp4", "93.184.215.14:443", nil); err != nil {
		t.Errorf("at first: %v", err)
	}
	var refused addressError
	if err := check("tcp4", "127.0.0.1:443", nil); !errors.As(err, &refused) {
		t.Errorf("when called: %v, want an addressError", err)
	}
	dialer := net.Dialer{Control: check, Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server in this test")
	}}}
	conn, err := dialer.DialContext(t.Context(), "tcp", "localhost:1") // from the hosts file
	if err == nil {
		conn.Close()
	}
	if !errors.As(err, &refused) {
		t.Errorf("localhost: %v, want an addressError", err)
	}
}

func TestCheckURL(t *testing.T) {
	private := netip.MustParsePrefix("10.0.0.0/8")
	for name, tt := range map[string]struct {
		cfg  Config
		url  string
		want bool
	}{
		"a name":              {Config{}, "https://example.org/x", true},
		"a public address":    {Config{}, "https://1.1.1.1/x", true},
		"a private address":   {Config{}, "https://10.0.0.1/x", false},
		"a mapped address":    {Config{}, "https://[::ffff:10.0.0.1]/", false},
		"an allowed address":  {Config{Allow: []netip.Prefix{private}}, "https://10.0.0.1/x", true},
		"http":                {Config{}, "http://example.org/", false},
		"http where allowed":  {Config{Insecure: true}, "http://example.org/", true},
		"another scheme":      {Config{Insecure: true}, "gopher://example.org/", false},
		"a password":          {Config{}, "https://u:p@example.org/", false},
		"no host":             {Config{}, "https:///x", false},
		"a line end":          {Config{}, "https://example.org/\r\nX: y", false},
		"a name beyond ASCII": {Config{}, "https://exämple.org/", false},
	} {
		if err := tt.cfg.CheckURL(tt.url); (err == nil) != tt.want || err != nil && !errors.Is(err, rooms.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

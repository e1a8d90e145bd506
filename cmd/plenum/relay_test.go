package main

import (
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"plenum/sfu/ice/relay"
)

func TestRelayFlags(t *testing.T) {
	for args, want := range map[string]string{
		"":                                      "",
		"--turn-udp :3478 --turn-tcp :3478":     "",
		"--turn-tls :5349 --tls self-signed":    "",
		"--turn-tls :5349":                      "--turn-tls needs --tls",
		"--turn-udp 3478":                       "--turn-udp",
		"--stun-server stun.example.org":        "--stun-server",
		"--stun-server stun.example.org:3478":   "",
		"--turn-host turn.example.org":          "",
		"--turn-tcp localhost:1 --turn-udp off": "",
	} {
		c, err := parse(t, strings.Fields(args)...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.settings()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", args, err, want)
		}
	}
}

func TestRelaysAreNamed(t *testing.T) {
	server, err := relay.New(relay.Config{
		UDP: "127.0.0.1:0", Secret: []byte("sixteen bytes or more"), Peers: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:7882")},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	}()
	none := func() []netip.Addr { return nil }
	for name, tt := range map[string]struct {
		relays relays
		host   string
		want   string
	}{
		"as the page":      {relays{server, "", none}, "meet.example.org", "turn:meet.example.org:"},
		"as configured":    {relays{server, "turn.example.org", none}, "meet.example.org", "turn:turn.example.org:"},
		"as announced":     {relays{server, "", func() []netip.Addr { return []netip.Addr{netip.MustParseAddr("2001:db8::1")} }}, "", "turn:[2001:db8::1]:"},
		"not, without any": {relays{server, "", none}, "", ""},
	} {
		servers, ttl := tt.relays.ICEServers(tt.host)
		switch {
		case tt.want == "" && len(servers) != 0:
			t.Errorf("%s: %v", name, servers)
		case tt.want != "" && (len(servers) != 1 || !strings.HasPrefix(servers[0].URLs, tt.want) || servers[0].Credential == "" || ttl > relay.Lifetime):
			t.Errorf("%s: %v for %v", name, servers, ttl)
		}
	}
}

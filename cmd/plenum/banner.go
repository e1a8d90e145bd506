package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"plenum/api"
)

// printBanner says where the server is and what to try first.
func printBanner(out io.Writer, at *doors, first admin) error {
	url, curl, elsewhere := at.secure.url(at.main.Addr()), "curl", ""
	if at.secure.config != nil && !at.secure.strict {
		curl = "curl -k" // nobody vouches for the certificate
	}
	for _, other := range at.secure.lanURLs(at.main.Addr()) {
		elsewhere += "\n             " + other + "/admin/   (from other machines)"
	}
	password, shown := "PASSWORD", "as before (plenum user passwd "+adminName+" makes a new one)"
	switch {
	case first.password != "":
		password, shown = first.password, first.password+"   (shown this once)"
	case first.made:
		shown = "as in PLENUM_ADMIN_PASSWORD"
	}
	_, err := fmt.Fprintf(out, `
  Plenum is running.

  Open       %[1]s/admin/%[6]s
  User       %[2]s
  Password   %[4]s

  Reserve a room for an hour:
    %[5]s -u %[2]s:%[3]s '%[1]s/reserve_room/?duration=60&timezone=Europe%%2FBerlin&description=Hello'
  See who is online:
    %[5]s -u %[2]s:%[3]s '%[1]s/online_attendants/'

  Then open %[1]s followed by the answer's host_url; meeting_url is for the others.

`, url, adminName, password, shown, curl, elsewhere)
	return err
}

// reachable is an address as a browser on this machine may open it.
func reachable(at net.Addr) string {
	host, port, err := net.SplitHostPort(at.String())
	if err != nil {
		return at.String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// parseICEServers reads a JSON list of URLs or of whole entries.
func parseICEServers(text string) ([]api.ICEServer, error) {
	var entries []json.RawMessage
	if err := json.Unmarshal([]byte(text), &entries); err != nil {
		return nil, errors.New(`must be a JSON list such as ["stun:stun.example.org:3478"]`)
	}
	var servers []api.ICEServer
	for i, entry := range entries {
		var server api.ICEServer
		if json.Unmarshal(entry, &server.URLs) != nil {
			if err := json.Unmarshal(entry, &server); err != nil {
				return nil, errors.New("entry " + strconv.Itoa(i+1) + " is neither a URL nor an object with urls, a text")
			}
		}
		scheme, rest, _ := strings.Cut(server.URLs, ":")
		switch scheme {
		case "stun", "stuns", "turn", "turns":
		default:
			return nil, fmt.Errorf("%q must be a stun:, stuns:, turn: or turns: URL", server.URLs)
		}
		if rest == "" {
			return nil, fmt.Errorf("%q names no host", server.URLs)
		}
		servers = append(servers, server)
	}
	return servers, nil
}

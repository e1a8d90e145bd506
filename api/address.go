package api

import (
	"net/http"
	"net/netip"
	"strings"
)

// A caller is where a request comes from.
type caller struct {
	addr   netip.Addr // zero when it can't be told
	port   int        // of the socket that reached us, a proxy's behind one
	secure bool       // the caller's own connection is encrypted
}

// callerOf finds the caller behind the proxies we trust. Each proxy appends
// the address it was called from, so the list is read from the right, and the
// first address that is no trusted proxy's is the caller's: what stands left
// of it is the caller's own claim.
func callerOf(r *http.Request, trusted []netip.Prefix) caller {
	from := caller{secure: r.TLS != nil}
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return from
	}
	from.addr, from.port = plain(remote.Addr()), int(remote.Port())
	if !contains(trusted, from.addr) {
		return from
	}
	from.secure = from.secure || r.Header.Get("X-Forwarded-Proto") == "https"
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && contains(trusted, from.addr); i-- {
		hop, ok := parseHop(hops[i])
		if !ok {
			break
		}
		from.addr = hop
	}
	return from
}

// parseHop reads an address as proxies write it: with or without a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if addr, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return plain(addr), true
	}
	if hop, err := netip.ParseAddrPort(text); err == nil {
		return plain(hop.Addr()), true
	}
	return netip.Addr{}, false
}

// plain removes what makes one address look like two.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

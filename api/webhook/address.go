package webhook

import (
	"fmt"
	"net/netip"
	"syscall"
)

// never are address blocks that webhooks must not reach: those of this machine,
// its network and its operator, and those that lead nowhere. From the IANA
// special-purpose registries (RFC 6890), and clouds' metadata services.
var never = prefixes(
	"0.0.0.0/8",        // this network (RFC 791)
	"10.0.0.0/8",       // private (RFC 1918)
	"100.64.0.0/10",    // behind carrier-grade NAT (RFC 6598); Alibaba's metadata
	"127.0.0.0/8",      // loopback
	"168.63.129.16/32", // Azure's platform
	"169.254.0.0/16",   // link-local (RFC 3927); most clouds' metadata
	"172.16.0.0/12",    // private
	"192.0.0.0/24",     // protocol assignments (RFC 6890); Oracle's metadata
	"192.0.2.0/24",     // documentation (RFC 5737)
	"192.88.99.0/24",   // 6to4 relays (RFC 7526)
	"192.168.0.0/16",   // private
	"198.18.0.0/15",    // benchmarks (RFC 2544)
	"198.51.100.0/24",  // documentation
	"203.0.113.0/24",   // documentation
	"224.0.0.0/4",      // multicast
	"240.0.0.0/4",      // reserved, broadcast
	"::/96",            // unspecified, loopback, IPv4-compatible (RFC 4291)
	"::ffff:0:0:0/96",  // IPv4-translated (RFC 2765)
	"64:ff9b:1::/48",   // local NAT64 (RFC 8215)
	"100::/64",         // discard (RFC 6666)
	"2001::/23",        // protocol assignments: Teredo, ORCHID, benchmarks
	"2001:db8::/32",    // documentation
	"3fff::/20",        // documentation (RFC 9637)
	"5f00::/16",        // segment routing (RFC 9602)
	"fc00::/7",         // unique local (RFC 4193); Amazon's metadata
	"fe80::/10",        // link-local
	"fec0::/10",        // site-local (RFC 3879)
	"ff00::/8",         // multicast
)

// Blocks in which an IPv4 address lies within an IPv6 one, and where. A gateway
// would unpack it: what counts is the address inside.
var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixToFour = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// permitted reports whether addr may be called. Allowed are the operator's own.
func permitted(addr netip.Addr, allowed []netip.Prefix) bool {
	addr = addr.WithZone("").Unmap() // ::ffff:127.0.0.1 is 127.0.0.1
	if !addr.IsValid() {
		return false
	}
	if within(addr, allowed) {
		return true
	}
	if within(addr, never) { // first: an ISATAP address lies in any block
		return false
	}
	if inner, hidden := inside(addr); hidden {
		return permitted(inner, nil)
	}
	return true
}

func within(addr netip.Addr, blocks []netip.Prefix) bool {
	for _, p := range blocks {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// inside returns the IPv4 address that lies in an IPv6 one.
func inside(addr netip.Addr) (netip.Addr, bool) {
	b := addr.As16()
	switch {
	case nat64.Contains(addr):
		return netip.AddrFrom4([4]byte(b[12:16])), true
	case sixToFour.Contains(addr):
		return netip.AddrFrom4([4]byte(b[2:6])), true
	case addr.Is6() && b[8]&^3 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe: // ISATAP (RFC 5214)
		return netip.AddrFrom4([4]byte(b[12:16])), true
	}
	return netip.Addr{}, false
}

// An addressError says that a webhook's address must not be called.
type addressError struct{ addr netip.Addr }

func (e addressError) Error() string {
	return fmt.Sprintf("the address %s is not a public one", e.addr)
}

// control returns what a dialer asks before it connects. It sees the address
// that is really called, so a name that resolves to another one the second time
// gains nothing.
func control(allowed []netip.Prefix) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		target, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("read the address to call: %w", err)
		}
		if !permitted(target.Addr(), allowed) {
			return addressError{target.Addr()}
		}
		return nil
	}
}

package relay

import (
	"net/netip"
	"slices"
)

// peers are the addresses that may be relayed to: our own media ports, and what
// browsers are told instead of them.
type peers struct {
	media     []netip.AddrPort
	announced func() []netip.Addr
}

// newPeers leaves out loopback addresses, which other machines' browsers can't
// mean, unless media is on nothing else.
func newPeers(media []netip.AddrPort, announced func() []netip.Addr) *peers {
	p := &peers{announced: announced}
	for _, addr := range media {
		p.media = append(p.media, netip.AddrPortFrom(addr.Addr().Unmap().WithZone(""), addr.Port()))
	}
	loopback := func(a netip.AddrPort) bool { return a.Addr().IsLoopback() }
	if !slices.ContainsFunc(p.media, func(a netip.AddrPort) bool { return !loopback(a) }) {
		return p
	}
	p.media = slices.DeleteFunc(p.media, loopback)
	return p
}

// hosts are the addresses of this machine, as text.
func (p *peers) hosts() []string {
	var hosts []string
	for _, addr := range p.media {
		if host := addr.Addr().String(); !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// hasHost reports whether something at this address may be relayed to.
func (p *peers) hasHost(host netip.Addr) bool {
	return slices.ContainsFunc(p.media, func(a netip.AddrPort) bool { return a.Addr() == host }) || p.isAnnounced(host)
}

func (p *peers) isAnnounced(host netip.Addr) bool {
	return p.announced != nil && slices.Contains(p.announced(), host)
}

// target returns the media port of this machine that a peer stands for; false
// when it stands for none.
func (p *peers) target(peer netip.AddrPort) (netip.AddrPort, bool) {
	peer = netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
	if slices.Contains(p.media, peer) {
		return peer, true
	}
	if !p.isAnnounced(peer.Addr()) {
		return netip.AddrPort{}, false
	}
	for _, addr := range p.media {
		if addr.Port() == peer.Port() && addr.Addr().Is4() == peer.Addr().Is4() {
			return addr, true
		}
	}
	return netip.AddrPort{}, false
}

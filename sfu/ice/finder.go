package ice

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pion/stun/v4"
)

// How often a STUN server is asked, and how long for an answer. Addresses of
// machines rarely change while they run.
const (
	askEvery   = 5 * time.Minute
	askAgain   = 15 * time.Second // after no answer
	answerTime = 2 * time.Second
)

// A Finder learns from a STUN server at which addresses this machine is seen
// from outside, where it is behind a network translator that maps its ports
// one to one. It does so in the background: nothing waits for it.
type Finder struct {
	server string
	log    *slog.Logger
	found  atomic.Pointer[[]netip.Addr]
}

// NewFinder returns a Finder that will ask server, host:port. It starts
// nothing; call Run.
func NewFinder(server string, log *slog.Logger) *Finder {
	f := &Finder{server: server, log: log}
	f.found.Store(&[]netip.Addr{})
	return f
}

// Addrs returns what is known so far. The caller must not change it.
func (f *Finder) Addrs() []netip.Addr { return *f.found.Load() }

// Run asks until ctx ends, and returns its error.
func (f *Finder) Run(ctx context.Context) error {
	for {
		wait := askEvery
		if !f.ask(ctx) {
			wait = askAgain
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ask asks over both families, of which one may be missing. It reports whether
// any answer came.
func (f *Finder) ask(ctx context.Context) bool {
	var found []netip.Addr
	for _, network := range []string{"udp4", "udp6"} {
		addr, err := AskSTUN(ctx, network, f.server)
		if err != nil {
			f.log.Debug("stun server not reached", "network", network, "error", err)
			continue
		}
		found = append(found, addr)
	}
	if len(found) == 0 {
		f.log.Warn("external address not known", "stun", f.server)
		return false // what was known before may still hold
	}
	if !slices.Equal(found, f.Addrs()) {
		f.log.Info("external address found", "addresses", found)
		f.found.Store(&found)
	}
	return true
}

// AskSTUN returns the address from which a STUN server sees this machine
// (RFC 8489). The network is "udp4" or "udp6".
func AskSTUN(ctx context.Context, network, server string) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, server)
	if err != nil {
		return netip.Addr{}, err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		return netip.Addr{}, err
	}
	answer := make([]byte, 1500)
	for wait := answerTime / 8; ; wait *= 2 {
		if _, err := conn.Write(request.Raw); err != nil {
			return netip.Addr{}, err
		}
		if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return netip.Addr{}, err
		}
		n, err := conn.Read(answer)
		if err == nil {
			return mapped(answer[:n], request.TransactionID)
		}
		if ctx.Err() != nil {
			return netip.Addr{}, fmt.Errorf("no answer from %s: %w", server, ctx.Err())
		}
	}
}

// mapped reads the address out of a binding response.
func mapped(answer []byte, id [stun.TransactionIDSize]byte) (netip.Addr, error) {
	m := &stun.Message{Raw: slices.Clone(answer)}
	if err := m.Decode(); err != nil {
		return netip.Addr{}, err
	}
	if m.TransactionID != id || m.Type != stun.BindingSuccess {
		return netip.Addr{}, fmt.Errorf("the answer is a %v", m.Type)
	}
	var seen stun.XORMappedAddress
	if err := seen.GetFrom(m); err != nil {
		return netip.Addr{}, err
	}
	addr, ok := netip.AddrFromSlice(seen.IP)
	if !ok {
		return netip.Addr{}, fmt.Errorf("%v is no address", seen.IP)
	}
	return addr.Unmap(), nil
}

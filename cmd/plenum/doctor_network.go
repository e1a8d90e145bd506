package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"plenum/sfu/ice"
	"plenum/sfu/ice/relay"
)

// doctorWait bounds each question over the network.
const doctorWait = 2 * time.Second

// findServer reports whether a Plenum server answers where ours would listen.
func (c *doctorCmd) findServer(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return false
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme := "https"
	if c.TLS == "off" {
		scheme = "http"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+net.JoinHostPort(host, port)+"/healthz", nil)
	if err != nil {
		return false
	}
	transport := &http.Transport{
		Proxy: nil, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true, ServerName: strings.Join(c.TLSHost[:min(1, len(c.TLSHost))], "")}, //nolint:gosec // it only asks whether it is there
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(response.Body, 16))
	return err == nil && string(said) == "ok\n"
}

// lookAtPorts tries to listen wherever the server would.
func (c *doctorCmd) lookAtPorts(ctx context.Context, running bool) []finding {
	findings := []finding{}
	for _, port := range []struct{ check, flag, network, address string }{
		{"HTTP port", "--listen", "tcp", c.Listen},
		{"redirect port", "--http-redirect", "tcp", c.HTTPRedirect},
		{"media UDP port", "--media-udp", "udp", c.MediaUDP},
		{"media TCP port", "--media-tcp", "tcp", c.MediaTCP},
		{"TURN UDP port", "--turn-udp", "udp", c.TurnUDP},
		{"TURN TCP port", "--turn-tcp", "tcp", c.TurnTCP},
		{"TURN TLS port", "--turn-tls", "tcp", c.TurnTLS},
	} {
		if port.address == "" || port.address == relay.Off {
			continue
		}
		findings = append(findings, lookAtPort(ctx, port.check, port.flag, port.network, port.address, running))
	}
	if c.MediaTCP == relay.Off && c.TurnTCP == relay.Off && c.TurnTLS == relay.Off {
		findings = append(findings, warn("TCP for media", "Leave --media-tcp on and open its port: networks that block UDP are common.",
			"nobody behind a firewall that blocks UDP can take part"))
	}
	return findings
}

func lookAtPort(ctx context.Context, check, flag, network, address string, running bool) finding {
	err := tryPort(ctx, network, address)
	switch {
	case err == nil:
		return ok(check, "%s %s can be opened; a firewall must let it through from outside", network, address)
	case errors.Is(err, syscall.EADDRINUSE) && running:
		return ok(check, "%s %s is open, by the server that runs here", network, address)
	case errors.Is(err, syscall.EADDRINUSE):
		return fail(check, "Stop what uses it, or choose another with "+flag+".", "%s %s is taken by another program", network, address)
	case errors.Is(err, syscall.EACCES):
		return fail(check, "Ports below 1024 need root or CAP_NET_BIND_SERVICE (deploy/systemd gives it).", "%s %s may not be opened", network, address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fail(check, "Name an address of this machine with "+flag+"; addresses elsewhere go into --external-ip.", "%s %s is not on this machine", network, address)
	default:
		return fail(check, "Mend "+flag+".", "%s %s: %v", network, address, err)
	}
}

// tryPort opens a port, sends itself something through it, and closes it.
func tryPort(ctx context.Context, network, address string) error {
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	var config net.ListenConfig
	if network == "tcp" {
		l, err := config.Listen(ctx, network, address)
		if err != nil {
			return err
		}
		defer func() { _ = l.Close() }()
		conn, err := (&net.Dialer{}).DialContext(ctx, network, l.Addr().String())
		if err != nil {
			return fmt.Errorf("opened, but not reached from this machine: %w", err)
		}
		return conn.Close()
	}
	l, err := config.ListenPacket(ctx, network, address)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	conn, err := (&net.Dialer{}).DialContext(ctx, network, l.LocalAddr().String())
	if err != nil {
		return fmt.Errorf("opened, but not reached from this machine: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.Write([]byte("plenum doctor")); err != nil {
		return fmt.Errorf("opened, but not reached from this machine: %w", err)
	}
	if err := l.SetReadDeadline(time.Now().Add(doctorWait)); err != nil {
		return err
	}
	if _, _, err := l.ReadFrom(make([]byte, 64)); err != nil {
		return fmt.Errorf("opened, but nothing arrives there from this machine: %w", err)
	}
	return nil
}

// lookAtAddresses tells at which addresses browsers are asked to find media.
func lookAtAddresses(ctx context.Context, cfg settings) []finding {
	const check = "addresses"
	if len(cfg.sfu.ExternalIPs) > 0 {
		return compareExternal(ctx, cfg)
	}
	addrs, err := machineAddrs()
	if err != nil {
		return []finding{fail(check, "", "%v", err)}
	}
	public := slices.DeleteFunc(slices.Clone(addrs), func(a netip.Addr) bool { return a.IsPrivate() || sharedSpace.Contains(a) })
	switch {
	case len(addrs) == 0:
		return []finding{fail(check, "Connect the machine to a network.", "this machine has no address but loopback")}
	case len(public) > 0:
		return []finding{ok(check, "media is announced at %v", addrs)}
	case cfg.stun != "":
		return compareExternal(ctx, cfg)
	default:
		return []finding{warn(check, "If users come over the Internet, name the address they see with --external-ip, or let --stun-server find it.",
			"media is announced at %v, which only a local network reaches", addrs)}
	}
}

// sharedSpace is what carriers use behind their translators (RFC 6598).
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

// compareExternal asks a STUN server, if there is one, what this machine looks
// like from outside.
func compareExternal(ctx context.Context, cfg settings) []finding {
	const check = "addresses"
	if cfg.stun == "" {
		return []finding{ok(check, "media is announced at %v, as --external-ip says", cfg.sfu.ExternalIPs)}
	}
	seen, err := ice.AskSTUN(ctx, "udp4", cfg.stun)
	switch {
	case err != nil:
		return []finding{warn(check, "Let UDP out to it, name another with --stun-server, or set --external-ip.", "%s does not tell the external address: %v", cfg.stun, err)}
	case len(cfg.sfu.ExternalIPs) > 0 && !slices.Contains(cfg.sfu.ExternalIPs, seen):
		return []finding{warn(check, "Check --external-ip.", "media is announced at %v, but %s sees this machine at %v", cfg.sfu.ExternalIPs, cfg.stun, seen)}
	default:
		return []finding{ok(check, "this machine is seen at %v; the router must pass the media ports on to it unchanged", seen)}
	}
}

// machineAddrs lists the addresses that a server without --external-ip announces.
func machineAddrs() ([]netip.Addr, error) {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list the addresses: %w", err)
	}
	var addrs []netip.Addr
	for _, one := range interfaces {
		prefix, err := netip.ParsePrefix(one.String())
		if err != nil || prefix.Addr().IsLoopback() || !ice.Announceable(prefix.Addr().AsSlice()) {
			continue
		}
		addrs = append(addrs, prefix.Addr())
	}
	return addrs, nil
}

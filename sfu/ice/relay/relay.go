// Package relay is a TURN server (RFC 8656) for browsers that reach this
// machine neither by UDP nor by plain TCP. It relays to the media ports of this
// server and to nothing else, so that it is of no use to anybody who wants to
// reach something else through it.
package relay

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/pion/turn/v5"

	"plenum/sfu/pionlog"
)

// Realm is what the server calls itself in its challenges.
const Realm = "plenum"

// Off in place of an address means not to listen there.
const Off = "off"

// Config says where to listen and what a user may do. A zero field means its
// default, but Secret and Peers are needed.
type Config struct {
	UDP, TCP, TLS string      // host:port, or Off; default Off
	Certificates  *tls.Config // for TLS
	Secret        []byte      // signs credentials

	Peers     []netip.AddrPort    // the media addresses of this machine
	Announced func() []netip.Addr // addresses that browsers are told instead; may be nil

	PerUser    int // allocations of one credential at once; default 12
	PerAddress int // of one client address, which may be a whole company's; default 256
	Most       int // of all; default 4096
	Bitrate    int // bit/s of one credential each way, the rest is dropped; default 30 Mbit/s
}

func (c Config) withDefaults() Config {
	for _, address := range []*string{&c.UDP, &c.TCP, &c.TLS} {
		if *address == "" {
			*address = Off
		}
	}
	for limit, value := range map[*int]int{&c.PerUser: 12, &c.PerAddress: 256, &c.Most: 4096, &c.Bitrate: 30_000_000} {
		if *limit == 0 {
			*limit = value
		}
	}
	return c
}

// Enabled reports whether there is anywhere to listen.
func (c Config) Enabled() bool {
	c = c.withDefaults()
	return c.UDP != Off || c.TCP != Off || c.TLS != Off
}

// A Server relays until it is closed.
type Server struct {
	cfg    Config
	log    *slog.Logger
	peers  *peers
	quota  *quota
	gate   *strangers
	server *turn.Server

	udpPort, tcpPort, tlsPort int // 0 where it does not listen
}

// New opens the ports and serves. The caller must Close the server.
func New(cfg Config, log *slog.Logger) (*Server, error) {
	cfg = cfg.withDefaults()
	if len(cfg.Secret) < 16 {
		return nil, errors.New("the secret of the relay is too short")
	}
	s := &Server{cfg: cfg, log: log, peers: newPeers(cfg.Peers, cfg.Announced), quota: newQuota(cfg)}
	s.gate = newStrangers(s.quota)
	if len(s.peers.media) == 0 {
		return nil, errors.New("the relay has no media address to relay to")
	}
	packets, listeners, err := s.listen()
	if err != nil {
		closeAll(packets, listeners)
		return nil, err
	}
	s.server, err = turn.NewServer(turn.ServerConfig{
		Realm: Realm, LoggerFactory: pionlog.New(log), AuthHandler: s.authenticate,
		PacketConnConfigs: packets, ListenerConfigs: listeners,
		QuotaHandler: s.quota.allows,
		EventHandler: turn.EventHandler{
			OnAuth: func(from, _ net.Addr, _, _, _, _ string, verdict bool) {
				if !verdict {
					s.gate.failed(from, time.Now())
				}
			},
			OnAllocationCreated: func(from, _ net.Addr, _, user, _ string, _ net.Addr, _ int) { s.quota.began(user, from) },
			OnAllocationDeleted: func(from, _ net.Addr, _, user, _ string) { s.quota.ended(user, from) },
		},
	})
	if err != nil {
		closeAll(packets, listeners)
		return nil, fmt.Errorf("start the relay: %w", err)
	}
	return s, nil
}

// Close ends every allocation and closes the ports.
func (s *Server) Close() error { return s.server.Close() }

// Allocations is how many there are.
func (s *Server) Allocations() int { return s.quota.count() }

// Refused is how many packets and connections of strangers were turned away unread.
func (s *Server) Refused() uint64 { return s.gate.refused.Load() }

// URLs are where a browser finds the relay on a host of this name (RFC 7065),
// the cheapest way first.
func (s *Server) URLs(host string) []string {
	var urls []string
	add := func(scheme string, port int, transport string) {
		if port != 0 {
			urls = append(urls, scheme+":"+net.JoinHostPort(host, strconv.Itoa(port))+"?transport="+transport)
		}
	}
	add("turn", s.udpPort, "udp")
	add("turn", s.tcpPort, "tcp")
	add("turns", s.tlsPort, "tcp")
	return urls
}

// listen opens what the configuration names. It returns what it has opened
// with an error too.
func (s *Server) listen() (packets []turn.PacketConnConfig, listeners []turn.ListenerConfig, err error) {
	if s.cfg.UDP != Off {
		conns, err := s.listenUDP()
		for _, conn := range conns {
			packets = append(packets, turn.PacketConnConfig{
				PacketConn: packetGate{conn, s.gate}, RelayAddressGenerator: generator{s}, PermissionHandler: s.permits,
			})
		}
		if err != nil {
			return packets, nil, fmt.Errorf("listen for TURN over UDP: %w", err)
		}
	}
	add := func(address string, port *int, wrap func(net.Listener) net.Listener) error {
		if address == Off {
			return nil
		}
		addr, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			return err
		}
		l, err := net.ListenTCP("tcp", addr)
		if err != nil {
			return err
		}
		*port = l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP socket's address
		listeners = append(listeners, turn.ListenerConfig{
			Listener: wrap(streamGate{l, s.gate}), RelayAddressGenerator: generator{s}, PermissionHandler: s.permits,
		})
		return nil
	}
	if err := add(s.cfg.TCP, &s.tcpPort, func(l net.Listener) net.Listener { return l }); err != nil {
		return packets, listeners, fmt.Errorf("listen for TURN over TCP: %w", err)
	}
	if s.cfg.TLS != Off && s.cfg.Certificates == nil {
		return packets, listeners, errors.New("TURN over TLS needs a certificate")
	}
	err = add(s.cfg.TLS, &s.tlsPort, func(l net.Listener) net.Listener {
		config := s.cfg.Certificates.Clone()
		config.NextProtos = nil // those of HTTP, which no TURN client speaks
		return tls.NewListener(l, config)
	})
	if err != nil {
		return packets, listeners, fmt.Errorf("listen for TURN over TLS: %w", err)
	}
	return packets, listeners, nil
}

// listenUDP opens one socket per media address where no host is named: a
// socket on all of them answers from whichever the kernel prefers.
func (s *Server) listenUDP() (conns []net.PacketConn, err error) {
	host, port, err := net.SplitHostPort(s.cfg.UDP)
	if err != nil {
		return nil, err
	}
	hosts := []string{host}
	if host == "" {
		hosts = s.peers.hosts()
	}
	for _, host := range hosts {
		addr, err := net.ResolveUDPAddr("udp", net.JoinHostPort(host, port))
		if err != nil {
			return conns, err
		}
		conn, err := net.ListenUDP("udp", addr)
		if err != nil {
			return conns, err
		}
		conns = append(conns, conn)
		s.udpPort = conn.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDP socket's address
	}
	return conns, nil
}

func closeAll(packets []turn.PacketConnConfig, listeners []turn.ListenerConfig) {
	for _, p := range packets {
		_ = p.PacketConn.Close()
	}
	for _, l := range listeners {
		_ = l.Listener.Close()
	}
}

// permits decides on CreatePermission and ChannelBind.
func (s *Server) permits(from net.Addr, peer net.IP) bool {
	addr, ok := netip.AddrFromSlice(peer)
	if ok && s.peers.hasHost(addr.Unmap()) {
		return true
	}
	s.log.Info("relay refused a peer", "client", from.String(), "peer", peer.String())
	return false
}

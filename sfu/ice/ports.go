// Package ice owns the ports media arrives on: one UDP port and one TCP port
// for everybody, on every address of this machine.
package ice

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"github.com/pion/ice/v4"
	"github.com/pion/logging"
)

// socketBuffer is asked of the kernel for each UDP socket: bursts of keyframes
// from hundreds of publishers must fit while the reader is busy elsewhere.
const socketBuffer = 4 << 20

// tcpQueue bounds what waits for one slow ICE-TCP peer; beyond it packets are
// dropped, as a congested UDP path would.
const tcpQueue = 1 << 20

// Config says where to listen.
type Config struct {
	UDP      string // host:port; an empty host is every address
	TCP      string // host:port, or "off"
	Loopback bool   // listen on loopback addresses too
	// Listen opens each UDP address instead of package net.
	Listen func(addr *net.UDPAddr) (net.PacketConn, error)
	Log    logging.LoggerFactory
}

// Ports are the open media ports. They must be closed.
type Ports struct {
	UDP *ice.MultiUDPMuxDefault
	TCP *ice.TCPMuxDefault // nil without ICE-TCP

	UDPPort, TCPPort int
}

// Open opens the ports. A port of 0 lets the kernel choose, which needs a
// single host in the address.
func Open(cfg Config) (*Ports, error) {
	p := &Ports{}
	if err := p.openUDP(cfg); err != nil {
		return nil, fmt.Errorf("open media UDP %s: %w", cfg.UDP, err)
	}
	if cfg.TCP == "off" {
		return p, nil
	}
	if err := p.openTCP(cfg.TCP, cfg.Log); err != nil {
		_ = p.UDP.Close()
		return nil, fmt.Errorf("open media TCP %s: %w", cfg.TCP, err)
	}
	return p, nil
}

// Addrs returns where media arrives over UDP.
func (p *Ports) Addrs() []netip.AddrPort {
	var addrs []netip.AddrPort
	for _, at := range p.UDP.GetListenAddresses() {
		if udp, ok := at.(*net.UDPAddr); ok {
			addrs = append(addrs, udp.AddrPort())
		}
	}
	return addrs
}

// Close closes the ports.
func (p *Ports) Close() error {
	err := p.UDP.Close()
	if p.TCP != nil {
		err = errors.Join(err, p.TCP.Close())
	}
	return err
}

func (p *Ports) openUDP(cfg Config) error {
	host, portText, err := net.SplitHostPort(cfg.UDP)
	if err != nil {
		return err
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return err
	}
	var addrs []*net.UDPAddr
	if host != "" {
		addr, err := net.ResolveUDPAddr("udp", cfg.UDP)
		if err != nil {
			return err
		}
		addrs = append(addrs, addr)
	} else if addrs, err = local(int(port), cfg.Loopback); err != nil {
		return err
	}
	listen := cfg.Listen
	if listen == nil {
		listen = listenUDP
	}
	p.UDPPort = int(port)
	var muxes []ice.UDPMux
	for _, addr := range addrs {
		conn, err := listen(addr)
		if err != nil {
			for _, m := range muxes {
				_ = m.Close()
			}
			return err
		}
		p.UDPPort = conn.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDP socket's address
		muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: cfg.Log.NewLogger("udp")}))
	}
	p.UDP = ice.NewMultiUDPMuxDefault(muxes...)
	return nil
}

func listenUDP(addr *net.UDPAddr) (net.PacketConn, error) {
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(socketBuffer) // the kernel may grant less
	_ = conn.SetWriteBuffer(socketBuffer)
	return conn, nil
}

// local lists the addresses of this machine that are of use to a browser.
func local(port int, loopback bool) ([]*net.UDPAddr, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var found []*net.UDPAddr
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 && !loopback {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && Announceable(n.IP) {
				found = append(found, &net.UDPAddr{IP: n.IP, Port: port})
			}
		}
	}
	return found, nil
}

func (p *Ports) openTCP(address string, log logging.LoggerFactory) error {
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return err
	}
	l, err := net.ListenTCP("tcp", addr)
	if err != nil {
		return err
	}
	p.TCP = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		Listener: l, Logger: log.NewLogger("tcp"), ReadBufferSize: 64, WriteBufferSize: tcpQueue,
	})
	p.TCPPort = l.Addr().(*net.TCPAddr).Port //nolint:forcetypeassert // a TCP socket's address
	return nil
}

// Announceable reports whether an address of this machine is of use to a
// browser elsewhere: link-local ones are not.
func Announceable(ip net.IP) bool {
	a, ok := netip.AddrFromSlice(ip)
	return ok && !a.Unmap().IsLinkLocalUnicast() && !a.IsMulticast()
}

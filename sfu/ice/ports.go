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
	Log      logging.LoggerFactory
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
	if host != "" {
		return p.openOneUDP(net.JoinHostPort(host, portText), cfg.Log)
	}
	opts := []ice.UDPMuxFromPortOption{
		ice.UDPMuxFromPortWithLogger(cfg.Log.NewLogger("udp")),
		ice.UDPMuxFromPortWithReadBufferSize(socketBuffer),
		ice.UDPMuxFromPortWithWriteBufferSize(socketBuffer),
		ice.UDPMuxFromPortWithIPFilter(Announceable),
	}
	if cfg.Loopback {
		opts = append(opts, ice.UDPMuxFromPortWithLoopback())
	}
	if p.UDP, err = ice.NewMultiUDPMuxFromPort(int(port), opts...); err != nil {
		return err
	}
	p.UDPPort = int(port)
	return nil
}

func (p *Ports) openOneUDP(address string, log logging.LoggerFactory) error {
	addr, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return err
	}
	_ = conn.SetReadBuffer(socketBuffer) // the kernel may grant less
	_ = conn.SetWriteBuffer(socketBuffer)
	p.UDP = ice.NewMultiUDPMuxDefault(ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: log.NewLogger("udp")}))
	p.UDPPort = conn.LocalAddr().(*net.UDPAddr).Port //nolint:forcetypeassert // a UDP socket's address
	return nil
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

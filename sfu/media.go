package sfu

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/pion/logging"

	"plenum/sfu/ice"
	"plenum/sfu/packet"
	"plenum/sfu/transport/plain"
)

// media is what makes connections, and what that runs on.
type media struct {
	ports      *ice.Ports
	conns      connector
	closeConns func() error    // after the ports; nil if there is nothing to close
	countConns func(st *Stats) // adds what the connector counts; nil for nothing
}

// close closes the ports, and waits for who reads them.
func (m *media) close() error {
	err := m.ports.Close()
	if m.closeConns != nil {
		err = errors.Join(err, m.closeConns())
	}
	return err
}

// below is what a media plane brings to the opening of its ports.
type below struct {
	cfg     Config
	pool    *packet.Pool
	overrun *atomic.Uint64
	log     logging.LoggerFactory
}

// openPlain opens the media ports for Pion.
func openPlain(b below) (media, error) {
	ports, err := ice.Open(b.ports())
	if err != nil {
		return media{}, err
	}
	factory, err := b.plain(ports)
	if err != nil {
		return media{}, errors.Join(fmt.Errorf("prepare media: %w", err), ports.Close())
	}
	return media{ports: ports, conns: factory}, nil
}

func (b below) ports() ice.Config {
	return ice.Config{UDP: b.cfg.UDP, TCP: b.cfg.TCP, Loopback: b.cfg.Loopback, Log: b.log}
}

func (b below) plain(ports *ice.Ports) (*plain.Factory, error) {
	return plain.NewFactory(plain.Config{
		Ports: ports, ExternalIPs: b.cfg.ExternalIPs, Found: b.cfg.Found, Loopback: b.cfg.Loopback, MaxSeats: b.cfg.Seats,
		Video: kindsOf(b.cfg.VideoCodecs), Overrun: b.overrun, Log: b.log,
	}, b.pool)
}

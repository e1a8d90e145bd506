package sfu

import (
	"errors"
	"fmt"

	"github.com/pion/logging"

	"plenum/sfu/ice"
	"plenum/sfu/packet"
	"plenum/sfu/transport/fast"
	"plenum/sfu/transport/plain"
)

// openFast opens the media ports for the fast transport.
func openFast(cfg Config, pool *packet.Pool, log logging.LoggerFactory) (media, error) {
	sockets := fast.NewSockets(cfg.Shards)
	ports, err := ice.Open(ice.Config{
		UDP: cfg.UDP, TCP: cfg.TCP, Loopback: cfg.Loopback, Log: log, Listen: sockets.Listen,
	})
	if err != nil {
		return media{}, err
	}
	factory, err := newFast(cfg, sockets, ports, pool, log)
	if err != nil {
		return media{}, errors.Join(fmt.Errorf("prepare media: %w", err), ports.Close())
	}
	return media{
		ports: ports, conns: factory, close: factory.Close,
		stats: func(st *Stats) { st.Fast = Fast(factory.Stats()) },
	}, nil
}

func newFast(
	cfg Config, sockets *fast.Sockets, ports *ice.Ports, pool *packet.Pool, log logging.LoggerFactory,
) (*fast.Factory, error) {
	below, err := plain.NewFactory(plainConfig(cfg, ports, log), pool)
	if err != nil {
		return nil, err
	}
	c := fast.Config{Sockets: sockets, UDP: ports.UDP, Plain: below, Seats: cfg.Seats, Pool: pool, Log: log}
	if ports.TCP != nil {
		c.TCP = ports.TCP
	}
	return fast.NewFactory(c)
}

package sfu

import (
	"errors"
	"fmt"

	"plenum/sfu/ice"
	"plenum/sfu/transport/fast"
)

// openFast opens the media ports for the fast transport.
func openFast(b below) (media, error) {
	sockets := fast.NewSockets(b.cfg.Shards)
	cfg := b.ports()
	cfg.Listen = sockets.Listen
	ports, err := ice.Open(cfg)
	if err != nil {
		return media{}, err
	}
	factory, err := newFast(b, sockets, ports)
	if err != nil {
		return media{}, errors.Join(fmt.Errorf("prepare media: %w", err), ports.Close())
	}
	return media{
		ports: ports, conns: factory, closeConns: factory.Close,
		countConns: func(st *Stats) { st.Fast = Fast(factory.Stats()) },
	}, nil
}

func newFast(b below, sockets *fast.Sockets, ports *ice.Ports) (*fast.Factory, error) {
	plain, err := b.plain(ports)
	if err != nil {
		return nil, err
	}
	cfg := fast.Config{Sockets: sockets, UDP: ports.UDP, Plain: plain, Seats: b.cfg.Seats, Pool: b.pool, Log: b.log}
	if ports.TCP != nil {
		cfg.TCP = ports.TCP
	}
	return fast.NewFactory(cfg)
}

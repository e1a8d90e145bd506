//go:build linux

package fast

import (
	"log/slog"
	"testing"

	"plenum/sfu/ice"
	"plenum/sfu/packet"
	"plenum/sfu/pionlog"
	"plenum/sfu/transport/plain"
	"plenum/sfu/transport/transporttest"
)

// open returns a factory on loopback and its ports.
func open(t *testing.T, shards int) (*Factory, *ice.Ports, *packet.Pool) {
	t.Helper()
	quiet := pionlog.New(slog.New(slog.DiscardHandler))
	sockets := NewSockets(shards)
	ports, err := ice.Open(ice.Config{
		UDP: "127.0.0.1:0", TCP: "127.0.0.1:0", Loopback: true, Log: quiet, Listen: sockets.Listen,
	})
	if err != nil {
		t.Fatal(err)
	}
	pool := &packet.Pool{}
	below, err := plain.NewFactory(plain.Config{Ports: ports, Loopback: true, MaxSeats: 9, Video: transporttest.Video, Log: quiet}, pool)
	if err != nil {
		t.Fatal(err)
	}
	f, err := NewFactory(Config{Sockets: sockets, UDP: ports.UDP, TCP: ports.TCP, Plain: below, Seats: 9, Pool: pool, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return f, ports, pool
}

func TestSuite(t *testing.T) {
	for _, shards := range []int{1, 3} {
		transporttest.Run(t, func(t *testing.T) transporttest.Rig {
			t.Helper()
			f, ports, pool := open(t, shards)
			return transporttest.Rig{New: f.New, Pool: pool, Close: func() error {
				err := ports.Close()
				if closed := f.Close(); closed != nil {
					err = closed
				}
				if n := f.Stats().Barred; n != 0 {
					t.Errorf("%d packets of Pion's own were held back", n)
				}
				if s := f.Stats(); s.Fast != 0 || s.Plain != 0 {
					t.Errorf("%d fast and %d plain connections are left", s.Fast, s.Plain)
				}
				return err
			}}
		})
	}
}

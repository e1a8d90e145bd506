package plain

import (
	"log/slog"
	"testing"

	"plenum/sfu/ice"
	"plenum/sfu/packet"
	"plenum/sfu/pionlog"
	"plenum/sfu/transport/transporttest"
)

func TestSuite(t *testing.T) {
	transporttest.Run(t, func(t *testing.T) transporttest.Rig {
		t.Helper()
		quiet := pionlog.New(slog.New(slog.DiscardHandler))
		ports, err := ice.Open(ice.Config{UDP: "127.0.0.1:0", TCP: "127.0.0.1:0", Loopback: true, Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		pool := &packet.Pool{}
		f, err := NewFactory(Config{Ports: ports, Loopback: true, MaxSeats: 9, Video: transporttest.Video, Log: quiet}, pool)
		if err != nil {
			t.Fatal(err)
		}
		return transporttest.Rig{New: f.New, Pool: pool, Close: ports.Close}
	})
}

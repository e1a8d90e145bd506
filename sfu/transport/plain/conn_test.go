package plain

import (
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"go.uber.org/goleak"

	"plenum/sfu/bandwidth"
	"plenum/sfu/codec"
	"plenum/sfu/ice"
	"plenum/sfu/packet"
	"plenum/sfu/pionlog"
	"plenum/sfu/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ear counts what it is told.
type ear struct{ states, streams atomic.Int32 }

func (e *ear) Incoming(transport.Track) transport.Receiver {
	e.streams.Add(1)
	return nil
}

func (*ear) Sending(int) uint16 { return 0 }

func (*ear) Arrived([]bandwidth.Arrival, time.Time) {}

func (e *ear) StateChanged(transport.State) { e.states.Add(1) }

func newConn(t *testing.T, ev transport.Events) *Conn {
	t.Helper()
	return connOf(t, newTestFactory(t), ev)
}

func newTestFactory(tb testing.TB, video ...codec.Kind) *Factory {
	tb.Helper()
	quiet := pionlog.New(slog.New(slog.DiscardHandler))
	ports, err := ice.Open(ice.Config{UDP: "127.0.0.1:0", TCP: "off", Loopback: true, Log: quiet})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = ports.Close() })
	f, err := NewFactory(Config{Ports: ports, Loopback: true, MaxSeats: 49, Video: video, Log: quiet}, &packet.Pool{})
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func connOf(t *testing.T, f *Factory, ev transport.Events) *Conn {
	t.Helper()
	c, err := f.New(ev, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c.(*Conn) //nolint:forcetypeassert // made by this factory
}

// Pion tells each state on a goroutine of its own: news may come out of order
// and after the connection is closed.
func TestOnlyTheStateThatHoldsIsTold(t *testing.T) {
	e := &ear{}
	c := newConn(t, e)
	c.stateChanged(webrtc.PeerConnectionStateDisconnected) // it is new in truth
	if n := e.states.Load(); n != 0 {
		t.Errorf("%d states were told that do not hold", n)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.stateChanged(webrtc.PeerConnectionStateConnected)
	c.incoming(&webrtc.TrackRemote{}, &webrtc.RTPReceiver{})
	if e.states.Load() != 0 || e.streams.Load() != 0 {
		t.Error("something was told after Close")
	}
}

package transporttest

import (
	"math/rand/v2"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// A wire is a page's socket whose way out can be made bad: packets late, twice,
// changed, and noise between them.
type wire struct {
	net.PacketConn
	bad, copies, blocked atomic.Bool

	other   net.PacketConn // somebody else's socket
	strange atomic.Int64   // packets that came there

	mu     sync.Mutex
	random *rand.Rand
	held   [][]byte
	to     net.Addr
}

func newWire(t *testing.T) *wire {
	t.Helper()
	var cfg net.ListenConfig
	c, err := cfg.ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	must(t, err)
	other, err := cfg.ListenPacket(t.Context(), "udp4", "127.0.0.1:0")
	must(t, err)
	w := &wire{PacketConn: c, other: other, random: rand.New(rand.NewPCG(1, 2))}
	ended := make(chan struct{})
	t.Cleanup(func() { _ = other.Close(); <-ended })
	go func() {
		defer close(ended)
		b := make([]byte, 2048)
		for {
			if _, _, err := other.ReadFrom(b); err != nil {
				return
			}
			w.strange.Add(1)
		}
	}()
	return w
}

// ReadFrom implements net.PacketConn.
func (w *wire) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := w.PacketConn.ReadFrom(b)
		if err != nil || !w.blocked.Load() {
			return n, from, err
		}
	}
}

// WriteTo implements net.PacketConn.
func (w *wire) WriteTo(b []byte, to net.Addr) (int, error) {
	if w.blocked.Load() {
		return len(b), nil
	}
	if w.copies.Load() && len(b) > 0 && b[0]>>6 == 2 {
		_, _ = w.other.WriteTo(b, to)
	}
	if !w.bad.Load() || len(b) == 0 || b[0]>>6 != 2 {
		return w.PacketConn.WriteTo(b, to)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to = to
	switch k := w.random.IntN(10); k {
	case 0: // late
		w.held = append(w.held, slices.Clone(b))
		if len(w.held) > 20 {
			w.releaseLocked()
		}
		return len(b), nil
	case 1: // twice
		_, _ = w.PacketConn.WriteTo(b, to)
	case 2: // changed, then as it was
		forged := slices.Clone(b)
		forged[w.random.IntN(len(b)-2)+2] ^= 4
		_, _ = w.PacketConn.WriteTo(forged, to)
	case 3: // noise
		noise := make([]byte, w.random.IntN(80)+2)
		for i := range noise {
			noise[i] = byte(w.random.Uint32())
		}
		noise[0] = noise[0]&0x3f | 0x80
		_, _ = w.PacketConn.WriteTo(noise, to)
	case 4: // lost
		return len(b), nil
	}
	return w.PacketConn.WriteTo(b, to)
}

func (w *wire) release() { w.mu.Lock(); defer w.mu.Unlock(); w.releaseLocked() }

func (w *wire) releaseLocked() {
	for _, b := range w.held {
		_, _ = w.PacketConn.WriteTo(b, w.to)
	}
	w.held = nil
}

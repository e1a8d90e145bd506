package postgres

import (
	"errors"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"plenum/rooms"
	"plenum/rooms/postgres/pgtest"
)

// A relay stands for the network before a server. Once cut, what it carried is
// silent for ever, as after a firewall's restart or when an address moves.
type relay struct {
	t      *testing.T
	target string
	wg     sync.WaitGroup

	mu    sync.Mutex
	cut   chan struct{} // closed when the connections of now are cut; guarded by mu
	conns []net.Conn    // guarded by mu
}

// newRelay returns a relay to the server of url, and url by way of it.
func newRelay(t *testing.T, url string) (*relay, string) {
	t.Helper()
	dir := t.TempDir()
	_, rest, _ := strings.Cut(url, "host=")
	host, _, _ := strings.Cut(rest, "&")
	from := strings.ReplaceAll(host, "%2F", "/")
	const socket = ".s.PGSQL.5432"
	listener, err := net.Listen("unix", filepath.Join(dir, socket))
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{t: t, target: filepath.Join(from, socket), cut: make(chan struct{})}
	t.Cleanup(func() {
		listener.Close()
		r.mu.Lock()
		for _, c := range r.conns {
			c.Close()
		}
		r.mu.Unlock()
		r.wg.Wait()
	})
	r.wg.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			r.carry(near)
		}
	})
	return r, strings.Replace(url, host, dir, 1)
}

func (r *relay) carry(near net.Conn) {
	far, err := net.Dial("unix", r.target)
	if err != nil {
		r.t.Error(err)
		near.Close()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns = append(r.conns, near, far)
	cut := r.cut
	r.wg.Go(func() { copyUntil(cut, near, far) })
	r.wg.Go(func() { copyUntil(cut, far, near) })
}

func copyUntil(cut <-chan struct{}, to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		select {
		case <-cut: // swallow it, also the end
			if err != nil {
				return
			}
			continue
		default:
		}
		if err != nil {
			to.Close()
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			from.Close()
			return
		}
	}
}

// Cut silences the connections there are, and those made until Mend.
func (r *relay) Cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.cut)
}

// Mend carries new connections again.
func (r *relay) Mend() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut = make(chan struct{})
}

// TestNetworkIsCut has every connection of a full pool go silent for ever.
func TestNetworkIsCut(t *testing.T) {
	network, url := newRelay(t, pgtest.Database(t))
	store := open(t, url+"&pool_max_conns=16")
	var held []interface{ Release() }
	for range 16 {
		c, err := store.pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, c)
	}
	for _, c := range held {
		c.Release()
	}

	network.Cut()
	began := time.Now()
	if err := store.Ping(t.Context()); !errors.Is(err, rooms.ErrUnavailable) {
		t.Errorf("cut: %v, want ErrUnavailable", err)
	}
	if took := time.Since(began); took > failWithin {
		t.Errorf("the error came after %v, want %v at most", took, failWithin)
	}
	network.Mend()
	mended := time.Now()
	await(t, "an answer after the mending", func() bool { return store.Ping(t.Context()) == nil })
	if took := time.Since(mended); took > recoverWithin {
		t.Errorf("well %v after the network, want %v at most", took, recoverWithin)
	} else {
		t.Logf("well %v after the network", took)
	}
}

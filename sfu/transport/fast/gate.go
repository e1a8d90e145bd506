//go:build linux

package fast

import (
	"sync"

	"github.com/pion/interceptor"
)

// A gate is the one interceptor of a connection's PeerConnection. It makes the
// plain path's only when that path is taken, so that a fast connection has
// none that run or write.
type gate struct {
	interceptor.NoOp
	conn *conn
	make interceptor.Factory

	mu     sync.Mutex // guards what follows
	writer interceptor.RTCPWriter
	inner  interceptor.Interceptor
}

// NewInterceptor implements interceptor.Factory.
func (g *gate) NewInterceptor(string) (interceptor.Interceptor, error) { return g, nil }

// BindRTCPWriter implements interceptor.Interceptor.
func (g *gate) BindRTCPWriter(w interceptor.RTCPWriter) interceptor.RTCPWriter {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.writer = w
	return w
}

// BindRemoteStream implements interceptor.Interceptor. Pion calls it after the
// handshake.
func (g *gate) BindRemoteStream(info *interceptor.StreamInfo, r interceptor.RTPReader) interceptor.RTPReader {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.conn.mode.Load() != modePlain {
		return r
	}
	if g.inner == nil {
		inner, err := g.make.NewInterceptor("")
		if err != nil {
			g.conn.log.Warn("no feedback to a publisher", "error", err)
			return r
		}
		g.inner = inner
		inner.BindRTCPWriter(g.writer)
	}
	return g.inner.BindRemoteStream(info, r)
}

// UnbindRemoteStream implements interceptor.Interceptor.
func (g *gate) UnbindRemoteStream(info *interceptor.StreamInfo) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.inner != nil {
		g.inner.UnbindRemoteStream(info)
	}
}

// Close implements interceptor.Interceptor.
func (g *gate) Close() error {
	g.mu.Lock()
	inner := g.inner
	g.mu.Unlock()
	if inner != nil {
		return inner.Close()
	}
	return nil
}

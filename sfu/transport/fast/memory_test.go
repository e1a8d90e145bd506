//go:build linux

package fast_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
)

// BenchmarkMemory prints what the resident set grows by for each participant
// that only waits, and for each that is sent 1 Mbit/s. It measures once,
// whatever b.N is.
func BenchmarkMemory(b *testing.B) {
	out := io.Writer(os.Stdout)
	fmt.Fprintf(out, "\n%-6s %12s %12s %14s\n", "path", "KiB/idle", "goroutines", "KiB/stream")
	for _, kind := range []string{"fast", "plain", "stock"} {
		weigh(b, out, kind)
	}
	for range b.N { // nothing here is per turn
		continue
	}
}

func weigh(b *testing.B, out io.Writer, kind string) {
	b.Helper()
	const crowd = 200
	g := startGenerator(b)
	defer g.stop()
	srv, err := newServer(b.Context(), kind)
	check(b, err)
	defer srv.close()
	s := shape{publishers: 1, viewers: crowd}
	check(b, gather(g, srv, shape{publishers: 1, viewers: 0}))
	check(b, err)
	empty, routines := resident(b), runtime.NumGoroutine()
	for id := 1; id <= crowd; id++ {
		a, err := g.ask(order{Op: "offer", ID: id, Seats: 1})
		check(b, err)
		text, err := srv.join(id, a.SDP, a.Mid, false, s)
		check(b, err)
		_, err = g.ask(order{Op: "answer", ID: id, SDP: text})
		check(b, err)
	}
	_, err = g.ask(order{Op: "up"})
	check(b, err)
	idle, waiting := resident(b), runtime.NumGoroutine()
	_, err = g.ask(order{Op: "send", PerSec: 104, Burst: 4, Millis: 4000}) // 1 Mbit/s
	check(b, err)
	busy := resident(b)
	fmt.Fprintf(out, "%-6s %12.0f %12.1f %14.1f\n", kind,
		float64(idle-empty)/crowd/1024, float64(waiting-routines)/crowd, float64(busy-idle)/crowd/1024)
}

// resident is the resident set of this process after a collection, in bytes.
func resident(b *testing.B) int {
	b.Helper()
	runtime.GC()
	debug.FreeOSMemory()
	status, err := os.ReadFile("/proc/self/statm")
	check(b, err)
	pages, err := strconv.Atoi(strings.Fields(string(status))[1])
	check(b, err)
	return pages * os.Getpagesize()
}

package sfu

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/pion/rtp"
)

// make soak sets it to a thousand.
var churn = flag.Int("churn", 40, "joins and leaves of TestJoinsAndLeavesLeaveNothing")

// footprint is what a process holds.
type footprint struct {
	goroutines, files, sockets int
	heap                       uint64
}

// measure counts after what is garbage has been collected. Files and sockets
// are 0 where there is no /proc.
func measure() footprint {
	runtime.GC() // twice: pools let go of what they hold in two steps
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	f := footprint{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	entries, _ := os.ReadDir("/proc/self/fd")
	f.files = len(entries)
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			f.sockets++
		}
	}
	return f
}

// visit joins a room, gives and gets a picture, and leaves.
func visit(t *testing.T, r *Room, w *watcher, host string, number uint32) {
	id := fmt.Sprint("visitor", number)
	c := join(t, r, w, id, number, camera(host), clientOptions{seats: 2})
	c.p.SetSource(Camera, true, false)
	frame := 0
	eventually(t, id+" to see and be seen", func() bool {
		frame++
		_ = c.video.WriteRTP(&rtp.Packet{
			Header:  rtp.Header{Version: 2, SequenceNumber: uint16(frame), Timestamp: uint32(frame) * 3000, Marker: true},
			Payload: vp8(frame%10 == 1, [2]uint16{320, 180}, uint16(frame)),
		})
		return len(c.videoOn(0))+len(c.videoOn(1)) > 5 && c.p.sources[Camera].layers[0].Load() != nil
	})
	if number%2 == 0 { // half go without a word
		must(t, c.pc.GracefulClose())
		c.p.Leave()
		return
	}
	c.p.Leave()
	must(t, c.pc.GracefulClose())
}

// Whoever has come and gone leaves nothing behind: no goroutine, no file, no
// socket, no packet, no memory.
func TestJoinsAndLeavesLeaveNothing(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	r := s.NewRoom("r", w)
	defer r.Close()
	host := join(t, r, w, "host", 1, nil, clientOptions{seats: 1})
	host.publish()
	next := uint32(1)
	round := func(visits int) {
		t.Run("visits", func(t *testing.T) { // so that what visitors clean up is cleaned up here
			var visiting sync.WaitGroup
			turns := make(chan uint32)
			for range 4 {
				visiting.Go(func() {
					for number := range turns {
						visit(t, r, w, "host", number)
					}
				})
			}
			for range visits {
				next++
				turns <- next
			}
			close(turns)
			visiting.Wait()
		})
		w.forget("host")
	}
	round(8) // what is made once is made now
	before := measure()
	outstanding := s.Stats().Outstanding
	round(*churn)
	after := before
	eventually(t, "goroutines, files and sockets to be as before", func() bool {
		after = measure()
		return after.goroutines <= before.goroutines && after.files <= before.files && after.sockets <= before.sockets
	})
	t.Logf("%d visits: before %+v, after %+v", *churn, before, after)
	const perVisit, slack = 4 << 10, 2 << 20 // bytes: a leaked connection is some 400 KiB
	if grown := int64(after.heap) - int64(before.heap); grown > int64(*churn)*perVisit+slack {
		t.Errorf("the heap grew by %d KiB in %d visits", grown>>10, *churn)
	}
	if n := s.Stats().Outstanding; n > outstanding+2*videoRing {
		t.Errorf("%d packets are held, %d before", n, outstanding)
	}
	if n := len(r.all()); n != 1 {
		t.Errorf("%d participants are left", n)
	}
}

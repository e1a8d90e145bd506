//go:build linux

package fast

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// sink is where a batch's packets arrive.
type sink struct {
	t    *testing.T
	conn *net.UDPConn
	dest *dest
	link *link
}

func newSink(t *testing.T, g *group) *sink {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	addr, err := netip.ParseAddrPort(conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	to, err := newSockaddr(addr, g.sockets[0].six)
	if err != nil {
		t.Fatal(err)
	}
	return &sink{t: t, conn: conn, dest: &dest{group: g, to: to}, link: &link{joints: make([]joint, 1)}}
}

// sizes are the lengths of the next n packets.
func (s *sink) sizes(n int) (got []int) {
	s.t.Helper()
	_ = s.conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 2048)
	for range n {
		size, _, err := s.conn.ReadFrom(b)
		if err != nil {
			s.t.Fatalf("after %v: %v", got, err)
		}
		if b[0] != byte(size) {
			s.t.Errorf("a packet of %d bytes begins with %d", size, b[0])
		}
		got = append(got, size)
	}
	return got
}

func newTestBatch(t *testing.T) (*batch, *group, *counters) {
	t.Helper()
	g, err := openGroup(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.close() })
	count := &counters{}
	return newBatch(0, 0, count), g, count
}

func (b *batch) write(s *sink, size int) {
	b.room(size)
	from := len(b.slab)
	b.slab = append(b.slab, bytes.Repeat([]byte{byte(size)}, size)...)
	b.add(s.link, s.dest, from)
}

// Packets to several destinations, interleaved, arrive whole and in order;
// those of one size leave as one run.
func TestRuns(t *testing.T) {
	for name, tt := range map[string]struct {
		sizes []int
		runs  uint64
	}{
		"one":                    {[]int{200}, 1},
		"equal":                  {[]int{200, 200, 200}, 1},
		"the last shorter":       {[]int{200, 200, 100}, 1},
		"one shorter in between": {[]int{200, 100, 200}, 2},
		"growing":                {[]int{100, 200, 250}, 3},
		"as many as there may":   {slices.Repeat([]int{100}, 130), 3},
	} {
		b, g, count := newTestBatch(t)
		one, two := newSink(t, g), newSink(t, g)
		for _, size := range tt.sizes {
			b.write(one, size)
			b.write(two, size)
		}
		b.flush()
		for _, s := range []*sink{one, two} {
			if got := s.sizes(len(tt.sizes)); !slices.Equal(got, tt.sizes) {
				t.Errorf("%s: arrived as %v", name, got)
			}
		}
		if st := count.stats(); st.Runs != 2*tt.runs || st.Sent != uint64(2*len(tt.sizes)) || st.Dropped != 0 {
			t.Errorf("%s: %+v, want %d runs to each of two", name, st, tt.runs)
		}
		b.write(one, 50) // a run of an earlier filling is gone
		b.flush()
		if got := one.sizes(1); got[0] != 50 {
			t.Errorf("%s: then came %v", name, got)
		}
	}
}

// A destination whose route takes no runs gets the packets one by one, now and
// from then on. Linux refuses runs without checksums.
func TestRefusedRuns(t *testing.T) {
	b, g, count := newTestBatch(t)
	s := newSink(t, g)
	if err := g.sockets[0].set(unix.SOL_SOCKET, unix.SO_NO_CHECK, 1); err != nil {
		t.Fatal(err)
	}
	sizes := []int{200, 200, 200, 90}
	for range 2 {
		for _, size := range sizes {
			b.write(s, size)
		}
		b.flush()
		if got := s.sizes(len(sizes)); !slices.Equal(got, sizes) {
			t.Errorf("arrived as %v", got)
		}
	}
	if st := count.stats(); st.Refused != 1 || st.Dropped != 0 || st.Sent != 8 {
		t.Errorf("%+v, want one refusal", st)
	}
}

// One destination nothing can be sent to does not keep others waiting.
func TestOneBadDestination(t *testing.T) {
	b, g, count := newTestBatch(t)
	good := newSink(t, g)
	bad := &sink{dest: &dest{group: g}, link: &link{joints: make([]joint, 1)}}
	var err error
	if bad.dest.to, err = newSockaddr(netip.MustParseAddrPort("127.0.0.1:0"), false); err != nil { // port 0 is none
		t.Fatal(err)
	}
	for range 3 {
		b.write(bad, 100)
		b.write(good, 100)
		b.flush()
	}
	if got := good.sizes(3); len(got) != 3 {
		t.Errorf("arrived as %v", got)
	}
	if st := count.stats(); st.Dropped != 3 || st.Sent != 3 {
		t.Errorf("%+v", st)
	}
}

func TestAClosedSocketDrops(t *testing.T) {
	b, g, count := newTestBatch(t)
	s := newSink(t, g)
	if err := g.close(); err != nil {
		t.Fatal(err)
	}
	b.write(s, 100)
	b.flush()
	if st := count.stats(); st.Dropped != 1 || st.Sent != 0 {
		t.Errorf("%+v", st)
	}
}

// The first socket of a port finds out whether somebody else has it.
func TestAPortIsTakenOnce(t *testing.T) {
	g, err := openGroup(&net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}, 4)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = g.close() }()
	for _, s := range g.sockets {
		if got := s.conn.LocalAddr().String(); got != g.local.String() {
			t.Errorf("a shard is on %s, not on %s", got, g.local)
		}
	}
	if other, err := openGroup(g.local, 4); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("a second server got %v, %v", other, err)
	}
}

func TestABatchAllocatesNothing(t *testing.T) {
	b, g, _ := newTestBatch(t)
	sinks := []*sink{newSink(t, g), newSink(t, g), newSink(t, g)}
	packet := bytes.Repeat([]byte{200}, 200)
	if got := testing.AllocsPerRun(200, func() {
		for range 5 {
			for _, s := range sinks {
				b.room(len(packet))
				from := len(b.slab)
				b.slab = append(b.slab, packet...)
				b.add(s.link, s.dest, from)
			}
		}
		b.Pause()
		b.flush()
	}); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

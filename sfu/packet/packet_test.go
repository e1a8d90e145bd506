package packet

import "testing"

func TestMisusePanics(t *testing.T) {
	for name, misuse := range map[string]func(p *Packet){
		"released twice":         func(p *Packet) { p.Release(); p.Release() },
		"retained after release": func(p *Packet) { p.Release(); p.Retain() },
	} {
		func() {
			defer func() {
				if got, want := recover(), "packet: "+name; got != want {
					t.Errorf("%s: panic %v, want %q", name, got, want)
				}
			}()
			var pool Pool
			misuse(pool.Get())
		}()
	}
}

func TestPoolHandsOutEmptyPackets(t *testing.T) {
	var pool Pool
	p := pool.Get()
	p.Seq, p.Keyframe, p.HasLevel, p.Marker = 5, true, true, true
	p.SetPayload(12, 20)
	q := p.Retain()
	p.Release()
	if got := len(q.Payload()); got != 8 || pool.Outstanding() != 1 {
		t.Errorf("payload of %d bytes, %d outstanding: the second owner lost the packet", got, pool.Outstanding())
	}
	q.Release()
	for range 10 { // the pool may or may not give the same one back
		p := pool.Get()
		if p.Seq != 0 || p.Keyframe || p.HasLevel || p.Marker || len(p.Payload()) != 0 {
			t.Fatal("a packet came with what it carried before")
		}
		p.Release()
	}
	if got := pool.Outstanding(); got != 0 {
		t.Errorf("%d outstanding, want 0", got)
	}
}

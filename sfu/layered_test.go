package sfu

import (
	"slices"
	"testing"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// A layered is a camera in VP9 with spatial layers, one packet a frame.
type layered struct {
	room    still
	to      transport.Receiver
	at      time.Time
	seq     uint16
	picture uint16
	layers  byte
}

// layeredCamera turns a camera on that sends so many layers.
func (r still) layeredCamera(p *Participant, layers byte) *layered {
	p.SetSource(Camera, true, false)
	return &layered{
		room: r, at: time.Now(), seq: 65_500, picture: 0x7FF0, layers: layers,
		to: p.Incoming(transport.Track{Mid: "1", SSRC: p.number, Mime: "video/VP9", ClockRate: 90000}),
	}
}

// packets are those of the next picture.
func (c *layered) packets(key bool) (all []*packet.Packet, seqs []uint16) {
	c.picture++
	c.at = c.at.Add(33 * time.Millisecond)
	for layer := range c.layers {
		first := byte(0x80 | 0x20 | 0x10 | 0x08 | 0x04) // I, L, F, B, E
		if !key {
			first |= 0x40
		}
		if key && layer == 0 {
			first |= 0x02
		}
		b := []byte{first, 0x80 | byte(c.picture>>8), byte(c.picture), layer << 1}
		if !key {
			b = append(b, 0x02) // one picture ago
		}
		if key && layer == 0 {
			b = append(b, (c.layers-1)<<5|0x10)
			for size := range c.layers {
				w, h := 320<<size, 180<<size
				b = append(b, byte(w>>8), byte(w), byte(h>>8), byte(h))
			}
		}
		p := c.room.sfu.pool.Get()
		p.SetPayload(0, copy(p.Buffer(), append(b, layer, byte(c.picture), byte(c.picture>>8))))
		p.Timestamp, p.Marker, p.Arrival = uint32(c.picture)*3000, layer == c.layers-1, c.at
		c.seq++
		all, seqs = append(all, p), append(seqs, c.seq)
	}
	return all, seqs
}

// send sends a picture.
func (c *layered) send(key bool) {
	all, seqs := c.packets(key)
	for i := range all {
		c.to.Packet(all[i], seqs[i])
		c.to.Flush(nil)
	}
}

// see asks for the camera of bo in a tile of some height.
func see(p *Participant, height int) {
	p.SetView([]Tile{{Participant: "bo", Source: Camera, Height: height}})
}

// layersOf lists the spatial layers of what was written, and checks that numbers
// have no gap, that every picture ends once, and that picture ids run on.
func layersOf(t *testing.T, s *paper) (layers []byte) {
	t.Helper()
	for i, payload := range s.payloads {
		v, err := codec.ParseVP9(payload)
		if err != nil {
			t.Fatal(err)
		}
		layers = append(layers, byte(v.SID))
		if s.headers[i].Codec != codec.VP9Video {
			t.Errorf("packet %d goes as %s", i, s.headers[i].Codec.Mime())
		}
		if i == 0 {
			continue
		}
		before, _ := codec.ParseVP9(s.payloads[i-1])
		next := s.headers[i].Timestamp != s.headers[i-1].Timestamp
		if s.headers[i-1].Marker != next {
			t.Errorf("packet %d has marker %v, and a new picture follows: %v", i-1, s.headers[i-1].Marker, next)
		}
		if step := v.PictureID - before.PictureID; step&0x7FFF != map[bool]int{false: 0, true: 1}[next] {
			t.Errorf("packet %d steps the picture id by %d", i, step)
		}
	}
	return layers
}

func gapless(t *testing.T, s *paper) {
	t.Helper()
	var seqs []uint16
	for _, h := range slices.Concat(s.headers, s.pads) {
		seqs = append(seqs, h.Seq-s.headers[0].Seq)
	}
	slices.Sort(seqs)
	for i, seq := range seqs {
		if int(seq) != i {
			t.Fatalf("numbers %v", seqs)
		}
	}
}

// Each subscriber gets the layers its tile is large enough for, in a stream
// that looks whole; less begins at once, more with a keyframe, which is asked for.
func TestLayersOfOneStream(t *testing.T) {
	r := newStill(t)
	ann, large := r.enter("ann", 1)
	cy, small := r.enter("cy", 3)
	for _, p := range []*Participant{ann, cy} { // their links carry plenty
		p.down.est = bandwidth.New(bandwidth.Config{Start: 20_000_000})
	}
	see(ann, 720)
	see(cy, 100)
	bo, publisher := r.enter("bo", 2)
	cam := r.layeredCamera(bo, 3)
	r.plan(cam.at)
	cam.send(true)
	r.plan(cam.at)
	cam.send(true)
	cam.send(false)
	if got, want := layersOf(t, large.sent[0]), []byte{0, 1, 2, 0, 1, 2}; !slices.Equal(got[len(got)-6:], want) {
		t.Errorf("the large tile gets layers %v", got)
	}
	if got := layersOf(t, small.sent[0]); slices.Max(got[len(got)-2:]) != 0 {
		t.Errorf("the small tile gets layers %v", got)
	}

	see(ann, 100) // at once
	r.plan(cam.at)
	n := len(large.sent[0].payloads)
	cam.send(false)
	if got := layersOf(t, large.sent[0])[n:]; !slices.Equal(got, []byte{0}) {
		t.Errorf("the tile that shrank gets layers %v", got)
	}
	before := publisher.asked()
	see(cy, 720)
	cam.at = cam.at.Add(time.Second) // so that a request is not merged with the last
	r.plan(cam.at)
	n = len(small.sent[0].payloads)
	cam.send(false)
	if got := layersOf(t, small.sent[0])[n:]; !slices.Equal(got, []byte{0}) {
		t.Errorf("the tile that grew gets layers %v before a keyframe", got)
	}
	if publisher.asked() == before {
		t.Error("no keyframe was asked for")
	}
	cam.send(true)
	cam.send(false)
	if got := layersOf(t, small.sent[0])[n+1:]; !slices.Equal(got, []byte{0, 1, 2, 0, 1, 2}) {
		t.Errorf("the tile that grew gets layers %v", got)
	}
	gapless(t, small.sent[0])
	gapless(t, large.sent[0])
}

// A packet of a layer that does not go may come after later ones: its place is
// filled, so that nobody asks for it.
func TestALateUpperLayerLeavesNoGap(t *testing.T) {
	r := newStill(t)
	ann, got := r.enter("ann", 1)
	see(ann, 100)
	bo, _ := r.enter("bo", 2)
	cam := r.layeredCamera(bo, 3)
	r.plan(cam.at)
	cam.send(true)
	r.plan(cam.at)
	late, lateSeqs := cam.packets(false)
	for i := range 2 {
		cam.to.Packet(late[i], lateSeqs[i])
	}
	cam.send(false) // tells of the gap
	cam.at = cam.at.Add(2 * mostHold)
	cam.send(false) // nobody waits for it any longer
	late[2].Arrival = cam.at
	cam.to.Packet(late[2], lateSeqs[2])
	cam.to.Flush(nil)
	cam.send(false)
	if layers := layersOf(t, got.sent[0]); slices.Max(layers) != 0 {
		t.Errorf("layers %v", layers)
	}
	if len(got.sent[0].pads) != 1 {
		t.Errorf("%d packets of padding, want one", len(got.sent[0].pads))
	}
	gapless(t, got.sent[0])
}

// A link that carries a megabit has no room for the third layer.
func TestANarrowLinkGetsFewerLayers(t *testing.T) {
	r := newStill(t)
	ann, got := r.enter("ann", 1)
	see(ann, 720)
	bo, _ := r.enter("bo", 2)
	cam := r.layeredCamera(bo, 3)
	for range 3 {
		r.plan(cam.at)
		cam.send(true)
	}
	if layers := layersOf(t, got.sent[0]); layers[len(layers)-1] != 1 {
		t.Errorf("layers %v, want the last of them to be 1", layers)
	}
}

// What the layers of one stream cost, and whether they can be had.
func TestRungsOfALayeredStream(t *testing.T) {
	r := newStill(t)
	bo, _ := r.enter("bo", 2)
	cam := r.layeredCamera(bo, 3)
	for n := range 90 {
		cam.send(n == 0)
	}
	src := bo.sources[Camera]
	last := 0
	for i, height := range []int{180, 360, 720} {
		q := src.rung(i)
		if q.layer == nil || q.height() != height || !q.live(cam.at) {
			t.Fatalf("rung %d: %+v", i, q)
		}
		if rate := q.bitrate(cam.at); rate <= last {
			t.Errorf("rung %d costs %d bit/s, the one below %d", i, rate, last)
		} else {
			last = rate
		}
	}
	if q := src.rung(3); q.layer != nil {
		t.Errorf("there is a fourth: %+v", q)
	}
	cam.layers = 1 // as after a word that no more are wanted
	for n := range 90 {
		cam.send(n == 0)
	}
	if q := src.rung(2); q.layer == nil || q.live(cam.at) {
		t.Errorf("a layer that is not sent any more: %+v, live %v", q, q.live(cam.at))
	}
}

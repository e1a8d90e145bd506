package sfu

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"plenum/sfu/codec"
	"plenum/sfu/transport"
)

// packets cuts a byte string into packets, each behind its length in two bytes.
func packets(b []byte) (all [][]byte) {
	for len(b) >= 2 {
		n := min(int(binary.BigEndian.Uint16(b)), len(b)-2)
		all = append(all, b[2:2+n])
		b = b[2+n:]
	}
	return all
}

// FuzzStream sends whatever RTP a publisher may send all the way to a seat:
// headers, extensions, payloads, numbers that jump. What comes out never has a
// number twice, and every packet is given back.
func FuzzStream(f *testing.F) {
	files, err := filepath.Glob("testdata/rtp/*")
	if err != nil || len(files) == 0 {
		f.Fatalf("no streams in testdata/rtp: %v", err)
	}
	for _, file := range files {
		stream, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for kind := codec.VP8Video; kind < codec.Kinds; kind++ {
			f.Add(stream, uint8(kind))
		}
	}
	f.Fuzz(func(t *testing.T, stream []byte, format uint8) {
		is := codec.VP8Video + codec.Kind(format)%(codec.Kinds-codec.VP8Video)
		r := newStill(t)
		ann, got := r.enter("ann", 1, camera("bo")...)
		bo, _ := r.enter("bo", 2)
		track := transport.Track{Mid: "1", SSRC: 2, Mime: is.Mime(), ClockRate: 90000, LevelID: 1}
		kind := Camera
		if is.Audio() {
			track.Mid, track.ClockRate, kind = "0", 48000, Microphone
		}
		bo.SetSource(kind, true, false)
		in := bo.Incoming(track)
		now := time.Now()
		r.plan(now)
		for _, raw := range packets(stream) {
			now = now.Add(5 * time.Millisecond)
			p := r.sfu.pool.Get()
			seq, err := p.Parse(copy(p.Buffer(), raw))
			if err != nil {
				p.Release()
				continue
			}
			p.Arrival = now
			in.Packet(p, seq)
			in.Flush(nil)
			if seq%16 == 0 {
				r.plan(now)
			}
		}
		var sent []uint16
		for _, h := range append(got.sent[0].written(), got.sent[0].pads...) {
			sent = append(sent, h.Seq)
			if h.CSRC != 2 && h.CSRC != 0 { // padding is nobody's
				t.Fatalf("a packet of %d", h.CSRC)
			}
		}
		slices.Sort(sent)
		if n := len(sent); len(slices.Compact(sent)) != n {
			t.Error("a number went out twice")
		}
		ann.Leave()
	})
}

package webm

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"
)

// A process that dies at any byte it writes, Finish included, leaves a file
// that Repair completes.
func TestDiesAnywhere(t *testing.T) {
	for name, tr := range every {
		if tr.video() {
			t.Run(name, func(t *testing.T) { diesAnywhere(t, tr) })
		}
	}
}

func diesAnywhere(t *testing.T, video Track) {
	t.Helper()
	frames := script(video, 5*time.Second)
	whole := newMem()
	w := write(t, whole, video, frames)
	w.Grow(640, 480)
	if err := w.Finish(tags); err != nil {
		t.Fatal(err)
	}
	total := len(whole.b)
	patched := 8 + seekRegion + 8 + 4
	points := []int{}
	for n := total + patched; n > total-600; n-- {
		points = append(points, n) // every byte of index and patches
	}
	for n := 0; n < total-600; n += 397 {
		points = append(points, n)
	}
	_, at := header(video, about)
	for _, n := range points {
		f := newMem()
		f.budget = n
		if w, err := New(f, video, about); err == nil {
			for _, fr := range frames {
				if w.Write(fr) != nil {
					break
				}
			}
			w.Grow(640, 480)
			_ = w.Finish(tags)
		}
		f.budget = -1
		if int64(len(f.b)) < at.clusters {
			if _, err := Repair(f, int64(len(f.b)), tags); !errors.Is(err, ErrHeader) {
				t.Fatalf("died at %d: %v", n, err)
			}
			continue
		}
		mend(t, f, frames)
		if n >= total && len(f.b) != total {
			t.Fatalf("died in a patch at %d: %d bytes of %d", n, len(f.b), total)
		}
	}
}

// mend repairs a file and checks that it is complete, right, and not changed by
// repairing it again.
func mend(t *testing.T, f *memFile, frames []Frame) Repaired {
	t.Helper()
	before := len(f.b)
	rep, err := Repair(f, int64(before), tags)
	if err != nil {
		t.Fatal(err)
	}
	n := check(t, f, frames)
	r, err := NewReader(f, int64(len(f.b)))
	if err != nil || !r.Finished || int64(len(f.b)) != rep.Size || int64(n) != rep.Blocks {
		t.Fatalf("after repair: %+v, %d blocks, %v", rep, n, err)
	}
	if _, _, err := r.Index(); err != nil {
		t.Fatalf("index: %v", err)
	}
	if n > 0 && r.Duration < frames[n-1].Time {
		t.Fatalf("lasts %v, has a frame at %v", r.Duration, frames[n-1].Time)
	}
	once := slices.Clone(f.b)
	if again, err := Repair(f, int64(len(f.b)), tags); err != nil || again.Truncated != 0 || !bytes.Equal(once, f.b) {
		t.Fatalf("second repair: %+v, %v, same %v", again, err, bytes.Equal(once, f.b))
	}
	return rep
}

// Repair itself may die at any byte, too.
func TestRepairDies(t *testing.T) {
	frames := script(video, 5*time.Second)
	f := newMem()
	w := write(t, f, video, frames)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	torn := f.b[:len(f.b)-700]
	for budget := range 600 {
		f := &memFile{b: slices.Clone(torn), budget: budget}
		_, _ = Repair(f, int64(len(f.b)), tags)
		f.budget = -1
		if rep := mend(t, f, frames); rep.Blocks < 100 {
			t.Fatalf("died at %d: %d blocks left", budget, rep.Blocks)
		}
	}
}

func TestTornAndZeroedTails(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, name := range slices.Sorted(maps.Keys(every)) {
		tr := every[name]
		frames := script(tr, 30*time.Second)
		f := newMem()
		w := write(t, f, tr, frames)
		if rng.IntN(2) == 0 {
			_ = w.Finish(tags)
		}
		_, at := header(tr, about)
		for i := range 200 {
			cut := int(at.clusters) + rng.IntN(len(f.b)-int(at.clusters))
			g := &memFile{b: slices.Clone(f.b[:cut]), budget: -1}
			if i%3 == 0 {
				clear(g.b[max(int(at.clusters), cut-4096-rng.IntN(60<<10)):])
			}
			size := len(g.b)
			rep, err := Repair(g, int64(size), tags)
			if err != nil {
				t.Fatal(err)
			}
			if i%3 != 0 { // zeros within a frame can't be seen
				g.b = slices.Clone(f.b[:cut])
				mend(t, g, frames)
			}
			if grown := len(g.b) - size; grown > 600 {
				t.Fatalf("%d bytes cut at %d grew by %d", size, cut, grown)
			}
			if rep.Duration > 31*time.Second {
				t.Fatalf("lasts %v", rep.Duration)
			}
		}
	}
}

func TestDiskFull(t *testing.T) {
	frames := script(video, 20*time.Second)
	for full := 2000; full < 400_000; full += 3000 {
		f := newMem()
		f.full = full
		w, err := New(f, video, about)
		if err != nil {
			t.Fatal(err)
		}
		var failed error
		for _, fr := range frames {
			if failed = w.Write(fr); failed != nil {
				break
			}
		}
		if err := w.Finish(tags); failed != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("full at %d: Finish says %v", full, err)
		}
		if !w.Finished() || len(f.b) > full {
			t.Fatalf("full at %d: finished %v with %d bytes", full, w.Finished(), len(f.b))
		}
		n := check(t, f, frames)
		if failed == nil && n < len(frames)-60 {
			t.Fatalf("full at %d: %d frames of %d", full, n, len(frames))
		}
		r, _ := NewReader(f, int64(len(f.b)))
		if _, _, err := r.Index(); err != nil {
			t.Fatal(err)
		}
		if want := 40 * time.Millisecond * time.Duration(n); n > 1 && r.Duration != want {
			t.Fatalf("full at %d: lasts %v, want %v", full, r.Duration, want)
		}
	}
}

func TestNotOurs(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing": {}, "text": []byte("hello there, this is no video at all"), "zeros": make([]byte, 5000),
		"only EBML": {0x1A, 0x45, 0xDF, 0xA3, 0x80}, "all ones": bytes.Repeat([]byte{0xFF}, 4096),
	} {
		if _, err := Repair(&memFile{b: b, budget: -1}, int64(len(b)), nil); !errors.Is(err, ErrHeader) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRepair(f *testing.F) {
	for _, tr := range every {
		m := newMem()
		short := script(tr, 3*time.Second)[:12]
		for i := range short { // small files fuzz faster
			short[i].Time *= 10
			short[i].Data = short[i].Data[:3]
		}
		w := write(f, m, tr, short)
		_ = w.Flush()
		f.Add(slices.Clone(m.b), 0, byte(0))
		_ = w.Finish(tags)
		f.Add(slices.Clone(m.b), 400, byte(0x81))
		f.Add(m.b[:len(m.b)*2/3], len(m.b)/2, byte(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, at int, v byte) {
		b = slices.Clone(b)
		if at >= 0 && at < len(b) {
			b[at] ^= v
		}
		m := &memFile{b: b, budget: -1}
		size := int64(len(b))
		rep, err := Repair(m, size, tags)
		if err != nil {
			if !errors.Is(err, ErrHeader) {
				t.Fatal(err)
			}
			return
		}
		h, _ := readHeader(m, rep.Size)
		s := newScan(m, rep.Size, h)
		if err := s.run(); err != nil || !s.atIndex {
			t.Fatalf("not whole after repair: %v", err)
		}
		index := rep.Size - s.end
		if rep.Size > size+index {
			t.Fatalf("grew from %d to %d with an index of %d", size, rep.Size, index)
		}
		once := slices.Clone(m.b)
		if _, err := Repair(m, rep.Size, tags); err != nil || !bytes.Equal(once, m.b) {
			t.Fatalf("second repair changed the file: %v", err)
		}
	})
}

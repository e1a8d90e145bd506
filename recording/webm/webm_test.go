package webm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"syscall"
	"testing"
	"time"
)

// memFile is a file in memory that can die or fill up.
type memFile struct {
	b      []byte
	budget int // bytes that may still be written; negative for any number
	full   int // size at which the disk is full; 0 for never
	syncs  int
}

var errDead = errors.New("the process is dead")

func newMem() *memFile { return &memFile{budget: -1} }

func (f *memFile) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.b)) {
		return 0, io.EOF
	}
	n := copy(p, f.b[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := len(p), error(nil)
	if f.budget >= 0 && n > f.budget {
		n, err = f.budget, errDead
	}
	if f.full > 0 && int(off)+n > f.full {
		n, err = max(0, f.full-int(off)), syscall.ENOSPC
	}
	if f.budget >= 0 {
		f.budget -= n
	}
	if end := int(off) + n; end > len(f.b) {
		f.b = append(f.b, make([]byte, end-len(f.b))...)
	}
	copy(f.b[off:], p[:n])
	return n, err
}

func (f *memFile) Truncate(size int64) error {
	if f.budget == 0 {
		return errDead
	}
	if int(size) > len(f.b) {
		f.b = append(f.b, make([]byte, int(size)-len(f.b))...)
	}
	f.b = f.b[:size]
	return nil
}

func (f *memFile) Sync() error {
	if f.budget == 0 {
		return errDead
	}
	f.syncs++
	return nil
}

var (
	video = Track{Codec: VP8, Name: "Ann", Width: 320, Height: 240}
	audio = Track{Codec: Opus, Name: "Ann", Channels: 2}
	// every is a track of each codec.
	every = map[string]Track{
		"video": video, "audio": audio,
		"VP9":   {Codec: VP9, Name: "Ann", Width: 320, Height: 240, Private: []byte{1, 1, 0, 3, 1, 8}},
		"AV1":   {Codec: AV1, Name: "Ann", Width: 320, Height: 240, Private: bytes.Repeat([]byte{0x81}, 17)},
		"H.264": {Codec: H264, Name: "Ann", Width: 320, Height: 240, Private: bytes.Repeat([]byte{1}, maxPrivate)},
	}
	about = Info{Title: "Weekly sync", App: "test", Date: time.Date(2026, 11, 22, 6, 20, 0, 123456000, time.UTC)}
	tags  = []Tag{{"SOURCE", "camera"}}
)

// script is a stream of frames: video at 25/s with a keyframe each two seconds,
// or audio in 20 ms packets.
func script(t Track, length time.Duration) []Frame {
	rng := rand.New(rand.NewPCG(1, 2))
	step, size, dur := 40*time.Millisecond, 1500, time.Duration(0)
	if !t.video() {
		step, size, dur = 20*time.Millisecond, 90, 20*time.Millisecond
	}
	var out []Frame
	for at := time.Duration(0); at < length; at += step {
		data := make([]byte, 3+rng.IntN(size))
		for i := range data {
			data[i] = byte(rng.Uint32())
		}
		if !t.video() {
			data[0] = 0xF8 // one 20 ms frame
		}
		out = append(out, Frame{Time: at, Duration: dur, Key: !t.video() || at%(2*time.Second) == 0, Data: data})
	}
	return out
}

func write(tb testing.TB, f File, tr Track, frames []Frame) *Writer {
	tb.Helper()
	w, err := New(f, tr, about)
	if err != nil {
		tb.Fatal(err)
	}
	for _, fr := range frames {
		if err := w.Write(fr); err != nil {
			tb.Fatal(err)
		}
	}
	return w
}

// check reads a file and compares its frames with the first of those written.
// It returns how many there are.
func check(t *testing.T, f *memFile, frames []Frame) int {
	t.Helper()
	r, err := NewReader(f, int64(len(f.b)))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for b := range r.Blocks() {
		if n == len(frames) {
			t.Fatalf("more than the %d frames written", n)
		}
		data, err := r.Data(b)
		if err != nil {
			t.Fatal(err)
		}
		if want := frames[n]; b.Time != want.Time || b.Key != want.Key || !bytes.Equal(data, want.Data) {
			t.Fatalf("frame %d: %v key=%v, %d bytes; want %v key=%v, %d bytes", n, b.Time, b.Key, b.Size, want.Time, want.Key, len(want.Data))
		}
		n++
	}
	return n
}

func TestFinishedFile(t *testing.T) {
	for name, tr := range every {
		t.Run(name, func(t *testing.T) {
			frames := script(tr, 21*time.Second)
			f := newMem()
			w := write(t, f, tr, frames)
			if err := w.Finish(tags); err != nil {
				t.Fatal(err)
			}
			if got := check(t, f, frames); got != len(frames) {
				t.Fatalf("%d frames of %d", got, len(frames))
			}
			r, _ := NewReader(f, int64(len(f.b)))
			if !r.Finished || r.Duration != 21*time.Second || !reflect.DeepEqual(r.Track, tr) || r.Info != about {
				t.Errorf("header is %+v", r.Header)
			}
			if want := map[bool]string{true: docWebM, false: docMatroska}[tr.Codec.WebM()]; !bytes.Contains(f.b[:64], []byte(want)) {
				t.Errorf("is no %s", want)
			}
			if f.syncs != 2 {
				t.Errorf("synced %d times, want before and after the header", f.syncs)
			}
			checkIndex(t, r, f)
			if err := w.Write(frames[0]); !errors.Is(err, ErrFinished) {
				t.Errorf("Write after Finish: %v", err)
			}
		})
	}
}

// checkIndex holds Cues, Tags and SeekHead to what is in the file.
func checkIndex(t *testing.T, r *Reader, f *memFile) {
	t.Helper()
	cues, got, err := r.Index()
	if err != nil {
		t.Fatal(err)
	}
	if want := []Tag{{"DURATION", "00:00:21.000000000"}, tags[0]}; !slices.Equal(got, want) {
		t.Errorf("tags %v, want %v", got, want)
	}
	first := map[int64]Block{}
	for b := range r.Blocks() {
		if _, ok := first[b.Cluster]; !ok {
			first[b.Cluster] = b
		}
	}
	gap := 2 * time.Second
	if !r.video() {
		gap = 5 * time.Second
	}
	if want := int(21*time.Second/gap) + 1; len(cues) != want {
		t.Errorf("%d cues, want %d", len(cues), want)
	}
	for i, c := range cues {
		if b, ok := first[c.Cluster]; !ok || b.Time != c.Time || !b.Key || c.Time != time.Duration(i)*gap {
			t.Errorf("cue %d at %v leads to %+v", i, c.Time, b)
		}
	}
	body, _, err := expect(f.b, int(r.at.seek()), idSeekHead)
	if err != nil {
		t.Fatal(err)
	}
	var found []uint32
	_ = children(body, func(_ uint32, seek []byte, _ int) error {
		var id, pos uint64
		_ = children(seek, func(e uint32, data []byte, _ int) error {
			if e == idSeekID {
				id, _ = parseUint(data)
			} else {
				pos, _ = parseUint(data)
			}
			return nil
		})
		e, err := parseElement(f.b[r.at.segmentData+int64(pos):])
		if err != nil || uint64(e.id) != id {
			t.Errorf("SeekHead says %#x is at %d, there is %#x", id, pos, e.id)
		}
		found = append(found, uint32(id))
		return nil
	})
	if want := []uint32{idInfo, idTracks, idCues, idTags}; !slices.Equal(found, want) {
		t.Errorf("SeekHead lists %#x", found)
	}
}

func TestClustersStayShort(t *testing.T) {
	frames := script(video, 10*time.Second)
	frames[30].Data = bytes.Repeat([]byte{1}, clusterBytes+5)
	f := newMem()
	w := write(t, f, video, frames)
	if err := w.Finish(nil); err != nil {
		t.Fatal(err)
	}
	if got := check(t, f, frames); got != len(frames) {
		t.Fatalf("%d frames of %d", got, len(frames))
	}
	r, _ := NewReader(f, int64(len(f.b)))
	start := map[int64]Block{}
	for b := range r.Blocks() {
		first, ok := start[b.Cluster]
		if !ok {
			start[b.Cluster] = b
			continue
		}
		if b.Time-first.Time >= clusterSpan*time.Millisecond || b.Key || b.Off+int64(b.Size)-b.Cluster > clusterBytes+64 {
			t.Fatalf("block %v in the cluster of %v", b.Time, first.Time)
		}
	}
}

func TestTimesRise(t *testing.T) {
	f := newMem()
	w := write(t, f, video, []Frame{
		{Time: 0, Key: true, Data: []byte{1}},
		{Time: 400 * time.Microsecond, Data: []byte{2}},
		{Time: 300 * time.Microsecond, Data: []byte{3}},
		{Time: time.Hour, Data: []byte{4}}, // further than a block's 16 bits
	})
	if err := w.Finish(nil); err != nil {
		t.Fatal(err)
	}
	r, _ := NewReader(f, int64(len(f.b)))
	var got []time.Duration
	for b := range r.Blocks() {
		got = append(got, b.Time)
	}
	if want := []time.Duration{0, time.Millisecond, 2 * time.Millisecond, time.Hour}; !slices.Equal(got, want) {
		t.Errorf("times %v, want %v", got, want)
	}
}

func TestBadFrames(t *testing.T) {
	w := write(t, newMem(), video, nil)
	for name, fr := range map[string]Frame{"empty": {}, "before the start": {Time: -1, Data: []byte{1}}} {
		if err := w.Write(fr); !errors.Is(err, ErrBlock) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExtendAndGrow(t *testing.T) {
	f := newMem()
	w := write(t, f, video, script(video, 2*time.Second))
	w.Extend(7 * time.Second)
	w.Grow(640, 200)
	if err := w.PatchDuration(); err != nil {
		t.Fatal(err)
	}
	if r, _ := NewReader(f, int64(len(f.b))); r.Duration != 7*time.Second || r.Finished {
		t.Errorf("patched header is %+v", r.Header)
	}
	if err := w.Finish(nil); err != nil {
		t.Fatal(err)
	}
	if _, err := Repair(f, int64(len(f.b)), nil); err != nil {
		t.Fatal(err)
	}
	if r, _ := NewReader(f, int64(len(f.b))); r.Duration != 7*time.Second || r.Width != 640 || r.Height != 240 {
		t.Errorf("repair changed a finished header to %+v", r.Header)
	}
}

func TestLongTexts(t *testing.T) {
	f := newMem()
	long := string(bytes.Repeat([]byte("ä"), 5000))
	private := bytes.Repeat([]byte{1}, maxPrivate)
	w, err := New(f, Track{Codec: H264, Name: long, Width: 1, Height: 1, Private: private}, Info{Title: long, App: long})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(nil); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(f, int64(len(f.b)))
	if err != nil || len(r.Title) != maxText || r.Name != r.Title || !bytes.Equal(r.Private, private) {
		t.Errorf("title of %d bytes, %d of CodecPrivate, %v", len(r.Title), len(r.Private), err)
	}
	private = append(private, 1)
	if _, err := New(newMem(), Track{Codec: H264, Private: private}, Info{}); !errors.Is(err, ErrTrack) {
		t.Errorf("too much CodecPrivate: %v", err)
	}
}

func TestSizes(t *testing.T) {
	for _, n := range []int{0, 1, 126, 127, 128, 16382, 16383, 1 << 21, 1<<28 - 2, 1 << 28, 1 << 40} {
		b := appendSize([]byte{idVoid}, n)
		if e, err := parseElement(b); err != nil || e.size != int64(n) || e.head != len(b) {
			t.Errorf("%d became % x and then %+v, %v", n, b, e, err)
		}
	}
	if e, _ := parseElement([]byte{idVoid, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}); e.size != unknownSize {
		t.Errorf("all ones is %d", e.size)
	}
}

func TestOpusHead(t *testing.T) {
	b := opusHead(2)
	if len(b) != 19 || b[8] != 1 || b[9] != 2 || binary.LittleEndian.Uint16(b[10:]) != 312 || binary.LittleEndian.Uint32(b[12:]) != 48000 {
		t.Errorf("OpusHead is % x", b)
	}
}

// nullFile takes everything.
type nullFile struct{ memFile }

func (f *nullFile) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }

func BenchmarkWrite(b *testing.B) {
	w, err := New(&nullFile{}, video, about)
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 4000)
	at := time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Write(Frame{Time: at, Key: at%(2*time.Second) == 0, Data: data}); err != nil {
			b.Fatal(err)
		}
		at += 33 * time.Millisecond
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "blocks/s")
}

func TestWriteDoesNotAllocate(t *testing.T) {
	w, _ := New(&nullFile{}, audio, about)
	data := make([]byte, 100)
	at := time.Duration(0)
	if n := testing.AllocsPerRun(10_000, func() {
		_ = w.Write(Frame{Time: at, Duration: 20 * time.Millisecond, Key: true, Data: data})
		at += 20 * time.Millisecond
	}); n > 0.1 {
		t.Errorf("%.2f allocations per block", n)
	}
}

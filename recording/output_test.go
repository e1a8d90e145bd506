package recording

import (
	"os"
	"testing"
	"time"

	"plenum/recording/webm"
)

// A voice that is silent sends a packet every 400 ms, a little early or late.
// What a decoder counts in samples must stay with what the times say.
func TestGapsAreFilledToTheSample(t *testing.T) {
	f, err := os.Create(t.TempDir() + "/x.webm")
	if err != nil {
		t.Fatal(err)
	}
	w, err := webm.New(diskFile{f}, webm.Track{Codec: webm.Opus, Channels: opusChannels}, webm.Info{})
	if err != nil {
		t.Fatal(err)
	}
	o := &output{f: diskFile{f}, w: w}
	var at time.Duration
	for i := range 500 {
		at += 400*time.Millisecond + time.Duration([]int{-900, 300, -100, 650, 0}[i%5])*time.Microsecond
		if err := o.write(at, 20*time.Millisecond, true, []byte{0x78, 1, 2}); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.finish(at+20*time.Millisecond, nil); err != nil {
		t.Fatal(err)
	}
	r, err := webm.NewReader(f, o.w.Size())
	if err != nil {
		t.Fatal(err)
	}
	lengths := map[byte]time.Duration{0x78: 20 * time.Millisecond, 0xF8: 20 * time.Millisecond}
	for _, s := range shortSilences {
		lengths[s.data[0]] = s.length
	}
	var first, counted, worst time.Duration
	last := time.Duration(-1)
	for b := range r.Blocks() {
		data, err := r.Data(b)
		if err != nil {
			t.Fatal(err)
		}
		if last < 0 {
			first = b.Time
		}
		if b.Time <= last {
			t.Fatalf("%v after %v", b.Time, last)
		}
		last = b.Time
		if data[0] == 0x78 {
			worst = max(worst, (b.Time - first - counted).Abs())
		}
		counted += lengths[data[0]]
	}
	if worst > 5*time.Millisecond {
		t.Errorf("times and samples are up to %v apart", worst)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

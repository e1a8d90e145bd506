package recording

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plenum/recording/mediatest"
	"plenum/recording/webm"
	"plenum/sfu"
)

// A parcel is a packet of a clip on its way.
type parcel struct {
	seq     int64
	ts      uint32
	marker  bool
	payload []byte
	at      time.Duration // when it arrives; negative if never
}

// A network says what happens to a clip on its way.
type network struct {
	first   int64 // sequence number
	padding bool
	happen  func(rng *rand.Rand, p *parcel)
	floor   float64 // the least share of frames that is recorded
}

var ways = map[string]network{
	"clean":   {floor: 1},
	"wrap":    {first: 65_500, floor: 1},
	"padding": {padding: true, floor: 1},
	"jitter": {floor: 1, happen: func(rng *rand.Rand, p *parcel) {
		p.at += time.Duration(rng.IntN(60)) * time.Millisecond
	}},
	// 5 % is lost, and 5 % of what is sent again too.
	"loss with RTX": {floor: 0.99, happen: func(rng *rand.Rand, p *parcel) {
		for try := 0; rng.IntN(20) == 0; try++ {
			if p.at += 60*time.Millisecond + time.Duration(rng.IntN(140))*time.Millisecond; try == 3 {
				p.at = -1
			}
		}
	}},
	// Nobody answers keyframe requests here: each loss costs up to a second.
	"loss without": {floor: 0.1, happen: func(rng *rand.Rand, p *parcel) {
		if rng.IntN(200) == 0 {
			p.at = -1
		}
	}},
}

// parcels packs a clip whose first frame is made at begin.
func (n network) parcels(clip *mediatest.Clip, begin time.Duration) []parcel {
	rng := rand.New(rand.NewPCG(5, uint64(n.first)))
	var all []parcel
	seq := n.first
	for i, f := range clip.Frames {
		at := begin + time.Duration(i)*clip.Step
		p := parcel{ts: uint32(int64(at) * int64(clip.Rate) / int64(time.Second))}
		for j, payload := range f.Payloads {
			p.seq, p.payload, p.marker = seq, payload, clip.Rate == 90000 && j == len(f.Payloads)-1
			p.at = at + 20*time.Millisecond + time.Duration(j)*100*time.Microsecond
			if n.happen != nil && i > 0 { // a lost first packet is another test
				n.happen(rng, &p)
			}
			all = append(all, p)
			seq++
		}
		if n.padding && i%3 == 0 {
			p.seq, p.payload, p.marker = seq, nil, false
			all = append(all, p)
			seq++
		}
	}
	all = slices.DeleteFunc(all, func(p parcel) bool { return p.at < 0 })
	slices.SortStableFunc(all, func(a, b parcel) int { return int(a.at - b.at) })
	return all
}

// streamOf is a source that sends a clip.
func streamOf(clip *mediatest.Clip) sfu.Stream {
	s := sfu.Stream{Participant: "p1", Source: sfu.Camera, Codec: clip.Codec, ClockRate: clip.Rate, SSRC: 77}
	if clip.Rate == 48000 {
		s.Source = sfu.Microphone
	}
	return s
}

// deliver plays parcels in a synctest bubble, with a sender report each second.
func (m *room) deliver(s sfu.Stream, begin time.Time, all []parcel) {
	report := time.Duration(0)
	for _, p := range all {
		if d := time.Until(begin.Add(p.at)); d > 0 {
			time.Sleep(d)
		}
		now := time.Now()
		if p.at >= report {
			report = p.at + time.Second
			m.report(s, sfu.SenderReport{
				NTP: ntp(now.Add(-20 * time.Millisecond)), Arrival: now,
				Timestamp: uint32(int64(now.Sub(begin)-20*time.Millisecond) * int64(s.ClockRate) / int64(time.Second)),
			})
		}
		pk := m.pool.Get()
		pk.Seq, pk.Timestamp, pk.SSRC, pk.Marker, pk.Arrival = p.seq, p.ts, s.SSRC, p.marker, now
		pk.SetPayload(0, copy(pk.Buffer(), p.payload))
		m.packet(s, pk)
	}
}

// audit reads a file of a clip that began at begin: every frame must be one that
// was sent, in its place, and with all that it needs. It returns their numbers.
func audit(t *testing.T, path string, clip *mediatest.Clip, start, begin time.Duration) []int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, _ := f.Stat()
	r, err := webm.NewReader(f, st.Size())
	if err != nil {
		t.Fatal(err)
	}
	if r.Codec != webm.Opus && (r.Width != clip.Width || r.Height != clip.Height) {
		t.Errorf("%s: %dx%d, want %dx%d", path, r.Width, r.Height, clip.Width, clip.Height)
	}
	var out []int
	given := map[int]bool{}
	for b := range r.Blocks() {
		data, err := r.Data(b)
		if err != nil {
			t.Fatal(err)
		}
		if r.Codec == webm.Opus && bytes.Equal(data, opusSilence) {
			continue
		}
		n := clip.Number(data)
		if n < 0 || given[n] {
			t.Fatalf("%s: the frame at %v is number %d", path, b.Time, n)
		}
		want := clip.Frames[n]
		for _, need := range want.Needs {
			if !given[need] {
				t.Errorf("%s: frame %d is there without frame %d", path, n, need)
			}
		}
		if due := begin + time.Duration(n)*clip.Step; b.Key != want.Key || !near(start+b.Time, due, 20*time.Millisecond) {
			t.Errorf("%s: frame %d at %v, key %v; want %v, key %v", path, n, start+b.Time, b.Key, due, want.Key)
		}
		given[n] = true
		out = append(out, n)
	}
	if !r.Finished {
		t.Errorf("%s is not finished", path)
	}
	return out
}

// decoded is how many frames ffmpeg gets out of a file, which it must not complain about.
func decoded(t *testing.T, path string) int {
	t.Helper()
	out := tool(t, "ffprobe", "-v", "error", "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path)
	n, err := strconv.Atoi(strings.Trim(string(out), "\n,"))
	if err != nil {
		t.Fatalf("%s: ffprobe says %q", path, out)
	}
	return n
}

// pictures are the hashes of what a decoder makes of a file's picture, or of its
// sound. It must not complain.
func pictures(t *testing.T, path, decoder string) (sums []string) {
	t.Helper()
	args := []string{"-v", "error"}
	if decoder != "" {
		args = append(args, "-c:v", decoder)
	}
	out := tool(t, "ffmpeg", append(args, "-i", path, "-enc_time_base", "-1", "-f", "framemd5", "-")...)
	for line := range strings.Lines(string(out)) {
		if !strings.HasPrefix(line, "#") {
			sums = append(sums, line[strings.LastIndex(line, ",")+1:])
		}
	}
	return sums
}

// recordClip records a clip that comes by a network into dir.
func recordClip(t *testing.T, dir string, clip *mediatest.Clip, network network, state State) (man Manifest) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		m.deliver(streamOf(clip), time.Now(), network.parcels(clip, 0))
		time.Sleep(100 * time.Millisecond)
		man = stopAs(t, state, m, l, r)
	})
	if len(man.Tracks) != 1 {
		t.Fatalf("tracks %+v", man.Tracks)
	}
	return man
}

// Every codec through every network, from the tap to files that tools accept:
// what ffmpeg decodes of a frame is the same as when nothing was lost.
func TestCodecLedger(t *testing.T) {
	for _, name := range []string{"vp8", "vp9", "vp9 flexible", "vp9 svc", "vp9 svc key", "av1", "h264", "h264 pion", "opus", "red"} {
		clip := mediatest.Load(t, name)
		dir := t.TempDir()
		man := recordClip(t, dir, clip, ways["clean"], StateReady)
		want := pictures(t, pathOf(dir, man, man.Tracks[0]), "")
		for way, network := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				state := StateReady
				if way == "loss without" {
					state = "" // or degraded
				}
				man := recordClip(t, dir, clip, network, state)
				if man.State == StateDegraded && man.Problems[0].Code != ProblemLoss {
					t.Errorf("degraded by %+v", man.Problems)
				}
				tr := man.Tracks[0]
				path := pathOf(dir, man, tr)
				got := audit(t, path, clip, us(tr.StartUS), 0)
				floor := network.floor
				if clip.Codec == sfu.RED {
					floor = max(floor, 0.99)
				}
				if len(got) < int(floor*float64(len(clip.Frames))) || floor == 1 && len(got) != len(clip.Frames) {
					t.Errorf("%d of %d frames, want %v of them", len(got), len(clip.Frames), floor)
				}
				seen := pictures(t, path, "")
				if tr.Width > 0 && len(seen) != len(got) {
					t.Fatalf("ffmpeg decodes %d of %d frames", len(seen), len(got))
				}
				for i, n := range got {
					if tr.Width > 0 && seen[i] != want[n] {
						t.Fatalf("frame %d looks different", n)
					}
				}
				if way == "clean" || way == "loss without" {
					validate(t, path)
				}
			})
		}
	}
}

// The layers that are hidden in a recorded superframe change nothing of what is
// seen: libvpx's decoder, which gives out the highest layer whatever the headers
// say, gets the same pictures of what was sent as ffmpeg's of what was recorded.
func TestHiddenLayers(t *testing.T) {
	needs(t, "ffmpeg")
	if out, _ := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-decoders").Output(); !bytes.Contains(out, []byte("libvpx-vp9")) {
		t.Fatal("ffmpeg has no libvpx, which Debian's has: run scripts/setup-tests.sh")
	}
	for _, name := range []string{"vp9 svc", "vp9 svc key"} {
		clip := mediatest.Load(t, name)
		dir := t.TempDir()
		man := recordClip(t, dir, clip, ways["clean"], StateReady)
		sent := filepath.Join(t.TempDir(), "sent.webm")
		f, err := os.Create(sent)
		if err != nil {
			t.Fatal(err)
		}
		w, err := webm.New(f, webm.Track{Codec: webm.VP9, Width: clip.Width, Height: clip.Height}, webm.Info{})
		if err != nil {
			t.Fatal(err)
		}
		for i, fr := range clip.Frames {
			if err := w.Write(webm.Frame{Time: time.Duration(i) * clip.Step, Key: fr.Key, Data: fr.Data}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Finish(nil); err != nil {
			t.Fatal(err)
		}
		f.Close()
		recorded := pathOf(dir, man, man.Tracks[0])
		want := pictures(t, sent, "libvpx-vp9")
		for _, decoder := range []string{"vp9", "libvpx-vp9"} {
			if got := pictures(t, recorded, decoder); len(got) != len(clip.Frames) || !slices.Equal(got, want) {
				t.Errorf("%s: %s gets %d pictures of %d, the same: %v", name, decoder, len(got), len(clip.Frames), slices.Equal(got, want))
			}
		}
		if got := decoded(t, sent); got == len(clip.Frames) {
			t.Errorf("%s: ffmpeg decodes what was sent without a change: this test shows nothing", name)
		}
	}
}

// A room changes its codec in mid-meeting, while packets are late: each part is
// whole, and they follow each other.
func TestCodecChanges(t *testing.T) {
	dir := t.TempDir()
	names := []string{"vp8", "vp9 svc", "h264", "vp8", "av1"}
	var clips []*mediatest.Clip
	for _, name := range names {
		clips = append(clips, mediatest.Load(t, name))
	}
	var man Manifest
	begins := []time.Duration{}
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		r.Participant("p1", "Ann")
		r.Source("p1", sfu.Camera, true, false)
		at := time.Duration(0)
		zero := time.Now()
		type late struct {
			s sfu.Stream
			p parcel
		}
		var all []late
		for i, clip := range clips {
			way := ways["jitter"]
			way.first = int64(i) * 10_000
			s := streamOf(clip)
			s.SSRC += uint32(i)
			for n, p := range way.parcels(clip, at) {
				if n%97 == 5 {
					p.at += 300 * time.Millisecond // sent again: some come after the next codec's first
				}
				all = append(all, late{s, p})
			}
			begins = append(begins, at)
			at += time.Duration(len(clip.Frames)) * clip.Step
		}
		slices.SortStableFunc(all, func(a, b late) int { return int(a.p.at - b.p.at) })
		for _, x := range all {
			m.deliver(x.s, zero, []parcel{x.p})
		}
		if got := r.snapshot(); len(got.Tracks) != len(clips) || got.Tracks[0].State != TrackFinal || got.Tracks[2].State != TrackFinal {
			t.Errorf("while it runs: %+v", got.Tracks)
		}
		man = stop(t, m, l, r)
	})
	if len(man.Tracks) != len(clips) {
		t.Fatalf("%d tracks", len(man.Tracks))
	}
	for i, tr := range man.Tracks {
		suffix := ".webm"
		if tr.Codec == sfu.H264 {
			suffix = ".mkv"
		}
		if want := fmt.Sprintf("p01-camera-%02d%s", i+1, suffix); tr.Path != want || tr.ID != "p01-camera" || tr.Codec != clips[i].Codec {
			t.Errorf("part %d is %s, %s, %s; want %s", i, tr.Path, tr.ID, tr.Codec, want)
		}
		path := pathOf(dir, man, tr)
		if got := audit(t, path, clips[i], us(tr.StartUS), begins[i]); len(got) != len(clips[i].Frames) {
			t.Errorf("%s: %d of %d frames", tr.Path, len(got), len(clips[i].Frames))
		}
		if got := decoded(t, path); got != len(clips[i].Frames) || tr.Stats.Frames != int64(got) || len(tr.Gaps) > 0 {
			t.Errorf("%s: %d decoded, %+v", tr.Path, got, tr)
		}
		validate(t, path)
		if want := time.Duration(len(clips[i].Frames)) * clips[i].Step; !near(us(tr.DurationUS), want, 400*time.Millisecond) {
			t.Errorf("%s lasts %v, want %v", tr.Path, us(tr.DurationUS), want)
		}
	}
}

// Who declines after a change of the codec leaves no file behind, neither the
// one that goes on nor the one that was finished.
func TestDeclinedAfterCodecChange(t *testing.T) {
	first, then := mediatest.Load(t, "vp8"), mediatest.Load(t, "h264")
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		r.Participant("p1", "Ann")
		r.Told("p1")
		zero := time.Now()
		m.deliver(streamOf(first), zero, ways["clean"].parcels(first, 0))
		m.deliver(streamOf(then), zero, ways["clean"].parcels(then, 4*time.Second))
		if got := r.snapshot().Tracks; len(got) != 2 || got[0].State != TrackFinal || got[1].State != TrackOpen {
			t.Errorf("before: %+v", got)
		}
		r.Answer("p1", false)
		time.Sleep(time.Second)
		man := stop(t, m, l, r)
		files, err := filepath.Glob(filepath.Join(dir, man.ID, "p01-*"))
		if err != nil || len(files) > 0 || len(man.Tracks) > 0 {
			t.Errorf("left behind: %v, %+v, %v", files, man.Tracks, err)
		}
	})
}

// A source that is off when its codec changes stays unrecorded until it is on.
func TestCodecChangesWhileOff(t *testing.T) {
	first, then := mediatest.Load(t, "vp8"), mediatest.Load(t, "vp9")
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		zero := time.Now()
		m.deliver(streamOf(first), zero, ways["clean"].parcels(first, 0))
		r.Source("p1", sfu.Camera, false, false)
		all := ways["clean"].parcels(then, 4*time.Second)
		m.deliver(streamOf(then), zero, all[:len(all)/2])
		r.Source("p1", sfu.Camera, true, false)
		m.deliver(streamOf(then), zero, all[len(all)/2:])
		man := stop(t, m, l, r)
		if len(man.Tracks) != 2 {
			t.Fatalf("tracks %+v", man.Tracks)
		}
		if got := man.Tracks[1]; us(got.StartUS) < 6*time.Second || got.Stats.Frames < 20 {
			t.Errorf("what came while it was off: %+v", got)
		}
	})
}

// A picture that changes its size stays in its file, also when its parameter
// sets change.
func TestSizeChanges(t *testing.T) {
	for _, codec := range []string{"vp9", "av1", "h264"} {
		clip := mediatest.Load(t, codec+" small").Then(mediatest.Load(t, codec))
		dir := t.TempDir()
		frames := len(clip.Frames)
		man := recordClip(t, dir, clip, ways["clean"], StateReady)
		path := pathOf(dir, man, man.Tracks[0])
		if got := audit(t, path, clip, us(man.Tracks[0].StartUS), 0); len(got) != frames {
			t.Errorf("%s: %d of %d frames", codec, len(got), frames)
		}
		accept(t, path)
		validate(t, path)
		sizes := string(tool(t, "ffprobe", "-v", "error", "-show_entries", "frame=width,height", "-of", "csv=p=0", path))
		if small, large := strings.Count(sizes, "96,56"), strings.Count(sizes, "192,112"); small != frames/2 || large != frames/2 {
			t.Errorf("%s: %d small pictures and %d large ones", codec, small, large)
		}
	}
}

// A codec nobody records is left alone.
func TestUnknownCodec(t *testing.T) {
	clip := *mediatest.Load(t, "vp8")
	clip.Codec = "h265"
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		m.deliver(streamOf(&clip), time.Now(), ways["clean"].parcels(&clip, 0))
		man, err := r.Stop(context.WithoutCancel(t.Context()), "host")
		if err != nil || len(man.Tracks) != 0 || m.pool.Outstanding() != 0 {
			t.Errorf("%+v, %v, %d packets kept", man.Tracks, err, m.pool.Outstanding())
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

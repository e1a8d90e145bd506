package derive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
	"go.uber.org/goleak"

	"plenum/recording"
	"plenum/recording/mediatest"
	"plenum/recording/webm"
	"plenum/sfu"
	"plenum/sfu/packet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// needs skips a test whose tools are not installed; in CI that is a failure.
func needs(tb testing.TB, tools ...string) {
	tb.Helper()
	for _, name := range tools {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			tb.Fatalf("%s is not installed: run scripts/setup-tests.sh", name)
		}
		tb.Skipf("%s is not installed", name)
	}
}

func run(tb testing.TB, name string, args ...string) []byte {
	tb.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stderr.String(), out)
	}
	return out
}

// picture is 30 s of video at 25/s whose brightness is 16 + 6 for each second,
// with one keyframe per ten seconds.
var picture = sync.OnceValues(func() ([][]byte, error) {
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i",
		"nullsrc=s=160x90:r=25:d=30,geq=lum='16+6*floor(T)':cb=128:cr=128", "-c:v", "libvpx", "-deadline", "realtime",
		"-cpu-used", "-8", "-g", "250", "-keyint_min", "250", "-b:v", "300k", "-auto-alt-ref", "0", "-f", "ivf", "-").Output()
	if err != nil {
		return nil, err
	}
	r, _, err := ivfreader.NewWith(bytes.NewReader(out))
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for {
		frame, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, frame)
	}
})

// tone is sound of a pitch in 20 ms frames.
func tone(tb testing.TB, hertz int, seconds float64) [][]byte {
	tb.Helper()
	out := run(tb, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=%d:sample_rate=48000:duration=%g", hertz, seconds),
		"-af", "volume=4", "-ac", "2", "-c:a", "libopus", "-b:a", "64k", "-frame_duration", "20", "-page_duration", "20000", "-f", "ogg", "-")
	r, _, err := oggreader.NewWith(bytes.NewReader(out))
	if err != nil {
		tb.Fatal(err)
	}
	var all [][]byte
	for {
		page, _, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			tb.Fatal(err)
		}
		if !bytes.HasPrefix(page, []byte("OpusTags")) {
			all = append(all, page)
		}
	}
}

// A studio makes recordings as the recorder leaves them.
type studio struct {
	tb  testing.TB
	dir string // of the recording
	m   recording.Manifest
}

func newStudio(tb testing.TB, length float64) *studio {
	tb.Helper()
	needs(tb, "ffmpeg", "ffprobe")
	return &studio{tb: tb, dir: tb.TempDir(), m: recording.Manifest{
		Version: 1, ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", Room: "r", Title: "Weekly: it's <\"fun\"> %{pts}", State: recording.StateReady,
		T0: time.Date(2026, 11, 22, 6, 20, 0, 0, time.UTC), DurationUS: int64(length * 1e6),
	}}
}

// person is in the meeting from a time to another.
func (s *studio) person(id, name string, from, to float64) {
	s.m.Participants = append(s.m.Participants, recording.Participant{
		ID: id, Name: name, Sessions: []recording.Session{{JoinUS: int64(from * 1e6), LeaveUS: int64(to * 1e6)}},
	})
}

// track records frames from a time on, one each step.
func (s *studio) track(participant string, source sfu.Source, start float64, step time.Duration, frames [][]byte, gaps ...recording.Gap) {
	s.tb.Helper()
	head, codec := webm.Track{Codec: webm.VP8, Name: participant, Width: 160, Height: 90}, sfu.VP8
	if source == sfu.Microphone || source == sfu.ScreenAudio {
		head, codec = webm.Track{Codec: webm.Opus, Name: participant, Channels: 2}, sfu.Opus
	}
	name := fmt.Sprintf("%s-%s-01.webm", participant, source)
	f, err := os.Create(filepath.Join(s.dir, name))
	if err != nil {
		s.tb.Fatal(err)
	}
	defer f.Close()
	w, err := webm.New(f, head, webm.Info{App: "test", Date: s.m.T0})
	if err != nil {
		s.tb.Fatal(err)
	}
	for i, data := range frames {
		fr := webm.Frame{Time: time.Duration(i) * step, Key: head.Codec == webm.Opus || data[0]&1 == 0, Data: data}
		if head.Codec == webm.Opus {
			fr.Duration = step
		}
		if err := w.Write(fr); err != nil {
			s.tb.Fatal(err)
		}
	}
	if err := w.Finish(nil); err != nil {
		s.tb.Fatal(err)
	}
	s.m.Tracks = append(s.m.Tracks, recording.Track{
		ID: participant + "-" + string(source), Participant: participant, Source: source, Codec: codec, Path: name,
		StartUS: int64(start * 1e6), DurationUS: w.Duration().Microseconds(), State: recording.TrackFinal, Gaps: gaps,
	})
}

// clip records a clip of p1 in any codec, its part of the source numbered.
func (s *studio) clip(source sfu.Source, start float64, part int, clip *mediatest.Clip) {
	s.tb.Helper()
	const participant = "p1"
	dir := s.tb.TempDir()
	synctest.Test(s.tb.(*testing.T), func(t *testing.T) {
		l, err := recording.Open(t.Context(), recording.Config{Dir: dir, MinFree: 1, StopFree: 1}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		m := &tapped{}
		r, err := l.Start(t.Context(), recording.Info{}, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		var seq int64
		for i, f := range clip.Frames {
			at := time.Duration(i) * clip.Step
			for j, payload := range f.Payloads {
				p := m.pool.Get()
				p.Seq, p.Timestamp, p.Marker, p.Arrival = seq, uint32(at.Microseconds()*int64(clip.Rate)/1e6), j == len(f.Payloads)-1, time.Now()
				p.SetPayload(0, copy(p.Buffer(), payload))
				m.tap.Packet(sfu.Stream{Participant: participant, Source: source, Codec: clip.Codec, ClockRate: clip.Rate, SSRC: 1}, p)
				seq++
			}
			time.Sleep(clip.Step)
		}
		man, err := r.Stop(context.WithoutCancel(t.Context()), "host")
		if err != nil || len(man.Tracks) != 1 {
			t.Fatalf("%+v, %v", man, err)
		}
		tr := man.Tracks[0]
		name := fmt.Sprintf("%s-%s-%02d%s", participant, source, part, filepath.Ext(tr.Path))
		if err := os.Rename(filepath.Join(dir, man.ID, tr.Path), filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
		tr.Path, tr.StartUS = name, int64(start*1e6)
		s.m.Tracks = append(s.m.Tracks, tr)
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// tapped is the media of a room.
type tapped struct {
	tap  sfu.Tap
	pool packet.Pool
}

func (m *tapped) Tap(t sfu.Tap) func() {
	m.tap = t
	return func() {}
}

func (*tapped) RequestKeyframe(string, sfu.Source, int) {}

func (s *studio) camera(participant string, start, length float64, gaps ...recording.Gap) {
	s.tb.Helper()
	frames, err := picture()
	if err != nil {
		s.tb.Fatal(err)
	}
	s.track(participant, sfu.Camera, start, 40*time.Millisecond, frames[:int(length*25)], gaps...)
}

func (s *studio) voice(participant string, hertz int, start, length float64) {
	s.tb.Helper()
	s.track(participant, sfu.Microphone, start, 20*time.Millisecond, tone(s.tb, hertz, length))
}

func (s *studio) env() Env {
	s.tb.Helper()
	ffmpeg, err := FindFFmpeg("")
	if err != nil {
		s.tb.Fatal(err)
	}
	work := filepath.Join(s.dir, ".work")
	if err := os.MkdirAll(work, 0o700); err != nil {
		s.tb.Fatal(err)
	}
	return Env{Manifest: s.m, Dir: s.dir, Work: work, FFmpeg: ffmpeg, Font: FindFont(), Progress: func(float64) {}}
}

// make makes a kind and returns the path of its first file.
func (s *studio) make(k Kind, o Options) string {
	s.tb.Helper()
	e := s.env()
	last := 0.0
	e.Progress = func(done float64) {
		if done < last-1e-9 || done > 1 {
			s.tb.Errorf("progress %v after %v", done, last)
		}
		last = done
	}
	files, err := Make(s.tb.Context(), k, o, e)
	if err != nil {
		s.tb.Fatal(err)
	}
	return filepath.Join(e.Work, files[0].Path)
}

// inspect has every tool look at a file: none may complain.
func inspect(tb testing.TB, path string) (length time.Duration) {
	tb.Helper()
	needs(tb, "mkvmerge", "mkvinfo", "mediainfo", "webm_info")
	if out := run(tb, "ffmpeg", "-v", "error", "-i", path, "-f", "null", "-"); len(out) > 0 {
		tb.Errorf("ffmpeg of %s: %s", path, out)
	}
	if out := run(tb, "mkvmerge", "-o", filepath.Join(tb.TempDir(), "x.mkv"), path); bytes.Contains(out, []byte("Warning")) || bytes.Contains(out, []byte("Error")) {
		tb.Errorf("mkvmerge of %s: %s", path, out)
	}
	if out := run(tb, "mkvinfo", path); bytes.Contains(out, []byte("unknown")) || bytes.Contains(out, []byte("(!)")) {
		tb.Errorf("mkvinfo of %s: %s", path, out)
	}
	if out := run(tb, "mediainfo", path); bytes.Contains(out, []byte("IsTruncated")) || bytes.Contains(out, []byte("ConformanceErrors")) {
		tb.Errorf("mediainfo of %s: %s", path, out)
	}
	if strings.HasSuffix(path, ".webm") {
		run(tb, "webm_info", "-all", "-i", path)
	}
	out := run(tb, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path)
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		tb.Fatalf("%s: duration %q", path, out)
	}
	return time.Duration(seconds * float64(time.Second))
}

func near(got, want, tolerance time.Duration) bool {
	return got-want <= tolerance && want-got <= tolerance
}

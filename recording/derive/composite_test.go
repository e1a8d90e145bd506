package derive

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"plenum/recording"
	"plenum/sfu"
)

// shown are the brightness of pixels of a composite at a time: what second each
// tile shows, -1 for the background or a name.
func shown(t *testing.T, path string, at float64, pixels ...[2]int) []int {
	t.Helper()
	raw := run(t, "ffmpeg", "-v", "error", "-ss", strconv.FormatFloat(at, 'f', 3, 64), "-i", path, "-frames:v", "1",
		"-vf", "format=yuv420p,extractplanes=y", "-f", "rawvideo", "-pix_fmt", "gray", "-")
	const width, height = 640, 360
	if len(raw) < width*height {
		t.Fatalf("%s at %v: %d bytes", path, at, len(raw))
	}
	var all []int
	for _, p := range pixels {
		y := int(raw[p[1]*width+p[0]])
		all = append(all, (y-16+3)/6)
	}
	return all
}

func TestComposite(t *testing.T) {
	for _, format := range []string{"webm", "mp4"} {
		t.Run(format, func(t *testing.T) {
			s := newStudio(t, 18)
			s.person("p1", "Ann", 0, 18)
			s.person("p2", "Bo:'%{n}\\\n", 6, 14)
			// Ann's camera from 1 s on, off from 8 to 12 s; Bo's from 7 s on.
			s.camera("p1", 1, 17, recording.Gap{FromUS: 8e6, ToUS: 12e6, Reason: recording.GapOff})
			s.camera("p2", 7, 7)
			s.voice("p1", 400, 2, 10)
			path := s.make(Composite, Options{Format: format, Height: 360})
			if got := inspectVideo(t, path, format); !near(got, 18*time.Second, 60*time.Millisecond) {
				t.Errorf("it lasts %v", got)
			}
			from, to := heard(wav(t, path), 400)
			if !near(from, 2*time.Second, 40*time.Millisecond) || !near(to, 12*time.Second, 60*time.Millisecond) {
				t.Errorf("the tone is heard from %v to %v", from, to)
			}
			middle, left, right := [2]int{320, 100}, [2]int{160, 130}, [2]int{480, 130}
			for _, tt := range []struct {
				at   float64
				at2  [2]int
				want int // second of the camera
			}{
				{4.5, middle, 3},   // Ann alone, camera second 3
				{7.5, left, 6},     // Ann of two
				{7.5, right, 0},    // Bo's first second
				{10.5, left, 3},    // Ann's camera is off: Bo's comes first
				{13.5, left, 12},   // it is back
				{13.5, right, 6},   // Bo
				{16.5, middle, 15}, // Bo has left
			} {
				if got := shown(t, path, tt.at, tt.at2)[0]; got != tt.want {
					t.Errorf("at %v s pixel %v shows second %d, want %d", tt.at, tt.at2, got, tt.want)
				}
			}
		})
	}
}

func inspectVideo(t *testing.T, path, format string) time.Duration {
	t.Helper()
	if format == "webm" {
		return inspect(t, path)
	}
	out := run(t, "ffprobe", "-v", "error", "-show_entries", "format=duration:stream=codec_name", "-of", "csv=p=0", path)
	lines := strings.Fields(string(out))
	if len(lines) != 3 || lines[0] != "h264" || lines[1] != "aac" {
		t.Fatalf("%s holds %q", path, out)
	}
	length, err := strconv.ParseFloat(lines[2], 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds(length)
}

// Between keyframes a shared screen may not send a frame for long: what it
// showed before must be there in every piece.
func TestCompositeOfAStillPicture(t *testing.T) {
	s := newStudio(t, 30)
	s.person("p1", "Ann", 0, 30)
	for n := range 4 { // somebody comes and goes: a new piece every few seconds
		s.person("p"+strconv.Itoa(n+2), "Guest", float64(5+6*n), float64(8+6*n))
	}
	frames, err := picture()
	if err != nil {
		t.Fatal(err)
	}
	s.track("p1", sfu.Screen, 0, 40*time.Millisecond, frames[:75]) // 3 s, then nothing
	s.m.Tracks[0].DurationUS = 30e6
	path := s.make(Composite, Options{Height: 360, Format: "mp4"})
	for _, at := range []float64{2.5, 4, 6, 12, 20, 29} {
		if got := shown(t, path, at, [2]int{200, 150})[0]; got != 2 {
			t.Errorf("at %v the screen shows second %d, want 2", at, got)
		}
	}
}

func TestCompositeGoesOn(t *testing.T) {
	s := newStudio(t, 20)
	s.person("p1", "Ann", 0, 20)
	s.person("p2", "Bo", 8, 20)
	s.camera("p1", 0, 20)
	e := s.env()
	ctx, cancel := context.WithCancel(t.Context())
	e.Progress = func(done float64) {
		if done > 0.5 { // the first piece is done, the second is not
			cancel()
		}
	}
	o := Options{Height: 360, Format: "mp4"}
	if _, err := Make(ctx, Composite, o, e); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled: %v", err)
	}
	first := filepath.Join(e.Work, "piece-00000.mkv")
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(e.Work, "piece-00001.mkv")); err == nil {
		t.Error("a piece that was cut off counts as done")
	}
	e.Progress = func(float64) {}
	files, err := Make(t.Context(), Composite, o, e)
	if err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(first)
	if err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the first piece was made again: %v", err)
	}
	if got := inspectVideoOnly(t, filepath.Join(e.Work, files[0].Path)); !near(got, 20*time.Second, 60*time.Millisecond) {
		t.Errorf("it lasts %v", got)
	}
}

func inspectVideoOnly(t *testing.T, path string) time.Duration {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path)
	length, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds(length)
}

// While the server is busy ffmpeg stands still.
func TestWaitsWhileBusy(t *testing.T) {
	s := newStudio(t, 20)
	s.person("p1", "Ann", 0, 20)
	s.camera("p1", 0, 20)
	e := s.env()
	var busy atomic.Bool
	busy.Store(true)
	asked := make(chan struct{}, 100)
	e.Busy = func() bool {
		select {
		case asked <- struct{}{}:
		default:
		}
		return busy.Load()
	}
	done := make(chan error, 1)
	go func() {
		_, err := Make(t.Context(), Composite, Options{Height: 1080}, e)
		done <- err
	}()
	for range 3 {
		<-asked
	}
	select {
	case err := <-done:
		t.Errorf("done while busy: %v", err)
	default:
	}
	busy.Store(false)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSheet(t *testing.T) {
	s := newStudio(t, 30)
	s.person("p1", "Ann", 0, 30)
	s.camera("p1", 0, 30)
	out := run(t, "ffmpeg", "-v", "error", "-i", s.make(Sheet, Options{}), "-vf", "scale=5:4:flags=area,format=yuvj420p,extractplanes=y", "-f", "rawvideo", "-pix_fmt", "gray", "-")
	if len(out) != 20 {
		t.Fatalf("%d pixels", len(out))
	}
	for i := 1; i < len(out); i++ {
		if out[i] < out[i-1] {
			t.Errorf("picture %d is darker than the one before: %v", i, out)
			break
		}
	}
	if out[19] < out[0]+100 {
		t.Errorf("the last is not late: %v", out)
	}
}

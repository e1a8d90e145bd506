package derive

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plenum/recording"
	"plenum/sfu"
)

// wav decodes a file's sound to mono samples of 48 kHz.
func wav(tb testing.TB, path string) []float64 {
	tb.Helper()
	raw := run(tb, "ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-ac", "1", "-ar", "48000", "-")
	pcm := make([]float64, len(raw)/2)
	for i := range pcm {
		pcm[i] = float64(int16(binary.LittleEndian.Uint16(raw[2*i:]))) / 32768
	}
	return pcm
}

// power is how strong a pitch is in samples (Goertzel).
func power(pcm []float64, hertz float64) float64 {
	w := 2 * math.Cos(2*math.Pi*hertz/sampleRate)
	var a, b float64
	for _, x := range pcm {
		a, b = x+w*a-b, a
	}
	return math.Sqrt(max(0, a*a+b*b-w*a*b)) / float64(len(pcm))
}

// heard are the stretches in which a pitch is there, to 10 ms.
func heard(pcm []float64, hertz float64) (from, to time.Duration) {
	const step = sampleRate / 100
	from = -1
	for i := 0; i+step <= len(pcm); i += step {
		if power(pcm[i:i+step], hertz) > 0.02 {
			at := time.Duration(i) * time.Second / sampleRate
			if from < 0 {
				from = at
			}
			to = at + 10*time.Millisecond
		}
	}
	return from, to
}

func TestVoices(t *testing.T) {
	s := newStudio(t, 12)
	s.person("p1", "Ann", 0, 12)
	s.person("p2", "Bo", 0, 12)
	s.voice("p1", 400, 1.25, 5)
	s.voice("p2", 1000, 4.5, 6)
	path := s.make(Voices, Options{})
	if got := inspect(t, path); !near(got, 12*time.Second, 30*time.Millisecond) {
		t.Errorf("it lasts %v", got)
	}
	pcm := wav(t, path)
	for hertz, want := range map[float64][2]time.Duration{
		400:  {1250 * time.Millisecond, 6250 * time.Millisecond},
		1000: {4500 * time.Millisecond, 10500 * time.Millisecond},
	} {
		from, to := heard(pcm, hertz)
		if !near(from, want[0], 15*time.Millisecond) || !near(to, want[1], 25*time.Millisecond) {
			t.Errorf("%v Hz is heard from %v to %v, want %v", hertz, from, to, want)
		}
	}
	peak := 0.0
	for _, x := range pcm {
		peak = max(peak, math.Abs(x))
	}
	if peak < 0.5 || peak > 1 {
		t.Errorf("the loudest sample is %v", peak)
	}
}

// Clocks that run differently from ours must neither click nor drift apart.
func TestVoicesFollowTheClock(t *testing.T) {
	for _, ppm := range []int{-500, 500} {
		s := newStudio(t, 21)
		s.person("p1", "Ann", 0, 21)
		step := 20*time.Millisecond + 20*time.Millisecond*time.Duration(ppm)/1_000_000
		s.track("p1", sfu.Microphone, 0.5, step, tone(t, 500, 20))
		pcm := wav(t, s.make(Voices, Options{}))
		from, to := heard(pcm, 500)
		want := 20*time.Second + 20*time.Second*time.Duration(ppm)/1_000_000
		if !near(to-from, want, 15*time.Millisecond) {
			t.Errorf("%d ppm: heard for %v, want %v", ppm, to-from, want)
		}
		// A seam that does not fit bends the wave sharply.
		for i := sampleRate; i < sampleRate*20; i++ {
			if bend := math.Abs(pcm[i+1] - 2*pcm[i] + pcm[i-1]); bend > 0.02 {
				t.Errorf("%d ppm: a click of %.3f at %v", ppm, bend, time.Duration(i)*time.Second/sampleRate)
				break
			}
		}
	}
}

func TestLimiter(t *testing.T) {
	l := limiter{gain: 1}
	for n := range 200 {
		pcm := make([]float32, 1920)
		for i := range pcm {
			pcm[i] = float32(math.Sin(float64(i)/9)) * 3
			if n > 20 {
				pcm[i] /= 30
			}
		}
		l.apply(pcm)
		for _, x := range pcm {
			if x > 1 || x < -1 {
				t.Fatalf("frame %d: %v", n, x)
			}
		}
	}
	if l.gain != 1 {
		t.Errorf("the gain stays at %v", l.gain)
	}
}

func TestParticipant(t *testing.T) {
	s := newStudio(t, 20)
	s.person("p1", "Ann", 0, 20)
	s.voice("p1", 400, 2, 10)
	s.camera("p1", 5, 12)
	path := s.make(Participant, Options{Participant: "p1"})
	if got := inspect(t, path); !near(got, 15*time.Second, 50*time.Millisecond) {
		t.Errorf("it lasts %v", got)
	}
	streams := string(run(t, "ffprobe", "-v", "error", "-show_entries", "stream=codec_name,start_time", "-of", "csv=p=0", path))
	if streams != "vp8,3.000000\nopus,-0.007000\n" && streams != "vp8,3.000000\nopus,-0.006000\n" {
		t.Errorf("streams %q", streams)
	}
	// The picture's second n begins at 3 s + n; seek where no keyframe is.
	for _, at := range []float64{3.5, 8.5, 14.5} {
		raw := run(t, "ffmpeg", "-v", "error", "-ss", fmt.Sprint(at), "-i", path, "-frames:v", "1", "-vf", "scale=1:1:flags=area,format=gray", "-f", "rawvideo", "-")
		if got := brightness(raw); got != int(at-3) {
			t.Errorf("at %v the picture shows second %d", at, got)
		}
	}
	if _, err := Make(t.Context(), Participant, Options{Participant: "p9"}, s.env()); !errors.Is(err, ErrOptions) {
		t.Errorf("nobody: %v", err)
	}
}

// brightness tells the second from one pixel of the picture.
func brightness(raw []byte) int {
	if len(raw) == 0 {
		return -1
	}
	coded := 16 + float64(raw[0])*219/255
	return int(math.Round((coded - 16) / 6))
}

func TestAll(t *testing.T) {
	s := newStudio(t, 20)
	s.person("p1", "Ann", 0, 20)
	s.person("p2", "Zoë", 0, 20)
	s.voice("p1", 400, 2, 10)
	s.camera("p1", 5, 12)
	s.voice("p2", 700, 0.5, 3)
	s.m.Tracks = append(s.m.Tracks, recording.Track{Participant: "p2", Source: sfu.Camera, Path: "gone.webm", State: recording.TrackOpen})
	path := s.make(All, Options{})
	if got := inspect(t, path); !near(got, 16500*time.Millisecond, 50*time.Millisecond) {
		t.Errorf("it lasts %v", got)
	}
	out := string(run(t, "ffprobe", "-v", "error", "-show_entries", "stream=codec_name:stream_tags=title", "-of", "csv=p=0", path))
	if out != "vp8,Ann – camera\nopus,Ann – microphone\nopus,Zoë – microphone\n" {
		t.Errorf("tracks %q", out)
	}
	for i, want := range map[int]struct{ hertz, from, to float64 }{1: {400, 1.5, 11.5}, 2: {700, 0, 3}} {
		one := filepath.Join(s.dir, fmt.Sprintf("%d.wav", i))
		run(t, "ffmpeg", "-v", "error", "-y", "-i", path, "-map", fmt.Sprintf("0:%d", i), "-af", "aresample=async=1000:first_pts=0", one)
		from, to := heard(wav(t, one), want.hertz)
		if !near(from, seconds(want.from), 20*time.Millisecond) || !near(to, seconds(want.to), 25*time.Millisecond) {
			t.Errorf("track %d is heard from %v to %v", i, from, to)
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func TestPeaks(t *testing.T) {
	s := newStudio(t, 6)
	s.person("p1", "Ann", 0, 6)
	s.voice("p1", 400, 1, 2)
	b, err := os.ReadFile(s.make(Peaks, Options{}))
	if err != nil || !strings.Contains(string(b), `"start_us":1000000,"step_us":100000,"peaks":[`) {
		t.Fatalf("%s, %v", b, err)
	}
	_, list, _ := strings.Cut(string(b), `"peaks":[`)
	values := strings.Split(strings.TrimSuffix(list, "]}],\"version\":1}\n"), ",")
	if len(values) < 19 || len(values) > 21 {
		t.Fatalf("%d peaks: %s", len(values), b)
	}
	for i, v := range values[2:18] {
		var n int
		if _, err := fmt.Sscan(v, &n); err != nil || n < 85 || n > 97 { // 0.5 over the square root of 2
			t.Errorf("peak %d is %q", i+2, v)
		}
	}
}

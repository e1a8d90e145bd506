package derive

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plenum/recording/mediatest"
	"plenum/sfu"
)

// frames counts the frames of a file's stream that ffmpeg decodes.
func frames(t *testing.T, path, stream string) string {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-select_streams", stream, "-count_frames", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path)
	return strings.Trim(string(out), ",\n")
}

// One person's file is WebM where it can be, and Matroska where not.
func TestParticipantCodecs(t *testing.T) {
	for name, want := range map[string]string{"vp9": ".webm", "vp9 svc": ".webm", "av1": ".webm", "h264": ".mkv"} {
		clip := mediatest.Load(t, name)
		s := newStudio(t, 6)
		s.person("p1", "Ann", 0, 6)
		s.clip(sfu.Camera, 0.5, 1, clip)
		s.clip(sfu.Microphone, 0, 1, mediatest.Load(t, "red"))
		path := s.make(Participant, Options{Participant: "p1"})
		if filepath.Ext(path) != want {
			t.Errorf("%s: %s", name, path)
		}
		if got := inspect(t, path); !near(got, 6*time.Second, 100*time.Millisecond) {
			t.Errorf("%s: it lasts %v", name, got)
		}
		if got := frames(t, path, "v:0"); got != frames(t, filepath.Join(s.dir, s.m.Tracks[0].Path), "v:0") || got == "0" {
			t.Errorf("%s: %s frames", name, got)
		}
	}
}

// A camera that changed its codec has a track for each in one file, and one tile
// in a picture of the meeting.
func TestCodecChange(t *testing.T) {
	s := newStudio(t, 12)
	s.person("p1", "Ann", 0, 12)
	s.clip(sfu.Camera, 0, 1, mediatest.Load(t, "vp8"))
	s.clip(sfu.Camera, 4.125, 2, mediatest.Load(t, "h264"))
	s.clip(sfu.Camera, 8.2, 3, mediatest.Load(t, "vp8"))
	path := s.make(Participant, Options{Participant: "p1"})
	if got := inspect(t, path); !near(got, 12200*time.Millisecond, 100*time.Millisecond) || filepath.Ext(path) != ".mkv" {
		t.Errorf("%s lasts %v", path, got)
	}
	titles := string(run(t, "ffprobe", "-v", "error", "-show_entries", "stream=codec_name:stream_tags=title", "-of", "csv=p=0", path))
	if want := "vp8,Ann\nh264,\"Ann (h264, from 00:00:04.125)\"\n"; titles != want {
		t.Errorf("tracks %q, want %q", titles, want)
	}
	if a, b := frames(t, path, "v:0"), frames(t, path, "v:1"); a != "200" || b != "100" {
		t.Errorf("%s and %s frames", a, b)
	}
	inspect(t, s.make(Composite, Options{Height: 360}))
	s.make(Sheet, Options{})
}

// The chapters are in the files of the whole meeting, too.
func TestChaptersInside(t *testing.T) {
	s := newStudio(t, 90)
	s.person("p1", "Ann; = #1 \\", 0, 90)
	s.voice("p1", 400, 2, 3)
	s.clip(sfu.Screen, 62, 1, mediatest.Load(t, "vp9"))
	s.clip(sfu.Screen, 66.2, 2, mediatest.Load(t, "av1"))
	for kind, want := range map[Kind]string{
		All:       "0.000000,60.000000,Start\n60.000000,88.000000,Ann; = #1 \\ shares a screen\n",
		Composite: "0.000000,62.000000,Start\n62.000000,90.000000,Ann; = #1 \\ shares a screen\n",
	} {
		path := s.make(kind, Options{Height: 360})
		if got := string(run(t, "ffprobe", "-v", "error", "-show_entries", "chapter=start_time,end_time:chapter_tags=title", "-of", "csv=p=0", path)); got != want {
			t.Errorf("%s has the chapters\n%s, want\n%s", kind, got, want)
		}
		inspect(t, path)
	}
}

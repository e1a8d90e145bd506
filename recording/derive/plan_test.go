package derive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"plenum/recording"
	"plenum/sfu"
)

func cam(who string, from, to float64, gaps ...recording.Gap) recording.Track {
	return recording.Track{
		Participant: who, Source: sfu.Camera, Path: who + ".webm", State: recording.TrackFinal,
		StartUS: int64(from * 1e6), DurationUS: int64((to - from) * 1e6), Gaps: gaps,
	}
}

func person(id string, from, to float64) recording.Participant {
	return recording.Participant{ID: id, Sessions: []recording.Session{{JoinUS: int64(from * 1e6), LeaveUS: int64(to * 1e6)}}}
}

// story tells a plan in a line: "0-5 p1* p2" is p1 with a picture, p2 without.
func story(plan []Segment) string {
	var all []string
	for _, s := range plan {
		line := fmt.Sprintf("%g-%g", s.From.Seconds(), s.To.Seconds())
		for _, t := range s.Tiles {
			line += " " + t.Participant
			if t.Screen {
				line += "!"
			}
			if t.Path != "" {
				line += "*"
			}
		}
		all = append(all, line)
	}
	return strings.Join(all, "; ")
}

func TestPlan(t *testing.T) {
	screen := cam("p2", 20, 30)
	screen.Source, screen.Path = sfu.Screen, "screen.webm"
	for name, tt := range map[string]struct {
		m      recording.Manifest
		speech []Span
		layout string
		want   string
	}{
		"nobody": {recording.Manifest{DurationUS: 5e6}, nil, "grid", "0-5"},
		"one":    {recording.Manifest{DurationUS: 9e6, Participants: []recording.Participant{person("p1", 0, 9)}, Tracks: []recording.Track{cam("p1", 0, 9)}}, nil, "grid", "0-9 p1*"},
		"a late one, a camera that goes off": {recording.Manifest{
			DurationUS:   40e6,
			Participants: []recording.Participant{person("p1", 0, 40), person("p2", 10, 30)},
			Tracks:       []recording.Track{cam("p1", 0, 40, recording.Gap{FromUS: 15e6, ToUS: 20e6, Reason: recording.GapOff}), cam("p2", 10, 30)},
		}, nil, "grid", "0-10 p1*; 10-15 p1* p2*; 15-20 p2* p1; 20-30 p1* p2*; 30-40 p1*"},
		"what is short is left out": {recording.Manifest{
			DurationUS: 20e6, Participants: []recording.Participant{person("p1", 0, 20)},
			Tracks: []recording.Track{cam("p1", 0.5, 20,
				recording.Gap{FromUS: 5e6, ToUS: 5.5e6, Reason: recording.GapOff}, recording.Gap{FromUS: 9e6, ToUS: 12e6, Reason: recording.GapLoss})},
		}, nil, "grid", "0-20 p1*"},
		"many changes at once": {recording.Manifest{
			DurationUS:   20e6,
			Participants: []recording.Participant{person("p1", 0, 20), person("p2", 6, 20), person("p3", 7, 20), person("p4", 7.5, 20)},
		}, nil, "grid", "0-6 p1; 6-20 p1 p2 p3 p4"},
		"a screen is large": {recording.Manifest{
			DurationUS: 40e6, Participants: []recording.Participant{person("p1", 0, 40), person("p2", 0, 40)},
			Tracks: []recording.Track{cam("p1", 0, 40), screen},
		}, nil, "grid", "0-20 p1* p2; 20-30 p2!* p1* p2; 30-40 p1* p2"},
		"who speaks is large": {recording.Manifest{
			DurationUS: 60e6, Participants: []recording.Participant{person("p1", 0, 60), person("p2", 0, 60), person("p3", 0, 60)},
		}, []Span{{"p2", 2 * time.Second, 9 * time.Second}, {"p3", 20 * time.Second, 30 * time.Second}, {"p1", 22 * time.Second, 22500 * time.Millisecond}, {"p1", 40 * time.Second, 50 * time.Second}}, "speaker", "0-20 p2 p1 p3; 20-40 p3 p1 p2; 40-60 p1 p2 p3"},
	} {
		if got := story(Plan(tt.m, tt.speech, tt.layout, 1280, 720)); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, tt.want)
		}
	}
}

// Whatever happened in a meeting, the plan covers it without a hole, and tiles
// lie within the picture, on even pixels, not over each other.
func TestPlanIsSound(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 2))
		m := recording.Manifest{DurationUS: 1 + rng.Int64N(120e6)}
		var speech []Span
		for i := range 1 + rng.IntN(40) {
			id := fmt.Sprintf("p%d", i+1)
			from := rng.Float64() * 100
			m.Participants = append(m.Participants, person(id, from, from+rng.Float64()*60))
			if rng.IntN(2) == 0 {
				track := cam(id, from, from+rng.Float64()*30)
				if rng.IntN(6) == 0 {
					track.Source = sfu.Screen
				}
				m.Tracks = append(m.Tracks, track)
			}
			at := time.Duration(rng.Float64() * float64(time.Minute))
			speech = append(speech, Span{id, at, at + 3*time.Second})
		}
		layout, width, height := []string{"grid", "speaker"}[seed%2], 640, 360
		plan := Plan(m, speech, layout, width, height)
		at := time.Duration(0)
		for _, s := range plan {
			if s.From != at || s.To <= s.From {
				t.Fatalf("seed %d: %v to %v after %v", seed, s.From, s.To, at)
			}
			at = s.To
			for i, a := range s.Tiles {
				if a.X < 0 || a.Y < 0 || a.X+a.W > width || a.Y+a.H > height || a.W < 16 || a.H < 16 || (a.X|a.Y|a.W|a.H)&1 != 0 {
					t.Fatalf("seed %d: tile %+v", seed, a)
				}
				for _, b := range s.Tiles[:i] {
					if a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
						t.Fatalf("seed %d: %+v lies over %+v", seed, a, b)
					}
				}
			}
		}
		if at != length(m) {
			t.Fatalf("seed %d: it ends at %v of %v", seed, at, length(m))
		}
	}
}

func levelsOf(who string, values ...int) recording.Levels {
	l := recording.Levels{Participant: who, Source: sfu.Microphone}
	for i := 0; i+1 < len(values); i += 2 { // how many, how loud
		l.Values = append(l.Values, slices.Repeat([]byte{byte(values[i+1])}, values[i])...)
	}
	return l
}

func TestSpeech(t *testing.T) {
	for name, tt := range map[string]struct {
		levels []recording.Levels
		want   string
	}{
		"silence":               {[]recording.Levels{levelsOf("p1", 100, 127)}, "[]"},
		"a sentence":            {[]recording.Levels{levelsOf("p1", 50, 90, 20, 30, 50, 90)}, "[{p1 5s 7s}]"},
		"with a breath":         {[]recording.Levels{levelsOf("p1", 50, 90, 20, 30, 4, 90, 10, 35, 50, 90)}, "[{p1 5s 8.4s}]"},
		"a cough":               {[]recording.Levels{levelsOf("p1", 50, 90, 3, 20, 50, 90)}, "[]"},
		"low, in a quiet room":  {[]recording.Levels{levelsOf("p1", 50, 90, 20, 58, 50, 90)}, "[{p1 5s 7s}]"},
		"low, in a loud room":   {[]recording.Levels{levelsOf("p1", 50, 62, 20, 58, 50, 62)}, "[]"},
		"two, in order":         {[]recording.Levels{levelsOf("p1", 50, 90, 20, 30), levelsOf("p2", 10, 90, 20, 30, 50, 90)}, "[{p2 1s 3s} {p1 5s 7s}]"},
		"over a batch's border": {[]recording.Levels{levelsOf("p1", 95, 90, 5, 30), {Participant: "p1", Source: sfu.Microphone, From: 10 * time.Second, Values: []byte{30, 30, 30, 90, 90}}}, "[{p1 9.5s 10.3s}]"},
	} {
		if got := fmt.Sprint(Speech(tt.levels)); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

func TestOutline(t *testing.T) {
	screen := cam("p1", 300, 600)
	screen.Source = sfu.Screen
	m := recording.Manifest{DurationUS: 1000e6, Tracks: []recording.Track{screen}, Participants: []recording.Participant{{ID: "p1", Name: "Ann"}}}
	speech := []Span{{"p1", time.Second, 100 * time.Second}, {"p1", 200 * time.Second, 210 * time.Second}, {"p1", 220 * time.Second, 990 * time.Second}}
	var got []string
	for _, c := range Outline(m, speech) {
		got = append(got, fmt.Sprintf("%g-%g %s", c.From.Seconds(), c.To.Seconds(), c.Title))
	}
	want := "0-200 Start; 200-300 Ann goes on; 300-600 Ann shares a screen; 600-1000 After Ann’s screen"
	if strings.Join(got, "; ") != want {
		t.Errorf("got %s", strings.Join(got, "; "))
	}
}

func TestTexts(t *testing.T) {
	e := Env{Work: t.TempDir(), Manifest: recording.Manifest{
		Title: "A --> B\nC", DurationUS: 100e6, Participants: []recording.Participant{{ID: "p1", Name: "Ann <b>"}},
	}, Story: recording.Story{
		Levels: []recording.Levels{levelsOf("p1", 50, 90, 20, 30, 50, 90)},
		Chat: []recording.Line{
			{At: 3723 * time.Second, Participant: "p1", Name: "Ann\n-->", Text: "a & b\n\n00:00 --> 00:01\r\n<c>"},
			{At: 3725 * time.Second, Participant: "p1", Name: "Ann", Text: "x"},
		},
	}}
	for kind, want := range map[Kind]string{
		Speakers: "WEBVTT\n\nNOTE A → B C\n\n00:00:05.000 --> 00:00:07.000\n<v Ann &lt;b&gt;>Ann &lt;b&gt;</v>\n",
		Chapters: "WEBVTT\n\nNOTE A → B C\n\n00:00:00.000 --> 00:01:40.000\nStart\n",
		Chat: "WEBVTT\n\nNOTE A → B C\n\n01:02:03.000 --> 01:02:05.000\n<v Ann →>a &amp; b\n00:00 --&gt; 00:01\n&lt;c&gt;</v>\n" +
			"\n01:02:05.000 --> 01:02:13.000\n<v Ann>x</v>\n",
	} {
		files, err := Make(t.Context(), kind, Options{}, e)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, e, files[0]); got != want {
			t.Errorf("%s:\n got %q\nwant %q", kind, got, want)
		}
		if kind == Chat && !strings.Contains(read(t, e, files[1]), `"text": "a \u0026 b\n\n00:00 --\u003e 00:01\r\n\u003cc\u003e"`) {
			t.Errorf("json %s", read(t, e, files[1]))
		}
	}
}

func read(t *testing.T, e Env, f File) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(e.Work, f.Path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestCheck(t *testing.T) {
	m := recording.Manifest{Tracks: []recording.Track{cam("p1", 0, 5)}}
	for name, tt := range map[string]struct {
		kind   Kind
		o      Options
		ffmpeg bool
		want   error
	}{
		"composite":            {Composite, Options{}, true, nil},
		"composite, no ffmpeg": {Composite, Options{}, false, ErrTool},
		"sheet, no ffmpeg":     {Sheet, Options{}, false, ErrTool},
		"layout":               {Composite, Options{Layout: "x"}, true, ErrOptions},
		"format":               {Composite, Options{Format: "avi"}, true, ErrOptions},
		"height":               {Composite, Options{Height: 721}, true, ErrOptions},
		"all, no ffmpeg":       {All, Options{}, false, nil},
		"no sound":             {Voices, Options{}, true, ErrNothing},
		"of whom":              {Participant, Options{Participant: "../p1"}, true, ErrOptions},
		"nothing":              {"nothing", Options{}, true, ErrOptions},
	} {
		if err := Check(tt.kind, tt.o, m, tt.ffmpeg); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

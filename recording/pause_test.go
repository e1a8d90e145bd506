package recording

import (
	"bytes"
	"os"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"plenum/sfu"
)

func TestPauseAndResume(t *testing.T) {
	dir, wreck := t.TempDir(), t.TempDir()
	video, sound := load(t, bars), load(t, tone)
	var man Manifest
	var cam, mic, other *publisher
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		r.Participant("p1", "Ann")
		r.Participant("p2", "Bo")
		r.Source("p1", sfu.Camera, true, false)
		r.Source("p1", sfu.Microphone, true, false)
		cam, mic = m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0)
		m.heeds = append(m.heeds, cam)
		play(4*time.Second, cam, mic)
		r.Pause("Ann")
		r.Pause("Ann") // is already
		r.Chat("p1", "Ann", "between us")
		play(3*time.Second, cam, mic)
		other = m.publish(sound, "p2", sfu.Microphone, 0)
		r.Source("p2", sfu.Microphone, true, false)
		r.Source("p1", sfu.Microphone, true, true) // muted in the pause, and still after it
		mic.silent = true
		play(3*time.Second, cam, mic, other)
		if err := os.CopyFS(wreck, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		r.Resume("Bo")
		play(2*time.Second, cam, mic, other)
		r.Source("p1", sfu.Microphone, true, false)
		mic.silent = false
		play(3*time.Second, cam, mic, other)
		man = stop(t, m, l, r)
	})
	if len(man.Pauses) != 1 || man.Pauses[0].By != "Ann" || !near(us(man.Pauses[0].FromUS), 4*time.Second, 20*time.Millisecond) ||
		!near(us(man.Pauses[0].ToUS), 10*time.Second, 20*time.Millisecond) {
		t.Errorf("pauses %+v", man.Pauses)
	}
	gapsAre(t, trackOf(t, man, "p1", sfu.Camera), GapPaused)
	gapsAre(t, trackOf(t, man, "p1", sfu.Microphone), GapPaused, GapMute)
	for _, tr := range man.Tracks {
		path := pathOf(dir, man, tr)
		for _, f := range readBack(t, path, cam, mic, other) {
			at := f.at + us(tr.StartUS)
			if f.number >= 0 && at > 4100*time.Millisecond && at < 9900*time.Millisecond {
				t.Fatalf("%s: something of %v was written in the pause", tr.Path, at)
			}
		}
		if end := us(tr.StartUS + tr.DurationUS); !near(end, 15*time.Second, 200*time.Millisecond) {
			t.Errorf("%s ends at %v", tr.Path, end)
		}
		accept(t, path)
	}
	if tr := trackOf(t, man, "p2", sfu.Microphone); us(tr.StartUS) < 9900*time.Millisecond {
		t.Errorf("who came in the pause is recorded from %v on", us(tr.StartUS))
	}
	story, err := os.ReadFile(dir + "/" + man.ID + "/" + journalName)
	if err != nil || len(story) == 0 || bytes.Contains(story, []byte("between us")) {
		t.Errorf("the chat of the pause is in the journal, or %v", err)
	}

	l := openLibrary(t, wreck) // a crash in the pause
	defer l.Close(t.Context())
	list, err := l.List(Filter{})
	if err != nil || len(list) != 1 || len(list[0].Pauses) != 1 || list[0].Pauses[0].ToUS == 0 {
		t.Fatalf("after a crash: %+v, %v", list, err)
	}
	gapsAre(t, trackOf(t, list[0], "p1", sfu.Microphone), GapPaused)
}

// gapsAre checks the reasons of a track's gaps.
func gapsAre(t *testing.T, tr Track, want ...Reason) {
	t.Helper()
	var got []Reason
	for _, g := range tr.Gaps {
		got = append(got, g.Reason)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: gaps %+v, want %v", tr.Path, tr.Gaps, want)
	}
}

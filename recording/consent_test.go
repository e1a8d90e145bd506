package recording

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"plenum/sfu"
)

func TestConsent(t *testing.T) {
	dir := t.TempDir()
	sound := load(t, tone)
	var man Manifest
	var ann, bo, cy *publisher
	synctest.Test(t, func(t *testing.T) {
		l, m := openLibrary(t, dir), &room{}
		r, err := l.Start(t.Context(), Info{Room: "r", AskConsent: true}, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		for id, name := range map[string]string{"p1": "Ann", "p2": "Bo", "p3": "Cy"} {
			r.Participant(id, name)
		}
		ann, bo, cy = m.publish(sound, "p1", sfu.Microphone, 0), m.publish(sound, "p2", sfu.Microphone, 0), m.publish(sound, "p3", sfu.Microphone, 0)
		all := []*publisher{ann, bo, cy}
		r.Told("p1")
		r.Told("p3")
		play(4*time.Second, all...) // nobody has told Bo
		r.Told("p2")
		r.Answer("p1", true)
		play(12*time.Second, all...) // 16 s
		r.Answer("p3", false)
		play(3*time.Second, all...) // 19 s
		if files, _ := filepath.Glob(dir + "/*/p03-*"); len(files) != 0 {
			t.Errorf("of who declined there is %v", files)
		}
		r.Answer("p2", false)
		play(2*time.Second, all...) // 21 s
		r.Answer("p2", true)
		r.Source("p2", sfu.Microphone, true, false)
		play(4*time.Second, all...) // 25 s
		man = stop(t, m, l, r)
	})
	if len(man.Tracks) != 2 {
		t.Fatalf("tracks %+v", man.Tracks)
	}
	for _, tt := range []struct {
		p        *publisher
		start    time.Duration
		told     time.Duration
		answer   Answer
		answered time.Duration
	}{
		{ann, 0, 0, AnswerAccepted, 4 * time.Second},
		{bo, 21 * time.Second, 4 * time.Second, AnswerAccepted, 21 * time.Second},
		{cy, -1, 0, AnswerDeclined, 16 * time.Second},
	} {
		id := tt.p.stream.Participant
		c := man.participant(id).Consent
		if c == nil || c.Answer != tt.answer || !near(us(c.ToldUS), tt.told, 20*time.Millisecond) || !near(us(c.AnsweredUS), tt.answered, 20*time.Millisecond) {
			t.Errorf("%s: consent %+v", id, c)
		}
		if tt.start < 0 {
			continue
		}
		tr := trackOf(t, man, id, sfu.Microphone)
		if !near(us(tr.StartUS), tt.start, 150*time.Millisecond) {
			t.Errorf("%s is recorded from %v on", id, us(tr.StartUS))
		}
		readBack(t, pathOf(dir, man, tr), tt.p)
		accept(t, pathOf(dir, man, tr))
	}
}

// A crash between the no and its carrying out: the next start carries it out.
func TestDeclinedBeforeACrash(t *testing.T) {
	dir, id := wreckOf(t, 4*time.Second)
	root, err := os.OpenRoot(filepath.Join(dir, id))
	if err != nil {
		t.Fatal(err)
	}
	if err := appendEvent(root, event{Kind: evAnswered, Participant: "p1", Answer: AnswerDeclined, AtUS: 4e6}); err != nil {
		t.Fatal(err)
	}
	root.Close()
	l := openLibrary(t, dir)
	man, err := l.Get(id)
	if err != nil || len(man.Tracks) != 0 {
		t.Errorf("%+v, %v", man, err)
	}
	if files, _ := filepath.Glob(dir + "/*/*.webm"); len(files) != 0 {
		t.Errorf("of who declined there is %v", files)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

package recording

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"plenum/sfu"
)

func TestLibrary(t *testing.T) {
	dir := t.TempDir()
	sound := load(t, tone)
	synctest.Test(t, func(t *testing.T) {
		l, m := openLibrary(t, dir), &room{}
		record := func(room string, creator int64) *Recorder {
			time.Sleep(time.Second) // ids are ordered by ms
			r, err := l.Start(t.Context(), Info{Room: room, Title: "Weekly sync", CreatorID: creator}, m, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Participant("p1", "Ann")
			mic := m.publish(sound, "p1", sfu.Microphone, 0)
			play(2*time.Second, mic)
			return r
		}
		end := func(r *Recorder) {
			if _, err := r.Stop(t.Context(), "host"); err != nil {
				t.Fatal(err)
			}
		}
		a := record("a", 1)
		end(a)
		b := record("b", 2)

		ids := func(f Filter) (out []string) {
			list, err := l.List(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range list {
				out = append(out, m.ID)
			}
			return out
		}
		for _, tt := range []struct {
			f    Filter
			want []string
		}{
			{Filter{}, []string{b.ID(), a.ID()}},
			{Filter{CreatorID: 1}, []string{a.ID()}},
			{Filter{Room: "b"}, []string{b.ID()}},
			{Filter{Room: "b", CreatorID: 1}, nil},
		} {
			if got := ids(tt.f); !slices.Equal(got, tt.want) {
				t.Errorf("%+v lists %v, want %v", tt.f, got, tt.want)
			}
		}
		live, err := l.Get(b.ID())
		if err != nil || live.State != StateRecording || !near(us(live.DurationUS), 2*time.Second, 20*time.Millisecond) {
			t.Errorf("while it runs: %+v, %v", live, err)
		}
		if err := l.Delete(b.ID()); !errors.Is(err, ErrBusy) {
			t.Errorf("Delete while it runs: %v", err)
		}
		if _, err := l.File(b.ID(), "p01-microphone-01.webm"); !errors.Is(err, ErrNotFound) {
			t.Errorf("File while it runs: %v", err)
		}
		checkFile(t, l, a.ID(), dir)
		end(b)
		if again, err := b.Stop(t.Context(), "ended"); err != nil || again.StopReason != "host" {
			t.Errorf("stopped twice: %q, %v", again.StopReason, err)
		}
		if err := l.Delete(a.ID()); err != nil {
			t.Error(err)
		}
		if err := l.Delete(a.ID()); !errors.Is(err, ErrNotFound) {
			t.Errorf("deleted twice: %v", err)
		}
		if left, _ := filepath.Glob(dir + "/*"); len(left) != 1 || !slices.Equal(ids(Filter{}), []string{b.ID()}) {
			t.Errorf("left over: %v", left)
		}
		c := record("c", 3)
		if err := l.Close(t.Context()); err != nil { // finishes what runs
			t.Fatal(err)
		}
		man, err := c.Stop(t.Context(), "host")
		if err != nil || man.StopReason != "shutdown" || man.State != StateReady {
			t.Errorf("after Close: %+v, %v", man, err)
		}
		if _, err := l.Start(t.Context(), Info{}, m, nil); err == nil {
			t.Error("started after Close")
		}
		if n := m.pool.Outstanding(); n != 0 {
			t.Errorf("%d packets kept", n)
		}
		l = openLibrary(t, dir)
		if got := ids(Filter{}); !slices.Equal(got, []string{c.ID(), b.ID()}) {
			t.Errorf("opened again: %v", got)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func checkFile(t *testing.T, l *Library, id, dir string) {
	t.Helper()
	const name = "p01-microphone-01.webm"
	f, err := l.File(id, name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	man, _ := l.Get(id)
	hash, n, _ := sum(strings.NewReader(string(b)))
	tr := man.Tracks[0]
	if err != nil || n != f.Size || n != tr.Bytes || hash != f.SHA256 || hash != tr.SHA256 || f.Modified.IsZero() {
		t.Errorf("%+v holds %d bytes, %v", f, len(b), err)
	}
	if f.Name != "Weekly sync – Ann – microphone.webm" || f.Type != "audio/webm; codecs=opus" {
		t.Errorf("named %q, %q", f.Name, f.Type)
	}
	secret := filepath.Join(dir, id, "secret.webm")
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", ".", "..", "/", "../" + id + "/" + name, "./" + name, name + "\x00", "manifest.json", "events.ndjson",
		"secret.webm", "..\\..\\x", strings.Repeat("a", 5000), "/etc/passwd", "p01-microphone-01.WEBM",
	} {
		if _, err := l.File(id, bad); !errors.Is(err, ErrNotFound) {
			t.Errorf("File(%q): %v", bad, err)
		}
	}
	for _, bad := range []string{"", ".", "..", "../x", strings.ToLower(id), id + "/", id + "x", "01ARZ3NDEKTSV4RRFFQ69G5FAV"} {
		_, err := l.File(bad, name)
		_, err2 := l.Get(bad)
		if err3 := l.Delete(bad); !errors.Is(err, ErrNotFound) || !errors.Is(err2, ErrNotFound) || !errors.Is(err3, ErrNotFound) {
			t.Errorf("id %q: %v, %v, %v", bad, err, err2, err3)
		}
	}
	link := filepath.Join(dir, id, name) // a file that became a way out
	if err := os.Rename(link, link+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", link); err != nil {
		t.Fatal(err)
	}
	if f, err := l.File(id, name); err == nil {
		f.Close()
		t.Error("followed a link out of the library")
	}
	if err := errors.Join(os.Remove(link), os.Rename(link+".kept", link)); err != nil {
		t.Fatal(err)
	}
}

func TestStopGivesUpWaiting(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		_, l, r := start(t, dir)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := r.Stop(gone, "host"); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("Stop: %v", err)
		}
		<-r.done
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		l = openLibrary(t, dir)
		if m, err := l.Get(r.ID()); err != nil || m.State != StateReady || m.StopReason != "host" {
			t.Errorf("%+v, %v", m, err)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// The JSON's names are a contract with the pages.
func TestManifestJSON(t *testing.T) {
	m := Manifest{
		Version: 1, ID: "01J", T0: time.Date(2026, 11, 22, 6, 20, 0, 123456000, time.UTC), State: StateReady,
		Participants: []Participant{{ID: "p3", Name: "Ann", Sessions: []Session{{LeaveUS: 9}}}},
		Tracks:       []Track{{ID: "p03-camera", Gaps: []Gap{{1, 2, GapMute}}}},
		Problems:     []Problem{{Code: ProblemCrash, Detail: "x"}},
		Derived:      []Derived{{Kind: "mix", Path: "d/a", Title: "T", Type: "audio/webm", Bytes: 1, SHA256: "ff"}},
	}
	b, err := json.Marshal(m.clone())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"version":1,"id":"01J","room":"","title":"","creator_id":0,"state":"ready","started_by":"","stop_reason":"",` +
		`"t0_utc":"2026-11-22T06:20:00.123456Z","duration_us":0,"hold":false,"problems":[{"code":"crash","track":"","detail":"x"}],` +
		`"participants":[{"id":"p3","name":"Ann","sessions":[{"join_us":0,"leave_us":9}]}],` +
		`"tracks":[{"id":"p03-camera","participant":"","source":"","codec":"","path":"","start_us":0,"duration_us":0,` +
		`"bytes":0,"sha256":"","state":"","width":0,"height":0,"gaps":[{"from_us":1,"to_us":2,"reason":"mute"}],` +
		`"stats":{"packets":0,"lost":0,"frames":0,"dropped_frames":0,"keyframe_requests":0}}],` +
		`"derived":[{"kind":"mix","path":"d/a","title":"T","type":"audio/webm","bytes":1,"sha256":"ff"}],"pauses":[]}`
	if string(b) != want {
		t.Errorf("got  %s\nwant %s", b, want)
	}
	b, _ = json.Marshal(Manifest{}.clone())
	if strings.Contains(string(b), "null") {
		t.Errorf("lists must not be null: %s", b)
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct{ participant, want string }{
		{"p3", "p03-camera"}, {"p123", "p123-camera"}, {"../x", "---x-camera"}, {"", "-camera"}, {"Ä b", "--b-camera"}, {"7", "7-camera"},
	} {
		if got := trackID(tt.participant, sfu.Camera); got != tt.want {
			t.Errorf("trackID(%q) is %q, want %q", tt.participant, got, tt.want)
		}
	}
	taken := map[string]bool{"p03-camera-01.webm": true}
	for _, suffix := range []string{".webm", ".mkv"} {
		if got := fileName("p03-camera", suffix, func(s string) bool { return taken[s] }); got != "p03-camera-02"+suffix {
			t.Error(got)
		}
	}
	parts := Manifest{Participants: []Participant{{ID: "p3", Name: "Ann"}}}
	for i, want := range []string{"Ann – camera.webm", "Ann – camera 2.mkv"} {
		file := []string{"p03-camera-01.webm", "p03-camera-02.mkv"}[i]
		parts.Tracks = append(parts.Tracks, Track{ID: "p03-camera", Participant: "p3", Source: sfu.Camera, Path: file})
		if got := shortName(parts, parts.Tracks[i]); got != want {
			t.Errorf("part %d is %q, want %q", i+1, got, want)
		}
	}
	for _, tt := range []struct{ title, name, want string }{
		{"Weekly sync", "Ann", "Weekly sync – Ann – screen audio.webm"},
		{"", "", "Meeting – p3 – screen audio.webm"},
		{"a/b\\c:d*e?f\"g<h>i|j", "..", "a-b-c-d-e-f-g-h-i-j – p3 – screen audio.webm"},
		{" \n x\r\n\ty ", "\u202eevil\u0000", "x y – evil – screen audio.webm"},
		{strings.Repeat("ü", 200), "Ann", strings.Repeat("ü", 80) + " – Ann – screen audio.webm"},
		{"\xff\xfe", "Zoë 🙂", "Meeting – Zoë 🙂 – screen audio.webm"},
	} {
		m := Manifest{Title: tt.title, Participants: []Participant{{ID: "p3", Name: tt.name}}}
		if got := displayName(m, Track{Participant: "p3", Source: sfu.ScreenAudio}); got != tt.want {
			t.Errorf("displayName(%q, %q) is %q, want %q", tt.title, tt.name, got, tt.want)
		}
	}
}

func TestGapsStayFew(t *testing.T) {
	var tr Track
	tr.addGap(Gap{0, 100, GapLoss})
	tr.addGap(Gap{400_000, 500_000, GapLoss})
	tr.addGap(Gap{600_000, 700_000, GapMute})
	if want := []Gap{{0, 500_000, GapLoss}, {600_000, 700_000, GapMute}}; !slices.Equal(tr.Gaps, want) {
		t.Errorf("%+v", tr.Gaps)
	}
	for i := range int64(2 * maxGaps) {
		tr.addGap(Gap{i * 1e6, i*1e6 + 1, GapLoss})
	}
	if len(tr.Gaps) != maxGaps {
		t.Errorf("%d gaps", len(tr.Gaps))
	}
}

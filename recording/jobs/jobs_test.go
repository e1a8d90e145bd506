package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plenum/recording"
	"plenum/recording/derive"
	"plenum/recording/webm"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

// shelf makes a library with one recording: ten seconds of silence.
func shelf(t *testing.T) (*recording.Library, string) {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, id)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const name = "p01-microphone-01.webm"
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := webm.New(f, webm.Track{Codec: webm.Opus, Channels: 2}, webm.Info{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		if err := w.Write(webm.Frame{Time: time.Duration(i) * 20 * time.Millisecond, Key: true, Data: []byte{0xF8, 0xFF, 0xFE}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Finish(nil); err != nil {
		t.Fatal(err)
	}
	m := recording.Manifest{
		Version: 1, ID: id, Room: "r", Title: "Weekly", State: recording.StateReady, DurationUS: 10e6,
		Participants: []recording.Participant{{ID: "p1", Name: "Ann"}},
		Tracks: []recording.Track{{
			ID: "p01-microphone", Participant: "p1", Source: "microphone", Codec: "opus", Path: name,
			DurationUS: 10e6, State: recording.TrackFinal,
		}},
	}
	text, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"manifest.json": string(text), "events.ndjson": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, root), root
}

func open(t *testing.T, root string) *recording.Library {
	t.Helper()
	lib, err := recording.Open(t.Context(), recording.Config{Dir: root}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// manage starts a manager; stop ends it and waits.
func manage(t *testing.T, cfg Config, lib *recording.Library) (m *Manager, stop func()) {
	t.Helper()
	m, err := New(cfg, lib, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	return m, func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
	}
}

// await polls until a job is in a state.
func await(t *testing.T, m *Manager, job string, want State) Job {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		j, err := m.Get(id, job)
		if err != nil {
			t.Fatal(err)
		}
		if j.State == want {
			return j
		}
		if j.over() || time.Now().After(deadline) {
			t.Fatalf("the job is %s: %s; want %s", j.State, j.Error, want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func add(t *testing.T, m *Manager, k derive.Kind) Job {
	t.Helper()
	j, err := m.Add(id, k, derive.Options{}, "ann")
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// leftovers are the work folders there are.
func leftovers(t *testing.T, root string) int {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(root, "*", workPrefix+"*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(left)
}

func TestJob(t *testing.T) {
	lib, root := shelf(t)
	m, stop := manage(t, Config{}, lib)
	for _, k := range []derive.Kind{derive.Voices, derive.All, derive.Peaks, derive.Chapters, derive.Voices} {
		j := await(t, m, add(t, m, k).ID, Done)
		if j.Progress != 1 || len(j.Files) == 0 || j.By != "ann" || j.EndedAt.IsZero() {
			t.Errorf("%+v", j)
		}
		for _, path := range j.Files {
			f, err := lib.File(id, path)
			if err != nil || f.Size == 0 || len(f.SHA256) != 64 {
				t.Fatalf("%s: %+v, %v", path, f, err)
			}
			f.Close()
		}
	}
	man, err := lib.Get(id)
	if err != nil || len(man.Derived) != 4 {
		t.Errorf("%+v, %v", man.Derived, err)
	}
	if n := leftovers(t, root); n != 0 {
		t.Errorf("%d work folders left", n)
	}
	stop()
	if err := lib.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := open(t, root)
	m, stop = manage(t, Config{}, again)
	if list := m.List(id); len(list) != 5 || list[0].Kind != derive.Voices || list[4].State != Done {
		t.Errorf("opened again: %+v", list)
	}
	stop()
	if err := again.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRefused(t *testing.T) {
	lib, _ := shelf(t)
	m, stop := manage(t, Config{}, lib)
	for name, tt := range map[string]struct {
		id   string
		kind derive.Kind
		want error
	}{
		"no ffmpeg":    {id, derive.Composite, derive.ErrTool},
		"no picture":   {id, derive.Sheet, derive.ErrTool},
		"unknown kind": {id, "gif", derive.ErrOptions},
		"no recording": {"01BX5ZZKBKACTAV9WEVGEMMVRZ", derive.Voices, recording.ErrNotFound},
		"path":         {"../" + id, derive.Voices, recording.ErrNotFound},
	} {
		if _, err := m.Add(tt.id, tt.kind, derive.Options{}, "x"); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if err := m.Cancel(id, "x"); !errors.Is(err, ErrNotFound) {
		t.Errorf("cancel nothing: %v", err)
	}
	stop()
	if err := lib.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// held is a server that is busy until it is let go.
type held struct {
	busy  atomic.Bool
	asked chan struct{}
}

func hold() *held {
	h := &held{asked: make(chan struct{}, 1)}
	h.busy.Store(true)
	return h
}

func (h *held) config() Config {
	return Config{Busy: func() bool {
		select {
		case h.asked <- struct{}{}:
		default:
		}
		return h.busy.Load()
	}}
}

func TestCancel(t *testing.T) {
	lib, root := shelf(t)
	h := hold()
	m, stop := manage(t, h.config(), lib)
	running := add(t, m, derive.Voices)
	waiting := add(t, m, derive.Peaks)
	if same := add(t, m, derive.Peaks); same.ID != waiting.ID {
		t.Error("the same twice is two jobs")
	}
	<-h.asked
	if j := await(t, m, running.ID, Running); j.Progress == 1 {
		t.Errorf("%+v", j)
	}
	for _, j := range []Job{waiting, running} {
		if err := m.Cancel(id, j.ID); err != nil {
			t.Fatal(err)
		}
		await(t, m, j.ID, Cancelled)
	}
	if n := leftovers(t, root); n != 0 {
		t.Errorf("%d work folders left", n)
	}
	h.busy.Store(false)
	done := add(t, m, derive.Voices)
	await(t, m, done.ID, Done)
	if err := m.Cancel(id, done.ID); err != nil {
		t.Error(err)
	}
	await(t, m, done.ID, Done)
	stop()
	if err := lib.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A server that stops in the middle of a job, or dies, goes on with it.
func TestGoesOnAfterAStart(t *testing.T) {
	lib, root := shelf(t)
	h := hold()
	m, stop := manage(t, h.config(), lib)
	first, second := add(t, m, derive.Voices), add(t, m, derive.Peaks)
	<-h.asked
	killed := filepath.Join(root, id, jobsName)
	text, err := os.ReadFile(killed) // as a crash leaves it
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := lib.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(killed, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, id, workPrefix+"OLD"), 0o700); err != nil {
		t.Fatal(err)
	}
	again := open(t, root)
	m, stop = manage(t, Config{}, again)
	await(t, m, first.ID, Done)
	await(t, m, second.ID, Done)
	if n := leftovers(t, root); n != 0 {
		t.Errorf("%d work folders left", n)
	}
	stop()
	if err := again.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// Deleting a recording ends its jobs first, and leaves nothing.
func TestDeleteEndsJobs(t *testing.T) {
	lib, root := shelf(t)
	h := hold()
	m, stop := manage(t, h.config(), lib)
	add(t, m, derive.Voices)
	add(t, m, derive.Peaks)
	<-h.asked
	if err := lib.Delete(id); err != nil {
		t.Fatal(err)
	}
	if list := m.List(id); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	if left, _ := os.ReadDir(root); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
	stop()
	if err := lib.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

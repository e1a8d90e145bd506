package recording

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"plenum/sfu"
)

// alarms collects what a recorder tells.
type alarms struct {
	mu  sync.Mutex
	all []Alarm
}

func (a *alarms) hear(x Alarm) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, x)
}

func (a *alarms) list() []Alarm {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.all)
}

func openWith(tb testing.TB, cfg Config) *Library {
	tb.Helper()
	cfg.MinFree, cfg.StopFree = max(cfg.MinFree, 1), max(cfg.StopFree, 1)
	l, err := Open(tb.Context(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

func TestQuotaIsExceeded(t *testing.T) {
	q := Quota{Bytes: 100, Length: time.Hour, RoomBytes: 1000, UserBytes: 2000}
	for name, tt := range map[string]struct {
		size       int64
		length     time.Duration
		room, user int64
		want       bool
	}{
		"below all": {99, 59 * time.Minute, 999, 1999, false},
		"bytes":     {100, 0, 0, 0, true},
		"length":    {0, time.Hour, 0, 0, true},
		"room":      {0, 0, 1000, 0, true},
		"user":      {0, 0, 0, 2000, true},
	} {
		if got := q.exceeded(tt.size, tt.length, tt.room, tt.user); (got != "") != tt.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := (Quota{}).exceeded(1<<60, 1<<60, 1<<60, 1<<60); got != "" {
		t.Errorf("no quota: %q", got)
	}
}

func TestQuotas(t *testing.T) {
	video := load(t, bars)
	for name, quota := range map[string]Quota{
		"bytes":  {Bytes: 500_000},
		"length": {Length: 9 * time.Second},
		"room":   {RoomBytes: 500_000},
		"user":   {UserBytes: 500_000},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				l := openWith(t, Config{Dir: dir, Quota: quota})
				m := &room{}
				ended := make(chan string, 1)
				info := Info{Room: "r", CreatorID: 7}
				r, err := l.Start(t.Context(), info, m, func(reason string) { ended <- reason })
				if err != nil {
					t.Fatal(err)
				}
				play(20*time.Second, m.publish(video, "p1", sfu.Camera, 0))
				select {
				case why := <-ended:
					if why != stopQuota {
						t.Errorf("ended for %q", why)
					}
				default:
					t.Error("the recording goes on")
				}
				_, err = l.Start(t.Context(), info, m, nil)
				if total := quota.RoomBytes+quota.UserBytes > 0; errors.Is(err, ErrQuota) != total {
					t.Errorf("the next recording: %v", err)
				}
				other, err := l.Start(t.Context(), Info{Room: "other", CreatorID: 8}, m, nil)
				if err != nil {
					t.Errorf("another's recording: %v", err)
				}
				_, _ = other.Stop(t.Context(), "host")
				man := stopAs(t, StateDegraded, m, l, r)
				if man.StopReason != stopQuota || len(man.Problems) != 1 || man.Problems[0].Code != ProblemStopped {
					t.Errorf("%s, %+v", man.StopReason, man.Problems)
				}
			})
		})
	}
}

func TestRetention(t *testing.T) {
	dir := t.TempDir()
	sound := load(t, tone)
	synctest.Test(t, func(t *testing.T) {
		var log []Entry
		var mu sync.Mutex
		l := openWith(t, Config{Dir: dir, Keep: 24 * time.Hour, Audit: func(e Entry) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, e)
		}})
		m := &room{}
		record := func() string {
			time.Sleep(time.Second)
			r, err := l.Start(t.Context(), Info{Room: "r"}, m, nil)
			if err != nil {
				t.Fatal(err)
			}
			play(2*time.Second, m.publish(sound, "p1", sfu.Microphone, 0))
			if _, err := r.Stop(t.Context(), "host"); err != nil {
				t.Fatal(err)
			}
			return r.ID()
		}
		gone, held := record(), record()
		running, err := l.Start(t.Context(), Info{Room: "r"}, m, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.SetHold(running.ID(), true); !errors.Is(err, ErrBusy) {
			t.Errorf("hold while it runs: %v", err)
		}
		if man, err := l.SetHold(held, true); err != nil || !man.Hold {
			t.Fatalf("hold: %+v, %v", man, err)
		}
		if err := l.Delete(held); !errors.Is(err, ErrHeld) {
			t.Errorf("delete a held recording: %v", err)
		}
		time.Sleep(23 * time.Hour)
		synctest.Wait()
		if list, _ := l.List(Filter{}); len(list) != 3 {
			t.Errorf("%d recordings after 23 h", len(list))
		}
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if _, err := l.Get(gone); !errors.Is(err, ErrNotFound) {
			t.Errorf("after its time: %v", err)
		}
		left, _ := filepath.Glob(dir + "/*" + gone + "*")
		hidden, _ := filepath.Glob(dir + "/.*")
		if len(left)+len(hidden) != 0 {
			t.Errorf("left over: %v %v", left, hidden)
		}
		for _, id := range []string{held, running.ID()} {
			if _, err := l.Get(id); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		again := openWith(t, Config{Dir: dir})
		if man, err := again.Get(held); err != nil || !man.Hold {
			t.Errorf("opened again: hold is %v, %v", man.Hold, err)
		}
		if man, err := again.SetHold(held, false); err != nil || man.Hold {
			t.Errorf("released: %+v, %v", man, err)
		}
		if err := errors.Join(again.Delete(held), again.Close(t.Context())); err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		var told []string
		for _, e := range log {
			told = append(told, string(e.Action))
		}
		want := []string{"start", "stop", "start", "stop", "start", "expire", "stop"}
		if !slices.Equal(told, want) {
			t.Errorf("audit %v, want %v", told, want)
		}
	})
}

// A hold outlives the loss of the manifest: the journal has it too.
func TestHoldIsInTheJournal(t *testing.T) {
	dir := t.TempDir()
	var id string
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		id = r.ID()
		if _, err := r.Stop(t.Context(), "host"); err != nil {
			t.Fatal(err)
		}
		if _, err := l.SetHold(id, true); err != nil {
			t.Fatal(err)
		}
		stop(t, m, l, r)
	})
	if err := os.Remove(filepath.Join(dir, id, manifestName)); err != nil {
		t.Fatal(err)
	}
	l := openLibrary(t, dir)
	if err := l.Delete(id); !errors.Is(err, ErrHeld) {
		t.Errorf("delete: %v", err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestRepeats(t *testing.T) {
	var r repeats
	now := time.Now()
	play := Entry{At: now, Action: ActionPlay, Recording: "a", Who: "ann"}
	later, other, deleted := play, play, play
	later.At = now.Add(once)
	other.Who = "bo"
	deleted.Action = ActionDelete
	for i, tt := range []struct {
		e    Entry
		want bool
	}{{play, true}, {play, false}, {other, true}, {deleted, true}, {deleted, true}, {later, true}, {later, false}} {
		if got := r.first(tt.e); got != tt.want {
			t.Errorf("%d: %v", i, got)
		}
	}
	for i := range 3 * maxRepeats {
		r.first(Entry{At: now, Action: ActionPlay, File: fmt.Sprint(i)})
	}
	if len(r.seen) > maxRepeats {
		t.Errorf("%d remembered", len(r.seen))
	}
}

// badDisk is a file whose syncs can fail.
type badDisk struct {
	trackFile
	bad *atomic.Bool
}

func (f badDisk) Datasync() error { return errors.Join(f.check(), f.trackFile.Datasync()) }

func (f badDisk) Sync() error { return errors.Join(f.check(), f.trackFile.Sync()) }

func (f badDisk) check() error {
	if f.bad.Load() {
		return &os.PathError{Op: "sync", Path: "x", Err: syscall.EIO}
	}
	return nil
}

// A disk that fails to sync: for a while, or for good. The recording goes on,
// says so, and nothing is promised that may be lost.
func TestSyncFails(t *testing.T) {
	video, sound := load(t, bars), load(t, tone)
	for name, forGood := range map[string]bool{"for a while": false, "for good": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var man Manifest
			var cam, mic *publisher
			synctest.Test(t, func(t *testing.T) {
				l := openLibrary(t, dir)
				var bad atomic.Bool
				l.create = func(dir *os.Root, name string) (trackFile, error) {
					f, err := createFile(dir, name)
					return badDisk{f, &bad}, err
				}
				m := &room{}
				r, err := l.Start(t.Context(), Info{Room: "weekly"}, m, nil)
				if err != nil {
					t.Fatal(err)
				}
				cam, mic = m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0)
				play(5*time.Second, cam, mic)
				bad.Store(true)
				play(7*time.Second, cam, mic)
				bad.Store(forGood)
				play(10*time.Second, cam, mic)
				state := StateDegraded
				if forGood {
					state = StateFailed // its files are whole in the cache, but nobody knows what is on the disk
				}
				man = stopAs(t, state, m, l, r)
			})
			if !slices.ContainsFunc(man.Problems, func(p Problem) bool { return p.Code == ProblemDisk && p.Detail == "input/output error" }) {
				t.Errorf("problems %+v", man.Problems)
			}
			events := readEvents(t, dir, man.ID)
			for _, e := range events {
				if e.Kind == evSynced && e.AtUS > 5e6 {
					t.Errorf("after the failure %v was said to be safe", e.Synced)
				}
			}
			l := openLibrary(t, dir) // what can be saved is
			man, err := l.Get(man.ID)
			if err != nil || man.State != StateDegraded {
				t.Errorf("opened again: %s, %v", man.State, err)
			}
			for _, p := range []*publisher{cam, mic} {
				tr := trackOf(t, man, "p1", p.stream.Source)
				readBack(t, pathOf(dir, man, tr), p)
				accept(t, pathOf(dir, man, tr))
			}
			if err := l.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func readEvents(t *testing.T, dir, id string) []event {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, id, journalName))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	events, err := readJournal(f)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// On a real disk that is too small.
func TestTinyDisk(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk takes root")
	}
	video, sound := load(t, bars), load(t, tone)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("a container without the right to mount has no small disk: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	var man Manifest
	var cam, mic *publisher
	synctest.Test(t, func(t *testing.T) {
		l := openLibrary(t, dir)
		m := &room{}
		ended := make(chan string, 1)
		r, err := l.Start(t.Context(), Info{Room: "weekly"}, m, func(reason string) { ended <- reason })
		if err != nil {
			t.Fatal(err)
		}
		cam, mic = m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0)
		play(30*time.Second, cam, mic)
		select {
		case why := <-ended:
			if why != stopDiskFull {
				t.Errorf("ended for %q", why)
			}
		default:
			t.Error("it goes on")
		}
		if n := m.pool.Outstanding(); n != 0 {
			t.Errorf("%d packets kept", n)
		}
		man, _ = r.Stop(t.Context(), "host") // the manifest may not fit
		_ = l.Close(t.Context())
	})
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=2m"); err != nil {
		t.Fatal(err)
	}
	l := openLibrary(t, dir)
	man, err := l.Get(man.ID)
	if err != nil || man.State != StateDegraded || len(man.Tracks) != 2 {
		t.Fatalf("%+v, %v", man, err)
	}
	for _, p := range []*publisher{cam, mic} {
		tr := trackOf(t, man, "p1", p.stream.Source)
		readBack(t, pathOf(dir, man, tr), p)
		accept(t, pathOf(dir, man, tr))
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

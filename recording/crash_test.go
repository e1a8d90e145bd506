package recording

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"plenum/sfu"
)

const victimEnv = "RECORDING_TEST_VICTIM"

// TestVictim is not a test: TestKilled starts it in a process of its own and kills it.
func TestVictim(t *testing.T) {
	dir := os.Getenv(victimEnv)
	if dir == "" {
		t.Skip("only runs inside TestKilled")
	}
	video, sound := load(t, bars), load(t, tone)
	m, _, r := start(t, dir)
	r.Participant("p1", "Ann")
	cam, mic := m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0)
	off := m.publish(sound, "p2", sfu.Microphone, 0)
	for tick := range time.Tick(10 * time.Millisecond) {
		cam.step()
		mic.step()
		if tick.Sub(r.t0) < time.Second {
			off.step()
		} else if !off.silent {
			off.silent = true
			r.Source("p2", sfu.Microphone, true, true)
		}
		fmt.Fprintf(os.Stdout, "at %d\n", time.Since(r.t0).Microseconds())
	}
}

// known is a stand-in for the publisher of another process.
func known(c clip) *publisher {
	p := &publisher{clip: c, ledger: map[[32]byte]int{}}
	for i, f := range c.frames {
		p.ledger[sha256.Sum256(f)] = i
	}
	return p
}

func TestKilled(t *testing.T) {
	video, sound := known(load(t, bars)), known(load(t, tone))
	for _, after := range []time.Duration{1700 * time.Millisecond, 4100 * time.Millisecond} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			killed := kill(t, dir, after)
			l := openLibrary(t, dir)
			defer l.Close(t.Context())
			list, err := l.List(Filter{})
			if err != nil || len(list) != 1 {
				t.Fatalf("%d recordings, %v", len(list), err)
			}
			man := list[0]
			if man.State != StateDegraded || man.StopReason != stopCrash || man.Title != "Weekly sync" || len(man.Tracks) != 3 {
				t.Errorf("%+v", man)
			}
			for _, tr := range man.Tracks {
				end := us(tr.StartUS + tr.DurationUS)
				t.Logf("%s ends %v before the kill at %v", tr.Path, killed-end, killed)
				if tr.State != TrackRepaired || killed-end > 2*time.Second || end > killed+time.Second {
					t.Errorf("%s: %s, ends at %v, killed at %v", tr.Path, tr.State, end, killed)
				}
				path := pathOf(dir, man, tr)
				if got := accept(t, path); !near(got, us(tr.DurationUS), 20*time.Millisecond) {
					t.Errorf("%s: ffprobe says %v, the manifest %v", tr.Path, got, us(tr.DurationUS))
				}
				readBack(t, path, video, sound)
				if f, err := l.File(man.ID, tr.Path); err != nil || f.Close() != nil || f.Size != tr.Bytes {
					t.Errorf("%s: %v", tr.Path, err)
				}
			}
			muted := trackOf(t, man, "p2", sfu.Microphone)
			if end := muted.StartUS + muted.DurationUS; killed > 3*time.Second { // else the silence is not on disk yet
				checkGaps(t, muted, Gap{FromUS: 1e6, ToUS: end, Reason: GapMute})
			}
			again := openLibrary(t, dir)
			defer again.Close(t.Context())
			if got, err := again.Get(man.ID); err != nil || fmt.Sprint(got) != fmt.Sprint(man) {
				t.Errorf("opened again: %+v, %v", got, err)
			}
		})
	}
}

// TestKilledAtRandom kills four recorders at moments of chance; with
// PLENUM_SOAK=1 (make soak) it is fifty.
func TestKilledAtRandom(t *testing.T) {
	video, sound := known(load(t, bars)), known(load(t, tone))
	count := 4
	if os.Getenv("PLENUM_SOAK") != "" {
		count = 50
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	var lost atomic.Int64
	t.Run("kills", func(t *testing.T) {
		for i := range count {
			after := 300*time.Millisecond + time.Duration(rng.IntN(4000))*time.Millisecond
			t.Run(fmt.Sprintf("%d after %v", i, after), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				killed := kill(t, dir, after)
				l := openLibrary(t, dir)
				defer l.Close(t.Context())
				list, err := l.List(Filter{})
				if err != nil || len(list) != 1 || !list[0].settled() {
					t.Fatalf("%+v, %v", list, err)
				}
				for _, tr := range list[0].Tracks {
					end := us(tr.StartUS + tr.DurationUS)
					if tr.Participant == "p1" {
						lost.Store(max(lost.Load(), int64(killed-end)))
					}
					if killed-end > 2*time.Second {
						t.Errorf("%s ends %v before the kill", tr.Path, killed-end)
					}
					readBack(t, pathOf(dir, list[0], tr), video, sound)
					accept(t, pathOf(dir, list[0], tr))
				}
			})
		}
	})
	t.Logf("%d kills, at most %v lost", count, time.Duration(lost.Load()))
}

// kill starts a recording process, kills it, and returns when, on the
// recording's clock.
func kill(t *testing.T, dir string, after time.Duration) time.Duration {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$", "-test.v")
	cmd.Env = append(os.Environ(), victimEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var at time.Duration
	for lines := bufio.NewScanner(out); at < after && lines.Scan(); {
		if s, ok := strings.CutPrefix(lines.Text(), "at "); ok {
			n, _ := strconv.ParseInt(s, 10, 64)
			at = us(n)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if cmd.Wait() == nil || at < after {
		t.Fatalf("the victim ended by itself at %v", at)
	}
	return at
}

// The library as a power cut leaves it: files short, or with zeros at the end.
func TestTornLibraries(t *testing.T) {
	dir := t.TempDir()
	video, sound := load(t, bars), load(t, tone)
	var wrecks []string
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, filepath.Join(dir, "live"))
		r.Participant("p1", "Ann")
		cam, mic := m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0)
		for i := range 6 {
			play(1700*time.Millisecond, cam, mic)
			wreck := filepath.Join(dir, strconv.Itoa(i))
			if err := os.CopyFS(wreck, os.DirFS(filepath.Join(dir, "live"))); err != nil {
				t.Fatal(err)
			}
			wrecks = append(wrecks, wreck)
		}
		stop(t, m, l, r)
	})
	rng := rand.New(rand.NewPCG(8, 8))
	for i, wreck := range wrecks {
		files, _ := filepath.Glob(wreck + "/*/*.webm")
		if len(files) != 2 {
			t.Fatalf("files %v", files)
		}
		for _, path := range files {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b = b[:len(b)-rng.IntN(len(b)/3)]
			if i%2 == 1 {
				clear(b[max(700, len(b)-4096-rng.IntN(8000)):])
			}
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		l := openLibrary(t, wreck)
		list, _ := l.List(Filter{})
		if len(list) != 1 || list[0].State != StateDegraded {
			t.Fatalf("%+v", list)
		}
		for _, tr := range list[0].Tracks {
			accept(t, pathOf(wreck, list[0], tr))
		}
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// wreckOf records for a while and returns the folder as a crash leaves it.
func wreckOf(t *testing.T, length time.Duration) (dir, id string) {
	t.Helper()
	video, sound := load(t, bars), load(t, tone)
	dir = t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		live := t.TempDir()
		m, l, r := start(t, live)
		r.Participant("p1", "Ann")
		play(length, m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0))
		if err := os.CopyFS(dir, os.DirFS(live)); err != nil {
			t.Fatal(err)
		}
		id = r.ID()
		stop(t, m, l, r)
	})
	return dir, id
}

func TestAfterReboot(t *testing.T) {
	dir, id := wreckOf(t, 15*time.Second)
	path := filepath.Join(dir, id, journalName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(evSynced)) {
		t.Fatal("nothing was synced")
	}
	other := bytes.Replace(b, []byte(bootID()), []byte("another-boot"), 1)
	if err := os.WriteFile(path, other, 0o600); err != nil {
		t.Fatal(err)
	}
	l := openLibrary(t, dir)
	defer l.Close(t.Context())
	man, err := l.Get(id)
	if err != nil || len(man.Tracks) != 2 {
		t.Fatalf("%+v, %v", man, err)
	}
	for _, tr := range man.Tracks {
		if got := us(tr.StartUS + tr.DurationUS); got < 8500*time.Millisecond || got > 10500*time.Millisecond {
			t.Errorf("%s ends at %v; only what was synced after 10 s is safe", tr.Path, got)
		}
		accept(t, pathOf(dir, man, tr))
	}
}

// What Open finds may be anything. It never fails for it, and what can be
// saved is.
func TestRuins(t *testing.T) {
	base, id := wreckOf(t, 3*time.Second)
	change := func(name string, edit func(b []byte) []byte) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			path := filepath.Join(dir, name)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, edit(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	remove := func(name string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const cam = "p01-camera-01.webm"
	for name, tt := range map[string]struct {
		ruin   func(t *testing.T, dir string)
		tracks int // -1: the recording can't be listed
		state  State
	}{
		"untouched":          {func(*testing.T, string) {}, 2, StateDegraded},
		"no manifest":        {remove(manifestName), 2, StateDegraded},
		"torn manifest":      {change(manifestName, func(b []byte) []byte { return b[:20] }), 2, StateDegraded},
		"torn journal":       {change(journalName, func(b []byte) []byte { return append(b, `{"at_us":5,"ev`...) }), 2, StateDegraded},
		"journal with zeros": {change(journalName, func(b []byte) []byte { return append(b, make([]byte, 4096)...) }), 2, StateDegraded},
		"a file gone":        {remove(cam), 1, StateDegraded},
		"a file empty":       {change(cam, func([]byte) []byte { return nil }), 1, StateDegraded},
		"a file of zeros":    {change(cam, func(b []byte) []byte { return make([]byte, len(b)) }), 1, StateDegraded},
		"only a header":      {change(cam, func(b []byte) []byte { return b[:500] }), 1, StateDegraded},
		"no journal":         {remove(journalName), -1, ""},
		"foreign journal": {change(journalName, func(b []byte) []byte {
			return bytes.ReplaceAll(b, []byte(id), []byte("01ARZ3NDEKTSV4RRFFQ69G5FAV"))
		}), -1, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
				t.Fatal(err)
			}
			tt.ruin(t, filepath.Join(dir, id))
			l, err := Open(t.Context(), Config{Dir: dir}, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close(t.Context())
			man, err := l.Get(id)
			if (err != nil) != (tt.tracks < 0) || err == nil && (len(man.Tracks) != tt.tracks || man.State != tt.state) {
				t.Errorf("%+v, %v", man, err)
			}
		})
	}
}

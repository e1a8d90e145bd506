// Package recording_test records meetings with the real server, and takes the
// server, its disk or its clock away from it.
package recording_test

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"plenum/recording"
	"plenum/recording/mediatest"
	"plenum/test/program"
)

var quiet = slog.New(slog.DiscardHandler)

const (
	// shortKills is how often the server is killed in an ordinary run;
	// PLENUM_KILLS says how often in a long one.
	shortKills = 3
	// mostLost is how much of a recording may be missing at its end.
	mostLost = 2 * time.Second
)

// kills returns how often the server is to be killed.
func kills(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PLENUM_KILLS")
	if text == "" {
		return shortKills
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("PLENUM_KILLS=%q: %v", text, err)
	}
	return n
}

// TestServerIsKilledWhileItRecords kills the whole server with SIGKILL at random
// moments of a meeting that is recorded, every third time while the meeting is
// being ended. The next start repairs what is left: every file can be used, holds
// nothing but what was sent, and misses at most two seconds.
func TestServerIsKilledWhileItRecords(t *testing.T) {
	sound, image := mediatest.Load(t, "opus"), mediatest.Load(t, "vp8")
	path, data := program.Build(t), t.TempDir()
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	var losses []time.Duration
	var files int
	for n := range kills(t) {
		ending := n%3 == 2
		s := program.StartOn(t, path, data, "--log-level", "error")
		room := reserve(t, s, "automatic")
		ann := act(t, s, room, role{name: "Ann", sound: sound, image: image})
		bo := act(t, s, room, role{name: "Bo", sound: sound, image: image})
		time.Sleep(time.Duration(rng.Int64N(int64(6 * time.Second)))) // the moment is what is random
		if ending {
			if _, err := s.Call(t, http.MethodDelete, "/api/v1/rooms/"+room, ""); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Duration(rng.Int64N(int64(40 * time.Millisecond))))
		}
		gone := s.Kill()
		ann.leave()
		bo.leave()

		s = program.StartOn(t, path, data, "--log-level", "error")
		list := recordingsOf(t, s, room)
		if len(list) != 1 {
			t.Fatalf("%d recordings of the meeting: %+v", len(list), list)
		}
		m := list[0]
		checkKilled(t, m, ending)
		examine(t, filepath.Join(data, "recordings"), m, sound, image)
		if files += len(m.Tracks); !ending {
			losses = append(losses, lost(t, m, gone))
		}
		s.Stop()
	}
	slices.Sort(losses)
	t.Logf("%d kills, %d files, all usable; lost at the end: median %v, most %v", kills(t), files,
		losses[len(losses)/2].Round(time.Millisecond), losses[len(losses)-1].Round(time.Millisecond))
}

// checkKilled checks what a manifest says of a server that was killed.
func checkKilled(t *testing.T, m recording.Manifest, ending bool) {
	t.Helper()
	if ending && m.StopReason != "crash" {
		return // it had stopped before the kill
	}
	crash := slices.ContainsFunc(m.Problems, func(p recording.Problem) bool { return p.Code == recording.ProblemCrash })
	if m.State != recording.StateDegraded || m.StopReason != "crash" || !crash {
		if m.State == recording.StateFailed && m.DurationUS < mostLost.Microseconds() && len(m.Tracks) == 0 {
			return // there was nothing yet that could be played
		}
		t.Errorf("recording %s is %s for %q: %+v", m.ID, m.State, m.StopReason, m.Problems)
	}
}

// lost returns how much is missing at the end of a recording's worst file.
func lost(t *testing.T, m recording.Manifest, gone time.Time) time.Duration {
	t.Helper()
	length := gone.Sub(m.T0)
	worst := time.Duration(0)
	for _, tr := range m.Tracks {
		missing := length - time.Duration(tr.StartUS+tr.DurationUS)*time.Microsecond
		if worst = max(worst, missing); missing > mostLost {
			t.Errorf("recording %s: %s misses %v of %v", m.ID, tr.Path, missing, length)
		}
	}
	if want := 4; length > 2*mostLost && len(m.Tracks) != want {
		t.Errorf("recording %s: %d tracks after %v, want %d", m.ID, len(m.Tracks), length, want)
	}
	return worst
}

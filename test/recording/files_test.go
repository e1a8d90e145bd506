package recording_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"plenum/recording"
	"plenum/recording/mediatest"
	"plenum/recording/webm"
	"plenum/test/program"
)

// needs skips a test whose tools are not installed; in CI that is a failure.
func needs(tb testing.TB, tools ...string) {
	tb.Helper()
	for _, name := range tools {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			tb.Fatalf("%s is not installed: run scripts/setup-tests.sh", name)
		}
		tb.Skipf("%s is not installed", name)
	}
}

// reserve reserves a room whose recording begins by itself, or by a host.
func reserve(t *testing.T, s *program.Server, policy string) (id string) {
	t.Helper()
	body, err := s.Call(t, http.MethodPost, "/api/v1/rooms", `{"duration":60,"recording_policy":"`+policy+`"}`)
	if err != nil {
		t.Fatal(err)
	}
	var room struct {
		ID string `json:"id"`
	}
	if err := json.Unmarshal([]byte(body), &room); err != nil {
		t.Fatal(err)
	}
	return room.ID
}

// recordingsOf lists the recordings of a room.
func recordingsOf(t *testing.T, s *program.Server, room string) []recording.Manifest {
	t.Helper()
	body, err := s.Call(t, http.MethodGet, "/api/v1/recordings?room="+room, "")
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		Recordings []recording.Manifest `json:"recordings"`
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	var own []recording.Manifest
	for _, m := range list.Recordings {
		if m.Room == room {
			own = append(own, m)
		}
	}
	return own
}

// examine checks a recording's files in every way there is: their frames too,
// when it is told what was sent.
func examine(t *testing.T, folder string, m recording.Manifest, clips ...*mediatest.Clip) {
	t.Helper()
	if problems, err := verified(t, folder, m.ID); err != nil || len(problems) > 0 {
		t.Errorf("recording %s: %v %+v", m.ID, err, problems)
	}
	for _, tr := range m.Tracks {
		path := filepath.Join(folder, m.ID, tr.Path)
		if len(clips) > 0 {
			ledger(t, path, clips...)
		}
		want := time.Duration(tr.DurationUS) * time.Microsecond
		if got := plays(t, path); got-want > 50*time.Millisecond || want-got > 50*time.Millisecond {
			t.Errorf("%s lasts %v by ffprobe, %v by its manifest", path, got, want)
		}
	}
}

// verified verifies a recording from its files, as soon as they say that it is
// over: the server knows a moment earlier.
func verified(t *testing.T, folder, id string) (problems []recording.Problem, err error) {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		lib, err := recording.View(t.Context(), folder, quiet)
		if err != nil {
			return nil, err
		}
		problems, err = lib.Verify(id)
		lib.Close(t.Context())
		if !errors.Is(err, recording.ErrNotFound) {
			return problems, err
		}
	}
	return nil, recording.ErrNotFound
}

// ledger checks that a file holds only frames that were sent, and each only
// with those it needs.
func ledger(t *testing.T, path string, clips ...*mediatest.Clip) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	r, err := webm.NewReader(f, st.Size())
	if err != nil {
		t.Fatal(err)
	}
	last := -1
	for b := range r.Blocks() {
		data, err := r.Data(b)
		if err != nil {
			t.Fatal(err)
		}
		clip, n := find(clips, data)
		if clip == nil {
			if r.Codec == webm.Opus && strings.HasSuffix(string(data), "\xFF\xFE") && len(data) == 3 {
				continue // silence of the recorder's
			}
			t.Fatalf("%s: the frame at %v was never sent", path, b.Time)
		}
		for _, need := range clip.Frames[n].Needs {
			if need != last {
				t.Fatalf("%s: frame %d at %v lacks frame %d", path, n, b.Time, need)
			}
		}
		last = n
	}
}

func find(clips []*mediatest.Clip, data []byte) (*mediatest.Clip, int) {
	for _, c := range clips {
		if n := c.Number(data); n >= 0 {
			return c, n
		}
	}
	return nil, -1
}

// plays has ffmpeg decode a whole file and returns its length by ffprobe.
func plays(t *testing.T, path string) time.Duration {
	t.Helper()
	needs(t, "ffmpeg", "ffprobe")
	if out, err := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-i", path, "-enc_time_base", "-1", "-f", "null", "-").CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("ffmpeg of %s: %v %s", path, err, out)
	}
	out, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe of %s: %v %s", path, err, out)
	}
	seconds, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		t.Fatalf("ffprobe of %s: duration %q", path, out)
	}
	return time.Duration(seconds * float64(time.Second))
}

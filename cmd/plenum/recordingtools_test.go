package main

import (
	"archive/zip"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plenum/recording"
	"plenum/sfu"
	"plenum/sfu/packet"
)

// studio is a room whose microphone the test speaks into.
type studio struct {
	tap  sfu.Tap
	pool packet.Pool
}

func (s *studio) Tap(t sfu.Tap) func() { s.tap = t; return func() {} }

func (*studio) RequestKeyframe(string, sfu.Source, int) {}

// recorded makes a recording of a moment of sound below dir and returns its id.
func recorded(t *testing.T, dir string) string {
	t.Helper()
	lib, err := recording.Open(t.Context(), recording.Config{Dir: filepath.Join(dir, "recordings"), MinFree: 1, StopFree: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	media := &studio{}
	rec, err := lib.Start(t.Context(), recording.Info{Room: "r", Title: "Weekly"}, media, nil)
	if err != nil {
		t.Fatal(err)
	}
	rec.Participant("p1", "Ann")
	stream := sfu.Stream{Participant: "p1", Source: sfu.Microphone, Codec: sfu.Opus, ClockRate: 48000, SSRC: 1}
	begin := time.Now()
	for i := range 50 {
		p := media.pool.Get()
		p.Seq, p.Timestamp, p.SSRC, p.Arrival = int64(i), uint32(i)*960, 1, begin.Add(time.Duration(i)*20*time.Millisecond)
		p.SetPayload(0, copy(p.Buffer(), []byte{0xF8, 0xFF, 0xFE}))
		media.tap.Packet(stream, p)
	}
	if _, err := rec.Stop(t.Context(), "host"); err != nil {
		t.Fatal(err)
	}
	if err := lib.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return rec.ID()
}

func TestRecordingTools(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	id := recorded(t, dir)
	do := func(args ...string) string {
		t.Helper()
		text, err := command(t, "", append(append([]string{"recordings"}, args...), "--data", dir)...)
		if err != nil {
			t.Fatalf("%v: %v\n%s", args, err, text)
		}
		return text
	}
	if got := do("verify"); got != id+"  ok\n" {
		t.Errorf("verify: %q", got)
	}
	if got := do("verify", id); got != id+"  ok\n" {
		t.Errorf("verify one: %q", got)
	}
	name := filepath.Join(out, "all.zip")
	do("export", id, "--out", name)
	z, err := zip.OpenReader(name)
	if err != nil || len(z.File) != 3 {
		t.Fatalf("export: %v", err)
	}
	z.Close()
	if got := do("render", id, "--kind", "voices", "--out", out); got != filepath.Join(out, "derived-voices.webm")+"\n" {
		t.Errorf("render: %q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "recordings", id, ".job-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	if _, err := command(t, "", "recordings", "export", id, "--out", name, "--data", dir); err == nil {
		t.Error("a file was overwritten")
	}
	if _, err := command(t, "", "recordings", "repair", id, "--data", dir); !errors.Is(err, recording.ErrBusy) {
		t.Errorf("repair of what may be running: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "recordings", id, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	if got := do("repair", id, "--force"); !strings.Contains(got, "is ready: 1 tracks") {
		t.Errorf("repair: %q", got)
	}
	track := filepath.Join(dir, "recordings", id, "p01-microphone-01.webm")
	b, err := os.ReadFile(track)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(track, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if text, err := command(t, "", "recordings", "verify", "--data", dir); !errors.Is(err, errDamaged) || !strings.Contains(text, "p01-microphone-01.webm") {
		t.Errorf("verify a damaged file: %v, %q", err, text)
	}
	for _, bad := range []string{"x", "../" + id, "01BX5ZZKBKACTAV9WEVGEMMVRZ"} {
		for _, verb := range []string{"verify", "repair", "render", "export"} {
			if _, err := command(t, "", "recordings", verb, bad, "--data", dir); !errors.Is(err, recording.ErrNotFound) {
				t.Errorf("%s %s: %v", verb, bad, err)
			}
		}
	}
}

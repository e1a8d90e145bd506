package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"plenum/load"
)

// serveLive runs a whole server until the test's end, and returns its URL.
func serveLive(t *testing.T) string {
	t.Helper()
	t.Setenv("PLENUM_ADMIN_PASSWORD", "of this test")
	c, err := parse(t, "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--media-udp", "127.0.0.1:0", "--media-tcp", "off")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out := &lockedBuffer{said: make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, terminal{strings.NewReader(""), out, io.Discard}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with: %v", err)
		}
	})
	select {
	case <-out.said:
	case err := <-ended:
		ended <- err
		t.Fatalf("the server ended before it said hello: %v", err)
	}
	return strings.Replace(regexp.MustCompile(`http://localhost:\d+`).FindString(out.String()), "localhost", "127.0.0.1", 1)
}

// TestLoad loads a whole server with a small meeting. Nothing may be lost, and
// when it is over nothing may be left, on either side.
func TestLoad(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	url := serveLive(t)
	file := filepath.Join(t.TempDir(), "load.json")
	out, err := command(t, "", "load", "--url", url, "--password", "of this test",
		"--publishers", "2", "--subscribers", "5", "--speaking", "1", "--view-turn", "0", "--duration", "2s",
		"--bitrate", "100,200,400", "--sample", "2", "--json", file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rep load.Report
	if err := json.Unmarshal(data, &rep); err != nil {
		t.Fatal(err)
	}
	if rep.Joined != 7 || rep.Failed != 0 || rep.Dropped != 0 || rep.Join.Samples != 7 || rep.MediaUp.Samples != 5 {
		t.Errorf("joined %d, failed %v, dropped %v, media up %d times", rep.Joined, rep.Failures, rep.Drops, rep.MediaUp.Samples)
	}
	// Five see two publishers, and they each other: 12 pictures of 15 frames a second, of at least one packet.
	if p := rep.Packets; p.Lost != 0 || p.Received < 12*15 || p.Received != p.Expected || p.Duplicate != 0 || p.Strange != 0 || rep.RampLoss != 0 {
		t.Errorf("packets %+v, %v %% lost while joining", p, rep.RampLoss)
	}
	if rep.Pictures.Wanted != 12 || rep.Pictures.Shown != 12 {
		t.Errorf("pictures %+v", rep.Pictures)
	}
	if rep.Latency.Samples == 0 || rep.Latency.P50 <= 0 || rep.Generator.FullView != 4 || rep.Sent == 0 {
		t.Errorf("latency %+v of %d full accounts, %d sent", rep.Latency, rep.Generator.FullView, rep.Sent)
	}
	if rep.Server == nil || rep.Server.Goroutines <= rep.Server.GoroutinesBefore {
		t.Errorf("server %+v, %s", rep.Server, rep.ServerNote)
	}
	if !strings.Contains(out, "joined / failed / dropped        7 / 0 / 0\n") {
		t.Errorf("the table:\n%s", out)
	}
}

// TestLoadStops interrupts a load while it measures.
func TestLoadStops(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	url := serveLive(t)
	ctx, stop := context.WithCancel(t.Context())
	var out bytes.Buffer
	said := &lockedBuffer{said: make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"load", "--url", url, "--password", "of this test", "--subscribers", "1", "--duration", "1h"},
			terminal{strings.NewReader(""), &out, said})
	}()
	giveUp := time.After(time.Minute)
	for !strings.Contains(said.String(), "measuring") {
		select {
		case <-said.said:
		case err := <-ended:
			t.Fatalf("ended before it measured: %v\n%s", err, said.String())
		case <-giveUp:
			t.Fatalf("does not measure:\n%s", said.String())
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("ended with: %v", err)
	}
	if !strings.Contains(out.String(), "interrupted") || !strings.Contains(out.String(), "2 / 0 / 0") {
		t.Errorf("the table:\n%s", out.String())
	}
}

func TestLoadRefuses(t *testing.T) {
	url := serveLive(t)
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"nobody there":   {[]string{"--url", "http://127.0.0.1:1"}, "refused"},
		"no URL":         {[]string{"--url", "plenum"}, "server URL"},
		"wrong password": {[]string{"--url", url, "--password", "wrong"}, "user and password"},
		"no such room":   {[]string{"--url", url, "--meeting", "/meeting/1.nothing/"}, "404"},
		"no meeting":     {[]string{"--url", url, "--meeting", "/admin/"}, "meeting URL"},
		"layers":         {[]string{"--layers", "2"}, "layers"},
		"bitrates":       {[]string{"--bitrate", "1,2"}, "2 bitrates for 3 layers"},
		"ramp":           {[]string{"--ramp", "fast"}, "fast"},
		"nobody":         {[]string{"--publishers", "0"}, "publisher"},
	} {
		_, err := command(t, "", append([]string{"load"}, tt.args...)...)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want …%s…", name, err, tt.want)
		}
	}
}

// TestProfiles asks for a profile of the memory.
func TestProfiles(t *testing.T) {
	var said bytes.Buffer
	stop, err := serveProfiles(t.Context(), "127.0.0.1:0", slog.New(slog.NewTextHandler(&said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(said.String()) + "/debug/pprof/heap"
	wantStatus(t, url, "", 200)
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := get(t, url, ""); err == nil {
		t.Error("profiles are served after the end")
	}
	for _, address := range []string{"localhost", "127.0.0.1", ":6060", "192.0.2.1:6060"} {
		if _, err := serveProfiles(t.Context(), address, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s is taken", address)
		}
	}
}

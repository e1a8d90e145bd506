package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/alecthomas/kong"

	"plenum/api"
	"plenum/rooms"
)

// command runs a command line and returns what it prints.
func command(t *testing.T, stdin string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, terminal{strings.NewReader(stdin), &out, io.Discard})
	return out.String(), err
}

func TestUserCommands(t *testing.T) {
	dir := t.TempDir()
	must := func(stdin string, args ...string) string {
		t.Helper()
		out, err := command(t, stdin, append(args, "--data", dir)...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out
	}
	if out := must("", "user", "add", "anna", "--allow-from", "10.0.0.0/8,192.0.2.7"); !regexp.MustCompile(`^anna has the password [a-z2-7]{20} `).MatchString(out) {
		t.Errorf("add: %q", out)
	}
	if out := must("a password\n", "user", "add", "ben", "--role", "admin", "--password-stdin"); strings.Contains(out, "a password") {
		t.Errorf("a given password is printed: %q", out)
	}
	must("another one", "user", "passwd", "ben", "--password-stdin")
	must("", "user", "disable", "ANNA")
	list := must("", "user", "list")
	if !regexp.MustCompile(`(?m)^1 +anna +host +disabled +10\.0\.0\.0/8 192\.0\.2\.7/32 `).MatchString(list) ||
		!regexp.MustCompile(`(?m)^2 +ben +admin +enabled +everywhere `).MatchString(list) {
		t.Errorf("list:\n%s", list)
	}
	must("", "user", "enable", "anna")
	must("", "user", "allow", "anna")
	if list := must("", "user", "list"); !regexp.MustCompile(`(?m)^1 +anna +host +enabled +everywhere `).MatchString(list) {
		t.Errorf("list after enable and allow:\n%s", list)
	}

	store, err := data{Data: dir}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	auth := rooms.NewAuthenticator(store, rooms.NewHasher(rooms.HashCost{}), nil)
	if _, err := auth.Check(t.Context(), "ben", "another one"); err != nil {
		t.Errorf("ben's new password: %v", err)
	}
}

func TestCommandsRefuse(t *testing.T) {
	dir := t.TempDir()
	if _, err := command(t, "", "user", "add", "anna", "--data", dir); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		stdin string
		args  []string
		want  error // nil: any
	}{
		"taken name":     {"", []string{"user", "add", "Anna"}, rooms.ErrExists},
		"bad name":       {"", []string{"user", "add", "a:b"}, rooms.ErrInvalid},
		"bad network":    {"", []string{"user", "add", "ben", "--allow-from", "home"}, rooms.ErrInvalid},
		"bad role":       {"", []string{"user", "add", "ben", "--role", "root"}, nil},
		"short password": {"1234567\n", []string{"user", "add", "ben", "--password-stdin"}, rooms.ErrInvalid},
		"no password":    {"", []string{"user", "passwd", "anna", "--password-stdin"}, rooms.ErrInvalid},
		"unknown user":   {"", []string{"user", "disable", "ben"}, rooms.ErrNotFound},
		"unknown flag":   {"", []string{"user", "list", "--nonsense"}, nil},
		"no command":     {"", nil, nil},
		"bad proxies":    {"", []string{"serve", "--trusted-proxies", "nginx"}, rooms.ErrInvalid},
		"bad address":    {"", []string{"serve", "--external-ip", "example.org"}, nil},
		"bad servers":    {"", []string{"serve", "--ice-servers", "stun:x"}, nil},
		"bad origin":     {"", []string{"serve", "--attendance-origins", "app.example.org"}, nil},
		"no bare origin": {"", []string{"serve", "--attendance-origins", "https://app.example.org/"}, nil},
		"open profiles":  {"", []string{"serve", "--pprof", "0.0.0.0:0"}, errNotLoopback},
		"bad level":      {"", []string{"serve", "--log-level", "loud"}, nil},
	} {
		args := tt.args
		if args != nil {
			args = append(args, "--data", dir)
		}
		if _, err := command(t, tt.stdin, args...); err == nil || (tt.want != nil && !errors.Is(err, tt.want)) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}

func TestRecordingsList(t *testing.T) {
	dir := t.TempDir()
	if out, err := command(t, "", "recordings", "list", "--data", dir); err != nil || strings.Count(out, "\n") != 1 {
		t.Errorf("no recordings: %q, %v", out, err)
	}
	for id, text := range map[string]string{
		"01A": `{"id":"01A","title":"Old\nplan","state":"ready","t0_utc":"2026-01-02T03:04:05.6Z","duration_us":61000000,"tracks":[{"bytes":40},{"bytes":2}]}`,
		"01B": `{"id":"01B","title":"New","state":"recording","t0_utc":"2026-02-02T03:04:05Z"}`,
		"tmp": "",
	} {
		folder := filepath.Join(dir, "recordings", id)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if text != "" {
			if err := os.WriteFile(filepath.Join(folder, "manifest.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	out, err := command(t, "", "recordings", "list", "--data", dir)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(out) {
		rows = append(rows, strings.Fields(line))
	}
	want := [][]string{
		{"ID", "STARTED", "LENGTH", "STATE", "TRACKS", "BYTES", "TITLE"},
		{"01B", "2026-02-02T03:04:05Z", "0s", "recording", "0", "0", "New"},
		{"01A", "2026-01-02T03:04:05Z", "1m1s", "ready", "2", "42", "Old", "plan"},
	}
	if !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("list:\n%s", out)
	}
}

// parse reads a serve command line without running it.
func parse(t *testing.T, args ...string) (*serveCmd, error) {
	t.Helper()
	var c commands
	parser, err := kong.New(&c, kong.DefaultEnvars("PLENUM"), kong.Configuration(readYAML))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(append([]string{"serve"}, args...))
	return &c.Serve, err
}

func TestConfiguration(t *testing.T) {
	file := filepath.Join(t.TempDir(), "plenum.yaml")
	if err := os.WriteFile(file, []byte(`
listen: ":1"
media-udp: ":2"
media-tcp: "off"
external-ip: [192.0.2.1, "2001:db8::1"]
legacy-public-attendants: true
ice-servers: ["stun:a", {urls: "turn:b", username: u, credential: c}]
`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PLENUM_MEDIA_UDP", ":3")
	t.Setenv("PLENUM_LISTEN", ":4")
	c, err := parse(t, "--config", file, "--listen", ":5")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != ":5" || c.MediaUDP != ":3" || c.MediaTCP != "off" || !c.LegacyPublicAttendants {
		t.Errorf("flag, environment and file gave %+v", c)
	}
	got, err := c.settings()
	if err != nil {
		t.Fatal(err)
	}
	want := []api.ICEServer{{URLs: "stun:a"}, {URLs: "turn:b", Username: "u", Credential: "c"}}
	if !slices.Equal(got.api.ICEServers, want) || len(got.sfu.ExternalIPs) != 2 || got.sfu.Loopback || !got.api.PublicAttendants {
		t.Errorf("settings %+v", got)
	}

	if err := os.WriteFile(file, []byte("listne: x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, "--config", file); err == nil || !strings.Contains(err.Error(), "listne") {
		t.Errorf("misspelt name: %v", err)
	}
	if _, err := parse(t, "--config", file+".none"); err == nil {
		t.Error("a missing file is no error")
	}
}

func TestLoopback(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		want bool
	}{
		"by default":     {nil, true},
		"external":       {[]string{"--external-ip", "192.0.2.1"}, false},
		"external, on":   {[]string{"--external-ip", "192.0.2.1", "--media-loopback", "on"}, true},
		"off":            {[]string{"--media-loopback", "off"}, false},
		"two externals":  {[]string{"--external-ip", "192.0.2.1", "--external-ip", "192.0.2.2"}, false},
		"auto, spoken":   {[]string{"--media-loopback", "auto"}, true},
		"trusted proxy":  {[]string{"--trusted-proxies", "127.0.0.1"}, true},
		"on, no address": {[]string{"--media-loopback", "on"}, true},
	} {
		c, err := parse(t, tt.args...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := c.settings()
		if err != nil || got.sfu.Loopback != tt.want {
			t.Errorf("%s: loopback %v, %v", name, got.sfu.Loopback, err)
		}
	}
}

func TestParseICEServers(t *testing.T) {
	for text, good := range map[string]bool{
		`[]`: true, `["stun:a","turns:b"]`: true, `[{"urls":"turn:a","username":"u"}]`: true,
		``: false, `{}`: false, `"stun:a"`: false, `["http://a"]`: false, `["stun:"]`: false, `[1]`: false, `[{"urls":["stun:a"]}]`: false, `[{}]`: false,
	} {
		if _, err := parseICEServers(text); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// lockedBuffer is written by the server and read by the test.
type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
	said chan struct{}
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	defer func() {
		select {
		case b.said <- struct{}{}:
		default:
		}
	}()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// nothingLive stands for a server in which nothing happens.
type nothingLive struct {
	api.Meetings
	api.Recordings
	closed bool
}

func (*nothingLive) ServeAttendance(http.ResponseWriter, *http.Request, api.Attendant) {}
func (*nothingLive) List() []api.Attendant                                             { return nil }

func (*nothingLive) Send(api.AttendantTarget, string) []api.Delivery { return nil }

func (*nothingLive) Push(context.Context, string, string) error { return api.ErrOffline }

// startOnce runs serve until it has said hello, calls try with its URL and
// banner, and stops it.
func startOnce(t *testing.T, dir string, try func(url, banner string)) {
	t.Helper()
	c, err := parse(t, "--data", dir, "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	out, fake := &lockedBuffer{said: make(chan struct{}, 1)}, &nothingLive{}
	ended := make(chan error, 1)
	go func() {
		ended <- c.serve(ctx, terminal{strings.NewReader(""), out, io.Discard}, func(context.Context, settings, parts) (*live, error) {
			return &live{attendants: fake, close: func(context.Context) error {
				fake.closed = true
				return nil
			}}, nil
		})
	}()
	select {
	case <-out.said:
	case err := <-ended:
		t.Fatalf("serve ended before it said hello: %v", err)
	}
	banner := out.String()
	url := regexp.MustCompile(`http://localhost:\d+`).FindString(banner)
	try(url, banner)
	stop()
	if err := <-ended; err != nil || !fake.closed {
		t.Errorf("serve ended with %v, and what is live was closed: %v", err, fake.closed)
	}
	if _, err := get(t, url+"/healthz", ""); err == nil {
		t.Error("the server answers after its end")
	}
}

func get(t *testing.T, url, password string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		req.SetBasicAuth(adminName, password)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func wantStatus(t *testing.T, url, password string, want int) {
	t.Helper()
	if got, err := get(t, url, password); err != nil || got != want {
		t.Errorf("%s: %d, %v, want %d", url, got, err, want)
	}
}

// TestServe starts a fresh server with the password it makes, then again.
func TestServe(t *testing.T) {
	t.Setenv("PLENUM_ADMIN_PASSWORD", "")
	dir := filepath.Join(t.TempDir(), "data")
	var password string
	startOnce(t, dir, func(url, banner string) {
		match := regexp.MustCompile(`Password   ([a-z2-7]{20})   \(shown this once\)`).FindStringSubmatch(banner)
		if match == nil {
			t.Fatalf("the banner shows no password:\n%s", banner)
		}
		password = match[1]
		if !strings.Contains(banner, "curl -u admin:"+password+" '"+url+"/reserve_room/?duration=60&timezone=Europe%2FBerlin&description=Hello'") {
			t.Errorf("the banner's line to paste is not there:\n%s", banner)
		}
		wantStatus(t, url+"/healthz", "", 200)
		wantStatus(t, url+"/metrics", "", 200)
		wantStatus(t, url+"/reserve_room/?duration=60", password, 200)
		wantStatus(t, url+"/online_attendants/", "", 401)
	})
	startOnce(t, dir, func(url, banner string) {
		if strings.Contains(banner, password) || !strings.Contains(banner, "as before") {
			t.Errorf("the second banner:\n%s", banner)
		}
		wantStatus(t, url+"/reserve_room/?duration=60", password, 200)
	})
}

func TestServeWithChosenPassword(t *testing.T) {
	t.Setenv("PLENUM_ADMIN_PASSWORD", "chosen by me")
	startOnce(t, t.TempDir(), func(url, banner string) {
		if strings.Contains(banner, "chosen by me") {
			t.Errorf("the banner shows the operator's password:\n%s", banner)
		}
		wantStatus(t, url+"/reserve_room/?duration=60", "chosen by me", 200)
	})
}

// TestFailedStartKeepsNoSecret starts a server whose media fails: no user may
// be left whose password nobody was shown.
func TestFailedStartKeepsNoSecret(t *testing.T) {
	dir := t.TempDir()
	c, err := parse(t, "--data", dir, "--listen", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("media port is taken")
	err = c.serve(t.Context(), terminal{strings.NewReader(""), io.Discard, io.Discard},
		func(context.Context, settings, parts) (*live, error) { return nil, broken })
	if !errors.Is(err, broken) {
		t.Errorf("serve: %v, want %v", err, broken)
	}
	if out, err := command(t, "", "user", "list", "--data", dir); err != nil || strings.Contains(out, adminName) {
		t.Errorf("users: %q, %v", out, err)
	}
}

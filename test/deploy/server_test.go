// Package deploy_test holds deploy/ and docs/operations.md to their word with
// the real programs: nginx, systemd-analyze, sqlite3, pg_dump, pg_restore.
package deploy_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"plenum/test/program"
)

const (
	adminName = program.Admin
	password  = program.Password
	patience  = 30 * time.Second
)

// A process runs until its test ends.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *bytes.Buffer // read only after done
	done chan struct{}
}

// start runs a program; SIGTERM ends it with the test, or earlier with stop.
func start(t *testing.T, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{name: filepath.Base(name), cmd: exec.Command(name, args...), log: &bytes.Buffer{}, done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", p.name, p.log)
		}
	})
	return p
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// until waits for a condition, and fails at once when p has ended.
func (p *process) until(t *testing.T, what string, check func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !check(); time.Sleep(10 * time.Millisecond) {
		select {
		case <-p.done:
			t.Fatalf("%s ended before %s", p.name, what)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: timed out waiting for %s", p.name, what)
		}
	}
}

// A server is a running Plenum.
type server struct {
	*program.Server
	t *testing.T
}

func startServer(t *testing.T, data string, args ...string) *server {
	t.Helper()
	return &server{t: t, Server: program.StartOn(t, program.Build(t), data, args...)}
}

// address is where it listens.
func (s *server) address() string { return strings.TrimPrefix(s.URL, "http://") }

// get asks the server itself, as admin.
func (s *server) get(path string) (int, string) {
	s.t.Helper()
	return ask(s.t, http.DefaultClient, s.URL+path, nil)
}

// reserve makes a room and returns its id.
func (s *server) reserve(description string) string {
	s.t.Helper()
	status, body := s.get("/reserve_room/?duration=60&timezone=Europe%2FBerlin&description=" + description)
	var room struct {
		MeetingURL string `json:"meeting_url"`
	}
	if err := json.Unmarshal([]byte(body), &room); err != nil || status != http.StatusOK {
		s.t.Fatalf("reserve: %d %s", status, body)
	}
	return strings.Trim(strings.TrimPrefix(room.MeetingURL, "/meeting/"), "/")
}

// ask reads one address as admin and returns what is answered.
func ask(t *testing.T, client *http.Client, url string, header http.Header) (int, string) {
	t.Helper()
	res, body := send(t, client, http.MethodGet, url, header, "")
	return res.StatusCode, body
}

func send(t *testing.T, client *http.Client, method, url string, header http.Header, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		req.Header = header
	}
	req.SetBasicAuth(adminName, password)
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s: %v", url, err)
	}
	return res, string(text)
}

// run runs a program to its end and returns what it prints.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// deployed returns a file of deploy/ with pieces of its text replaced. Each must
// be there: a test does not go on with a file it no longer knows.
func deployed(t *testing.T, name string, replace map[string]string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for from, to := range replace {
		if !strings.Contains(text, from) {
			t.Fatalf("deploy/%s has no %q any more", name, from)
		}
		text = strings.ReplaceAll(text, from, to)
	}
	return text
}

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

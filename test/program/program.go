// Package program builds the real plenum program and runs it for tests, with a
// folder and ports of its own on the loopback.
package program

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Admin and Password let a test in.
const (
	Admin    = "admin"
	Password = "correct horse battery"
)

// patience is how long a server may take to start or to end.
const patience = 30 * time.Second

// A Server is a running plenum serve. It ends with its test.
type Server struct {
	URL   string // of its HTTP, without a last slash
	Token string // calls are made with it; empty for the admin's password

	cmd  *exec.Cmd
	log  *transcript
	done chan struct{} // closed when the process has ended
}

// transcript keeps what a program says.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer // guarded by mu
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// Build builds the program in a folder of the test's and returns its path.
func Build(tb testing.TB) string {
	tb.Helper()
	lookAtSources(tb)
	path := filepath.Join(tb.TempDir(), "plenum")
	build := exec.CommandContext(tb.Context(), "go", "build", "-trimpath", "-o", path, "plenum/cmd/plenum") //nolint:gosec // the path is the test's own
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("build the server: %v\n%s", err, out)
	}
	return path
}

// lookAtSources looks at every file the program is made of. The go command notes
// at what a test looks, and so does not take the result of a test from before a
// change: it could not know of what the compiler reads here.
func lookAtSources(tb testing.TB) {
	tb.Helper()
	root, err := moduleRoot()
	if err != nil {
		tb.Fatal(err)
	}
	for _, part := range []string{"api", "cmd", "load", "recording", "rooms", "sfu", "signaling", "static/dist", "go.mod"} {
		err := filepath.WalkDir(filepath.Join(root, part), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				_, err = os.Stat(path)
			}
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
}

// moduleRoot returns the folder above this one that has a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.mod")); missing == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// Start runs plenum serve with further flags and returns once it is ready.
func Start(tb testing.TB, path string, args ...string) *Server {
	tb.Helper()
	return StartOn(tb, path, tb.TempDir(), args...)
}

// StartOn is Start on a folder that may have been served before.
func StartOn(tb testing.TB, path, data string, args ...string) *Server {
	tb.Helper()
	address := FreeAddress(tb)
	s := &Server{URL: "http://" + address, log: &transcript{}, done: make(chan struct{})}
	s.cmd = exec.Command(path, append([]string{ //nolint:gosec,noctx // the program is ours, and ends in good order by Stop
		"serve", "--data", data, "--listen", address, "--media-udp", "127.0.0.1:0", "--media-tcp", "off",
	}, args...)...)
	s.cmd.Env = append(os.Environ(), "PLENUM_ADMIN_PASSWORD="+Password)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.done)
	}()
	tb.Cleanup(func() {
		s.Stop()
		if tb.Failed() {
			tb.Logf("the server said:\n%s", s.log)
		}
	})
	s.Await(tb, "the server to be ready", patience, func() error {
		_, err := s.Call(tb, http.MethodGet, "/readyz", "")
		return err
	})
	return s
}

// Stop ends the server in good order.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.done
	}
}

// Kill ends the server as kill -9 does, and returns when it was gone.
func (s *Server) Kill() time.Time {
	_ = s.cmd.Process.Kill()
	<-s.done
	return time.Now()
}

// Await polls until try succeeds, for at most wait. It fails the test at once
// when the server has ended.
func (s *Server) Await(tb testing.TB, what string, wait time.Duration, try func() error) {
	tb.Helper()
	for deadline := time.Now().Add(wait); ; time.Sleep(5 * time.Millisecond) {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-s.done:
			tb.Fatalf("the server ended while the test waited for %s", what)
		default:
		}
		if time.Now().After(deadline) {
			tb.Fatalf("no %s within %v: %v", what, wait, err)
		}
	}
}

// A StatusError is an answer that is no success.
type StatusError struct {
	Status int
	Type   string // its Content-Type
	Body   string
}

func (e *StatusError) Error() string { return fmt.Sprintf("status %d: %.300s", e.Status, e.Body) }

// Call sends a request as admin, with a JSON body unless that is empty, and
// returns the answer's body. Its error is a *StatusError for an answer that is
// no success.
func (s *Server) Call(tb testing.TB, method, path, body string) (string, error) {
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	if s.Token != "" {
		req.Header.Set("Authorization", "Bearer "+s.Token)
	} else {
		req.SetBasicAuth(Admin, Password)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(res.Body)
	if err := errors.Join(err, res.Body.Close()); err != nil {
		return "", err
	}
	if res.StatusCode/100 != 2 {
		return "", &StatusError{res.StatusCode, res.Header.Get("Content-Type"), string(text)}
	}
	return string(text), nil
}

// Resident returns the server's resident memory in KiB. It needs Linux.
func (s *Server) Resident(tb testing.TB) int {
	tb.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		tb.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		tb.Fatalf("no resident memory in %q", status)
	}
	return kib
}

// FreeAddress returns an address of the loopback where nobody listens.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

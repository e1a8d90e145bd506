package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// findBinaries returns the folder of initdb and postgres.
func findBinaries() (string, error) {
	return findIn("/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb") // Debian, Red Hat
}

// findIn looks where the patterns say, for the newest version where there are
// several, then in PATH.
func findIn(patterns ...string) (string, error) {
	newest, best := "", -1
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		for _, path := range found {
			name := filepath.Base(filepath.Dir(filepath.Dir(path)))
			version, err := strconv.Atoi(strings.TrimPrefix(name, "pgsql-"))
			if err == nil && version > best {
				newest, best = filepath.Dir(path), version
			}
		}
	}
	if newest != "" {
		return newest, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errMissing
	}
	return filepath.Dir(path), nil
}

// An account is who a server runs as. Its zero value is whoever runs the test.
type account struct{ credential *syscall.Credential }

// unprivileged returns an account that PostgreSQL takes: it refuses root.
func unprivileged() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		return account{}, fmt.Errorf("find an account for PostgreSQL, which refuses root: %w", err)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return account{}, fmt.Errorf("account %s: %w", u.Username, err)
	}
	return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func (a account) own(path string) error {
	if a.credential == nil {
		return nil
	}
	return os.Chown(path, int(a.credential.Uid), int(a.credential.Gid))
}

// command is away from the test's terminal: a Ctrl-C there must not reach it.
func (a account) command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...) //nolint:gosec // initdb, postgres or sh, as findBinaries found them
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: a.credential}
	return cmd
}

// A guard clears up after a server when this process ends, however it does.
type guard struct {
	cmd  *exec.Cmd
	hold io.Closer
}

// guardScript waits for the end of its input. It looks twice before it kills:
// the number in an old postmaster.pid may have gone to another process.
const guardScript = `cat >/dev/null
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
runs() { [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd")" = "$1/data" ]; }
if runs "$1"; then
	children=$(cat "/proc/$pid/task/$pid/children" 2>/dev/null)
	kill -QUIT "$pid"
	kill -CONT $children "$pid"
fi
while runs "$1"; do sleep 0.05; done
rm -rf "$1"`

func newGuard(ctx context.Context, as account, dir string) (*guard, error) {
	cmd := as.command(context.WithoutCancel(ctx), "/", "sh", "-c", guardScript, "guard", dir)
	hold, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start guard: %w", err)
	}
	return &guard{cmd, hold}, nil
}

// release has the guard clear up, and waits for it.
func (g *guard) release() error { return errors.Join(g.hold.Close(), g.cmd.Wait()) }

// A process is a postmaster with its children.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed by startProcess's goroutine
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	p := &process{cmd, make(chan struct{})}
	go func() {
		defer close(p.ended)
		_ = cmd.Wait() // the log says why it ended
	}()
	return p, nil
}

// freeze stops the postmaster first, so that it starts no more children.
func (p *process) freeze() error {
	if err := p.signal(syscall.SIGSTOP, p.cmd.Process.Pid); err != nil {
		return err
	}
	return p.signalChildren(syscall.SIGSTOP)
}

func (p *process) thaw() error {
	return errors.Join(p.signalChildren(syscall.SIGCONT), p.signal(syscall.SIGCONT, p.cmd.Process.Pid))
}

// kill ends all at once and returns when none is left. Children are their own
// sessions, so no group has them all.
func (p *process) kill() error {
	select {
	case <-p.ended:
		return nil
	default:
	}
	pid := p.cmd.Process.Pid
	if err := p.signal(syscall.SIGSTOP, pid); err != nil {
		return err
	}
	children, err := childrenOf(pid)
	if err != nil {
		return err
	}
	for _, pid := range append(children, pid) {
		if err := p.signal(syscall.SIGKILL, pid); err != nil {
			return err
		}
	}
	<-p.ended
	for deadline := time.Now().Add(patient); ; time.Sleep(time.Millisecond) {
		left := 0
		for _, pid := range children {
			if _, running := parentOf(pid); running {
				left++
			}
		}
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d killed processes of PostgreSQL are still there", left)
		}
	}
}

func (p *process) signalChildren(sig syscall.Signal) error {
	children, err := childrenOf(p.cmd.Process.Pid)
	if err != nil {
		return err
	}
	for _, pid := range children {
		if err := p.signal(sig, pid); err != nil {
			return err
		}
	}
	return nil
}

// signal is content with a process that is gone already.
func (*process) signal(sig syscall.Signal, pid int) error {
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %v to process %d: %w", sig, pid, err)
	}
	return nil
}

func childrenOf(parent int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var children []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if of, running := parentOf(pid); running && of == parent {
			children = append(children, pid)
		}
	}
	return children, nil
}

// parentOf reports false for a process that is gone or only waits to be
// reaped. It reads /proc/pid/stat: "pid (name) state parent …", where the name
// may hold blanks and brackets.
func parentOf(pid int) (parent int, running bool) {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 2 || bytes.ContainsAny(fields[0], "ZXx") {
		return 0, false
	}
	parent, err = strconv.Atoi(string(fields[1]))
	return parent, err == nil
}

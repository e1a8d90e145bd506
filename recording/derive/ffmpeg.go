package derive

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// stalledAfter is how long ffmpeg may run without getting on.
	stalledAfter = 3 * time.Minute
	// lookEvery is how often it is looked at.
	lookEvery = 500 * time.Millisecond
	// lowest is the priority ffmpeg runs at.
	lowest = 19
)

// errStalled is returned when ffmpeg does not get on.
var errStalled = errors.New("ffmpeg does not get on")

// fonts are where common systems keep a font for names.
var fonts = []string{
	"/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
	"/usr/share/fonts/dejavu/DejaVuSans.ttf",
	"/usr/share/fonts/TTF/DejaVuSans.ttf",
	"/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
	"/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
	"/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
	"/usr/share/fonts/noto/NotoSans-Regular.ttf",
}

// FindFont returns a font for names, or nothing.
func FindFont() string {
	for _, path := range fonts {
		if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() {
			return path
		}
	}
	return ""
}

// FindFFmpeg returns the path of ffmpeg: the one that is named, or the one that
// is installed, or nothing for "off".
func FindFFmpeg(name string) (string, error) {
	switch name {
	case "off":
		return "", nil
	case "":
		path, err := exec.LookPath("ffmpeg")
		if err != nil {
			return "", nil //nolint:nilerr // it is optional
		}
		return filepath.Abs(path)
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find ffmpeg: %w", err)
	}
	return filepath.Abs(path)
}

// ffmpeg runs ffmpeg in the work folder at the lowest priority. It stands still
// while the server is busy and ends, with all it has started, with ctx.
// Progress hears how far its output is.
func (e Env) ffmpeg(ctx context.Context, progress func(time.Duration), args ...string) error {
	args = append([]string{
		"-nostdin", "-hide_banner", "-v", "error", "-y", "-protocol_whitelist", "file,pipe", "-progress", "pipe:1",
	}, args...)
	cmd := exec.Command(e.FFmpeg, args...) //nolint:gosec,noctx // the operator's program; runner ends its group with ctx
	cmd.Dir = e.Work
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr tail
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start ffmpeg: %w", err)
	}
	r := runner{env: e, group: cmd.Process.Pid, done: make(chan struct{})}
	_ = syscall.Setpriority(syscall.PRIO_PGRP, r.group, lowest) // at another priority it works too
	ended := make(chan error, 1)
	go func() { ended <- r.mind(ctx) }()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "out_time_us="); ok {
			if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
				r.at.Store(n)
				progress(us(n))
			}
		}
	}
	err = cmd.Wait()
	close(r.done)
	if stopped := <-ended; stopped != nil {
		return stopped
	}
	if err != nil {
		return fmt.Errorf("ffmpeg: %w: %s", err, stderr.String())
	}
	return nil
}

// A runner minds an ffmpeg that runs.
type runner struct {
	env   Env
	group int
	at    atomic.Int64 // how far its output is, µs
	done  chan struct{}
}

// mind stops and continues ffmpeg, and kills it when it must end. It returns
// why, or nil if ffmpeg ended by itself.
func (r *runner) mind(ctx context.Context) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	last, moved, stopped := r.at.Load(), time.Now(), false
	for {
		select {
		case <-r.done:
			return nil
		case <-ctx.Done():
			r.kill()
			return ctx.Err()
		case <-tick.C:
		}
		if busy := r.env.Busy(); busy != stopped {
			stopped = busy
			signal := syscall.SIGCONT
			if busy {
				signal = syscall.SIGSTOP
			}
			_ = syscall.Kill(-r.group, signal) // it may just have ended
		}
		if at := r.at.Load(); at != last || stopped {
			last, moved = at, time.Now()
		}
		if time.Since(moved) > stalledAfter {
			r.kill()
			return errStalled
		}
	}
}

func (r *runner) kill() {
	_ = syscall.Kill(-r.group, syscall.SIGKILL)
	<-r.done
}

// A tail keeps the end of what is written to it.
type tail struct{ b bytes.Buffer }

// Write keeps the last 2000 bytes.
func (t *tail) Write(p []byte) (int, error) {
	const most = 2000
	t.b.Write(p)
	if over := t.b.Len() - most; over > 0 {
		t.b.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.TrimSpace(t.b.String()) }

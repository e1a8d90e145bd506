package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"plenum/recording"
	"plenum/recording/derive"
)

// jobsName is the file in a recording's folder that holds its jobs.
const jobsName = "jobs.json"

func readJobs(dir string) ([]*Job, error) {
	b, err := os.ReadFile(filepath.Join(dir, jobsName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var jobs []*Job
	if err := json.Unmarshal(b, &jobs); err != nil {
		return nil, fmt.Errorf("read %s: %w", jobsName, err)
	}
	return jobs, nil
}

// writeJobs replaces the file so that a crash leaves the old or the new.
func writeJobs(dir string, jobs []*Job) error {
	b, err := json.MarshalIndent(jobs, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, jobsName)
	if err := os.WriteFile(path+".tmp", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// Run works the queue off, one job at a time, until ctx ends. A job under way
// then is taken up again by the next Manager.
func (m *Manager) Run(ctx context.Context) error {
	for {
		j, jobCtx := m.take(ctx)
		if j == nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-m.wake:
			}
			continue
		}
		files, err := m.do(jobCtx, *j)
		m.end(ctx, j, files, context.Cause(jobCtx), err)
	}
}

// take makes the next job the current one; nil if there is none.
func (m *Manager) take(ctx context.Context) (*Job, context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.queue) == 0 || ctx.Err() != nil {
		return nil, nil
	}
	j := m.queue[0]
	m.queue = m.queue[1:]
	jobCtx, cancel := context.WithCancelCause(ctx)
	m.current, m.cancel, m.ended = j, cancel, make(chan struct{})
	j.State = Running
	m.saveLocked(j.Recording)
	return j, jobCtx
}

// do makes a job's files and takes them into the recording.
func (m *Manager) do(ctx context.Context, j Job) (paths []string, err error) {
	defer func() {
		if p := recover(); p != nil { // a decoder met what it can't stand
			m.log.Error("job panicked", "job", j.ID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	ctx, stop := context.WithTimeout(ctx, m.cfg.Timeout)
	defer stop()
	man, dir, err := m.lib.Folder(j.Recording)
	if err != nil {
		return nil, err
	}
	story, err := m.lib.Story(j.Recording)
	if err != nil {
		return nil, err
	}
	work := filepath.Join(dir, workPrefix+j.ID)
	if err := os.MkdirAll(work, 0o700); err != nil {
		return nil, err
	}
	files, err := derive.Make(ctx, j.Kind, j.Options, derive.Env{
		Manifest: man, Story: story, Dir: dir, Work: work, FFmpeg: m.cfg.FFmpeg, Font: m.cfg.Font,
		Busy: m.cfg.Busy, Progress: func(done float64) { m.progress(j.ID, done) },
	})
	if err != nil {
		return nil, err
	}
	return m.keep(j.Recording, dir, work, files)
}

// keep moves what was made to its place and adds it to the manifest.
func (m *Manager) keep(id, dir, work string, files []derive.File) ([]string, error) {
	var paths []string
	for _, f := range files {
		if err := os.Rename(filepath.Join(work, f.Path), filepath.Join(dir, f.Derived.Path)); err != nil {
			return nil, err
		}
		if _, err := m.lib.AddDerived(id, f.Derived); err != nil {
			return nil, err
		}
		paths = append(paths, f.Derived.Path)
	}
	return paths, os.RemoveAll(work)
}

func (m *Manager) progress(job string, done float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current != nil && m.current.ID == job {
		m.current.Progress = max(m.current.Progress, min(done, 1))
	}
}

// end settles the current job. Cause is why its context ended, if it did.
func (m *Manager) end(ctx context.Context, j *Job, files []string, cause, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cancel(nil)
	defer close(m.ended)
	m.current = nil
	switch {
	case err != nil && ctx.Err() != nil && !errors.Is(cause, errCancelled):
		j.State = Queued // the server stops; the work folder is kept
		m.saveLocked(j.Recording)
		return
	case err == nil:
		j.State, j.Progress, j.Files = Done, 1, files
	case errors.Is(cause, errCancelled), errors.Is(cause, errDeleted):
		j.State = Cancelled
	default:
		j.State, j.Error = Failed, problem(err)
		m.log.Error("job failed", "recording", j.Recording, "job", j.ID, "kind", j.Kind, "error", err)
	}
	j.EndedAt = time.Now().UTC().Truncate(time.Millisecond)
	m.log.Info("job ended", "recording", j.Recording, "job", j.ID, "kind", j.Kind, "state", j.State)
	if errors.Is(cause, errDeleted) {
		return
	}
	if _, dir, err := m.lib.Folder(j.Recording); err == nil {
		if err := os.RemoveAll(filepath.Join(dir, workPrefix+j.ID)); err != nil {
			m.log.Warn("work folder not removed", "job", j.ID, "error", err)
		}
		m.saveLocked(j.Recording)
	}
}

// problem is an error in words that may be shown: without our paths.
func problem(err error) string {
	switch {
	case errors.Is(err, derive.ErrTool):
		return derive.ErrTool.Error()
	case errors.Is(err, derive.ErrNothing):
		return derive.ErrNothing.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return "it took too long"
	case errors.Is(err, recording.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return "a file of the recording is missing"
	}
	return "it could not be made; the server's log says why"
}

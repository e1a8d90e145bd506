// Package jobs makes derived files in the background: one at a time, at low
// priority, waiting while the server is busy. A job outlives the server: what
// was waiting or under way goes on at the next start.
package jobs

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"plenum/recording"
	"plenum/recording/derive"
)

// Errors a caller acts on, beside those of packages recording and derive.
var (
	ErrNotFound = errors.New("no such job")
	ErrTooMany  = errors.New("too many jobs are waiting")
)

const (
	// mostWaiting bounds the queue; mostKept bounds what is remembered of a recording.
	mostWaiting = 200
	mostKept    = 50
	// workPrefix begins the names of the folders that jobs work in.
	workPrefix = ".job-"
	// defaultTimeout is how long a job may take.
	defaultTimeout = 24 * time.Hour
)

// State is where a job is in its life.
type State string

// The states of a job.
const (
	Queued    State = "queued"
	Running   State = "running"
	Done      State = "done"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// A Job makes derived files of one recording.
type Job struct {
	ID        string         `json:"id"`
	Recording string         `json:"recording"`
	Kind      derive.Kind    `json:"kind"`
	Options   derive.Options `json:"options"`
	By        string         `json:"by"`
	State     State          `json:"state"`
	Progress  float64        `json:"progress"` // 0 to 1
	Error     string         `json:"error"`
	Files     []string       `json:"files"` // paths in the manifest, when it is done
	CreatedAt time.Time      `json:"created_at"`
	EndedAt   time.Time      `json:"ended_at,omitzero"`
}

func (j Job) over() bool { return j.State != Queued && j.State != Running }

// Library is what the jobs need of the recordings; *recording.Library has it.
type Library interface {
	List(f recording.Filter) ([]recording.Manifest, error)
	Folder(id string) (m recording.Manifest, dir string, err error)
	Story(id string) (recording.Story, error)
	AddDerived(id string, d recording.Derived) (recording.Manifest, error)
	BeforeDelete(fn func(id string))
}

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	FFmpeg  string        // path of ffmpeg; default none
	Font    string        // path of a font for names; default none
	Busy    func() bool   // while it is true, jobs wait; default never
	Timeout time.Duration // how long a job may take; default 24 h
}

// A Manager keeps the queue.
type Manager struct {
	cfg  Config
	lib  Library
	log  *slog.Logger
	wake chan struct{} // holds one when there may be something to do

	mu      sync.Mutex // guards what follows
	jobs    map[string][]*Job
	queue   []*Job
	current *Job
	cancel  context.CancelCauseFunc // of current
	ended   chan struct{}           // closed when current has
}

var (
	errCancelled = errors.New("cancelled")
	errDeleted   = errors.New("the recording was deleted")
)

// New returns a Manager that knows the jobs of all recordings. It starts
// nothing; call Run.
func New(cfg Config, lib Library, log *slog.Logger) (*Manager, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	m := &Manager{cfg: cfg, lib: lib, log: log, wake: make(chan struct{}, 1), jobs: map[string][]*Job{}}
	list, err := lib.List(recording.Filter{})
	if err != nil {
		return nil, fmt.Errorf("find jobs: %w", err)
	}
	for _, r := range list {
		_, dir, err := lib.Folder(r.ID)
		if err != nil {
			continue // it runs, so it has none
		}
		m.load(r.ID, dir)
	}
	slices.SortFunc(m.queue, func(a, b *Job) int { return cmp.Compare(a.ID, b.ID) })
	m.poke()
	lib.BeforeDelete(m.forget)
	return m, nil
}

// load takes up a recording's jobs and removes what ended ones left.
func (m *Manager) load(id, dir string) {
	jobs, err := readJobs(dir)
	if err != nil {
		m.log.Error("jobs can't be read", "recording", id, "error", err)
	}
	working := map[string]bool{}
	for _, j := range jobs {
		if !j.over() {
			j.State = Queued
			m.queue = append(m.queue, j)
			working[workPrefix+j.ID] = true
		}
	}
	if len(jobs) > 0 {
		m.jobs[id] = jobs
	}
	left, _ := filepath.Glob(filepath.Join(dir, workPrefix+"*")) // the pattern is sound
	for _, path := range left {
		if !working[filepath.Base(path)] {
			_ = os.RemoveAll(path) // the next start tries again
		}
	}
}

func (m *Manager) poke() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// Add queues a job. One that waits or runs already and is the same is returned
// instead. It fails if the file can't be made, and why.
func (m *Manager) Add(id string, k derive.Kind, o derive.Options, by string) (Job, error) {
	man, dir, err := m.lib.Folder(id)
	if err != nil {
		return Job{}, err
	}
	if err := derive.Check(k, o, man, m.cfg.FFmpeg != ""); err != nil {
		return Job{}, fmt.Errorf("make %s of recording %s: %w", k, id, err)
	}
	jobID, err := ulid.New(ulid.Timestamp(time.Now()), rand.Reader)
	if err != nil {
		return Job{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, j := range m.jobs[id] {
		if !j.over() && j.Kind == k && j.Options == o {
			return j.clone(), nil
		}
	}
	if len(m.queue) >= mostWaiting {
		return Job{}, ErrTooMany
	}
	j := &Job{ID: jobID.String(), Recording: id, Kind: k, Options: o, By: by, State: Queued, CreatedAt: time.Now().UTC().Truncate(time.Millisecond)}
	jobs := append(slices.Clone(m.jobs[id]), j)
	for len(jobs) > mostKept && jobs[0].over() {
		jobs = jobs[1:]
	}
	if err := writeJobs(dir, jobs); err != nil {
		return Job{}, fmt.Errorf("make %s of recording %s: %w", k, id, err)
	}
	m.jobs[id] = jobs
	m.queue = append(m.queue, j)
	m.poke()
	return j.clone(), nil
}

func (j *Job) clone() Job {
	out := *j
	out.Files = append([]string{}, j.Files...)
	return out
}

// List returns a recording's jobs, newest first.
func (m *Manager) List(id string) []Job {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := []Job{}
	for _, j := range m.jobs[id] {
		all = append(all, j.clone())
	}
	slices.Reverse(all)
	return all
}

// Get returns one job of a recording, or ErrNotFound.
func (m *Manager) Get(id, job string) (Job, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if j := m.find(id, job); j != nil {
		return j.clone(), nil
	}
	return Job{}, fmt.Errorf("job %q of recording %q: %w", job, id, ErrNotFound)
}

func (m *Manager) find(id, job string) *Job {
	for _, j := range m.jobs[id] {
		if j.ID == job {
			return j
		}
	}
	return nil
}

// Cancel ends a job that waits or runs; one that is over stays as it was.
func (m *Manager) Cancel(id, job string) error {
	m.mu.Lock()
	j := m.find(id, job)
	if j == nil {
		m.mu.Unlock()
		return fmt.Errorf("job %q of recording %q: %w", job, id, ErrNotFound)
	}
	if j == m.current {
		m.cancel(errCancelled)
		ended := m.ended
		m.mu.Unlock()
		<-ended
		return nil
	}
	defer m.mu.Unlock()
	if j.State == Queued {
		m.queue = slices.DeleteFunc(m.queue, func(x *Job) bool { return x == j })
		j.State, j.EndedAt = Cancelled, time.Now().UTC()
		m.saveLocked(id)
		if _, dir, err := m.lib.Folder(id); err == nil {
			_ = os.RemoveAll(filepath.Join(dir, workPrefix+j.ID)) // of an earlier start
		}
	}
	return nil
}

// forget drops the jobs of a recording that is about to be deleted, and waits
// for the one that runs.
func (m *Manager) forget(id string) {
	m.mu.Lock()
	delete(m.jobs, id)
	m.queue = slices.DeleteFunc(m.queue, func(j *Job) bool { return j.Recording == id })
	var ended chan struct{}
	if m.current != nil && m.current.Recording == id {
		m.cancel(errDeleted)
		ended = m.ended
	}
	m.mu.Unlock()
	if ended != nil {
		<-ended
	}
}

// saveLocked writes a recording's jobs down. A failure is only logged: the jobs
// go on, and a start that doesn't know of them makes nothing worse.
func (m *Manager) saveLocked(id string) {
	_, dir, err := m.lib.Folder(id)
	if err == nil {
		err = writeJobs(dir, m.jobs[id])
	}
	if err != nil {
		m.log.Warn("jobs not saved", "recording", id, "error", err)
	}
}

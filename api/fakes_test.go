package api

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"plenum/recording"
	"plenum/recording/derive"
	"plenum/recording/jobs"
)

// fakeRecordings is a library in memory.
type fakeRecordings struct {
	mu    sync.Mutex
	all   []Recording       // guarded by mu
	rooms map[string]string // recording to room; guarded by mu
	busy  map[string]bool   // guarded by mu
	log   []recording.Entry // guarded by mu
}

func newFakeRecordings() *fakeRecordings {
	return &fakeRecordings{rooms: map[string]string{}, busy: map[string]bool{}}
}

func (f *fakeRecordings) add(id, room string, creator int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, Recording{ID: id, Room: room, CreatorID: creator, Manifest: map[string]string{"id": id, "room": room}})
	f.rooms[id] = room
}

func (f *fakeRecordings) List(filter recording.Filter) ([]Recording, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []Recording
	for _, r := range f.all {
		if (filter.CreatorID == 0 || filter.CreatorID == r.CreatorID) && (filter.Room == "" || filter.Room == f.rooms[r.ID]) {
			list = append(list, r)
		}
	}
	return list, nil
}

func (f *fakeRecordings) Get(id string) (Recording, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.all {
		if r.ID == id {
			return r, nil
		}
	}
	return Recording{}, fmt.Errorf("recording %q: %w", id, recording.ErrNotFound)
}

const recorded = "0123456789abcdefghij"

type memoryFile struct{ *strings.Reader }

func (memoryFile) Close() error { return nil }

func (f *fakeRecordings) File(id, name string) (recording.File, error) {
	if _, err := f.Get(id); err != nil {
		return recording.File{}, err
	}
	if name != "p01-microphone-01.webm" && name != derivedFile {
		return recording.File{}, fmt.Errorf("file %q: %w", name, recording.ErrNotFound)
	}
	return recording.File{
		ReadSeekCloser: memoryFile{strings.NewReader(recorded)}, Name: `Zoë "Z" – 1.webm`, Size: int64(len(recorded)),
		Modified: time.Unix(1_522_757_661, 0), SHA256: strings.Repeat("ab", 32), Type: `audio/webm; codecs="opus"`,
	}, nil
}

func (f *fakeRecordings) Delete(id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy[id] {
		return recording.ErrBusy
	}
	for i, r := range f.all {
		if r.ID == id {
			f.all = append(f.all[:i], f.all[i+1:]...)
			return nil
		}
	}
	return recording.ErrNotFound
}

// RemoveDerived knows one derived file, which is there for ever.
func (f *fakeRecordings) RemoveDerived(id, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy[id] {
		return recording.ErrBusy
	}
	if path != derivedFile {
		return recording.ErrNotFound
	}
	return nil
}

// derivedFile is the one file that was made of every recording.
const derivedFile = "derived-voices.webm"

func (f *fakeRecordings) Archive(id string) (recording.Archive, error) {
	if _, err := f.Get(id); err != nil {
		return recording.Archive{}, err
	}
	return recording.Archive{Name: "all.zip", Write: func(w io.Writer) error {
		_, err := io.WriteString(w, "PK")
		return err
	}}, nil
}

func (f *fakeRecordings) SetHold(id string, hold bool) (Recording, error) {
	r, err := f.Get(id)
	r.Manifest = map[string]any{"id": id, "room": r.Room, "hold": hold}
	return r, err
}

func (f *fakeRecordings) Audit(e recording.Entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.log = append(f.log, e)
}

// audited lists what was written down of a recording: action, who, file.
func (f *fakeRecordings) audited(id string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []string
	for _, e := range f.log {
		if e.Recording == id {
			all = append(all, strings.TrimSpace(fmt.Sprint(e.Action, " ", e.Who, " ", e.File)))
		}
	}
	return all
}

// fakeJobs has one job in every recording.
type fakeJobs struct{}

func (fakeJobs) Add(id string, k derive.Kind, o derive.Options, by string) (jobs.Job, error) {
	m := recording.Manifest{Tracks: []recording.Track{{Participant: "p1", Source: "microphone"}}}
	if err := derive.Check(k, o, m, k != derive.Sheet); err != nil {
		return jobs.Job{}, err
	}
	return jobs.Job{ID: "J", Recording: id, Kind: k, Options: o, By: by, State: jobs.Queued, Files: []string{}}, nil
}

func (f fakeJobs) List(id string) []jobs.Job {
	j, _ := f.Get(id, "J")
	return []jobs.Job{j}
}

func (fakeJobs) Get(id, job string) (jobs.Job, error) {
	if job != "J" {
		return jobs.Job{}, jobs.ErrNotFound
	}
	return jobs.Job{ID: job, Recording: id, Kind: derive.Voices, State: jobs.Running, Progress: 0.5, Files: []string{}}, nil
}

func (f fakeJobs) Cancel(id, job string) error {
	_, err := f.Get(id, job)
	return err
}

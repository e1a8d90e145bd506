package recording

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// View opens a library for reading beside a server that may be recording into
// it: it repairs and deletes nothing, and knows only what has ended.
func View(ctx context.Context, dir string, log *slog.Logger) (*Library, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open recordings: %w", err)
	}
	l := &Library{
		cfg: Config{Dir: dir}.withDefaults(), log: log, root: root, stop: func() {},
		running: map[string]*Recorder{}, kept: map[string]Manifest{},
	}
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("list recordings: %w", err), root.Close())
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(err, root.Close())
		}
		if !e.IsDir() || !validID(e.Name()) {
			continue
		}
		if m, err := l.settledManifest(e.Name()); err == nil {
			l.kept[m.ID] = m
		}
	}
	return l, nil
}

func (l *Library) settledManifest(id string) (Manifest, error) {
	dir, err := l.root.OpenRoot(id)
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = dir.Close() }()
	m, err := loadManifest(dir)
	if err == nil && (m.ID != id || !m.settled()) {
		err = ErrBusy
	}
	return m, err
}

// Verify reads every file of a finished recording and tells how it differs from
// what was recorded: nothing, if all is well.
func (l *Library) Verify(id string) ([]Problem, error) {
	m, err := l.ended(id)
	if err != nil {
		return nil, fmt.Errorf("verify recording %q: %w", id, err)
	}
	dir, err := l.openDir(id)
	if err != nil {
		return nil, fmt.Errorf("verify recording %s: %w", id, err)
	}
	defer func() { _ = dir.Close() }()
	var all []Problem
	found := func(path string, err error) {
		all = append(all, Problem{Code: ProblemUnreadable, Track: path, Detail: err.Error()})
	}
	for _, t := range m.Tracks {
		if t.State == TrackOpen {
			all = append(all, Problem{Code: ProblemDisk, Track: t.Path, Detail: "the file was never finished"})
			continue
		}
		err := inspect(dir, t)
		if err == nil {
			err = sameSum(dir, t.Path, t.SHA256)
		}
		if err != nil {
			found(t.Path, err)
		}
	}
	for _, d := range m.Derived {
		if err := sameSum(dir, d.Path, d.SHA256); err != nil {
			found(d.Path, err)
		}
	}
	return all, nil
}

func sameSum(dir *os.Root, path, want string) error {
	f, _, err := openRegular(dir, path)
	if err != nil {
		return fmt.Errorf("%w: it can't be opened", errFile)
	}
	defer func() { _ = f.Close() }()
	got, _, err := sum(f)
	if err != nil {
		return fmt.Errorf("%w: it can't be read to its end", errFile)
	}
	if got != want {
		return fmt.Errorf("%w: its SHA-256 is another", errFile)
	}
	return nil
}

// stillAfter is how long a journal must have rested for its recording to be
// dead: a recorder writes to it every ten seconds.
const stillAfter = time.Minute

// RepairFolder rebuilds one recording as the server does at its start, from its
// journal and files. ErrBusy if it seems to be running, unless force is set.
func RepairFolder(library, id string, force bool) (Manifest, error) {
	if !validID(id) {
		return Manifest{}, fmt.Errorf("repair recording %q: %w", id, ErrNotFound)
	}
	st, err := os.Stat(filepath.Join(library, id, journalName))
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	}
	if err == nil && !force && time.Since(st.ModTime()) < stillAfter {
		err = ErrBusy
	}
	if err != nil {
		return Manifest{}, fmt.Errorf("repair recording %s: %w", id, err)
	}
	dir, err := os.OpenRoot(filepath.Join(library, id))
	if err != nil {
		return Manifest{}, fmt.Errorf("repair recording %s: %w", id, err)
	}
	defer func() { _ = dir.Close() }()
	m, err := recoverRecording(dir, id)
	if err != nil {
		return m, fmt.Errorf("repair recording %s: %w", id, err)
	}
	return m, nil
}

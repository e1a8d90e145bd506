package recording

import (
	"errors"
	"fmt"
	"io/fs"
)

// RemoveDerived deletes one file that was made of a recording's tracks; the
// tracks stay, so that it can be made again. ErrBusy while the recording runs,
// ErrHeld while it is on hold, ErrNotFound for what is no derived file of it.
func (l *Library) RemoveDerived(id, path string) error {
	if err := l.removeDerived(id, path); err != nil {
		return fmt.Errorf("remove %q of recording %q: %w", path, id, err)
	}
	return nil
}

// removeDerived removes the file before its line in the manifest: when it is
// cut short between the two, it can be told to do the same again.
func (l *Library) removeDerived(id, path string) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	m, err := l.ended(id)
	switch {
	case err != nil:
		return err
	case m.Hold:
		return ErrHeld
	case m.derived(path) == nil:
		return ErrNotFound
	}
	dir, err := l.root.OpenRoot(id)
	if err != nil {
		return err
	}
	err = dir.Remove(path)
	if err = errors.Join(err, dir.Close()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = l.amendLocked(id, event{Kind: evRemoved, Path: path})
	return err
}

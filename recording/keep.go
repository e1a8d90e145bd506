package recording

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// tendEvery is how often the library looks for recordings that have been kept
// long enough.
const tendEvery = 10 * time.Minute

// tend deletes what has been kept long enough, until ctx ends.
func (l *Library) tend(ctx context.Context) {
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		l.expire(ctx, time.Now())
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// expire deletes the recordings that ended longer ago than they are kept.
func (l *Library) expire(ctx context.Context, now time.Time) {
	list, err := l.List(Filter{})
	if err != nil {
		l.log.Error("recordings can't be listed for retention", "error", err)
		return
	}
	for _, m := range list {
		if ctx.Err() != nil {
			return
		}
		end := m.T0.Add(time.Duration(m.DurationUS) * time.Microsecond)
		if !m.settled() || m.Hold || now.Sub(end) < l.cfg.Keep {
			continue
		}
		err := l.Delete(m.ID)
		switch {
		case err == nil:
			l.Audit(Entry{Action: ActionExpire, Recording: m.ID, Room: m.Room, Detail: "kept for " + l.cfg.Keep.String()})
		case !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrHeld):
			l.log.Error("recording can't be deleted at its end", "recording", m.ID, "error", err)
		}
	}
}

// SetHold puts a recording on legal hold or takes it off: held, it can't be
// deleted, by nobody and by no retention. ErrBusy while it runs.
func (l *Library) SetHold(id string, hold bool) (Manifest, error) {
	m, err := l.amend(id, event{Kind: evHold, On: hold})
	if err != nil {
		return m, fmt.Errorf("hold recording %q: %w", id, err)
	}
	return m, nil
}

// amend applies an event to a recording that has ended, in its journal and its
// manifest.
func (l *Library) amend(id string, e event) (Manifest, error) {
	l.writing.Lock()
	defer l.writing.Unlock()
	return l.amendLocked(id, e)
}

func (l *Library) amendLocked(id string, e event) (Manifest, error) {
	m, err := l.ended(id)
	if err != nil {
		return m, err
	}
	dir, err := l.root.OpenRoot(id)
	if err != nil {
		return m, err
	}
	defer func() { _ = dir.Close() }()
	e.AtUS = m.DurationUS
	m.apply(e)
	if err := appendEvent(dir, e); err != nil {
		return m, err
	}
	if err := saveManifest(dir, m); err != nil {
		return m, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept[id] = m
	return m.clone(), nil
}

// ended returns the manifest of a recording that has ended.
func (l *Library) ended(id string) (Manifest, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.running[id] != nil {
		return Manifest{}, ErrBusy
	}
	m, ok := l.kept[id]
	if !ok {
		return Manifest{}, ErrNotFound
	}
	return m.clone(), nil
}

// appendEvent adds an event to the journal of a recording that has ended.
func appendEvent(dir *os.Root, e event) error {
	f, err := dir.OpenFile(journalName, os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(journal{f}.add(e), f.Sync(), f.Close())
}

// Delete removes a finished recording and all its files. ErrBusy while it
// runs, ErrHeld while it is on hold. From then on nobody gets a byte of it,
// whatever link they have.
func (l *Library) Delete(id string) error {
	gone := deletedPrefix + id
	if err := l.hide(id, gone); err != nil {
		return fmt.Errorf("delete recording %q: %w", id, err)
	}
	if l.leaving != nil {
		l.leaving(id)
	}
	if err := l.root.RemoveAll(gone); err != nil {
		return fmt.Errorf("delete recording %s: %w", id, err)
	}
	return nil
}

// hide takes a recording out of the library. A start that finds what is left of
// it removes that.
func (l *Library) hide(id, gone string) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	m, err := l.ended(id)
	if err != nil {
		return err
	}
	if m.Hold {
		return ErrHeld
	}
	if err := l.root.Rename(id, gone); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.kept, id)
	return nil
}

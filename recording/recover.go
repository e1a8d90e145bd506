package recording

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"plenum/recording/webm"
	"plenum/sfu"
)

const stopCrash = "crash"

// settled reports whether nothing is left to do for a recording.
func (m Manifest) settled() bool {
	return m.State == StateReady || m.State == StateDegraded || m.State == StateFailed
}

// unfinished reports whether a track's file was left incomplete, as a full
// disk can make it.
func (m Manifest) unfinished() bool {
	return slices.ContainsFunc(m.Tracks, func(t Track) bool { return t.State == TrackOpen })
}

// A wreck is a recording that a crash or a power cut left unfinished.
type wreck struct {
	dir      *os.Root
	manifest Manifest
	events   []event
	synced   map[string]int64
	rebooted bool // what wasn't synced can't be trusted
}

// recoverRecording rebuilds a recording's manifest from its journal and mends
// its files.
func recoverRecording(dir *os.Root, id string) (Manifest, error) {
	w, err := readWreck(dir)
	if err != nil {
		return Manifest{}, err
	}
	if w.manifest.ID != id {
		return Manifest{}, fmt.Errorf("journal of %s tells of recording %q", id, w.manifest.ID)
	}
	m := &w.manifest
	if err := w.dropDeclined(); err != nil {
		return *m, err
	}
	kept := m.Tracks[:0]
	for _, t := range m.Tracks {
		err := w.mend(&t)
		switch {
		case err == nil:
			kept = append(kept, t)
		case !errors.Is(err, webm.ErrHeader) && !errors.Is(err, fs.ErrNotExist):
			return *m, err
		}
	}
	if m.State == StateRecording {
		m.stopped(event{AtUS: w.end(kept), StopReason: stopCrash})
	}
	lost := len(m.Tracks) - len(kept)
	m.Tracks = kept
	m.Problems = append(m.Problems, examine(*m)...)
	if lost > 0 {
		m.Problems = append(m.Problems, Problem{Code: ProblemNothing, Detail: fmt.Sprintf("%d files hold nothing", lost)})
	}
	m.Problems = distinct(m.Problems)
	if m.State = m.verdict(); len(kept) == 0 && lost > 0 {
		m.State = StateFailed
	}
	return *m, saveManifest(dir, *m)
}

// distinct leaves out what is told twice.
func distinct(all []Problem) []Problem {
	seen := map[Problem]bool{}
	return slices.DeleteFunc(all, func(p Problem) bool {
		twice := seen[p]
		seen[p] = true
		return twice
	})
}

func readWreck(dir *os.Root) (*wreck, error) {
	f, err := dir.Open(journalName)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	events, err := readJournal(f)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	w := &wreck{dir: dir, events: events, synced: map[string]int64{}}
	for _, e := range events {
		w.manifest.apply(e)
		maps.Copy(w.synced, e.Synced)
		if e.Kind == evStarted {
			w.rebooted = e.BootID != bootID()
		}
	}
	return w, nil
}

// mend repairs one track's file.
func (w *wreck) mend(t *Track) error {
	f, err := w.dir.OpenFile(t.Path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	size, err := w.trusted(f, *t)
	if err != nil {
		return err
	}
	if t.State == TrackFinal && size == t.Bytes {
		return nil // it was finished before the crash
	}
	rep, err := webm.Repair(f, size, trackTags(w.manifest.ID, t.Participant, string(t.Source)))
	if err != nil {
		return fmt.Errorf("repair %s: %w", t.Path, err)
	}
	if rep.Blocks == 0 {
		return fmt.Errorf("repair %s: %w: nothing in it", t.Path, webm.ErrHeader)
	}
	hash, n, err := sum(f)
	if err != nil {
		return fmt.Errorf("hash %s: %w", t.Path, err)
	}
	t.State, t.SHA256, t.Bytes, t.DurationUS = TrackRepaired, hash, n, rep.Duration.Microseconds()
	t.Width, t.Height = max(t.Width, rep.Track.Width), max(t.Height, rep.Track.Height)
	if t.Stats.Frames == 0 {
		t.Stats.Frames = rep.Blocks
	}
	w.closeGap(t)
	return nil
}

// trusted is how much of a file may be believed: after a power cut only what
// was synced, for behind it there may be zeros in the middle of a frame.
func (w *wreck) trusted(f *os.File, t Track) (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	size := st.Size()
	if safe, ok := w.synced[t.Path]; ok && w.rebooted && t.State == TrackOpen {
		size = min(size, safe)
	}
	return size, nil
}

// closeGap ends the gap a track was in when the crash came.
func (w *wreck) closeGap(t *Track) {
	end := t.StartUS + t.DurationUS
	from, why, paused := int64(-1), Reason(""), int64(-1)
	for _, e := range w.events {
		switch {
		case e.Kind == evSource && e.Participant == t.Participant && e.Source == t.Source:
			from = -1
			if !e.On {
				from, why = e.AtUS, GapOff
			} else if e.Muted {
				from, why = e.AtUS, GapMute
			}
		case e.Kind == evPaused:
			paused = e.AtUS
		case e.Kind == evResumed:
			paused = -1
		case e.Kind == evGap && e.Path == t.Path && e.ToUS >= from && e.FromUS <= from:
			from = -1
		}
	}
	if paused >= 0 {
		from, why = paused, GapPaused
	}
	if from >= t.StartUS && from < end && t.Source != sfu.Camera && t.Source != sfu.Screen {
		t.addGap(Gap{FromUS: from, ToUS: end, Reason: why})
	}
}

// end is when the recording ended, as far as anything tells.
func (w *wreck) end(tracks []Track) int64 {
	end := w.manifest.DurationUS
	if len(tracks) > 0 {
		last := slices.MaxFunc(tracks, func(a, b Track) int { return cmp.Compare(a.StartUS+a.DurationUS, b.StartUS+b.DurationUS) })
		end = max(end, last.StartUS+last.DurationUS)
	}
	return end
}

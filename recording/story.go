package recording

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"plenum/sfu"
)

// Levels tell how loud a source was: one value per tenth of a second from From
// on, in -dBov; 127 is silence.
type Levels struct {
	Participant string
	Source      sfu.Source
	From        time.Duration
	Values      []byte
}

// LevelStep is what one value of Levels stands for.
const LevelStep = levelStep

// A Line is a line of the meeting's chat.
type Line struct {
	At          time.Duration
	Participant string
	Name        string
	Text        string
}

// A Story is what a recording's journal tells beyond its manifest.
type Story struct {
	Levels []Levels
	Chat   []Line
}

// Folder returns a finished recording's manifest and the path of its folder.
// ErrBusy while it runs.
func (l *Library) Folder(id string) (Manifest, string, error) {
	m, err := l.ended(id)
	if err != nil {
		return m, "", fmt.Errorf("folder of recording %q: %w", id, err)
	}
	return m, filepath.Join(l.cfg.Dir, id), nil
}

// Story reads what a finished recording's journal tells.
func (l *Library) Story(id string) (Story, error) {
	if _, err := l.ended(id); err != nil {
		return Story{}, fmt.Errorf("story of recording %q: %w", id, err)
	}
	f, err := l.root.Open(id + "/" + journalName)
	if err != nil {
		return Story{}, fmt.Errorf("story of recording %s: %w", id, err)
	}
	defer func() { _ = f.Close() }()
	s, err := ReadStory(f)
	if err != nil {
		return s, fmt.Errorf("story of recording %s: %w", id, err)
	}
	return s, nil
}

// ReadStory reads a journal, up to where it is torn.
func ReadStory(r io.Reader) (Story, error) {
	events, err := readJournal(r)
	var s Story
	for _, e := range events {
		switch e.Kind {
		case evLevels:
			s.Levels = append(s.Levels, Levels{
				Participant: e.Participant, Source: e.Source, From: time.Duration(e.FromUS) * time.Microsecond, Values: e.Levels,
			})
		case evChat:
			s.Chat = append(s.Chat, Line{
				At: time.Duration(e.AtUS) * time.Microsecond, Participant: e.Participant, Name: e.Name, Text: e.Text,
			})
		}
	}
	return s, err
}

// AddDerived takes a file that lies in the recording's folder into its
// manifest, in place of the one of the same path. It fills in size and hash.
func (l *Library) AddDerived(id string, d Derived) (Manifest, error) {
	fail := func(err error) (Manifest, error) {
		return Manifest{}, fmt.Errorf("add %s to recording %s: %w", d.Path, id, err)
	}
	dir, err := l.openDir(id)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = dir.Close() }()
	f, _, err := openRegular(dir, d.Path)
	if err != nil {
		return fail(err)
	}
	defer func() { _ = f.Close() }()
	if d.SHA256, d.Bytes, err = sum(f); err != nil {
		return fail(err)
	}
	m, err := l.amend(id, event{Kind: evDerived, Derived: &d})
	if err != nil {
		return fail(err)
	}
	return m, nil
}

// BeforeDelete has fn called with the id of each recording that is about to be
// deleted: what works on it must have stopped when fn returns. It is set before
// anything is deleted.
func (l *Library) BeforeDelete(fn func(id string)) { l.leaving = fn }

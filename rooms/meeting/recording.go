package meeting

import "time"

// Recording says whether the meeting is being recorded.
type Recording struct {
	On        bool
	ID        string // set as soon as it is known, while On
	StartedAt time.Time
	By        string // name of who started or stopped it
	Notice    Remark // why it stopped, when nobody asked for it
	Warning   Remark // what is wrong with it, while On
	Paused    bool   // nothing is recorded for now, while On
	PausedBy  string // name of who paused it or had it go on, last
}

// A Remark is something about a recording: a sentence, and a word for it by
// which pages find theirs.
type Remark struct {
	Code   string
	Text   string
	Silent string // whom it is about, if anybody: names, each on a line
}

// RecordingStarted tells that the meeting is recorded from here on. It is
// called again, with the id, when the recording has got one.
func (m *Meeting) RecordingStarted(at time.Time, by, id string) []Event {
	return m.setRecording(Recording{On: true, ID: id, StartedAt: at, By: by})
}

// RecordingStopped tells that nothing is recorded any more. Notice is empty
// when somebody asked for it.
func (m *Meeting) RecordingStopped(by string, notice Remark) []Event {
	if !m.rec.On {
		return nil
	}
	return m.setRecording(Recording{By: by, Notice: notice})
}

// RecordingWarned tells what is wrong with the running recording; an empty
// warning takes the one before back.
func (m *Meeting) RecordingWarned(warning Remark) []Event {
	if !m.rec.On {
		return nil
	}
	rec := m.rec
	rec.Warning = warning
	return m.setRecording(rec)
}

// RecordingPaused tells that the running recording pauses, or goes on.
func (m *Meeting) RecordingPaused(paused bool, by string) []Event {
	if !m.rec.On || m.rec.Paused == paused {
		return nil
	}
	rec := m.rec
	rec.Paused, rec.PausedBy = paused, by
	return m.setRecording(rec)
}

func (m *Meeting) setRecording(rec Recording) []Event {
	if rec == m.rec {
		return nil
	}
	m.rec = rec
	return m.events.add(RecordingChanged{Recording: rec})
}

package recording

import (
	"slices"
	"time"

	"plenum/sfu"
)

// State is where a recording is in its life.
type State string

// The states of a recording.
const (
	StateRecording  State = "recording"
	StateFinalizing State = "finalizing" // media has ended, files are being completed
	StateReady      State = "ready"
	StateDegraded   State = "degraded" // playable, but Problems says what is missing
	StateFailed     State = "failed"   // nothing of it can be played
)

// TrackState is where a track's file is in its life.
type TrackState string

// The states of a track.
const (
	TrackOpen     TrackState = "open"
	TrackFinal    TrackState = "final"
	TrackRepaired TrackState = "repaired" // completed after a crash
)

// Reason says why a track has a gap.
type Reason string

// The reasons of gaps.
const (
	GapMute     Reason = "mute"
	GapOff      Reason = "off"
	GapLoss     Reason = "loss"
	GapSlowDisk Reason = "slow_disk"
	GapPaused   Reason = "paused" // a host had the recording pause
	GapPause    Reason = "pause"  // nothing came though the source was on
)

// Manifest describes one recording; it is manifest.json. Times ending in US are
// microseconds since T0.
type Manifest struct {
	Version      int           `json:"version"`
	ID           string        `json:"id"`
	Room         string        `json:"room"`
	Title        string        `json:"title"`
	CreatorID    int64         `json:"creator_id"`
	State        State         `json:"state"`
	StartedBy    string        `json:"started_by"`
	StopReason   string        `json:"stop_reason"`
	T0           time.Time     `json:"t0_utc"`
	DurationUS   int64         `json:"duration_us"`
	Hold         bool          `json:"hold"` // kept until it is taken back, whatever else says
	Problems     []Problem     `json:"problems"`
	Participants []Participant `json:"participants"`
	Tracks       []Track       `json:"tracks"`
	Derived      []Derived     `json:"derived"`
	Pauses       []Pause       `json:"pauses"`
}

// ProblemCode says what is wrong with a recording, for programs.
type ProblemCode string

// The problems the self-check finds.
const (
	ProblemCrash      ProblemCode = "crash"      // the server died; up to 2 s are missing at the end
	ProblemStopped    ProblemCode = "stopped"    // it ended before anybody wanted it to
	ProblemSlowDisk   ProblemCode = "slow_disk"  // the disk lost media
	ProblemDisk       ProblemCode = "disk"       // the disk failed; part of the file may be lost
	ProblemLoss       ProblemCode = "loss"       // the network lost more than a twentieth
	ProblemSilent     ProblemCode = "silent"     // a microphone was on, and nothing was heard of it
	ProblemNothing    ProblemCode = "nothing"    // a source was on, and nothing of it could be recorded
	ProblemUnreadable ProblemCode = "unreadable" // the file isn't what was written
)

// A Problem is one thing that is wrong. Track is the path of the file it is
// about, or empty.
type Problem struct {
	Code   ProblemCode `json:"code"`
	Track  string      `json:"track"`
	Detail string      `json:"detail"`
}

// Derived is a file made from a recording's tracks.
type Derived struct {
	Kind   string `json:"kind"`
	Path   string `json:"path"` // in the recording's folder
	Title  string `json:"title"`
	Type   string `json:"type"` // media type
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Participant is one person in a recording.
type Participant struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Sessions []Session `json:"sessions"`
	Consent  *Consent  `json:"consent,omitempty"` // nil when nothing was asked or told
}

// Answer is what a participant said to being recorded.
type Answer string

// The answers. Who says nothing was told, and stayed.
const (
	AnswerNone     Answer = ""
	AnswerAccepted Answer = "accepted"
	AnswerDeclined Answer = "declined"
)

// Consent is the receipt that a participant was told of the recording before
// anything of theirs was written.
type Consent struct {
	ToldUS     int64  `json:"told_us"`
	Answer     Answer `json:"answer"`
	AnsweredUS int64  `json:"answered_us"` // 0 without an answer
}

// Session is one stretch a participant was in the room. LeaveUS is 0 while it lasts.
type Session struct {
	JoinUS  int64 `json:"join_us"`
	LeaveUS int64 `json:"leave_us"`
}

// Track is one recorded source and its file.
type Track struct {
	ID          string     `json:"id"`
	Participant string     `json:"participant"`
	Source      sfu.Source `json:"source"`
	Codec       sfu.Codec  `json:"codec"`
	Path        string     `json:"path"`
	StartUS     int64      `json:"start_us"` // when the file's zero was
	DurationUS  int64      `json:"duration_us"`
	Bytes       int64      `json:"bytes"`
	SHA256      string     `json:"sha256"`
	State       TrackState `json:"state"`
	Width       int        `json:"width"` // of the largest picture; 0 for audio
	Height      int        `json:"height"`
	Gaps        []Gap      `json:"gaps"`
	Stats       TrackStats `json:"stats"`
}

// Gap is a stretch of a track without media.
type Gap struct {
	FromUS int64  `json:"from_us"`
	ToUS   int64  `json:"to_us"`
	Reason Reason `json:"reason"`
}

// TrackStats count what came in for a track.
type TrackStats struct {
	Packets          int64 `json:"packets"`
	Lost             int64 `json:"lost"`
	Frames           int64 `json:"frames"`
	DroppedFrames    int64 `json:"dropped_frames"`
	KeyframeRequests int64 `json:"keyframe_requests"`
}

const (
	manifestVersion = 1
	// maxGaps bounds a track's gaps in the manifest; the counts go on.
	maxGaps = 10_000
	// mergeGaps is how close two gaps of one reason may be to be told as one.
	mergeGaps = 500_000 // µs
)

// clone returns a copy that shares nothing and has no nil lists.
func (m Manifest) clone() Manifest {
	m.Problems = append([]Problem{}, m.Problems...)
	m.Derived = append([]Derived{}, m.Derived...)
	m.Pauses = append([]Pause{}, m.Pauses...)
	m.Participants = append([]Participant{}, m.Participants...)
	for i := range m.Participants {
		p := &m.Participants[i]
		p.Sessions = append([]Session{}, p.Sessions...)
		if p.Consent != nil {
			p.Consent = new(*p.Consent)
		}
	}
	m.Tracks = append([]Track{}, m.Tracks...)
	for i := range m.Tracks {
		m.Tracks[i].Gaps = append([]Gap{}, m.Tracks[i].Gaps...)
	}
	return m
}

func (m *Manifest) participant(id string) *Participant {
	i := slices.IndexFunc(m.Participants, func(p Participant) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &m.Participants[i]
}

func (m *Manifest) track(path string) *Track {
	i := slices.IndexFunc(m.Tracks, func(t Track) bool { return t.Path == path })
	if i < 0 {
		return nil
	}
	return &m.Tracks[i]
}

// apply brings the manifest up to an event. Applying a journal's events in
// order gives the manifest of its recording.
func (m *Manifest) apply(e event) {
	m.DurationUS = max(m.DurationUS, e.AtUS)
	switch e.Kind {
	case evStarted:
		*m = Manifest{
			Version: manifestVersion, ID: e.Recording, Room: e.Room, Title: e.Title, CreatorID: e.CreatorID,
			State: StateRecording, StartedBy: e.StartedBy, T0: e.T0,
		}
	case evJoined:
		m.joined(e)
	case evLeft:
		if p := m.participant(e.Participant); p != nil {
			p.leave(e.AtUS)
		}
	case evTrack:
		m.Tracks = append(m.Tracks, Track{
			ID: e.Track, Participant: e.Participant, Source: e.Source, Codec: e.Codec, Path: e.Path,
			StartUS: e.StartUS, State: TrackOpen, Width: e.Width, Height: e.Height,
		})
	case evGap:
		if t := m.track(e.Path); t != nil {
			t.addGap(Gap{FromUS: e.FromUS, ToUS: e.ToUS, Reason: e.Reason})
		}
	case evFinished:
		m.finished(e)
	case evStopped:
		m.stopped(e)
	case evPaused, evResumed:
		m.paused(e)
	case evProblem:
		m.Problems = append(m.Problems, Problem{Code: e.Problem, Track: e.Path, Detail: e.Detail})
	case evHold:
		m.Hold = e.On
	case evDerived:
		m.undo(e.Derived.Path)
		m.Derived = append(m.Derived, *e.Derived)
	case evRemoved:
		m.undo(e.Path)
	case evTold, evAnswered:
		m.consented(e)
	case evDiscarded:
		m.Tracks = slices.DeleteFunc(m.Tracks, func(t Track) bool { return t.Path == e.Path })
	}
}

// undo forgets a derived file.
func (m *Manifest) undo(path string) {
	m.Derived = slices.DeleteFunc(m.Derived, func(d Derived) bool { return d.Path == path })
}

// consented notes that somebody was told of the recording, or what they said.
func (m *Manifest) consented(e event) {
	p := m.participant(e.Participant)
	if p == nil {
		return
	}
	if p.Consent == nil {
		p.Consent = &Consent{ToldUS: e.AtUS}
	}
	if e.Kind == evAnswered {
		p.Consent.Answer, p.Consent.AnsweredUS = e.Answer, max(e.AtUS, 1)
	}
}

// derived returns the derived file with a path, or nil.
func (m *Manifest) derived(path string) *Derived {
	i := slices.IndexFunc(m.Derived, func(d Derived) bool { return d.Path == path })
	if i < 0 {
		return nil
	}
	return &m.Derived[i]
}

// Bytes is how much the files of a recording hold.
func (m Manifest) Bytes() int64 {
	var n int64
	for _, t := range m.Tracks {
		n += t.Bytes
	}
	for _, d := range m.Derived {
		n += d.Bytes
	}
	return n
}

func (m *Manifest) joined(e event) {
	p := m.participant(e.Participant)
	if p == nil {
		m.Participants = append(m.Participants, Participant{ID: e.Participant})
		p = &m.Participants[len(m.Participants)-1]
	}
	p.Name = e.Name
	if n := len(p.Sessions); n == 0 || p.Sessions[n-1].LeaveUS > 0 {
		p.Sessions = append(p.Sessions, Session{JoinUS: e.AtUS})
	}
}

func (p *Participant) leave(at int64) {
	if n := len(p.Sessions); n > 0 && p.Sessions[n-1].LeaveUS == 0 {
		p.Sessions[n-1].LeaveUS = max(at, 1) // 0 would mean "still here"
	}
}

func (t *Track) addGap(g Gap) {
	if n := len(t.Gaps); n > 0 && t.Gaps[n-1].Reason == g.Reason && g.FromUS-t.Gaps[n-1].ToUS < mergeGaps {
		t.Gaps[n-1].ToUS = max(t.Gaps[n-1].ToUS, g.ToUS)
		return
	}
	if len(t.Gaps) < maxGaps {
		t.Gaps = append(t.Gaps, g)
	}
}

func (m *Manifest) finished(e event) {
	t := m.track(e.Path)
	if t == nil {
		return
	}
	t.DurationUS, t.Bytes, t.SHA256, t.State = e.DurationUS, e.Bytes, e.SHA256, e.TrackState
	t.Width, t.Height = max(t.Width, e.Width), max(t.Height, e.Height)
	if e.Stats != nil {
		t.Stats = *e.Stats
	}
}

// stopped ends the media; the files are still being completed.
func (m *Manifest) stopped(e event) {
	m.State, m.StopReason, m.DurationUS = StateFinalizing, e.StopReason, e.AtUS
	m.endPause(e.AtUS)
	for i := range m.Participants {
		m.Participants[i].leave(e.AtUS)
	}
}

package recording

import (
	"errors"
	"fmt"
	"os"
	"time"

	"plenum/recording/webm"
	"plenum/sfu"
)

const (
	// lossShare is the share of packets, and of a track's time, that may be
	// lost before it is a problem.
	lossShare = 0.05
	// lossLeast is the least time lost that is one.
	lossLeast = 2 * time.Second
	// missedAfter is how long packets may come of which none can be written.
	missedAfter = 10 * time.Second
	// offBy is how far a file's length may be from what the manifest says.
	offBy = 250 * time.Millisecond
)

// examine tells what a manifest shows to be wrong.
func examine(m Manifest) []Problem {
	var all []Problem
	switch m.StopReason {
	case stopDiskFull:
		all = append(all, Problem{Code: ProblemStopped, Detail: "the disk was full"})
	case stopQuota:
		all = append(all, Problem{Code: ProblemStopped, Detail: "the quota was used up"})
	case stopFailed:
		all = append(all, Problem{Code: ProblemStopped, Detail: "the server could not go on"})
	case stopCrash:
		all = append(all, Problem{Code: ProblemCrash, Detail: "the server died; up to two seconds are missing at the end"})
	}
	for _, t := range m.Tracks {
		all = append(all, examineTrack(t)...)
	}
	return all
}

func examineTrack(t Track) []Problem {
	var all []Problem
	if t.State == TrackOpen {
		all = append(all, Problem{Code: ProblemDisk, Track: t.Path, Detail: "the file could not be finished"})
	}
	var slow, lost time.Duration
	for _, g := range t.Gaps {
		length := time.Duration(g.ToUS-g.FromUS) * time.Microsecond
		switch g.Reason {
		case GapSlowDisk:
			slow += length
		case GapLoss:
			lost += length
		case GapMute, GapOff, GapPause, GapPaused:
		}
	}
	missing := func(d time.Duration) string { return fmt.Sprintf("%v are missing", d.Round(100*time.Millisecond)) }
	if slow > 0 {
		all = append(all, Problem{Code: ProblemSlowDisk, Track: t.Path, Detail: missing(slow)})
	}
	packets := float64(t.Stats.Packets + t.Stats.Lost)
	share := max(float64(t.Stats.Lost)/max(packets, 1), lost.Seconds()/max(float64(t.DurationUS)/1e6, 1))
	if share > lossShare && lost >= lossLeast {
		all = append(all, Problem{Code: ProblemLoss, Track: t.Path, Detail: missing(lost)})
	}
	return all
}

// problems tells what only the recorder knows of a track.
func (t *track) problems(stop time.Time) []Problem {
	unheard := t.source == sfu.Microphone && t.ear.neverHeard(stop)
	missed := t.packets > 0 && !t.first.IsZero() && stop.Sub(t.first) >= missedAfter
	switch {
	case t.dead: // that has been told, or was wanted
	case t.out != nil && unheard:
		return []Problem{{Code: ProblemSilent, Track: t.out.path, Detail: "the microphone was on, and nothing was heard of it"}}
	case t.out == nil && (unheard || missed):
		return []Problem{{Code: ProblemNothing, Detail: trackID(t.participant, t.source)}}
	}
	return nil
}

// verdict is the state of a recording whose files are as finished as can be.
func (m Manifest) verdict() State {
	playable := 0
	for _, t := range m.Tracks {
		if t.State != TrackOpen {
			playable++
		}
	}
	switch {
	case playable == 0 && len(m.Tracks) > 0:
		return StateFailed
	case len(m.Problems) > 0:
		return StateDegraded
	}
	return StateReady
}

// errFile tells how a file differs from its manifest.
var errFile = errors.New("not as it was written")

// inspect walks a finished file: its header, all its blocks, its index.
func inspect(dir *os.Root, t Track) error {
	f, err := dir.Open(t.Path)
	if err != nil {
		return fmt.Errorf("%w: it can't be opened", errFile)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("%w: %s", errFile, reasonOf(err))
	}
	if st.Size() != t.Bytes {
		return fmt.Errorf("%w: %d bytes instead of %d", errFile, st.Size(), t.Bytes)
	}
	r, err := webm.NewReader(f, st.Size())
	if err != nil {
		return fmt.Errorf("%w: no header", errFile)
	}
	var end time.Duration
	blocks := 0
	for b := range r.Blocks() {
		if blocks == 0 && !b.Key {
			return fmt.Errorf("%w: it starts without a keyframe", errFile)
		}
		blocks++
		end = b.Time
	}
	if _, _, err := r.Index(); err != nil || blocks == 0 || !r.Finished {
		return fmt.Errorf("%w: damaged behind %v", errFile, end)
	}
	want := time.Duration(t.DurationUS) * time.Microsecond
	if d := r.Duration - want; d > offBy || d < -offBy || end > want+offBy {
		return fmt.Errorf("%w: it lasts %v instead of %v", errFile, r.Duration, want)
	}
	return nil
}

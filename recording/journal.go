package recording

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"plenum/sfu"
)

// The kinds of events in a journal.
const (
	evStarted  = "started"
	evJoined   = "joined"
	evLeft     = "left"
	evSource   = "source"
	evTrack    = "track"
	evGap      = "gap"
	evSynced   = "synced"
	evFinished = "finished"
	evStopped  = "stopped"

	evProblem   = "problem"
	evLevels    = "levels"
	evHold      = "hold"
	evDerived   = "derived"
	evRemoved   = "removed" // a derived file
	evTold      = "told"
	evAnswered  = "answered"
	evDiscarded = "discarded"
	evChat      = "chat"
	evPaused    = "paused"
	evResumed   = "resumed"
)

// An event is one line of events.ndjson: what happened, in the order it did.
// It is the truth after a crash.
type event struct {
	AtUS int64  `json:"at_us"`
	Kind string `json:"event"`

	// started
	Recording string    `json:"recording,omitempty"`
	Room      string    `json:"room,omitempty"`
	Title     string    `json:"title,omitempty"`
	CreatorID int64     `json:"creator_id,omitempty"`
	StartedBy string    `json:"started_by,omitempty"`
	T0        time.Time `json:"t0_utc,omitzero"`
	BootID    string    `json:"boot_id,omitempty"`

	// joined, left, source, track
	Participant string     `json:"participant,omitempty"`
	Name        string     `json:"name,omitempty"`
	Source      sfu.Source `json:"source,omitempty"`
	On          bool       `json:"on,omitempty"`
	Muted       bool       `json:"muted,omitempty"`

	// track, gap, finished, removed
	Track      string      `json:"track,omitempty"`
	Codec      sfu.Codec   `json:"codec,omitempty"`
	Path       string      `json:"path,omitempty"`
	StartUS    int64       `json:"start_us,omitempty"`
	Width      int         `json:"width,omitempty"`
	Height     int         `json:"height,omitempty"`
	FromUS     int64       `json:"from_us,omitempty"`
	ToUS       int64       `json:"to_us,omitempty"`
	Reason     Reason      `json:"reason,omitempty"`
	DurationUS int64       `json:"duration_us,omitempty"`
	Bytes      int64       `json:"bytes,omitempty"`
	SHA256     string      `json:"sha256,omitempty"`
	TrackState TrackState  `json:"state,omitempty"`
	Stats      *TrackStats `json:"stats,omitempty"`

	// synced: how much of each file is safe from a power cut
	Synced map[string]int64 `json:"synced,omitempty"`

	// stopped
	StopReason string `json:"stop_reason,omitempty"`

	// problem
	Problem ProblemCode `json:"problem,omitempty"`
	Detail  string      `json:"detail,omitempty"`

	// levels: the loudest of each tenth of a second from from_us on, in -dBov;
	// 127 is silence
	Levels []byte `json:"levels,omitempty"`

	// derived
	Derived *Derived `json:"derived,omitempty"`

	// chat
	Text string `json:"text,omitempty"`

	// answered
	Answer Answer `json:"answer,omitempty"`
}

// A journalFile is a journal's file as the recorder needs it.
type journalFile interface {
	io.WriteCloser
	Sync() error
}

// A journal appends events to a file.
type journal struct{ f journalFile }

// createJournal makes a recording's journal.
func createJournal(dir *os.Root) (journalFile, error) {
	return dir.OpenFile(journalName, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
}

// add writes one event in one piece.
func (j journal) add(e event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode event %s: %w", e.Kind, err)
	}
	if _, err := j.f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// readJournal returns the events up to the first line that isn't whole.
func readJournal(r io.Reader) ([]event, error) {
	var events []event
	b := bufio.NewReader(r)
	for {
		line, err := b.ReadString('\n')
		if err != nil {
			if err == io.EOF {
				err = nil // a torn last line was never finished
			}
			return events, err
		}
		e, ok := parseEvent(strings.TrimSuffix(line, "\n"))
		if !ok {
			return events, nil // zeros of a power cut, and nothing behind them
		}
		events = append(events, e)
	}
}

func parseEvent(line string) (e event, ok bool) {
	err := json.Unmarshal([]byte(line), &e)
	return e, err == nil
}

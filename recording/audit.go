package recording

import (
	"sync"
	"time"
)

// Action is something that is done with a recording.
type Action string

// The actions that are written down.
const (
	ActionStart    Action = "start"
	ActionStop     Action = "stop"
	ActionPlay     Action = "play"
	ActionDownload Action = "download"
	ActionDelete   Action = "delete"
	ActionRemove   Action = "remove" // of one derived file
	ActionExpire   Action = "expire" // deleted by retention
	ActionLink     Action = "link"
	ActionHold     Action = "hold"
	ActionRelease  Action = "release"
	ActionDerive   Action = "derive"
	ActionCancel   Action = "cancel" // of a derived file's job
)

// An Entry says who did what with which recording.
type Entry struct {
	At        time.Time
	Action    Action
	Recording string
	Room      string
	Who       string // a user's name, a participant's, or "link" for a signed link; empty for the server itself
	Address   string // from where, if over HTTP
	File      string // empty for the whole recording
	Detail    string
}

// once is how long a player's many requests for a file count as one.
const once = 10 * time.Minute

// maxRepeats bounds how many of them are remembered.
const maxRepeats = 4096

// repeats tells the first of many like entries.
type repeats struct {
	mu   sync.Mutex // guards seen
	seen map[Entry]time.Time
}

// first reports whether an entry is new. Only plays and downloads repeat.
func (r *repeats) first(e Entry) bool {
	if e.Action != ActionPlay && e.Action != ActionDownload {
		return true
	}
	at := e.At
	e.At = time.Time{}
	r.mu.Lock()
	defer r.mu.Unlock()
	if last, ok := r.seen[e]; ok && at.Sub(last) < once {
		return false
	}
	for old, when := range r.seen {
		if at.Sub(when) >= once {
			delete(r.seen, old)
		}
	}
	if r.seen == nil || len(r.seen) >= maxRepeats {
		r.seen = map[Entry]time.Time{} // then some are told twice
	}
	r.seen[e] = at
	return true
}

// Audit writes down what was done: a log line, and what Config.Audit makes of
// it. Playing a file is told once in ten minutes, however many ranges of it are
// asked for.
func (l *Library) Audit(e Entry) {
	if e.At.IsZero() {
		e.At = time.Now().UTC()
	}
	if !l.repeats.first(e) {
		return
	}
	l.log.Info("recording audit", "action", e.Action, "recording", e.Recording, "room", e.Room, "user", e.Who,
		"address", e.Address, "file", e.File, "detail", e.Detail)
	if l.cfg.Audit != nil {
		l.cfg.Audit(e)
	}
}

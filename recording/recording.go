// Package recording writes what is said and shown in a room to disk: one WebM
// file per source, a manifest and a journal per recording. It taps the SFU and
// never slows it.
package recording

import (
	"errors"
	"io"
	"time"

	"plenum/sfu"
)

// Errors a caller acts on.
var (
	ErrNotFound = errors.New("no such recording")
	ErrBusy     = errors.New("the recording is still running")
	ErrNoSpace  = errors.New("not enough disk space to record")
	ErrQuota    = errors.New("the quota of recordings is used up")
	ErrHeld     = errors.New("the recording is on legal hold")
)

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	Dir      string // where recordings are kept
	MinFree  int64  // bytes that must be free to start; default 1 GiB
	StopFree int64  // recordings are finished below this; default 256 MiB
	QueueLen int    // packets held per track between media and disk; default 2048

	Quota Quota
	Keep  time.Duration // recordings are deleted this long after their end; default never
	Audit func(Entry)   // hears of everything done with recordings; default nobody
}

// Quota bounds what is recorded. A zero field bounds nothing.
type Quota struct {
	Bytes     int64         // of one recording
	Length    time.Duration // of one recording
	RoomBytes int64         // of all recordings of a room
	UserBytes int64         // of all recordings of the rooms of one user
}

func (c Config) withDefaults() Config {
	if c.MinFree == 0 {
		c.MinFree = 1 << 30
	}
	if c.StopFree == 0 {
		c.StopFree = 256 << 20
	}
	if c.QueueLen == 0 {
		c.QueueLen = 2048
	}
	return c
}

// Media is what a recorder needs of a room's media; *sfu.Room has it.
type Media interface {
	Tap(t sfu.Tap) (stop func())
	RequestKeyframe(participant string, source sfu.Source, layer int)
}

// Info says what is recorded.
type Info struct {
	Room      string // room id
	Title     string
	CreatorID int64 // whose room it is: may list and download
	StartedBy string

	// AskConsent has nothing of a participant written before Recorder.Told.
	AskConsent bool

	// Alarm hears when something is wrong with the recording while it runs, and
	// when no more. It is called from the recorder's goroutines and must return
	// at once. Optional.
	Alarm func(Alarm)
}

// AlarmKind says what is wrong.
type AlarmKind string

// The alarms.
const (
	// AlarmSilent: the microphone is on and unmuted, and nothing is heard of it.
	AlarmSilent AlarmKind = "silent"
	// AlarmSlowDisk: the disk doesn't keep up or doesn't answer; media is lost.
	AlarmSlowDisk AlarmKind = "slow_disk"
	// AlarmDiskLow: little is free; the recording will be finished when it gets less.
	AlarmDiskLow AlarmKind = "disk_low"
)

// An Alarm begins or ends. Participant and Source are set for AlarmSilent.
type Alarm struct {
	Kind        AlarmKind
	On          bool
	Participant string
	Source      sfu.Source
}

// Filter narrows a listing. Zero fields narrow nothing.
type Filter struct {
	CreatorID int64
	Room      string
}

// A File is one finished file of a recording.
type File struct {
	io.ReadSeekCloser
	Name     string // the name to offer for download, with the participant's name in it
	Size     int64
	Modified time.Time
	SHA256   string // hex
	Type     string // media type with codecs
}

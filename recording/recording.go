// Package recording writes what is said and shown in a room to disk: one WebM
// file per source, a manifest and a journal per recording. It taps the SFU and
// never slows it.
package recording

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"plenum/sfu"
)

// Errors a caller acts on.
var (
	ErrNotFound = errors.New("no such recording")
	ErrBusy     = errors.New("the recording is still running")
	ErrNoSpace  = errors.New("not enough disk space to record")
)

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	Dir      string // where recordings are kept
	MinFree  int64  // bytes that must be free to start; default 1 GiB
	StopFree int64  // recordings are finished below this; default 256 MiB
	QueueLen int    // packets held per track between media and disk; default 2048
}

// A Library is the folder of recordings.
type Library struct{}

// Open opens the library and repairs what a crash left unfinished.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Library, error) { panic("contract") }

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
}

// Start begins a recording of a room. It returns ErrNoSpace when the disk is too full.
// Ended is called once if the recorder stops for a reason of its own.
func (l *Library) Start(ctx context.Context, info Info, media Media, ended func(reason string)) (*Recorder, error) {
	panic("contract")
}

// Close finishes every running recording.
func (l *Library) Close(ctx context.Context) error { panic("contract") }

// A Recorder records one room. It must be stopped.
type Recorder struct{}

// ID is the recording's id.
func (r *Recorder) ID() string { panic("contract") }

// StartedAt is the recording's zero, UTC.
func (r *Recorder) StartedAt() time.Time { panic("contract") }

// Participant tells that somebody is in the room: called for all at the start
// and for each who joins. Left tells that somebody went.
func (r *Recorder) Participant(id, name string) { panic("contract") }

// Left tells that a participant has left.
func (r *Recorder) Left(id string) { panic("contract") }

// Source tells what a participant's source does now; a gap between off or
// muted and on is written to the manifest with its reason.
func (r *Recorder) Source(participant string, s sfu.Source, on, muted bool) { panic("contract") }

// Stop finishes the files and the manifest. Reason is "host", "empty", "ended" or "shutdown".
func (r *Recorder) Stop(ctx context.Context, reason string) (Manifest, error) { panic("contract") }

// Manifest describes one recording; it is manifest.json.
type Manifest struct{}

// Filter narrows a listing. Zero fields narrow nothing.
type Filter struct {
	CreatorID int64
	Room      string
}

// List returns the recordings, newest first.
func (l *Library) List(f Filter) ([]Manifest, error) { panic("contract") }

// Get returns one recording's manifest, or ErrNotFound.
func (l *Library) Get(id string) (Manifest, error) { panic("contract") }

// File opens one finished file of a recording by the name its manifest gives.
// ErrNotFound for anything else, whatever the name holds. The caller closes it.
func (l *Library) File(id, name string) (File, error) { panic("contract") }

// A File is one finished file of a recording.
type File struct {
	io.ReadSeekCloser
	Name     string // the name to offer for download, with the participant's name in it
	Size     int64
	Modified time.Time
	SHA256   string // hex
	Type     string // media type with codecs
}

// Delete removes a finished recording and all its files. ErrBusy while it runs.
func (l *Library) Delete(id string) error { panic("contract") }

// Package derive makes new files of a recording's tracks: what belongs together
// in one file, all voices as one, a picture of the whole meeting, texts. What is
// only put together anew, or is sound, it does by itself; pictures take ffmpeg.
package derive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"plenum/recording"
	"plenum/sfu"
)

// Errors a caller acts on.
var (
	ErrOptions = errors.New("these options make no file")
	ErrTool    = errors.New("ffmpeg is needed for this and not installed")
	ErrNothing = errors.New("the recording has nothing to make this of")
)

// Kind says what is made.
type Kind string

// The kinds of derived files.
const (
	Participant Kind = "participant" // one person's picture and sound in one WebM, as they came
	All         Kind = "all"         // every track in one Matroska file, as they came
	Voices      Kind = "voices"      // all sound mixed into one Opus WebM
	Composite   Kind = "composite"   // a picture of the meeting with its sound
	Chapters    Kind = "chapters"    // WebVTT
	Speakers    Kind = "speakers"    // who speaks when, WebVTT
	Chat        Kind = "chat"        // WebVTT and JSON
	Peaks       Kind = "peaks"       // waveforms, JSON
	Sheet       Kind = "sheet"       // 20 small pictures, JPEG
)

// Options say how. Which count depends on the kind.
type Options struct {
	Participant string `json:"participant,omitempty"` // whose, of Participant
	Screen      bool   `json:"screen,omitempty"`      // Participant: the shared screen, not the camera
	Layout      string `json:"layout,omitempty"`      // Composite: "grid", the default, or "speaker"
	Format      string `json:"format,omitempty"`      // Composite: "webm" (VP9), the default, or "mp4" (H.264)
	Height      int    `json:"height,omitempty"`      // Composite: 360, 480, 720, the default, or 1080
}

// An Env is a recording and what a task may use. All but FFmpeg, Font and Busy
// are needed.
type Env struct {
	Manifest recording.Manifest
	Story    recording.Story
	Dir      string // the recording's folder
	Work     string // a folder of the task's own; what is in it is kept for another try
	FFmpeg   string // path of ffmpeg; empty if there is none
	Font     string // path of a font for names; empty to leave them out
	Progress func(done float64)
	Busy     func() bool // while it is true the task waits
}

// A File is what a task has made.
type File struct {
	Path string // in Env.Work
	recording.Derived
}

// An optionError says in words for the caller what is wrong with options.
type optionError struct{ reason string }

func (e optionError) Error() string { return e.reason }

// Is makes it an ErrOptions.
func (e optionError) Is(target error) bool { return target == ErrOptions }

func badOption(format string, args ...any) error { return optionError{fmt.Sprintf(format, args...)} }

// Reason is what an ErrOptions tells its caller.
func Reason(err error) string {
	if e, ok := errors.AsType[optionError](err); ok {
		return e.reason
	}
	return ErrOptions.Error()
}

// Check reports whether a kind can be made with options of a recording. It is
// ErrOptions, ErrTool or ErrNothing if it can't.
func Check(k Kind, o Options, m recording.Manifest, ffmpeg bool) error {
	switch k {
	case Participant:
		if len(pick(m, o)) == 0 {
			return badOption("nothing is recorded of participant %.40q", o.Participant)
		}
	case Composite:
		if o = o.withDefaults(); !slices.Contains([]string{"grid", "speaker"}, o.Layout) {
			return badOption("layout must be grid or speaker")
		} else if !slices.Contains([]string{"webm", "mp4"}, o.Format) {
			return badOption("format must be webm or mp4")
		} else if !slices.Contains([]int{360, 480, 720, 1080}, o.Height) {
			return badOption("height must be 360, 480, 720 or 1080")
		}
	case All, Voices, Chapters, Speakers, Chat, Peaks, Sheet:
	default:
		return badOption("unknown kind %.40q", string(k))
	}
	if (k == Composite || k == Sheet) && !ffmpeg {
		return ErrTool
	}
	sounds, pictures := split(m)
	if (k == Voices || k == Peaks) && len(sounds) == 0 || k == Sheet && len(pictures) == 0 ||
		(k == All || k == Composite) && len(sounds)+len(pictures) == 0 {
		return ErrNothing
	}
	return nil
}

func (o Options) withDefaults() Options {
	if o.Layout == "" {
		o.Layout = "grid"
	}
	if o.Format == "" {
		o.Format = "webm"
	}
	if o.Height == 0 {
		o.Height = 720
	}
	return o
}

// Make makes the files of a kind in env.Work. It ends early with ctx; another
// call with the same Work goes on where it was, if the kind is long to make.
func Make(ctx context.Context, k Kind, o Options, env Env) ([]File, error) {
	if err := Check(k, o, env.Manifest, env.FFmpeg != ""); err != nil {
		return nil, err
	}
	if env.Busy == nil {
		env.Busy = func() bool { return false }
	}
	o = o.withDefaults()
	var files []File
	var err error
	switch k {
	case Participant:
		files, err = env.participant(ctx, o)
	case All:
		files, err = env.all(ctx)
	case Voices:
		files, err = env.voices(ctx)
	case Composite:
		files, err = env.composite(ctx, o)
	case Chapters:
		files, err = env.chapters()
	case Speakers:
		files, err = env.speakers()
	case Chat:
		files, err = env.chat()
	case Peaks:
		files, err = env.peaks(ctx)
	case Sheet:
		files, err = env.sheet(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", k, err)
	}
	for i := range files {
		files[i].Kind = string(k)
	}
	return files, nil
}

// create makes a file in the work folder.
func (e Env) create(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(e.Work, name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
}

// breathe waits while the server is busy, and tells when the task is cancelled.
func (e Env) breathe(ctx context.Context) error {
	for ctx.Err() == nil && e.Busy() {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return ctx.Err()
}

// length is how long the recording is.
func length(m recording.Manifest) time.Duration {
	end := us(m.DurationUS)
	for _, t := range m.Tracks {
		end = max(end, us(t.StartUS+t.DurationUS))
	}
	return end
}

func us(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// split sorts the finished tracks by what they hold.
func split(m recording.Manifest) (sounds, pictures []recording.Track) {
	for _, t := range m.Tracks {
		switch {
		case t.State == recording.TrackOpen:
		case t.Source == sfu.Microphone || t.Source == sfu.ScreenAudio:
			sounds = append(sounds, t)
		default:
			pictures = append(pictures, t)
		}
	}
	return sounds, pictures
}

// nameOf is what a participant is called.
func nameOf(m recording.Manifest, id string) string {
	for _, p := range m.Participants {
		if p.ID == id && p.Name != "" {
			return p.Name
		}
	}
	return id
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"plenum/recording"
	"plenum/recording/derive"
)

// errDamaged is the result of a verification that found something.
var errDamaged = errors.New("not all files are what was recorded")

// view opens the recordings beside a server that may run.
func (d data) view(ctx context.Context, term terminal) (*recording.Library, error) {
	return recording.View(ctx, d.recordings(), slog.New(slog.NewTextHandler(term.err, nil)))
}

func (d data) recordings() string { return filepath.Join(d.Data, "recordings") }

type recordingsVerifyCmd struct {
	data
	IDs []string `arg:"" optional:"" name:"id" help:"Which recordings; all that have ended, if left out."`
}

// Run verifies recordings and fails if one is damaged.
func (c *recordingsVerifyCmd) Run(ctx context.Context, term terminal) error {
	lib, err := c.view(ctx, term)
	if err != nil {
		return err
	}
	defer lib.Close(ctx)
	ids := c.IDs
	if len(ids) == 0 {
		list, err := lib.List(recording.Filter{})
		if err != nil {
			return err
		}
		for _, m := range list {
			ids = append(ids, m.ID)
		}
	}
	bad := 0
	for _, id := range ids {
		problems, err := lib.Verify(id)
		if err != nil {
			return err
		}
		if len(problems) == 0 {
			fmt.Fprintf(term.out, "%s  ok\n", id)
			continue
		}
		bad++
		for _, p := range problems {
			fmt.Fprintf(term.out, "%s  %s: %s\n", id, p.Track, p.Detail)
		}
	}
	if bad > 0 {
		return fmt.Errorf("%w: %d of %d recordings", errDamaged, bad, len(ids))
	}
	return nil
}

type recordingsRepairCmd struct {
	data
	ID    string `arg:"" help:"Which recording."`
	Force bool   `help:"Even if its journal was written to within the last minute."`
}

// Run repairs a recording. A server that runs shows the result after its next start.
func (c *recordingsRepairCmd) Run(term terminal) error {
	m, err := recording.RepairFolder(c.recordings(), c.ID, c.Force)
	if errors.Is(err, recording.ErrBusy) {
		return fmt.Errorf("%w: stop the server first, or use --force if none runs", err)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(term.out, "%s is %s: %d tracks, %v\n", m.ID, m.State, len(m.Tracks),
		(time.Duration(m.DurationUS) * time.Microsecond).Round(time.Second))
	for _, p := range m.Problems {
		fmt.Fprintf(term.out, "  %s %s\n", p.Track, p.Detail)
	}
	return nil
}

type recordingsRenderCmd struct {
	data
	ID          string `arg:"" help:"Which recording."`
	Kind        string `help:"What to make." enum:"participant,all,voices,composite,chapters,speakers,chat,peaks,sheet" default:"composite"`
	Participant string `help:"Whose file, for participant; such as p1." placeholder:"ID"`
	Screen      bool   `help:"The shared screen instead of the camera, for participant."`
	Layout      string `help:"How the composite is laid out: grid, or speaker." enum:"grid,speaker" default:"grid"`
	Format      string `help:"Format of the composite: webm (VP9) or mp4 (H.264)." enum:"webm,mp4" default:"webm"`
	Height      int    `help:"Height of the composite in pixels." default:"720"`
	Out         string `help:"Folder to put the files in." type:"path" default:"."`
	FFmpeg      string `help:"The program ffmpeg; off uses none." name:"ffmpeg" placeholder:"PATH"`
}

// Run makes files and leaves the recording as it is.
func (c *recordingsRenderCmd) Run(ctx context.Context, term terminal) (err error) {
	lib, err := c.view(ctx, term)
	if err != nil {
		return err
	}
	defer lib.Close(ctx)
	m, dir, err := lib.Folder(c.ID)
	if err != nil {
		return err
	}
	story, err := lib.Story(c.ID)
	if err != nil {
		return err
	}
	ffmpeg, err := derive.FindFFmpeg(c.FFmpeg)
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(dir, ".job-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	told := -1
	files, err := derive.Make(ctx, derive.Kind(c.Kind),
		derive.Options{Participant: c.Participant, Screen: c.Screen, Layout: c.Layout, Format: c.Format, Height: c.Height},
		derive.Env{
			Manifest: m, Story: story, Dir: dir, Work: work, FFmpeg: ffmpeg, Font: derive.FindFont(),
			Progress: func(done float64) {
				if percent := int(done * 100); percent >= told+5 {
					told = percent
					fmt.Fprintf(term.err, "%d %%\n", percent)
				}
			},
		})
	if err != nil {
		return err
	}
	for _, f := range files {
		to := filepath.Join(c.Out, f.Derived.Path)
		if err := copyFile(to, filepath.Join(work, f.Path)); err != nil {
			return err
		}
		fmt.Fprintln(term.out, to)
	}
	return nil
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return writeNew(to, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}

// writeNew writes a file that was not there before, or none.
func writeNew(path string, write func(io.Writer) error) (err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(write(out), out.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

type recordingsExportCmd struct {
	data
	ID  string `arg:"" help:"Which recording."`
	Out string `help:"File to write; its readable name if left out, - for standard output." placeholder:"FILE"`
}

// Run writes the ZIP.
func (c *recordingsExportCmd) Run(ctx context.Context, term terminal) error {
	lib, err := c.view(ctx, term)
	if err != nil {
		return err
	}
	defer lib.Close(ctx)
	archive, err := lib.Archive(c.ID)
	if err != nil {
		return err
	}
	switch c.Out {
	case "-":
		return archive.Write(term.out)
	case "":
		c.Out = archive.Name
	}
	if err := writeNew(c.Out, archive.Write); err != nil {
		return err
	}
	fmt.Fprintln(term.out, c.Out)
	return nil
}

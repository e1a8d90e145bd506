package derive

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"plenum/recording"
)

const (
	frameRate = 25
	// background is the colour behind pictures and names.
	background = "0x202124"
	// The shares of a composite's work, for its progress.
	shareMix, shareJoin = 0.1, 0.03
)

// composite makes a picture of the whole meeting with its sound: the sound by
// our own mixer, the picture piece by piece with ffmpeg. Pieces that are done
// are kept for another try.
func (e Env) composite(ctx context.Context, o Options) ([]File, error) {
	width, height := even(o.Height*16/9), o.Height
	segments := Plan(e.Manifest, Speech(e.Story.Levels), o.Layout, width, height)
	sounds, _ := split(e.Manifest)
	const sound = "mix.webm"
	if len(sounds) > 0 && !e.has(sound) {
		if err := e.mix(ctx, sound+".part.webm", func(done float64) { e.Progress(done * shareMix) }); err != nil {
			return nil, err
		}
		if err := e.finish(sound+".part.webm", sound); err != nil {
			return nil, err
		}
	}
	if err := e.writeNames(); err != nil {
		return nil, err
	}
	total := length(e.Manifest)
	var list strings.Builder
	for i, s := range segments {
		from, to := frameAt(s.From), frameAt(s.To)
		name := fmt.Sprintf("piece-%05d.mkv", i)
		fmt.Fprintf(&list, "file %s\nduration %.3f\n", name, float64(to-from)/frameRate)
		if to <= from || e.has(name) {
			continue
		}
		progress := func(at time.Duration) {
			done := min(1, (s.From+at).Seconds()/max(total.Seconds(), 0.001))
			e.Progress(shareMix + (1-shareMix-shareJoin)*done)
		}
		part := fmt.Sprintf("part-%05d.mkv", i)
		if err := e.ffmpeg(ctx, progress, e.pieceArgs(s, to-from, o, width, height, part)...); err != nil {
			return nil, fmt.Errorf("piece from %v: %w", s.From, err)
		}
		if err := e.finish(part, name); err != nil {
			return nil, err
		}
	}
	if err := os.WriteFile(filepath.Join(e.Work, "pieces.txt"), []byte(list.String()), 0o600); err != nil {
		return nil, err
	}
	return e.join(ctx, o, sound, len(sounds) > 0)
}

// join puts the pieces and the sound together.
func (e Env) join(ctx context.Context, o Options, sound string, hasSound bool) ([]File, error) {
	path := "derived-composite-" + o.Layout + "." + o.Format
	args := []string{"-f", "concat", "-safe", "0", "-i", "pieces.txt"}
	if hasSound {
		args = append(args, "-i", sound)
	}
	if err := os.WriteFile(filepath.Join(e.Work, "chapters.txt"), []byte(e.metadata()), 0o600); err != nil {
		return nil, err
	}
	args = append(args, "-f", "ffmetadata", "-i", "chapters.txt", "-map", "0:v")
	from := "1" // the input of the chapters
	if hasSound {
		args = append(args, "-map", "1:a")
		from = "2"
	}
	args = append(args, "-map_chapters", from)
	args = append(args, "-c", "copy")
	kind := "video/webm; codecs=\"vp9, opus\""
	if o.Format == "mp4" {
		args = append(args, "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart")
		kind = "video/mp4"
	}
	args = append(args, "-metadata", "title="+e.Manifest.Title, path)
	if err := e.ffmpeg(ctx, func(time.Duration) {}, args...); err != nil {
		return nil, fmt.Errorf("join: %w", err)
	}
	title := map[string]string{"grid": "The meeting", "speaker": "The meeting, who speaks"}[o.Layout]
	return []File{{Path: path, Derived: recording.Derived{Path: path, Title: title, Type: kind}}}, nil
}

// metadata is the recording's chapters as ffmpeg reads them.
func (e Env) metadata() string {
	var b strings.Builder
	b.WriteString(";FFMETADATA1\n")
	quote := strings.NewReplacer("\\", `\\`, "=", `\=`, ";", `\;`, "#", `\#`, "\n", " ", "\r", " ")
	for _, c := range e.outline(0, true) {
		fmt.Fprintf(&b, "[CHAPTER]\nTIMEBASE=1/1000\nSTART=%d\nEND=%d\ntitle=%s\n", c.From.Milliseconds(), c.To.Milliseconds(), quote.Replace(c.Title))
	}
	return b.String()
}

// frameAt is the number of the frame shown at a time. Pieces are cut by frames,
// so that their sum is exact.
func frameAt(t time.Duration) int { return int(math.Round(t.Seconds() * frameRate)) }

// has reports whether a former try has made a file.
func (e Env) has(name string) bool {
	st, err := os.Stat(filepath.Join(e.Work, name))
	return err == nil && st.Size() > 0
}

// finish gives a file that is complete its name.
func (e Env) finish(part, name string) error {
	return os.Rename(filepath.Join(e.Work, part), filepath.Join(e.Work, name))
}

// nameFile is the file that holds a participant's name for ffmpeg.
func nameFile(participant string) string { return "name-" + plain(participant) + ".txt" }

// writeNames writes everybody's name to a file: nothing in a name is an
// expression or an option then.
func (e Env) writeNames() error {
	for _, p := range e.Manifest.Participants {
		name := strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
				return -1
			}
			return r
		}, nameOf(e.Manifest, p.ID))
		const most = 40
		if text := []rune(name); len(text) > most {
			name = string(text[:most]) + "…"
		}
		if name == "" {
			name = p.ID
		}
		if err := os.WriteFile(filepath.Join(e.Work, nameFile(p.ID)), []byte(name), 0o600); err != nil {
			return err
		}
	}
	if e.Font == "" {
		return nil
	}
	// Under a name of our own, which needs no quoting in a filter.
	link := filepath.Join(e.Work, fontName)
	if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(e.Font, link)
}

const fontName = "font"

// pieceArgs are ffmpeg's arguments for one segment. Each tile is an input that
// begins at the keyframe before the segment, so that a picture that stands still
// is there from the first frame on.
func (e Env) pieceArgs(s Segment, frames int, o Options, width, height int, out string) []string {
	var args, filters []string
	for i, t := range s.Tiles {
		chain := fmt.Sprintf("[%d:v]", i)
		if t.Path == "" {
			args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("color=c=%s:s=%dx%d:r=%d", background, t.W, t.H, frameRate))
			chain += "null"
		} else {
			args = append(append(args, seek(t.Offset)...), "-i", "file:"+filepath.Join("..", filepath.Base(t.Path)))
			chain += from(t.Offset) + fmt.Sprintf(",scale=%d:%d:force_original_aspect_ratio=decrease:force_divisible_by=2,"+
				"pad=%d:%d:-1:-1:color=%s,setsar=1", t.W, t.H, t.W, t.H, background)
		}
		if e.Font != "" {
			size := min(max(t.H/14, 12), 28)
			y := fmt.Sprintf("h-th-%d", size/2)
			x := strconv.Itoa(size / 2)
			if t.Path == "" {
				size = min(max(t.H/8, 14), 48)
				x, y = "(w-tw)/2", "(h-th)/2"
			}
			chain += fmt.Sprintf(",drawtext=fontfile=%s:textfile=%s:expansion=none:x=%s:y=%s:fontsize=%d:fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=%d",
				fontName, nameFile(t.Participant), x, y, size, size/4)
		}
		filters = append(filters, chain+fmt.Sprintf(",format=yuv420p[t%d]", i))
	}
	filters = append(filters, stack(s.Tiles, width, height))
	if len(s.Tiles) == 0 {
		args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("color=c=%s:s=%dx%d:r=%d", background, width, height, frameRate))
	}
	args = append(args, "-filter_complex", strings.Join(filters, ";"), "-map", "[v]", "-an",
		"-frames:v", strconv.Itoa(frames), "-r", strconv.Itoa(frameRate))
	return append(append(args, encoderArgs(o)...), out)
}

// seek are the arguments that open an input at the keyframe before a time.
func seek(at time.Duration) []string {
	if at <= 0 {
		return nil
	}
	return []string{"-noaccurate_seek", "-ss", strconv.FormatFloat(at.Seconds(), 'f', 3, 64)}
}

// from are the filters that make a picture begin exactly at the time that was
// sought, and stand where nothing comes: before its first frame, if the time is
// negative, between its frames, and behind its last.
func from(at time.Duration) string {
	return fmt.Sprintf("fps=%d,tpad=start_duration=%.3f:start_mode=clone:stop=-1:stop_mode=clone,trim=start=0,setpts=PTS-STARTPTS",
		frameRate, max(-at, 0).Seconds())
}

// stack puts the tiles in their places.
func stack(tiles []Tile, width, height int) string {
	switch len(tiles) {
	case 0:
		return "[0:v]format=yuv420p[v]"
	case 1:
		return fmt.Sprintf("[t0]pad=%d:%d:%d:%d:color=%s[v]", width, height, tiles[0].X, tiles[0].Y, background)
	}
	var in, places []string
	right, bottom := 0, 0
	for i, t := range tiles {
		in = append(in, fmt.Sprintf("[t%d]", i))
		places = append(places, fmt.Sprintf("%d_%d", t.X, t.Y))
		right, bottom = max(right, t.X+t.W), max(bottom, t.Y+t.H)
	}
	return fmt.Sprintf("%sxstack=inputs=%d:layout=%s:fill=%s,pad=%d:%d:0:0:color=%s[v]", strings.Join(in, ""), len(tiles),
		strings.Join(places, "|"), background, max(width, right), max(height, bottom), background)
}

// encoderArgs are settings that are faster than real time on two cores.
func encoderArgs(o Options) []string {
	keys := strconv.Itoa(5 * frameRate)
	if o.Format == "mp4" {
		return []string{"-c:v", "libx264", "-preset", "veryfast", "-crf", "24", "-bf", "0", "-g", keys}
	}
	rate := map[int]string{360: "500k", 480: "900k", 720: "1600k", 1080: "3000k"}[o.Height]
	return []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-row-mt", "1", "-b:v", rate, "-g", keys}
}

// sheet makes a sheet of 20 pictures of the recording's longest picture, a
// shared screen if there is one.
func (e Env) sheet(ctx context.Context) ([]File, error) {
	_, pictures := split(e.Manifest)
	best := pictures[0]
	for _, t := range pictures {
		if t.DurationUS > best.DurationUS {
			best = t
		}
	}
	const columns, rows, wide, high = 5, 4, 256, 144
	for i := range columns * rows {
		e.Progress(float64(i) / (columns * rows))
		if err := e.breathe(ctx); err != nil {
			return nil, err
		}
		at := us(best.DurationUS) * time.Duration(i) / (columns * rows)
		name := fmt.Sprintf("still-%02d.jpg", i)
		args := append(seek(at), "-i", "file:"+filepath.Join("..", filepath.Base(best.Path)), "-frames:v", "1", "-vf",
			from(at)+fmt.Sprintf(",scale=%d:%d:force_original_aspect_ratio=decrease,pad=%d:%d:-1:-1:color=%s", wide, high, wide, high, background),
			"-q:v", "3", name)
		err := e.ffmpeg(ctx, func(time.Duration) {}, args...)
		if err != nil {
			return nil, err
		}
	}
	const path = "derived-sheet.jpg"
	err := e.ffmpeg(ctx, func(time.Duration) {}, "-i", "still-%02d.jpg", "-frames:v", "1", "-vf", fmt.Sprintf("tile=%dx%d", columns, rows), "-q:v", "4", path)
	if err != nil {
		return nil, err
	}
	return []File{{Path: path, Derived: recording.Derived{Path: path, Title: "Contact sheet", Type: "image/jpeg"}}}, nil
}

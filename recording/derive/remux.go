package derive

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"plenum/recording"
	"plenum/recording/webm"
	"plenum/sfu"
)

const muxingApp = "Plenum"

// pick returns the tracks of one person that belong into one file.
func pick(m recording.Manifest, o Options) []recording.Track {
	want := []sfu.Source{sfu.Camera, sfu.Microphone}
	if o.Screen {
		want = []sfu.Source{sfu.Screen, sfu.ScreenAudio}
	}
	var all []recording.Track
	for _, source := range want { // the picture comes first
		for _, t := range m.Tracks {
			if t.State != recording.TrackOpen && t.Participant == o.Participant && t.Source == source {
				all = append(all, t)
			}
		}
	}
	return all
}

// participant puts one person's picture and sound into one file.
func (e Env) participant(ctx context.Context, o Options) ([]File, error) {
	what := ""
	if o.Screen {
		what = "-screen"
	}
	name := nameOf(e.Manifest, o.Participant)
	file, err := e.remux(ctx, pick(e.Manifest, o), "derived-"+plain(o.Participant)+what, name, false)
	if err != nil {
		return nil, err
	}
	file.Title = name
	if o.Screen {
		file.Title += " – screen"
	}
	return []File{file}, nil
}

// all puts everything into one file.
func (e Env) all(ctx context.Context) ([]File, error) {
	sounds, pictures := split(e.Manifest)
	file, err := e.remux(ctx, slices.Concat(pictures, sounds), "derived-all", e.Manifest.Title, true)
	if err != nil {
		return nil, err
	}
	file.Title = "Everybody, each on a track"
	return []File{file}, nil
}

// plain makes an id fit for a file's name.
func plain(id string) string {
	return regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(strings.ToLower(id), "-")
}

// A lane is one track of the file to be: the files of one source, one after the other.
type lane struct {
	participant string
	source      sfu.Source
	codec       sfu.Codec
}

// remux writes the frames of tracks into one file, as they are, each in its
// place. The file begins with the first of them. It is WebM if it can be, unless
// all is set, for everybody's tracks with the recording's chapters.
func (e Env) remux(ctx context.Context, tracks []recording.Track, stem, title string, all bool) (file File, err error) {
	streams, err := openAll(e.Dir, tracks)
	if err != nil {
		return file, err
	}
	defer closeAll(streams)
	heads, laneOf := e.lanes(streams, all)
	path, kind := stem+".webm", "audio/webm"
	if slices.ContainsFunc(heads, hasPicture) {
		kind = "video/webm"
	}
	matroska := all || !webmCan(heads)
	if matroska {
		path, kind = stem+".mkv", "video/x-matroska"
	}
	out, err := e.create(path)
	if err != nil {
		return file, err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	start := length(e.Manifest)
	for _, s := range streams {
		start = min(start, us(s.track.StartUS))
	}
	m, err := webm.NewMuxer(out, heads, webm.Info{Title: title, App: muxingApp, Date: e.Manifest.T0.Add(start)}, matroska)
	if err != nil {
		return file, err
	}
	if err := e.weave(ctx, m, streams, laneOf, start); err != nil {
		return file, err
	}
	tags := []webm.Tag{{Name: "RECORDING", Value: e.Manifest.ID}, {Name: "START", Value: fmt.Sprint(start)}}
	return File{Path: path, Derived: recording.Derived{Path: path, Type: kind}}, m.Finish(tags, e.outline(start, all)...)
}

// lanes says which tracks the file has, and to which each stream belongs.
func (e Env) lanes(streams []*stream, all bool) (heads []webm.Track, laneOf []int) {
	known := map[lane]int{}
	codecs := map[lane]int{} // how many a source has
	laneOf = make([]int, len(streams))
	for i, s := range streams {
		l := lane{s.track.Participant, s.track.Source, s.track.Codec}
		n, ok := known[l]
		if !ok {
			n = len(heads)
			known[l] = n
			head := s.r.Track
			head.Name = nameOf(e.Manifest, l.participant)
			if all {
				head.Name += " – " + strings.ReplaceAll(string(l.source), "_", " ")
			}
			source := lane{l.participant, l.source, ""}
			if codecs[source]++; codecs[source] > 1 {
				head.Name += fmt.Sprintf(" (%s, from %s)", l.codec, stamp(us(s.track.StartUS)))
			}
			heads = append(heads, head)
		}
		heads[n].Width, heads[n].Height = max(heads[n].Width, s.r.Width), max(heads[n].Height, s.r.Height)
		laneOf[i] = n
	}
	return heads, laneOf
}

func hasPicture(t webm.Track) bool { return t.Width > 0 }

// webmCan reports whether players take tracks from a WebM file: one picture, one
// sound, in codecs of WebM.
func webmCan(heads []webm.Track) bool {
	pictures := 0
	for _, t := range heads {
		if !t.Codec.WebM() {
			return false
		}
		if hasPicture(t) {
			pictures++
		}
	}
	return pictures <= 1 && len(heads)-pictures <= 1
}

// outline is the recording's chapters in a file that begins at start; none for
// one person's file, or if there is only one.
func (e Env) outline(start time.Duration, wanted bool) (chapters []webm.Chapter) {
	if !wanted {
		return nil
	}
	for _, c := range Outline(e.Manifest, Speech(e.Story.Levels)) {
		if c.To > start {
			chapters = append(chapters, webm.Chapter{From: max(0, c.From-start), To: c.To - start, Title: c.Title})
		}
	}
	if len(chapters) < 2 {
		return nil
	}
	return chapters
}

// weave writes the frames of all streams in the order of their times.
func (e Env) weave(ctx context.Context, m *webm.Muxer, streams []*stream, laneOf []int, start time.Duration) error {
	total := length(e.Manifest)
	told := time.Duration(-1)
	for i := earliest(streams); i >= 0; i = earliest(streams) {
		s := streams[i]
		at := s.at()
		if at-told >= time.Second || told < 0 {
			told = at
			e.Progress(at.Seconds() / max(total.Seconds(), 1))
			if err := e.breathe(ctx); err != nil {
				return err
			}
		}
		data, err := s.data()
		if err != nil {
			return err
		}
		fr := webm.Frame{Time: at - start, Key: s.block.Key, Data: data}
		if s.r.Codec == webm.Opus {
			fr.Duration = opusLength(data)
		}
		if err := m.Write(laneOf[i], fr); err != nil {
			return err
		}
		s.next()
	}
	return nil
}

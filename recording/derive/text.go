package derive

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"plenum/recording"
	"plenum/sfu"
)

const (
	// loud is the level from which on it is speech, in -dBov; clear what is
	// enough when the room is quieter by a margin.
	loudLevel   = 45
	clearLevel  = 60
	clearMargin = 12
	// holdSpeech is how long a pause may be within what somebody says;
	// leastSpeech is the shortest of it that is told.
	holdSpeech  = 500 * time.Millisecond
	leastSpeech = 500 * time.Millisecond
	// chapterLeast is how long a chapter lasts at least; chapterPause is the
	// silence after which a new one begins.
	chapterLeast = time.Minute
	chapterPause = time.Minute
	// codecChange is how long a change of the codec may take.
	codecChange = 3 * time.Second
	// chatShown is how long a line of the chat is shown, at most.
	chatShown = 8 * time.Second
	// chatLongest is how much of a line is shown, in characters.
	chatLongest = 400
)

// A Span is a stretch in which somebody speaks.
type Span struct {
	Participant string
	From, To    time.Duration
}

// Speech tells from levels who spoke when, in the order in which they began.
func Speech(levels []recording.Levels) []Span {
	var all []Span
	for _, who := range speakersOf(levels) {
		all = append(all, spansOf(who, levels)...)
	}
	slices.SortStableFunc(all, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	return all
}

func speakersOf(levels []recording.Levels) []string {
	var all []string
	for _, l := range levels {
		if l.Source == sfu.Microphone && !slices.Contains(all, l.Participant) {
			all = append(all, l.Participant)
		}
	}
	return all
}

func spansOf(who string, levels []recording.Levels) []Span {
	noise := noiseOf(who, levels)
	var all []Span
	for _, l := range levels {
		if l.Participant != who || l.Source != sfu.Microphone {
			continue
		}
		for i, v := range l.Values {
			if v > loudLevel && (v > clearLevel || int(v) > noise-clearMargin) {
				continue
			}
			from := l.From + time.Duration(i)*recording.LevelStep
			to := from + recording.LevelStep
			if n := len(all); n > 0 && from-all[n-1].To <= holdSpeech {
				all[n-1].To = max(all[n-1].To, to)
			} else {
				all = append(all, Span{who, from, to})
			}
		}
	}
	return slices.DeleteFunc(all, func(s Span) bool { return s.To-s.From < leastSpeech })
}

// noiseOf is how quiet somebody's room is: the level that is not passed for a
// fifth of the time.
func noiseOf(who string, levels []recording.Levels) int {
	var count [128]int
	total := 0
	for _, l := range levels {
		if l.Participant == who && l.Source == sfu.Microphone {
			for _, v := range l.Values {
				count[v&127]++
				total++
			}
		}
	}
	seen := 0
	for v := 127; v >= 0; v-- {
		if seen += count[v]; seen*5 >= total {
			return v
		}
	}
	return 0
}

// A Chapter is a titled stretch of a recording.
type Chapter struct {
	From, To time.Duration
	Title    string
}

// Outline divides a recording: where somebody begins or ends to share a screen,
// and where talk sets in again after a long silence.
func Outline(m recording.Manifest, speech []Span) []Chapter {
	end := length(m)
	marks := []Chapter{{Title: "Start"}}
	for _, s := range screens(m) {
		name := nameOf(m, s.Participant)
		marks = append(marks, Chapter{From: s.From, Title: name + " shares a screen"}, Chapter{From: s.To, Title: "After " + name + "’s screen"})
	}
	var heard time.Duration
	for _, s := range speech {
		if s.From-heard >= chapterPause && heard > 0 {
			marks = append(marks, Chapter{From: s.From, Title: nameOf(m, s.Participant) + " goes on"})
		}
		heard = max(heard, s.To)
	}
	slices.SortStableFunc(marks, func(a, b Chapter) int { return cmp.Compare(a.From, b.From) })
	var all []Chapter
	for _, c := range marks {
		if n := len(all); n > 0 && (c.From-all[n-1].From < chapterLeast || end-c.From < chapterLeast/4) {
			continue
		}
		all = append(all, c)
	}
	for i := range all {
		all[i].To = end
		if i+1 < len(all) {
			all[i].To = all[i+1].From
		}
	}
	return all
}

// screens are the stretches in which somebody shares a screen. One that only
// changes its codec, and with it its file, goes on.
func screens(m recording.Manifest) (all []Span) {
	for _, t := range m.Tracks {
		if t.Source != sfu.Screen || t.State == recording.TrackOpen {
			continue
		}
		s := Span{t.Participant, us(t.StartUS), us(t.StartUS + t.DurationUS)}
		i := slices.IndexFunc(all, func(x Span) bool {
			return x.Participant == s.Participant && s.From-x.To < codecChange && s.From >= x.From
		})
		if i >= 0 {
			all[i].To = max(all[i].To, s.To)
		} else {
			all = append(all, s)
		}
	}
	return all
}

// vtt collects the cues of a WebVTT file.
type vtt struct{ strings.Builder }

func newVTT(title string) *vtt {
	v := &vtt{}
	v.WriteString("WEBVTT\n\nNOTE " + oneLine(title) + "\n")
	return v
}

func (v *vtt) cue(from, to time.Duration, text string) {
	if to <= from {
		to = from + time.Millisecond
	}
	fmt.Fprintf(v, "\n%s --> %s\n%s\n", stamp(from), stamp(to), text)
}

// stamp is a time as WebVTT has it.
func stamp(d time.Duration) string {
	ms := d.Milliseconds()
	return fmt.Sprintf("%02d:%02d:%02d.%03d", ms/3_600_000, ms/60_000%60, ms/1000%60, ms%1000)
}

var vttEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes any text a cue's: no line that is empty or holds an arrow.
func escape(s string) string {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(s, "\r", "\n")) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, vttEscaper.Replace(line))
		}
	}
	return strings.Join(lines, "\n")
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, "-->", "→")), " ")
}

// voiceName is a name as a voice tag can hold it.
func voiceName(s string) string { return vttEscaper.Replace(oneLine(s)) }

func (e Env) write(path, text, kind, title string) (File, error) {
	err := os.WriteFile(filepath.Join(e.Work, path), []byte(text), 0o600)
	return File{Path: path, Derived: recording.Derived{Path: path, Type: kind, Title: title}}, err
}

func (e Env) chapters() ([]File, error) {
	v := newVTT(e.Manifest.Title)
	for _, c := range Outline(e.Manifest, Speech(e.Story.Levels)) {
		v.cue(c.From, c.To, escape(oneLine(c.Title)))
	}
	f, err := e.write("derived-chapters.vtt", v.String(), "text/vtt; charset=utf-8", "Chapters")
	return []File{f}, err
}

func (e Env) speakers() ([]File, error) {
	v := newVTT(e.Manifest.Title)
	for _, s := range Speech(e.Story.Levels) {
		name := voiceName(nameOf(e.Manifest, s.Participant))
		v.cue(s.From, s.To, "<v "+name+">"+name+"</v>")
	}
	f, err := e.write("derived-speakers.vtt", v.String(), "text/vtt; charset=utf-8", "Who speaks")
	return []File{f}, err
}

// chatLine is a line of chat.json.
type chatLine struct {
	AtUS        int64  `json:"at_us"`
	Participant string `json:"participant"`
	Name        string `json:"name"`
	Text        string `json:"text"`
}

func (e Env) chat() ([]File, error) {
	v := newVTT(e.Manifest.Title)
	lines := []chatLine{}
	for i, l := range e.Story.Chat {
		lines = append(lines, chatLine{l.At.Microseconds(), l.Participant, l.Name, l.Text})
		to := l.At + chatShown
		if i+1 < len(e.Story.Chat) {
			to = min(to, e.Story.Chat[i+1].At)
		}
		text := []rune(l.Text)
		if len(text) > chatLongest {
			text = append(text[:chatLongest], '…')
		}
		v.cue(l.At, to, "<v "+voiceName(l.Name)+">"+escape(string(text))+"</v>")
	}
	captions, err := e.write("derived-chat.vtt", v.String(), "text/vtt; charset=utf-8", "Chat")
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(map[string]any{"version": 1, "messages": lines}, "", "  ")
	if err != nil {
		return nil, err
	}
	list, err := e.write("derived-chat.json", string(text)+"\n", "application/json", "Chat as data")
	return []File{captions, list}, err
}

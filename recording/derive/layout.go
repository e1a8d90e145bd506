package derive

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"plenum/recording"
	"plenum/sfu"
)

const (
	// leastSegment is the shortest stretch with a layout of its own;
	// leastSpeaker is how long who speaks stays the large picture.
	leastSegment = 2 * time.Second
	leastSpeaker = 5 * time.Second
	// leastAbsence is the shortest gap of a picture that is shown as one.
	leastAbsence = time.Second
	// mostTiles is how many people are shown; mostInStrip is how many beside a
	// large picture.
	mostTiles   = 25
	mostInStrip = 5
)

// A Tile is one person, or one shared screen, in a picture.
type Tile struct {
	Participant string
	Screen      bool
	Path        string        // the track's file; empty if there is no picture, only a name
	Offset      time.Duration // of the segment's start in the file; negative if the file begins later
	X, Y, W, H  int           // pixels, all even
}

// A Segment is a stretch of the composite with one layout.
type Segment struct {
	From, To time.Duration
	Tiles    []Tile
}

// Plan lays out a recording: a grid of all who are there, or who speaks with
// the others beside; a shared screen is always the large picture. Width and
// height are even.
func Plan(m recording.Manifest, speech []Span, layout string, width, height int) []Segment {
	end := length(m)
	p := planner{m: m, layout: layout, width: width, height: height}
	if layout == "speaker" {
		p.floor = floor(speech)
	}
	marks := p.marks(end)
	var all []Segment
	for i := 0; i+1 < len(marks); i++ {
		from, to := marks[i], marks[i+1]
		tiles := p.at((from + to) / 2)
		last := len(all) - 1
		switch {
		case last >= 0 && slices.Equal(all[last].Tiles, tiles):
			all[last].To = to
		case last >= 0 && from-all[last].From < leastSegment: // too short to be seen: what follows takes its place
			all[last].To, all[last].Tiles = to, tiles
		default:
			all = append(all, Segment{From: from, To: to, Tiles: tiles})
		}
	}
	if last := len(all) - 1; last > 0 && all[last].To-all[last].From < leastSegment {
		all[last-1].To = all[last].To
		all = all[:last]
	}
	for i := range all {
		for j := range all[i].Tiles {
			t := &all[i].Tiles[j]
			t.Offset = all[i].From - t.Offset
		}
	}
	return all
}

// floor is who is large when: it changes not too often.
func floor(speech []Span) []Span {
	var all []Span
	for _, s := range speech {
		n := len(all)
		switch {
		case n == 0:
			all = append(all, Span{s.Participant, 0, s.To})
		case s.Participant == all[n-1].Participant:
			all[n-1].To = max(all[n-1].To, s.To)
		case s.To-s.From < time.Second || s.From-all[n-1].From < leastSpeaker && all[n-1].From > 0:
			// a short word in between
		default:
			all[n-1].To = s.From
			all = append(all, s)
		}
	}
	return all
}

type planner struct {
	m             recording.Manifest
	floor         []Span
	layout        string
	width, height int
}

// marks are the times at which what is shown may change, first and last included.
func (p planner) marks(end time.Duration) []time.Duration {
	all := []time.Duration{0, end}
	add := func(at ...time.Duration) {
		for _, t := range at {
			if t > 0 && t < end {
				all = append(all, t)
			}
		}
	}
	for _, who := range p.m.Participants {
		for _, s := range who.Sessions {
			add(us(s.JoinUS), us(s.LeaveUS))
		}
	}
	_, pictures := split(p.m)
	for _, t := range pictures {
		add(us(t.StartUS), us(t.StartUS+t.DurationUS))
		for _, g := range t.Gaps {
			if absent(g) {
				add(us(g.FromUS), us(g.ToUS))
			}
		}
	}
	for _, s := range p.floor {
		add(s.From)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// absent reports whether a gap is one in which there is no picture to show.
func absent(g recording.Gap) bool {
	return slices.Contains([]recording.Reason{recording.GapOff, recording.GapMute, recording.GapPaused}, g.Reason) && us(g.ToUS-g.FromUS) >= leastAbsence
}

// at is what is shown at a time.
func (p planner) at(t time.Duration) []Tile {
	people := p.people(t)
	var large []Tile
	for _, track := range p.showing(t, sfu.Screen) {
		large = append(large, Tile{Participant: track.Participant, Screen: true, Path: track.Path, Offset: us(track.StartUS)})
	}
	if len(large) == 0 && p.layout == "speaker" && len(people) > 1 {
		large = append(large, p.speaker(t, &people))
	}
	if len(large) == 0 {
		people = people[:min(len(people), mostTiles)]
		grid(people, 0, 0, p.width, p.height)
		return people
	}
	large = large[:1]
	people = people[:min(len(people), mostInStrip)]
	if len(people) == 0 {
		grid(large, 0, 0, p.width, p.height)
		return large
	}
	main := even(p.width * 4 / 5)
	grid(large, 0, 0, main, p.height)
	strip(people, main, p.width-main, p.height)
	return append(large, people...)
}

// speaker takes who speaks at a time out of the people.
func (p planner) speaker(t time.Duration, people *[]Tile) Tile {
	at := 0
	for _, s := range p.floor {
		if s.From > t {
			break
		}
		if i := slices.IndexFunc(*people, func(x Tile) bool { return x.Participant == s.Participant }); i >= 0 {
			at = i
		}
	}
	who := (*people)[at]
	*people = slices.Delete(slices.Clone(*people), at, at+1)
	return who
}

// people are those in the meeting at a time, those with a picture first.
func (p planner) people(t time.Duration) []Tile {
	cameras := p.showing(t, sfu.Camera)
	var all []Tile
	for _, who := range p.m.Participants {
		tile := Tile{Participant: who.ID}
		i := slices.IndexFunc(cameras, func(c recording.Track) bool { return c.Participant == who.ID })
		if i >= 0 {
			tile.Path, tile.Offset = cameras[i].Path, us(cameras[i].StartUS)
		}
		if i >= 0 || here(who, t) {
			all = append(all, tile)
		}
	}
	slices.SortStableFunc(all, func(a, b Tile) int {
		if c := cmp.Compare(b2i(b.Path != ""), b2i(a.Path != "")); c != 0 {
			return c
		}
		return cmp.Compare(number(a.Participant), number(b.Participant))
	})
	return all
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// number is the n of an id pn, for an order that stays.
func number(id string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(id, "p"))
	return n
}

func here(who recording.Participant, t time.Duration) bool {
	return slices.ContainsFunc(who.Sessions, func(s recording.Session) bool {
		return us(s.JoinUS) <= t && (s.LeaveUS == 0 || t < us(s.LeaveUS))
	})
}

// showing are the tracks of a source that have a picture at a time.
func (p planner) showing(t time.Duration, source sfu.Source) []recording.Track {
	_, pictures := split(p.m)
	return slices.DeleteFunc(pictures, func(x recording.Track) bool {
		return x.Source != source || t < us(x.StartUS) || t >= us(x.StartUS+x.DurationUS) ||
			slices.ContainsFunc(x.Gaps, func(g recording.Gap) bool { return absent(g) && us(g.FromUS) <= t && t < us(g.ToUS) })
	})
}

// grid places tiles as large as they can be at 16:9, the last row in the middle.
func grid(tiles []Tile, x0, y0, width, height int) {
	n := len(tiles)
	if n == 0 {
		return
	}
	cols, best := 1, 0
	for c := 1; c <= n; c++ {
		rows := (n + c - 1) / c
		w := min(width/c, height/rows*16/9)
		if w >= best {
			cols, best = c, w
		}
	}
	rows := (n + cols - 1) / cols
	w, h := even(width/cols), even(height/rows)
	for i := range tiles {
		row, col := i/cols, i%cols
		inRow := min(cols, n-row*cols)
		t := &tiles[i]
		t.X, t.Y = x0+even((width-inRow*w)/2)+col*w, y0+even((height-rows*h)/2)+row*h
		t.W, t.H = w, h
	}
}

// strip places tiles in a column.
func strip(tiles []Tile, x, width, height int) {
	h := min(even(height/len(tiles)), even(width*9/16))
	top := even((height - h*len(tiles)) / 2)
	for i := range tiles {
		t := &tiles[i]
		t.X, t.Y, t.W, t.H = x, top+i*h, even(width), h
	}
}

func even(n int) int { return n &^ 1 }

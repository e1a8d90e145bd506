// Package seating decides who sits on which seat of a subscriber and at which
// layer. Its functions are pure.
package seating

import (
	"maps"
	"slices"
)

// An Occupant is who sits on a seat: a participant's camera and microphone, or
// its screen with the screen's sound. The zero Occupant is a free seat.
type Occupant struct {
	Participant uint32
	Screen      bool
}

// Free reports whether o is nobody.
func (o Occupant) Free() bool { return o.Participant == 0 }

// A Tile is a place on a subscriber's page.
type Tile struct {
	Occupant
	Height int // device pixels
}

// An Offer is what a participant publishes now; a muted source is not published.
type Offer struct {
	Camera, Microphone, Screen, ScreenAudio bool
}

// gives reports whether there is anything to send for o.
func (f Offer) gives(o Occupant) bool {
	if o.Screen {
		return f.Screen || f.ScreenAudio
	}
	return f.Camera || f.Microphone
}

// A Room is what a subscriber's seating depends on.
type Room struct {
	Self       uint32
	Tiles      []Tile   // the view, most wanted first
	Floor      []uint32 // who is audible, loudest first
	Publishing map[uint32]Offer
	SmallRoom  bool // every microphone is heard
}

// Wanted lists whom a subscriber needs seated, most needed first: the screens
// in view, the floor, the view's other tiles in order, and in a small room
// every other microphone. It never has Self, anyone twice, or anyone who
// publishes nothing for the seat.
func Wanted(r Room) []Occupant {
	wanted := make([]Occupant, 0, len(r.Tiles)+len(r.Floor))
	add := func(o Occupant) {
		if o.Free() || o.Participant == r.Self || !r.Publishing[o.Participant].gives(o) {
			return
		}
		if !slices.Contains(wanted, o) {
			wanted = append(wanted, o)
		}
	}
	for _, t := range r.Tiles {
		if t.Screen {
			add(t.Occupant)
		}
	}
	for _, id := range r.Floor {
		if r.Publishing[id].Microphone {
			add(Occupant{Participant: id})
		}
	}
	for _, t := range r.Tiles {
		if !t.Screen {
			add(t.Occupant)
		}
	}
	if r.SmallRoom {
		for _, id := range slices.Sorted(maps.Keys(r.Publishing)) {
			if r.Publishing[id].Microphone {
				add(Occupant{Participant: id})
			}
		}
	}
	return wanted
}

// Assign returns the seats with whoever is wanted on them. Who is wanted and
// seated keeps the seat. The others take free seats, then seats of those not
// wanted any more. Who is not wanted keeps a seat that nobody needs for as long
// as there is something to send. When there are too few seats, the first of
// wanted win.
func Assign(seats, wanted []Occupant, publishing map[uint32]Offer) []Occupant {
	first := firstDistinct(wanted, len(seats))
	next := make([]Occupant, len(seats))
	kept := make([]bool, len(seats)) // by a wanted occupant
	for i, o := range seats {
		if o.Free() || slices.Contains(next[:i], o) || !slices.Contains(first, o) && !publishing[o.Participant].gives(o) {
			continue
		}
		next[i] = o
		kept[i] = slices.Contains(first, o)
	}
	for _, o := range first {
		if slices.Contains(next, o) {
			continue
		}
		i := slices.IndexFunc(next, Occupant.Free)
		if i < 0 {
			i = slices.Index(kept, false)
		}
		next[i], kept[i] = o, true
	}
	return next
}

// firstDistinct returns the first n different occupants of wanted.
func firstDistinct(wanted []Occupant, n int) []Occupant {
	first := make([]Occupant, 0, min(n, len(wanted)))
	for _, o := range wanted {
		if len(first) == n {
			break
		}
		if !o.Free() && !slices.Contains(first, o) {
			first = append(first, o)
		}
	}
	return first
}

package sfu

import (
	"slices"
	"time"

	"plenum/sfu/seating"
)

// smallRoom is how many open microphones a room may have for all of them to
// be forwarded, speaking or not.
const smallRoom = 8

// defaultHeights stand in for a layer's height until its first keyframe:
// quarter, half and full of 720p.
var defaultHeights = [maxLayers]int{180, 360, 720}

// news is a seat table somebody has to be told.
type news struct {
	participant string
	epoch       int64
	table       []SeatRow
}

// plan seats everybody anew from what they want, who is audible and who
// publishes what, and tells whose table changed.
func (r *Room) plan(now time.Time) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	publishing, microphones := r.publishing()
	var told []news
	for _, p := range r.members {
		small := microphones <= smallRoom
		r.seat(p, publishing, small)
		r.aim(p, small, now)
		if n, changed := p.news(); changed {
			told = append(told, n)
		}
	}
	r.mu.Unlock()
	for _, n := range told {
		r.obs.SeatsChanged(n.participant, n.epoch, n.table)
	}
}

// publishing lists what everybody publishes, and counts open microphones.
func (r *Room) publishing() (all map[uint32]seating.Offer, microphones int) {
	all = make(map[uint32]seating.Offer, len(r.members))
	for number, p := range r.members {
		o := seating.Offer{
			Camera: p.sources[Camera].isOn(), Microphone: p.sources[Microphone].isOn(),
			Screen: p.sources[Screen].isOn(), ScreenAudio: p.sources[ScreenAudio].isOn(),
		}
		if o.Microphone {
			microphones++
		}
		all[number] = o
	}
	return all, microphones
}

// seat decides who sits where for one subscriber and moves them.
func (r *Room) seat(p *Participant, publishing map[uint32]seating.Offer, small bool) {
	tiles := r.tiles(p)
	wanted := seating.Wanted(seating.Room{
		Self: p.number, Tiles: tiles, Floor: r.audible, Publishing: publishing, SmallRoom: small,
	})
	before := make([]seating.Occupant, len(p.seats))
	for i, st := range p.seats {
		if src := st.video.source; src != nil && r.members[st.occupant.Participant] != src.owner {
			r.move(p, st, seating.Occupant{}) // left; the number may be somebody else's by now
		}
		before[i] = st.occupant
	}
	after := seating.Assign(before, wanted, publishing)
	for i, st := range p.seats {
		if after[i] != before[i] {
			r.move(p, st, after[i])
		}
		st.wanted = slices.ContainsFunc(tiles, func(t seating.Tile) bool { return t.Occupant == st.occupant })
	}
}

// tiles is a subscriber's view in the numbers of those who are there.
func (r *Room) tiles(p *Participant) []seating.Tile {
	tiles := make([]seating.Tile, 0, len(p.view))
	for _, t := range p.view {
		if number, ok := r.numbers[t.Participant]; ok && number != p.number {
			tiles = append(tiles, seating.Tile{
				Occupant: seating.Occupant{Participant: number, Screen: t.Source == Screen}, Height: t.Height,
			})
		}
	}
	return tiles
}

// move puts somebody else on a seat. If a picture may stand there, it is not
// replaced before the page has acknowledged the table that takes it away.
func (r *Room) move(p *Participant, st *seat, to seating.Occupant) {
	if st.occupant != (seating.Occupant{}) {
		st.gate = p.epoch + 1
	}
	r.vacate(st)
	st.occupant = to
	owner := r.members[to.Participant]
	if owner == nil {
		return
	}
	st.audio.sit(owner.sources[halves(to).audio], 0)
	st.video.sit(owner.sources[halves(to).video], st.gate)
}

// vacate takes whoever sits on st away.
func (r *Room) vacate(st *seat) {
	for _, o := range []*output{st.audio, st.video} {
		if o.source != nil {
			for i := range o.source.layers {
				if l := o.source.layers[i].Load(); l != nil {
					l.detach(o)
				}
			}
		}
		o.sit(nil, 0)
	}
	st.occupant = seating.Occupant{}
}

// halves names the two sources that share an occupant's seat.
func halves(o seating.Occupant) struct{ audio, video Source } {
	if o.Screen {
		return struct{ audio, video Source }{ScreenAudio, Screen}
	}
	return struct{ audio, video Source }{Microphone, Camera}
}

// aim points every output of a subscriber at the layer it should forward, and
// asks for the keyframes that are missing. In a large room silent microphones
// are not forwarded.
func (r *Room) aim(p *Participant, small bool, now time.Time) {
	for _, st := range p.seats {
		sound := layerAt(st.audio.source, 0)
		if !small && !st.occupant.Screen && !slices.Contains(r.audible, st.occupant.Participant) {
			sound = nil
		}
		r.point(st.audio, sound, now)
		r.point(st.video, r.pick(p, st, now), now)
	}
}

// point makes want the layer of o: it alone, and the one that plays until
// want's keyframe is there, stay attached.
func (r *Room) point(o *output, want *layer, now time.Time) {
	if o.source == nil {
		return
	}
	o.aim(want)
	if want != nil {
		want.attach(o)
	}
	waiting := o.pending(now)
	playing := o.playing()
	for i := range o.source.layers {
		if l := o.source.layers[i].Load(); l != nil && l != want && l != playing {
			l.detach(o)
		}
	}
	if waiting != nil {
		waiting.askKeyframe(now)
	}
}

// pick chooses the layer for a seat's picture: the smallest live one that
// fills its tile; nil for a seat whose picture nobody looks at.
func (r *Room) pick(p *Participant, st *seat, now time.Time) *layer {
	src := st.video.source
	if src == nil || !st.wanted || !src.isOn() {
		return nil
	}
	height := 0
	for _, t := range p.view {
		if r.numbers[t.Participant] == st.occupant.Participant && (t.Source == Screen) == st.occupant.Screen {
			height = max(height, t.Height)
		}
	}
	layers := make([]seating.Layer, maxLayers)
	current := -1
	playing := st.video.playing()
	for i := range layers {
		l := src.layers[i].Load()
		if l == nil {
			continue
		}
		layers[i] = seating.Layer{Height: int(l.height.Load()), Live: l.live(now)}
		if layers[i].Height == 0 {
			layers[i].Height = defaultHeights[i]
		}
		if l == playing {
			current = i
		}
	}
	return layerAt(src, seating.PickLayer(layers, height, current))
}

func layerAt(s *source, index int) *layer {
	if s == nil || index < 0 {
		return nil
	}
	return s.layers[index].Load()
}

// news returns the participant's seat table if it differs from the one told
// last, or if a seat waits for an epoch that was not told yet.
func (p *Participant) news() (news, bool) {
	table := make([]SeatRow, len(p.seats))
	due := false
	for i, st := range p.seats {
		due = due || st.gate > p.epoch
		owner := p.room.members[st.occupant.Participant]
		if owner == nil {
			continue
		}
		row := SeatRow{Participant: owner.id, Source: halves(st.occupant).video}
		row.Video = st.wanted && st.video.source.isOn()
		row.From, row.HasFrom = st.video.first()
		table[i] = row
	}
	if !due && slices.Equal(table, p.table) {
		return news{}, false
	}
	p.table = table
	p.epoch++
	return news{participant: p.id, epoch: p.epoch, table: table}, true
}

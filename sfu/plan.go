package sfu

import (
	"slices"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/seating"
)

// smallRoom is how many open microphones a room may have for all of them to
// be forwarded, speaking or not.
const smallRoom = 8

// defaultHeights stand in for a layer's height until its first keyframe:
// quarter, half and full of 720p.
var defaultHeights = [maxLayers]int{180, 360, 720}

// replayBurst is about how many packets are replayed from rings after one
// plan. When a room of hundreds turns to somebody, the rest follows planPause
// later: the room's goroutine has its clocks to keep, and what is sent in one
// burst is lost in one.
const replayBurst = 500

// news is a seat table somebody has to be told.
type news struct {
	participant string
	epoch       int64
	table       []SeatRow
}

// planning is what one plan leaves for the next. It is guarded by the room's
// mutex.
type planning struct {
	known       int64 // Room.changes as of offers
	offers      map[uint32]seating.Offer
	givers      []*Participant // who publishes anything
	microphones int
	sights      int64 // rises when a layer came, went, woke, fell silent or changed its height
	sharing     sharing
	told        []news
	starts      []start
	mixed       bool      // who is there changed, or what they can decode
	fashioned   time.Time // when to look at that again
}

// start is an output that waits for a keyframe.
type start struct {
	out   *output
	layer *layer
	early bool // only ask: the page has not cleared the seat
}

// plan seats everybody anew from what they want, who is audible and who
// publishes what, and tells whose table changed. Who can't be concerned by
// what changed since the last plan is passed over. What may wait for a socket,
// replayed keyframes and RTCP, happens without the room's mutex, which joins
// need.
func (r *Room) plan(now time.Time) {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return
	}
	r.plans.told, r.plans.starts = r.plans.told[:0], r.plans.starts[:0]
	r.survey(now)
	for _, p := range r.members {
		r.replan(p, now)
	}
	wanted := r.demands(now)
	fashions := r.fashions(now)
	r.mu.Unlock()
	for _, f := range fashions {
		r.obs.CodecWanted(f.participant, f.source, f.codec)
	}
	for _, w := range wanted {
		r.obs.LayersWanted(w.participant, w.source, w.layers)
	}
	for _, n := range r.plans.told {
		r.obs.SeatsChanged(n.participant, n.epoch, n.table)
	}
	r.begin(now)
}

// begin starts the outputs whose keyframe is at hand, and asks for the others'.
func (r *Room) begin(now time.Time) {
	sent := 0
	for _, s := range r.plans.starts {
		if s.early {
			s.layer.askKeyframe(now)
			continue
		}
		n, ask := s.out.catchUp(s.layer, now)
		if ask {
			s.layer.askKeyframe(now)
		}
		if sent += n; sent > replayBurst {
			r.wakeUp()
			return
		}
	}
}

// survey finds out what everybody publishes, if that changed, and what became
// of the layers.
func (r *Room) survey(now time.Time) {
	at := &r.plans
	if changes := r.changes.Load(); changes != at.known || at.offers == nil {
		at.known = changes
		at.sights++
		r.publishing()
	}
	for _, p := range at.givers {
		for _, s := range p.every {
			if s.isOn() && s.look(now) {
				at.sights++
			}
		}
	}
}

// publishing lists what everybody publishes, and counts open microphones.
func (r *Room) publishing() {
	at := &r.plans
	at.offers, at.givers, at.microphones = make(map[uint32]seating.Offer, len(at.givers)), at.givers[:0], 0
	for number, p := range r.members {
		o := seating.Offer{
			Camera: p.sources[Camera].isOn(), Microphone: p.sources[Microphone].isOn(),
			Screen: p.sources[Screen].isOn(), ScreenAudio: p.sources[ScreenAudio].isOn(),
		}
		if o == (seating.Offer{}) {
			continue
		}
		if o.Microphone {
			at.microphones++
		}
		at.offers[number] = o
		at.givers = append(at.givers, p)
	}
}

// replan seats one subscriber and chooses its layers, as far as there is
// reason to.
func (r *Room) replan(p *Participant, now time.Time) {
	stirred := p.stirred.Swap(false)
	reseat := p.seated != r.plans.known || p.asked
	if !reseat && !stirred && !p.waiting && p.aimed == r.plans.sights && now.Before(p.due) {
		return
	}
	if reseat {
		p.seated, p.asked = r.plans.known, false
		r.seat(p)
	}
	p.aimed = r.plans.sights
	r.aim(p, now)
	if n, changed := p.news(); changed {
		r.plans.told = append(r.plans.told, n)
	}
}

// seat decides who sits where for one subscriber and moves them.
func (r *Room) seat(p *Participant) {
	r.resolve(p)
	wanted := seating.Wanted(seating.Room{
		Self: p.number, Tiles: p.tiles, Floor: r.audible, Publishing: r.plans.offers, SmallRoom: r.small(),
	})
	before := make([]seating.Occupant, len(p.seats))
	for i, st := range p.seats {
		if src := st.video.source; src != nil && r.members[st.occupant.Participant] != src.owner {
			r.move(p, st, seating.Occupant{}) // left; the number may be somebody else's by now
		}
		before[i] = st.occupant
	}
	after := seating.Assign(before, wanted, r.plans.offers)
	for i, st := range p.seats {
		if after[i] != before[i] {
			r.move(p, st, after[i])
		}
		st.wanted = slices.ContainsFunc(p.tiles, func(t seating.Tile) bool { return t.Occupant == st.occupant })
	}
}

func (r *Room) small() bool { return r.plans.microphones <= smallRoom }

// resolve puts a subscriber's view in the numbers of those who are there.
func (r *Room) resolve(p *Participant) {
	p.tiles = p.tiles[:0]
	for _, t := range p.view {
		if number, ok := r.numbers[t.Participant]; ok && number != p.number {
			p.tiles = append(p.tiles, seating.Tile{
				Occupant: seating.Occupant{Participant: number, Screen: t.Source == Screen}, Height: t.Height,
			})
		}
	}
}

// move puts somebody else on a seat. If a picture may stand there, it is not
// replaced before the page has acknowledged the table that takes it away.
func (r *Room) move(p *Participant, st *seat, to seating.Occupant) {
	if st.occupant != (seating.Occupant{}) {
		st.gate = p.epoch + 1
	}
	st.vacate()
	st.occupant, st.standing, st.choice = to, bandwidth.Standing{}, rung{}
	owner := r.members[to.Participant]
	if owner == nil {
		return
	}
	st.audio.sit(owner.sources[halves(to).audio], 0)
	st.video.sit(owner.sources[halves(to).video], st.gate)
}

// vacate takes whoever sits on st away.
func (st *seat) vacate() {
	st.ask(-1)
	st.audio.sit(nil, 0)
	st.video.sit(nil, 0)
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
// notes the keyframes that are missing. In a large room silent microphones
// are not forwarded.
func (r *Room) aim(p *Participant, now time.Time) {
	reserve := 0
	for _, st := range p.seats {
		sound := layerAt(st.audio.source, 0)
		if !r.small() && !st.occupant.Screen && !slices.Contains(r.audible, st.occupant.Participant) {
			sound = nil
		}
		if sound != nil {
			reserve += rung{layer: sound}.bitrate(now)
		}
		st.audio.aim(rung{layer: sound})
	}
	r.share(p, max(reserve, soundReserve), now)
	p.waiting = false
	for _, st := range p.seats {
		st.video.aim(st.choice)
		r.await(p, st.video)
	}
}

// await notes that an output needs a keyframe, if it does. For a seat that the
// page has not cleared one is asked for once ahead: the page may take its
// time, or never answer.
func (r *Room) await(p *Participant, o *output) {
	l, open := o.pending()
	if l == nil {
		return
	}
	p.waiting = true
	if open || !o.early {
		r.plans.starts = append(r.plans.starts, start{out: o, layer: l, early: !open})
	}
	o.early = o.early || !open
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
		row.Undecodable = st.blind && st.wanted && st.video.source.isOn()
		row.Video = st.wanted && st.video.source.isOn() && !row.Undecodable
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

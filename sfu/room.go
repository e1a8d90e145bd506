package sfu

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"plenum/sfu/floor"
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// How often a room looks after itself.
const (
	tickEvery   = 100 * time.Millisecond // keyframe requests that are due, layers that fell silent
	rankEvery   = 2                      // ticks between rankings of the floor
	reportEvery = 10                     // ticks between one participant's RTCP reports
)

// planPause is the least time between two plans, so that a burst of joins in
// a large room costs one plan.
const planPause = 5 * time.Millisecond

// maxBlocks is how many reports one RTCP packet holds (RFC 3550 section 6.4.1).
const maxBlocks = 31

// A Room forwards media between its participants.
type Room struct {
	id   string
	sfu  *SFU
	obs  Observer
	log  *slog.Logger
	wake chan struct{} // holds at most one; never closed
	lack chan struct{} // the same: packets are missing
	stop context.CancelFunc
	done chan struct{} // closed when run has ended
	taps atomic.Pointer[[]*tap]

	floorMu sync.Mutex // guards floor
	floor   *floor.Floor
	unheard atomic.Bool // the floor changed and was not ranked since

	changes atomic.Int64 // counts what may change where anybody sits

	sentBytes atomic.Uint64 // of payload, to seats

	mu      sync.Mutex // guards what follows
	members map[uint32]*Participant
	numbers map[string]uint32
	joining sync.WaitGroup
	audible []uint32
	plans   planning
	closed  bool
	endOnce sync.Once
}

// NewRoom returns an empty room. The caller must Close it.
func (s *SFU) NewRoom(id string, obs Observer) *Room {
	ctx, stop := context.WithCancel(context.Background()) //nolint:forbidigo // the room outlives every call; Close ends it
	r := &Room{
		id: id, sfu: s, obs: obs, log: s.log.With("room", id), wake: make(chan struct{}, 1), lack: make(chan struct{}, 1),
		stop: stop, done: make(chan struct{}), floor: floor.New(floor.Config{Size: s.cfg.Audible}),
		members: map[uint32]*Participant{}, numbers: map[string]uint32{},
	}
	r.taps.Store(&[]*tap{})
	s.mu.Lock()
	s.rooms[r] = struct{}{}
	s.mu.Unlock()
	go r.run(ctx)
	return r
}

// Join answers an offer and seats the participant. It returns ErrBadOffer for
// an offer that can't be answered, ErrClosed after Close.
func (r *Room) Join(ctx context.Context, e Entry) (p *Participant, answer string, err error) {
	p = newParticipant(r, e)
	if err := r.admit(p); err != nil {
		return nil, "", err
	}
	defer r.joining.Done()
	if p.conn, err = r.sfu.conns.New(p, r.log.With("participant", p.id)); err != nil {
		return nil, "", fmt.Errorf("join %s as %s: %w", r.id, e.ID, err)
	}
	if answer, err = p.answer(ctx, e.Offer, e.Sources); err != nil {
		p.end()
		return nil, "", fmt.Errorf("join %s as %s: %w", r.id, e.ID, err)
	}
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		p.end()
		return nil, "", ErrClosed
	}
	r.members[p.number], r.numbers[p.id] = p, p.number
	r.plans.mixed = true
	r.mu.Unlock()
	r.wakeUp()
	return p, answer, nil
}

// admit checks that p may come in and makes Close wait for its joining.
func (r *Room) admit(p *Participant) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return ErrClosed
	}
	if _, taken := r.members[p.number]; taken || p.number == 0 {
		return fmt.Errorf("participant number %d is taken", p.number)
	}
	if _, taken := r.numbers[p.id]; taken {
		return fmt.Errorf("participant %s is in the room", p.id)
	}
	r.joining.Add(1)
	return nil
}

// remove takes p out of the room and reports whether it was there.
func (r *Room) remove(p *Participant) bool {
	r.mu.Lock()
	was := r.members[p.number] == p
	if was {
		r.forget(p)
	}
	r.mu.Unlock()
	if was {
		for _, s := range p.sources {
			s.set(func() { s.on = false })
		}
		r.silenced(p)
		if p.gave.Load() {
			r.changed()
		}
	}
	return was
}

// forget drops p from the tables and from every layer it receives. The room's
// mutex is held.
func (r *Room) forget(p *Participant) {
	p.left, r.plans.mixed = true, true
	delete(r.members, p.number)
	delete(r.numbers, p.id)
	for _, st := range p.seats {
		st.vacate()
	}
}

// Close ends the room and every participant in it. It waits for their goroutines.
func (r *Room) Close() {
	r.endOnce.Do(func() {
		r.mu.Lock()
		r.closed = true
		all := make([]*Participant, 0, len(r.members))
		for _, p := range r.members {
			all = append(all, p)
		}
		for _, p := range all {
			r.forget(p)
		}
		r.mu.Unlock()
		r.joining.Wait()
		var closing sync.WaitGroup
		for _, p := range all {
			closing.Go(p.end)
		}
		closing.Wait()
		r.stop()
		<-r.done
		r.sfu.mu.Lock()
		delete(r.sfu.rooms, r)
		r.sfu.mu.Unlock()
	})
}

func (r *Room) size() int { return len(r.all()) }

// changed makes the room seat everybody anew soon.
func (r *Room) changed() {
	r.changes.Add(1)
	r.wakeUp()
}

// wakeUp makes the room plan its seats soon.
func (r *Room) wakeUp() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// hurry makes the room look for missing packets every paceEvery, until none is.
func (r *Room) hurry() {
	select {
	case r.lack <- struct{}{}:
	default:
	}
}

// run is the room's own goroutine: it plans seats and keeps the clocks.
func (r *Room) run(ctx context.Context) {
	defer close(r.done)
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	pacer := time.NewTicker(paceEvery)
	defer pacer.Stop()
	for n := 1; ; {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
			now := time.Now()
			if r.unheard.Swap(false) {
				r.rank(now)
			}
			r.plan(now)
			pause.Reset(planPause)
			select {
			case <-ctx.Done():
				return
			case <-pause.C:
			}
		case now := <-ticker.C:
			r.tick(now, n)
			n++
			pacer.Reset(paceEvery) // a plan may have begun a probe
		case <-r.lack:
			pacer.Reset(paceEvery)
		case now := <-pacer.C:
			if !r.pace(now) {
				pacer.Stop()
			}
		}
	}
}

// tick does what is due n ticks after the start.
func (r *Room) tick(now time.Time, n int) {
	if n%rankEvery == 0 {
		r.rank(now)
	}
	r.plan(now)
	members := r.all()
	for _, p := range members {
		if p.gave.Load() {
			for _, s := range p.every {
				for i := range s.layers {
					if l := s.layers[i].Load(); l != nil {
						l.tick(now)
					}
				}
			}
		}
		if (n+int(p.number))%reportEvery == 0 { // spread: a burst to a large room is lost as one
			p.report(now)
		}
	}
}

func (r *Room) all() []*Participant {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*Participant, 0, len(r.members))
	for _, p := range r.members {
		all = append(all, p)
	}
	return all
}

// report sends the participant what RTCP owes it: reports on what it
// publishes, and the server's clock on what it receives.
func (p *Participant) report(now time.Time) {
	if !p.up.Load() {
		return
	}
	var blocks []transport.Block
	for _, s := range p.every {
		for i := range s.layers {
			if l := s.layers[i].Load(); l != nil {
				if b, ok := l.block(now); ok {
					blocks = append(blocks, b)
				}
			}
		}
	}
	for part := range slices.Chunk(blocks, maxBlocks) {
		p.conn.ReceiverReport(part)
	}
	p.room.mu.Lock()
	seats := slices.Clone(p.seats)
	p.room.mu.Unlock()
	for _, st := range seats {
		st.audio.report(now)
		st.video.report(now)
	}
}

// heard takes a microphone packet's level to the floor.
func (r *Room) heard(p *Participant, pkt *packet.Packet) {
	if !pkt.HasLevel {
		return
	}
	r.floorMu.Lock()
	entered := p.sources[Microphone].flows() && // it may have been silenced since
		r.floor.Level(p.number, pkt.Level, pkt.Voice, pkt.Arrival)
	r.floorMu.Unlock()
	if entered {
		r.unheard.Store(true)
		r.wakeUp()
	}
}

// silenced takes a participant off the floor at once.
func (r *Room) silenced(p *Participant) {
	r.floorMu.Lock()
	was := r.floor.Remove(p.number)
	r.floorMu.Unlock()
	if was {
		r.unheard.Store(true)
		r.wakeUp()
	}
}

// rank asks who is audible now and tells the observer when that changed. Only
// the room's goroutine calls it, so that nothing older is told last.
func (r *Room) rank(now time.Time) {
	r.floorMu.Lock()
	order, changed := r.floor.Rank(now)
	r.floorMu.Unlock()
	if !changed {
		return
	}
	r.mu.Lock()
	r.audible = order
	r.changes.Add(1)
	ids := make([]string, 0, len(order))
	for _, number := range order {
		if p := r.members[number]; p != nil {
			ids = append(ids, p.id)
		}
	}
	r.mu.Unlock()
	r.obs.FloorChanged(ids)
}

// RequestKeyframe asks a publisher for a keyframe of one layer of a video
// source; requests are merged to one per 500 ms.
func (r *Room) RequestKeyframe(participant string, source Source, index int) {
	r.mu.Lock()
	p := r.members[r.numbers[participant]]
	r.mu.Unlock()
	if p == nil || p.sources[source] == nil || index < 0 || index >= maxLayers {
		return
	}
	if l := p.sources[source].layers[index].Load(); l != nil && l.video {
		l.askKeyframe(time.Now())
	}
}

package sfu

import (
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// slow is a watcher whose first news of the floor takes until it is let go.
type slow struct {
	*watcher
	first      atomic.Bool
	told, free chan struct{}
}

func (s *slow) FloorChanged(ids []string) {
	if s.first.CompareAndSwap(false, true) {
		close(s.told)
		<-s.free
	}
	s.watcher.FloorChanged(ids)
}

func (r still) voice() *packet.Packet {
	return &packet.Packet{Level: 10, Voice: true, HasLevel: true, Arrival: time.Now()}
}

// Two who begin to speak at once are both told and heard, in whatever order
// their packets come through.
func TestTheFloorIsToldInOrder(t *testing.T) {
	w := &slow{watcher: newWatcher(), told: make(chan struct{}), free: make(chan struct{})}
	s := &SFU{cfg: Config{}.withDefaults(), log: slog.New(slog.DiscardHandler), media: media{conns: wires{seats: 1}}, pool: &packet.Pool{}, rooms: map[*Room]struct{}{}}
	r := still{t: t, w: w.watcher, Room: s.NewRoom("r", w)}
	defer r.Close()
	ann, _ := r.enter("ann", 1)
	bo, _ := r.enter("bo", 2)
	ann.SetSource(Microphone, true, false)
	bo.SetSource(Microphone, true, false)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.heard(ann, r.voice())
	}()
	<-w.told
	r.heard(bo, r.voice())
	close(w.free)
	<-done
	eventually(t, "both on the floor", func() bool { return len(w.audible()) == 2 })
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.audible, []uint32{1, 2}) {
		t.Errorf("the plan goes by %v", r.audible)
	}
}

// A packet that was on its way when its sender fell silent brings nobody back.
func TestALatePacketTakesNoPlaceOnTheFloor(t *testing.T) {
	r := newStill(t)
	for name, fall := range map[string]func(*Participant){
		"muted": func(p *Participant) { p.SetSource(Microphone, true, true) },
		"off":   func(p *Participant) { p.SetSource(Microphone, false, false) },
		"held":  func(p *Participant) { p.Pause(true) },
		"lost":  func(p *Participant) { p.StateChanged(transport.Interrupted) },
		"left":  func(p *Participant) { p.Leave() },
	} {
		p, _ := r.enter(name, 7)
		p.SetSource(Microphone, true, false)
		r.heard(p, r.voice())
		fall(p)
		r.heard(p, r.voice())
		if r.floor.Audible(p.number) {
			t.Errorf("%s: still on the floor", name)
		}
		p.Leave()
	}
}

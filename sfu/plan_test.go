package sfu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"plenum/sfu/transport"
)

// Numbers and ids are unique in a room, but only among those who are there.
// Who takes over a number or an id of somebody who left between two plans must
// not sit down under it unseen.
func TestASeatIsClearedForWhoTakesOverANumberOrAnID(t *testing.T) {
	for name, heir := range map[string]struct {
		id     string
		number uint32
	}{
		"the number": {"cy", 2},
		"the id":     {"bo", 3},
		"both":       {"bo", 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := newStill(t)
			ann, got := r.enter("ann", 1, camera("bo", "cy")...)
			bo, _ := r.enter("bo", 2)
			in := r.camera(bo)
			r.plan(time.Now())
			r.shoot(in, 1, true)
			_, before := r.w.rows("ann")

			bo.Leave()
			next, _ := r.enter(heir.id, heir.number)
			in = r.camera(next)
			r.plan(time.Now())
			r.shoot(in, 1, true)
			rows, epoch := r.w.rows("ann")
			if epoch == before || rows[0].Participant != heir.id || rows[0].HasFrom {
				t.Fatalf("ann was told %+v in epoch %d after %d", rows, epoch, before)
			}
			if n := len(got.sent[0].written()); n != 1 {
				t.Fatalf("%d pictures were sent before ann cleared the seat", n)
			}
			ann.AckSeats(epoch)
			r.plan(time.Now())
			r.shoot(in, 2, true)
			if n := len(got.sent[0].written()); n < 2 {
				t.Error("the seat stays black once it is cleared")
			}
			r.plan(time.Now())
			if rows, _ := r.w.rows("ann"); !rows[0].HasFrom {
				t.Error("ann was not told when to show the picture")
			}
		})
	}
}

// stuck is a sender that takes nothing until it is let go.
type stuck struct {
	sink
	held, free chan struct{}
}

func (s stuck) Write(transport.Header, []byte) {
	s.held <- struct{}{}
	<-s.free
}

// A socket that takes nothing holds up who writes to it, and nobody else: not
// the plan, and so no join.
func TestAStuckSocketHoldsUpNoJoin(t *testing.T) {
	r := newStill(t)
	ann, _ := r.enter("ann", 1, camera("bo")...)
	bo, _ := r.enter("bo", 2)
	s := stuck{held: make(chan struct{}), free: make(chan struct{})}
	ann.seats[0].video.sender = s
	in := r.camera(bo)
	r.plan(time.Now())
	var writing sync.WaitGroup
	writing.Go(func() { r.shoot(in, 1, true) })
	<-s.held

	done := make(chan struct{})
	go func() {
		defer close(done)
		ann.SetView(camera("cy"))
		r.plan(time.Now())
		cy, _ := r.enter("cy", 3, camera("bo")...)
		r.camera(cy)
		r.plan(time.Now())
	}()
	select {
	case <-done:
	case <-time.After(patience):
		t.Error("the plan waits for a socket")
	}
	close(s.free)
	writing.Wait()
	<-done
	if rows, _ := r.w.rows("ann"); rows[0].Participant != "cy" {
		t.Errorf("ann was told %+v, want cy's seat", rows)
	}
}

// What a plan passes over must be what did not change: whatever happens, the
// next plan comes to the seats that planning everybody anew would.
func TestAPlanPassesOverOnlyWhatDidNotChange(t *testing.T) {
	r := newStill(t)
	rng := rand.New(rand.NewPCG(4, 2))
	const people = 12
	all := make([]*Participant, people)
	for i := range all {
		all[i], _ = r.enter(fmt.Sprint(i), uint32(i+1))
	}
	now := time.Now()
	for step := range 2000 {
		p := all[rng.IntN(people)]
		switch rng.IntN(7) {
		case 0:
			p.SetView(camera(fmt.Sprint(rng.IntN(people)), fmt.Sprint(rng.IntN(people))))
		case 1, 2:
			p.SetSource([]Source{Camera, Microphone, Screen}[rng.IntN(3)], rng.IntN(3) > 0, rng.IntN(2) == 0)
		case 3:
			p.Pause(rng.IntN(2) == 0)
		case 4:
			p.Incoming(transport.Track{Mid: "1", Layer: rng.IntN(maxLayers), SSRC: rng.Uint32(), Mime: "video/VP8", ClockRate: 90000})
		case 5:
			p.AckSeats(p.epoch)
		case 6:
			i := int(p.number) - 1
			p.Leave()
			all[i], _ = r.enter(p.id, p.number, camera(fmt.Sprint(rng.IntN(people)))...)
		}
		now = now.Add(20 * time.Millisecond)
		r.plan(now)
		before := places(all)
		r.changes.Add(1)
		r.plan(now)
		if after := places(all); !slices.Equal(before, after) {
			t.Fatalf("step %d: a plan passed over a change:\n%v\n%v", step, before, after)
		}
	}
}

// places lists who sits where and what is to be forwarded.
func places(all []*Participant) (rows []string) {
	for _, p := range all {
		for i, st := range p.seats {
			target := -1
			if l := st.video.target.Load(); l != nil {
				target = l.stream.Layer
			}
			rows = append(rows, fmt.Sprint(p.id, ".", i, ": ", st.occupant, " at ", target, " sound ", st.audio.target.Load() != nil))
		}
	}
	return rows
}

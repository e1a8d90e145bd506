package signaling

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plenum/signaling/protocol"
)

// visitor is a page that keeps its roster from what it is told, through broken
// sockets.
type visitor struct {
	*client
	h      *harness
	rng    *rand.Rand
	seq    int64
	roster map[string]protocol.Participant
	texts  int // chat lines seen
}

func (v *visitor) enter(name string) {
	v.client = v.h.join(name)
	v.seq, v.roster = v.me.Seq, map[string]protocol.Participant{}
	for _, p := range v.me.Roster {
		v.roster[p.ID] = p
	}
	v.texts = len(v.me.Chat)
}

// read takes in one message.
func (v *visitor) read(msg any) error {
	next := func(seq int64) error {
		if seq != v.seq+1 {
			return fmt.Errorf("%s got event %d after %d", v.me.Participant, seq, v.seq)
		}
		v.seq = seq
		return nil
	}
	switch m := msg.(type) {
	case protocol.Roster:
		for _, p := range m.Changed {
			v.roster[p.ID] = p
		}
		for _, id := range m.Left {
			delete(v.roster, id)
		}
		return next(m.Seq)
	case protocol.Chat:
		v.texts++
		return next(m.Seq)
	case protocol.Recording:
		return next(m.Seq)
	case protocol.Room:
		return next(m.Seq)
	case protocol.Error, error:
		return fmt.Errorf("%s got %+v", v.me.Participant, m)
	}
	return nil
}

// until reads until ok holds.
func (v *visitor) until(ok func() bool) error {
	for deadline := time.After(patience); !ok(); {
		select {
		case msg, open := <-v.inbox:
			if !open {
				return fmt.Errorf("%s lost its socket", v.me.Participant)
			}
			if err := v.read(msg); err != nil {
				return err
			}
		case <-deadline:
			return fmt.Errorf("%s waited in vain at event %d", v.me.Participant, v.seq)
		}
	}
	return nil
}

// visit does a number of random things.
func (v *visitor) visit(steps int) error {
	for range steps {
		switch v.rng.IntN(5) {
		case 0:
			v.lose()
			v.client = v.h.resume(v.client, v.seq)
		case 1:
			v.send(protocol.Publish{Source: protocol.Microphone, On: true, Muted: v.rng.IntN(2) == 0})
		case 2:
			v.send(protocol.Publish{Source: protocol.Camera, On: v.rng.IntN(2) == 0})
		default:
			before := v.texts
			v.send(protocol.SendChat{Text: "x"})
			if err := v.until(func() bool { return v.texts > before }); err != nil {
				return err
			}
		}
	}
	return nil
}

// TestCrowd lets pages come, lose their sockets and change things all at once.
// In the end all know the same roster, and none has missed an event.
func TestCrowd(t *testing.T) {
	h := newHarness(t, Config{MessagesPerSecond: 1e6})
	const crowd, steps = 8, 40
	visitors := make([]*visitor, crowd)
	errs := make([]error, crowd)
	var wg sync.WaitGroup
	for i := range visitors {
		v := &visitor{h: h, rng: rand.New(rand.NewPCG(uint64(i), 7))}
		visitors[i] = v
		v.enter(fmt.Sprint("visitor ", i))
		wg.Go(func() { errs[i] = v.visit(steps) })
	}
	wg.Wait()
	visitors[0].send(protocol.SendChat{Text: "the end"})
	for i, v := range visitors {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		settled := func() bool {
			snap, _ := h.hub.Live(h.room.ID)
			want := rosterRows(snap.Participants)
			return len(want) == crowd && cmp.Equal(want, v.rows()) &&
				!slices.ContainsFunc(want, func(p protocol.Participant) bool { return !p.Connected })
		}
		if err := v.until(settled); err != nil {
			t.Fatal(err)
		}
	}
}

// rows returns the visitor's roster in order of joining.
func (v *visitor) rows() []protocol.Participant {
	rows := make([]protocol.Participant, 0, len(v.roster))
	for _, p := range v.roster {
		rows = append(rows, p)
	}
	slices.SortFunc(rows, func(a, b protocol.Participant) int { return int(a.Number) - int(b.Number) })
	return rows
}

package sfu

import (
	"testing"
	"time"
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

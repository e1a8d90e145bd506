package sfu

import (
	"sync"
	"testing"

	"plenum/sfu/transport"
)

// A link that comes up in the moment signalling comes back leaves nothing paused.
func TestLinkAndPauseEndTogether(t *testing.T) {
	r := newStill(t)
	bo, _ := r.enter("bo", 2)
	bo.SetSource(Camera, true, false)
	for i := range 3000 {
		bo.Pause(true)
		bo.StateChanged(transport.Interrupted)
		var both sync.WaitGroup
		both.Go(func() { bo.Pause(false) })
		both.Go(func() { bo.StateChanged(transport.Up) })
		both.Wait()
		if !bo.sources[Camera].flows() {
			t.Fatalf("round %d: the camera does not flow though nothing holds it", i)
		}
	}
}

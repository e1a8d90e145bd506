package sfu

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/webrtc/v4"
)

// An ICE restart loses what is sent at that moment, so a picture begins anew
// with its last keyframe after it: once, though Pion tells both that the
// connection is up and that it goes another way.
func TestARestartBeginsAPictureOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, w := newVirtual(t), newWatcher()
		r := v.sfu.NewRoom("restart", w)
		ann := v.lodge(r, w, "ann", 1, nil)
		bo := v.lodge(r, w, "bo", 2, camera("ann"))
		ann.p.SetSource(Camera, true, false)
		stop, filmed := make(chan struct{}), make(chan int)
		go func() { filmed <- ann.film(stop) }()
		time.Sleep(10 * time.Second)
		for n := range 5 {
			before := v.sfu.Stats().Switches
			answer, err := bo.p.Reoffer(t.Context(), bo.offer(&webrtc.OfferOptions{ICERestart: true}), map[string]Source{"0": Camera})
			must(t, err)
			bo.accept(answer)
			time.Sleep(10*time.Second + time.Duration(n)*100*time.Millisecond) // at another place between two keyframes
			if got := v.sfu.Stats().Switches - before; got != 1 {
				t.Errorf("restart %d: the picture began %d times, want once", n, got)
			}
		}
		close(stop)
		<-filmed
		bo.leave()
		ann.leave()
		r.Close()
		v.close()
		synctest.Wait()
	})
}

package sfu

import "testing"

// TestFigures has one of two rooms in which something is sent.
func TestFigures(t *testing.T) {
	s, w := newSFU(t), newWatcher()
	busy, idle := s.NewRoom("busy", w), s.NewRoom("idle", newWatcher())
	defer idle.Close()
	ann := join(t, busy, w, "ann", 1, camera("bo"), clientOptions{seats: 1})
	bo := join(t, busy, w, "bo", 2, nil, clientOptions{seats: 1})
	if got := s.Figures(); len(got) != 2 || got["busy"] != (Figures{Participants: 2}) || got["idle"] != (Figures{}) {
		t.Errorf("before anything is sent: %+v", got)
	}
	bo.publish()
	eventually(t, "bo to be seen", func() bool { return len(ann.videoOn(0)) > 5 })
	got := s.Figures()
	if f := got["busy"]; f.Sent == 0 || f.Sent > s.Stats().ForwardedBytes || f.Loss < 0 || f.Loss > 1 {
		t.Errorf("figures %+v of the %d bytes forwarded", f, s.Stats().ForwardedBytes)
	}
	if f := got["idle"]; f != (Figures{}) {
		t.Errorf("an idle room has sent %+v", f)
	}
	busy.Close()
	if got := s.Figures(); len(got) != 1 {
		t.Errorf("after a room was closed: %+v", got)
	}
}

package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"plenum/api"
	"plenum/sfu"
)

func TestFigures(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	var rooms map[string]sfu.Figures
	var cpu time.Duration
	f := newFigures(func() map[string]sfu.Figures { return rooms }, func() time.Time { return at })
	f.used = func() time.Duration { return cpu }
	look := func(now map[string]sfu.Figures) {
		rooms = now
		f.take()
		at = at.Add(figuresEvery)
	}
	look(nil) // where counting begins
	if got := f.Server(); len(got) != 0 {
		t.Errorf("after one look: %+v", got)
	}
	cpu += figuresEvery / 100
	look(map[string]sfu.Figures{"a": {Participants: 3, Sent: 5_000_000, Loss: 0.2}, "b": {Participants: 1, Sent: 10}})
	look(map[string]sfu.Figures{"a": {Participants: 3, Sent: 5_625_000, Loss: 0.2}, "b": {Participants: 1, Sent: 10}})
	look(map[string]sfu.Figures{"a": {Participants: 2, Sent: 100}}) // a came to life anew: what it sent before is not known
	ignore := cmpopts.IgnoreFields(api.Figure{}, "At", "CPU")
	near := cmpopts.EquateApprox(0, 1e-9)
	wantServer := []api.Figure{
		{Rooms: 2, People: 4, Loss: 0.15},
		{Rooms: 2, People: 4, Loss: 0.15, Bitrate: 1_000_000},
		{Rooms: 1, People: 2},
	}
	if diff := cmp.Diff(wantServer, f.Server(), ignore, near); diff != "" {
		t.Errorf("the server (-want +got):\n%s", diff)
	}
	wantRoom := []api.Figure{
		{Rooms: 1, People: 3, Loss: 0.2}, {Rooms: 1, People: 3, Loss: 0.2, Bitrate: 1_000_000}, {Rooms: 1, People: 2},
	}
	if diff := cmp.Diff(wantRoom, f.Room("a"), ignore, near); diff != "" {
		t.Errorf("room a (-want +got):\n%s", diff)
	}
	if got := f.Room("b"); len(got) != 0 {
		t.Errorf("a room that is over: %+v", got)
	}
	if got := f.Server()[0].CPU; got <= 0 || got > 0.01 {
		t.Errorf("a hundredth of one processor is %v", got)
	}
	for range 2 * figuresKept {
		look(nil)
	}
	if got := f.Server(); len(got) != figuresKept {
		t.Errorf("%d figures are kept, want %d", len(got), figuresKept)
	}
}

// TestProcessorTime computes until the process has a figure for it.
func TestProcessorTime(t *testing.T) {
	used := processorTime()
	before := used()
	for deadline := time.Now().Add(10 * time.Second); used() <= before; {
		if time.Now().After(deadline) {
			t.Fatalf("no processor time was counted beside %v", before)
		}
	}
}

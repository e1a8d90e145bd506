package meeting

import (
	"errors"
	"testing"
	"time"

	"plenum/rooms"
)

func TestLobbyStates(t *testing.T) {
	m := newMeeting(Config{Capacity: 2, ResumeWindow: 10 * time.Second})
	enter(t, m, "Ann", Host)
	bo, err := m.Knock(start, "Bo", Speaker)
	if err != nil || bo != "p2" {
		t.Fatalf("Bo waits as %q, %v", bo, err)
	}
	cy, _ := m.Knock(start, "Cy", Audience)
	if _, err := m.Knock(start, "Dee", Speaker); !errors.Is(err, ErrLobbyFull) {
		t.Errorf("a third in a lobby for two: %v", err)
	}
	if _, ok := m.TakeIn(bo); ok {
		t.Error("taken in without a host's word")
	}
	if known, err := m.LetIn(start, bo); !known || err != nil {
		t.Errorf("let in: %v, %v", known, err)
	}
	if known, err := m.LetIn(start, cy); !known || !errors.Is(err, ErrFull) {
		t.Errorf("a third into a room for two: %v, %v", known, err)
	}
	if _, _, err := m.Admit("Eve", Speaker); !errors.Is(err, ErrFull) {
		t.Errorf("somebody takes the place of who was admitted: %v", err)
	}
	if rows, _ := m.Lobby(); len(rows) != 1 || rows[0].ID != cy {
		t.Errorf("still to be admitted: %+v", rows)
	}
	n, ok := m.TakeIn(bo)
	if !ok || n != 2 {
		t.Fatalf("taken in as %d, %v", n, ok)
	}
	m.PutBack(start.Add(time.Second), bo)
	if gone := m.ExpireLobby(start.Add(10 * time.Second)); gone != nil {
		t.Errorf("given up too early: %v", gone)
	}
	m.WaiterBack(start.Add(10*time.Second), bo)
	if _, ok := m.TakeIn(bo); !ok {
		t.Error("not taken in after the break")
	}
	m.Enter(start, bo)
	if p, _ := m.Participant(bo); p.Number != 2 || p.Name != "Bo" {
		t.Errorf("Bo is %+v", p)
	}
}

func TestLobbyGivesUp(t *testing.T) {
	m := newMeeting(Config{ResumeWindow: 10 * time.Second})
	lost, _ := m.Knock(start, "Lost", Speaker)
	idle, _ := m.Knock(start, "Idle", Speaker) // admitted, and brings no offer
	stays, _ := m.Knock(start, "Stays", Speaker)
	m.WaiterLost(start, lost)
	if _, err := m.LetIn(start.Add(5*time.Second), idle); err != nil {
		t.Fatal(err)
	}
	if at := m.Deadline(); !at.Equal(start.Add(10 * time.Second)) {
		t.Errorf("deadline %v", at)
	}
	if gone := m.ExpireLobby(start.Add(10 * time.Second)); len(gone) != 1 || gone[0] != lost {
		t.Errorf("gone: %v", gone)
	}
	if gone := m.ExpireLobby(start.Add(15 * time.Second)); len(gone) != 1 || gone[0] != idle {
		t.Errorf("gone: %v", gone)
	}
	if gone := m.ExpireLobby(start.Add(time.Hour)); gone != nil || m.Empty() {
		t.Errorf("who waits for an hour is gone: %v", gone)
	}
	m.Unwait(stays)
	if !m.Empty() {
		t.Error("nobody waits, and the meeting is not empty")
	}
}

func TestMay(t *testing.T) {
	strict := rooms.AudienceRules{NoChat: true, NoHands: true, NoReactions: true}
	for right, want := range map[Right][4]bool{ // host, speaker, audience, audience of a strict room
		MayPublish: {true, true, false, false}, MayChat: {true, true, true, false}, MayRaise: {true, true, true, false},
		MayReact: {true, true, true, false}, MayModerate: {true, false, false, false},
	} {
		got := [4]bool{
			may(Host, right, strict), may(Speaker, right, strict), may(Audience, right, rooms.AudienceRules{}),
			may(Audience, right, strict),
		}
		if got != want {
			t.Errorf("right %d: %v, want %v", right, got, want)
		}
	}
	if may("", MayChat, rooms.AudienceRules{}) || may("guest", MayPublish, rooms.AudienceRules{}) {
		t.Error("a role nobody has may do something")
	}
}

func TestGrace(t *testing.T) {
	m := newMeeting(Config{Grace: time.Minute})
	end := m.Info().EndsAt
	if m.Ended(end) || !m.Ended(end.Add(time.Minute)) || !m.Deadline().Equal(end.Add(time.Minute)) {
		t.Errorf("ends %v, deadline %v", end, m.Deadline())
	}
	m.Change("later", end.Add(time.Hour))
	if got := m.Info().ClosesAt; !got.Equal(end.Add(time.Hour + time.Minute)) {
		t.Errorf("closes at %v after a new end", got)
	}
}

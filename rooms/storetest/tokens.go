package storetest

import (
	"errors"
	"testing"
	"time"

	"plenum/rooms"
)

func tokens(t *testing.T, s rooms.Store) {
	anna, ben := createUser(t, s, "anna"), createUser(t, s, "ben")
	create := func(u rooms.User, hash string, expires time.Time, scopes ...rooms.Scope) rooms.Token {
		t.Helper()
		return must(s.CreateToken(t.Context(), rooms.Token{
			UserID: u.ID, UserName: u.Name, Name: "x 'y'", Hash: []byte(hash), Scopes: scopes, CreatedAt: start, ExpiresAt: expires,
		}))(t)
	}
	one := create(anna, "1\x00\xff", start.Add(time.Hour), rooms.ScopeRead, rooms.ScopePush)
	two := create(ben, "2", time.Time{}, rooms.ScopeWrite)
	if one.ID == 0 || !one.CreatedAt.Equal(ms(start)) || !one.ExpiresAt.Equal(ms(start.Add(time.Hour))) || !two.ExpiresAt.IsZero() {
		t.Errorf("made %+v and %+v", one, two)
	}
	same(t, one, must(s.TokenByHash(t.Context(), one.Hash))(t))
	same(t, two, must(s.TokenByHash(t.Context(), two.Hash))(t))
	same(t, []rooms.Token{one, two}, must(s.Tokens(t.Context(), 0))(t))
	same(t, []rooms.Token{two}, must(s.Tokens(t.Context(), ben.ID))(t))
	if err := s.DeleteToken(t.Context(), two.ID, anna.ID); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("delete of another user's: %v, want ErrNotFound", err)
	}
	for _, err := range []error{s.DeleteToken(t.Context(), one.ID, anna.ID), s.DeleteToken(t.Context(), two.ID, 0)} {
		if err != nil {
			t.Error(err)
		}
	}
	if _, err := s.TokenByHash(t.Context(), one.Hash); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("a deleted token: %v, want ErrNotFound", err)
	}
	if err := s.DeleteToken(t.Context(), one.ID, 0); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("delete of nothing: %v, want ErrNotFound", err)
	}
}

func deleteUser(t *testing.T, s rooms.Store) {
	anna, ben := createUser(t, s, "anna"), createUser(t, s, "ben")
	createRoom(t, s, room(anna, start, time.Hour))
	must(s.CreateToken(t.Context(), rooms.Token{UserID: ben.ID, Name: "x", Hash: []byte("1"), CreatedAt: start}))(t)
	if err := s.DeleteUser(t.Context(), anna.ID); !errors.Is(err, rooms.ErrInUse) {
		t.Errorf("delete of a user with a room: %v, want ErrInUse", err)
	}
	if err := s.DeleteUser(t.Context(), ben.ID); err != nil {
		t.Error(err)
	}
	if err := s.DeleteUser(t.Context(), ben.ID); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("delete of nobody: %v, want ErrNotFound", err)
	}
	if left := must(s.Tokens(t.Context(), 0))(t); len(left) != 0 {
		t.Errorf("tokens of nobody: %+v", left)
	}
	if next := createUser(t, s, "carl"); next.ID == ben.ID {
		t.Error("an id was given away again")
	}
}

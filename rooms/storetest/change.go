package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"plenum/rooms"
)

func updateRoom(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	r := room(u, start, time.Hour)
	createRoom(t, s, r)
	read := must(s.RoomByID(t.Context(), r.ID))(t)
	changed := read
	changed.Description, changed.Capacity, changed.Cancelled = "new", 7, true
	changed.Start, changed.Duration = start.Add(time.Hour), 2*time.Hour
	changed.End = changed.Start.Add(changed.Duration)
	changed.Rules = rooms.Rules{
		PasscodeHash: "$pbkdf2-sha256$2$x$y", Lobby: true, Recording: rooms.RecordOff, GuestRole: rooms.GuestAudience,
		Audience: rooms.AudienceRules{NoHands: true}, LinkEpoch: 1 << 40,
	}
	got := must(s.UpdateRoom(t.Context(), changed))(t)
	want := changed
	want.Version, want.Start, want.End = 2, ms(changed.Start), ms(changed.End)
	same(t, want, got)
	same(t, want, must(s.RoomByID(t.Context(), r.ID))(t))
	if _, err := s.UpdateRoom(t.Context(), changed); !errors.Is(err, rooms.ErrStale) {
		t.Errorf("update of an old version: %v, want ErrStale", err)
	}
	if err := s.SetRoomEnd(t.Context(), r.ID, start); err != nil {
		t.Fatal(err)
	}
	if ended := must(s.RoomByID(t.Context(), r.ID))(t); ended.Version != 3 {
		t.Errorf("setting the end makes version %d, want 3", ended.Version)
	}
}

// updateRaces has many change the same version; one may win.
func updateRaces(t *testing.T, s rooms.Store) {
	r := room(createUser(t, s, "anna"), start, time.Hour)
	createRoom(t, s, r)
	read := must(s.RoomByID(t.Context(), r.ID))(t)
	const racers = 8
	errs := make(chan error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			mine := read
			mine.Capacity = i + 1
			_, err := s.UpdateRoom(t.Context(), mine)
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	won := 0
	for err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, rooms.ErrStale):
			t.Errorf("losing the race: %v, want ErrStale", err)
		}
	}
	if won != 1 {
		t.Errorf("%d updates of the same version were done", won)
	}
}

func requestKeys(t *testing.T, s rooms.Store) {
	anna, ben := createUser(t, s, "anna"), createUser(t, s, "ben")
	key := rooms.RequestKey{UserID: anna.ID, Key: "k", Digest: []byte{1}, Until: start.Add(24 * time.Hour)}
	byKey := func(key rooms.RequestKey, now time.Time, want error) rooms.Room {
		t.Helper()
		r, err := s.RoomByKey(t.Context(), key, now)
		if !errors.Is(err, want) {
			t.Errorf("room of key %q: %v, want %v", key.Key, err, want)
		}
		return r
	}
	byKey(key, start, rooms.ErrNotFound)
	first := must(s.CreateRoomOnce(t.Context(), room(anna, start, time.Hour), key))(t)
	if first.Version != 1 || first.CreatorName != "anna" {
		t.Errorf("made %+v", first)
	}
	same(t, first, must(s.CreateRoomOnce(t.Context(), room(anna, start.Add(time.Minute), time.Hour), key))(t))
	other := key
	other.Digest = []byte{2}
	same(t, first, byKey(key, start, nil))
	byKey(other, start, rooms.ErrKeyReused)
	byKey(key, key.Until, rooms.ErrNotFound)
	if _, err := s.CreateRoomOnce(t.Context(), room(anna, start, time.Hour), other); !errors.Is(err, rooms.ErrKeyReused) {
		t.Errorf("same key for another request: %v, want ErrKeyReused", err)
	}
	bens := key
	bens.UserID = ben.ID
	if got := must(s.CreateRoomOnce(t.Context(), room(ben, start, time.Hour), bens))(t); got.ID == first.ID {
		t.Error("two users share a key")
	}
	tomorrow := start.Add(24 * time.Hour)
	other.Until = tomorrow.Add(24 * time.Hour)
	if got := must(s.CreateRoomOnce(t.Context(), room(anna, tomorrow, time.Hour), other))(t); got.ID == first.ID {
		t.Error("a key is kept for ever")
	}
	// A room that can't be stored must not use up its key.
	lost := key
	lost.Key = "lost"
	if _, err := s.CreateRoomOnce(t.Context(), first, lost); !errors.Is(err, rooms.ErrExists) {
		t.Errorf("an id that is taken: %v, want ErrExists", err)
	}
	fresh := room(anna, start, time.Hour)
	if got := must(s.CreateRoomOnce(t.Context(), fresh, lost))(t); got.ID != fresh.ID {
		t.Errorf("the key of a failed request names room %s", got.ID)
	}
}

// sameKeyTwice repeats a request while it is being done.
func sameKeyTwice(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	key := rooms.RequestKey{UserID: u.ID, Key: "k", Digest: []byte{1}, Until: start.Add(24 * time.Hour)}
	const racers = 8
	made := make(chan string, racers)
	var wg sync.WaitGroup
	for range racers {
		wg.Go(func() {
			r, err := s.CreateRoomOnce(t.Context(), room(u, start, time.Hour), key)
			if err != nil {
				t.Error(err)
			}
			made <- r.ID
		})
	}
	wg.Wait()
	close(made)
	ids := map[string]bool{}
	for id := range made {
		ids[id] = true
	}
	page, _, err := s.Rooms(t.Context(), rooms.RoomFilter{})
	if len(ids) != 1 || err != nil || len(page) != 1 {
		t.Errorf("%d rooms are stored and %d answered, want one (%v)", len(page), len(ids), err)
	}
}

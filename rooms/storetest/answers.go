package storetest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"plenum/rooms"
)

func answers(t *testing.T, s rooms.Store) {
	anna, ben := createUser(t, s, "anna"), createUser(t, s, "ben")
	key := rooms.RequestKey{UserID: anna.ID, Key: "k", Digest: []byte{1}, Until: start.Add(24 * time.Hour)}
	claim := func(key rooms.RequestKey, now time.Time, want string, wantErr error) {
		t.Helper()
		got, err := s.ClaimAnswer(t.Context(), key, now)
		if string(got) != want || !errors.Is(err, wantErr) || wantErr == nil && err != nil {
			t.Errorf("claim %q at %s: %q, %v, want %q, %v", key.Key, now.Sub(start), got, err, want, wantErr)
		}
	}
	did := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	other := key
	other.Digest = []byte{2}
	claim(key, start, "", nil)
	claim(key, start, "", rooms.ErrUnfinished)
	claim(other, start, "", rooms.ErrKeyReused)
	did(s.ForgetAnswer(t.Context(), key))
	claim(key, start, "", nil)
	did(s.KeepAnswer(t.Context(), key, []byte("sealed\x00\xff")))
	claim(key, start, "sealed\x00\xff", nil)
	claim(other, start, "", rooms.ErrKeyReused)
	did(s.ForgetAnswer(t.Context(), key)) // too late: it was done
	claim(key, key.Until.Add(-time.Second), "sealed\x00\xff", nil)
	bens := key
	bens.UserID = ben.ID
	claim(bens, start, "", nil)
	other.Until = key.Until.Add(time.Hour)
	claim(other, key.Until, "", nil)
	unclaimed := key
	unclaimed.Key = "unclaimed"
	if err := s.KeepAnswer(t.Context(), unclaimed, []byte("x")); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("the answer of a key nobody claimed: %v, want ErrNotFound", err)
	}
	did(s.DeleteUser(t.Context(), ben.ID))
}

// answerRaces has many claim a key at once: one of them may act.
func answerRaces(t *testing.T, s rooms.Store) {
	key := rooms.RequestKey{UserID: createUser(t, s, "anna").ID, Key: "k", Digest: []byte{1}, Until: start.Add(time.Hour)}
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch _, err := s.ClaimAnswer(t.Context(), key, start); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, rooms.ErrUnfinished):
				t.Errorf("losing the race: %v, want ErrUnfinished", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d may act, want one", won.Load())
	}
}

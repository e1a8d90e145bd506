package postgres

import (
	"testing"

	"plenum/rooms"
	"plenum/rooms/postgres/pgtest"
	"plenum/rooms/storetest"
)

func open(tb testing.TB, url string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) rooms.Store {
		t.Helper()
		return open(t, pgtest.Database(t))
	})
}

package storetest

import (
	"testing"
	"time"

	"plenum/rooms"
)

// Bench measures the calls that requests wait for. Open returns an empty store
// that ends with the benchmark.
func Bench(b *testing.B, open func(*testing.B) rooms.Store) {
	b.Helper()
	s := open(b)
	u, err := s.CreateUser(b.Context(), rooms.User{Name: "anna", Role: rooms.Host, CreatedAt: ms(start)})
	if err != nil {
		b.Fatal(err)
	}
	var last rooms.Room
	for i := range 200 {
		last = room(u, start.Add(time.Duration(i)*time.Second), time.Hour)
		if err := s.CreateRoom(b.Context(), last); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("RoomByID", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.RoomByID(b.Context(), last.ID); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Rooms", func(b *testing.B) { // a page of 50
		for b.Loop() {
			if _, _, err := s.Rooms(b.Context(), rooms.RoomFilter{OpenAt: start}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("CreateRoom", func(b *testing.B) {
		for b.Loop() {
			if err := s.CreateRoom(b.Context(), room(u, start, time.Hour)); err != nil {
				b.Fatal(err)
			}
		}
	})
}

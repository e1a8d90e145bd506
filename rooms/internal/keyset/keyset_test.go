package keyset

import (
	"encoding/base64"
	"errors"
	"testing"
	"time"

	"plenum/rooms"
)

func TestCut(t *testing.T) {
	at := time.Date(2026, 3, 29, 0, 59, 59, 276_000_000, time.UTC)
	page := []rooms.Room{{ID: "1.c", Start: at}, {ID: "1.b", Start: at}, {ID: "1.a", Start: at.Add(-time.Hour)}}
	if cut, next := Cut(page, 3); len(cut) != 3 || next != "" {
		t.Errorf("a page that just fits: %d rooms and %q", len(cut), next)
	}
	cut, next := Cut(page, 2)
	if len(cut) != 2 {
		t.Errorf("%d rooms on a page of 2", len(cut))
	}
	if start, id, err := Parse(next); err != nil || !start.Equal(at) || id != "1.b" {
		t.Errorf("the cursor %q is %v, %q, %v; want the last room of its page", next, start, id, err)
	}
}

func TestLimit(t *testing.T) {
	for wanted, want := range map[int]int{-1: 50, 0: 50, 1: 1, 500: 500, 501: 500} {
		if got := Limit(wanted); got != want {
			t.Errorf("%d wanted: %d, want %d", wanted, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", "x", "12", "12 1.a", "-1 ", "9223372036854775807 a", "9223372036854775808 a"} {
		f.Add(base64.RawURLEncoding.EncodeToString([]byte(text)))
	}
	f.Add("=!")
	f.Fuzz(func(t *testing.T, cursor string) {
		start, id, err := Parse(cursor)
		if err != nil {
			if !errors.Is(err, rooms.ErrInvalid) {
				t.Errorf("%q: %v, want ErrInvalid", cursor, err)
			}
			return
		}
		_, next := Cut([]rooms.Room{{ID: id, Start: start}, {}}, 1)
		if again, sameID, err := Parse(next); err != nil || !again.Equal(start) || sameID != id {
			t.Errorf("%q is %v %q and comes back as %v %q, %v", cursor, start, id, again, sameID, err)
		}
	})
}

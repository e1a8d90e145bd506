// Package storetest holds every rooms.Store to its contract.
package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plenum/rooms"
)

// start has a part below a millisecond, which no store keeps.
var start = time.Date(2026, 3, 29, 0, 59, 59, 276_543_210, time.UTC)

// Run runs the suite. Open returns an empty store that ends with the test.
func Run(t *testing.T, open func(*testing.T) rooms.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, rooms.Store){
		"users":           users,
		"unknown users":   unknownUsers,
		"user names":      userNames,
		"deleting users":  deleteUser,
		"tokens":          tokens,
		"rooms":           roundTrip,
		"unknown rooms":   unknownRooms,
		"room ids":        roomIDs,
		"paging":          paging,
		"filters":         filters,
		"set room end":    setRoomEnd,
		"update room":     updateRoom,
		"update races":    updateRaces,
		"request keys":    requestKeys,
		"same key twice":  sameKeyTwice,
		"answers":         answers,
		"answer races":    answerRaces,
		"links":           links,
		"links of epochs": linksOfEpochs,
		"secrets":         secrets,
		"audit log":       auditLog,
		"parallel writes": parallelWrites,
		"events":          eventRoundTrip,
		"event numbers":   eventNumbers,
		"event races":     eventRaces,
		"visits":          visits,
		"nodes":           nodes,
		"pruning events":  pruneEvents,
		"webhooks":        webhooks,
		"delivery scope":  deliveryScope,
		"delivery order":  deliveryOrder,
		"pings":           pings,
		"leases":          leases,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func users(t *testing.T, s rooms.Store) {
	want, err := s.CreateUser(t.Context(), rooms.User{
		Name: "Anna", PasswordHash: "$argon2id$x", Role: rooms.Host, CreatedAt: start,
		AllowFrom: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if want.ID == 0 || !want.CreatedAt.Equal(start.Truncate(time.Millisecond)) {
		t.Errorf("created as %+v", want)
	}
	same(t, want, must(s.UserByID(t.Context(), want.ID))(t))
	same(t, want, must(s.UserByName(t.Context(), "Anna"))(t))

	second := createUser(t, s, "ben")
	want.PasswordHash, want.Role, want.Disabled, want.AllowFrom = "$argon2id$y", rooms.Admin, true, nil
	changed := want
	changed.Name, changed.CreatedAt = "ignored", start.Add(time.Hour)
	if err := s.UpdateUser(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	same(t, []rooms.User{want, second}, must(s.Users(t.Context()))(t))
}

func unknownUsers(t *testing.T, s rooms.Store) {
	_, byName := s.UserByName(t.Context(), "nobody")
	_, byID := s.UserByID(t.Context(), 7)
	update := s.UpdateUser(t.Context(), rooms.User{ID: 7, Role: rooms.Host})
	for name, err := range map[string]error{"by name": byName, "by id": byID, "update": update} {
		if !errors.Is(err, rooms.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
}

func userNames(t *testing.T, s rooms.Store) {
	anna := createUser(t, s, "Anna")
	if _, err := s.CreateUser(t.Context(), rooms.User{Name: "ANNA", Role: rooms.Host, CreatedAt: start}); !errors.Is(err, rooms.ErrExists) {
		t.Errorf("taken name: %v, want ErrExists", err)
	}
	same(t, anna, must(s.UserByName(t.Context(), "aNNa"))(t))
	for _, hostile := range []string{"", "Anna'--", "A%", "Ann_", "Anna\x00"} {
		if _, err := s.UserByName(t.Context(), hostile); !errors.Is(err, rooms.ErrNotFound) {
			t.Errorf("user %q: %v, want ErrNotFound", hostile, err)
		}
	}
}

func roundTrip(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	want := room(u, start, time.Hour)
	want.Description = "<b>Ж</b> '; DROP TABLE rooms; --\n\t𝄞"
	want.Capacity, want.Version = 12, 1
	want.Rules = rooms.Rules{
		PasscodeHash: "$pbkdf2-sha256$1$x$y", Lobby: true, Recording: rooms.RecordVoice, GuestRole: rooms.GuestAudience,
		Audience: rooms.AudienceRules{NoChat: true, NoReactions: true}, LinkEpoch: 3,
	}
	createRoom(t, s, want)
	want.Start, want.End, want.CreatedAt = ms(want.Start), ms(want.End), ms(want.CreatedAt)
	same(t, want, must(s.RoomByID(t.Context(), want.ID))(t))
}

func unknownRooms(t *testing.T, s rooms.Store) {
	_, get := s.RoomByID(t.Context(), "1.none")
	set := s.SetRoomEnd(t.Context(), "1.none", start)
	_, update := s.UpdateRoom(t.Context(), rooms.Room{ID: "1.none", Version: 1, Start: start, End: start})
	for name, err := range map[string]error{"get": get, "set end": set, "update": update} {
		if !errors.Is(err, rooms.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
	if err := s.CreateRoom(t.Context(), room(rooms.User{ID: 99}, start, time.Hour)); err == nil {
		t.Error("a room of a user who does not exist was stored")
	}
}

func roomIDs(t *testing.T, s rooms.Store) {
	r := room(createUser(t, s, "anna"), start, time.Hour)
	createRoom(t, s, r)
	if err := s.CreateRoom(t.Context(), r); !errors.Is(err, rooms.ErrExists) {
		t.Errorf("same id again: %v, want ErrExists", err)
	}
	if _, err := s.RoomByID(t.Context(), r.ID+" "); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("nearly the id: %v, want ErrNotFound", err)
	}
}

// paging walks rooms of which many start at the same instant.
func paging(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	const n = 23
	for i := range n {
		createRoom(t, s, room(u, start.Add(time.Duration(i/5)*time.Second), time.Hour))
	}
	seen := map[string]bool{}
	last, after := start.Add(time.Hour), ""
	for pages := 1; ; pages++ {
		page, next, err := s.Rooms(t.Context(), rooms.RoomFilter{Limit: 4, After: after})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			if seen[r.ID] {
				t.Errorf("room %s is on two pages", r.ID)
			}
			if r.Start.After(last) {
				t.Errorf("room %s starts after the one before it", r.ID)
			}
			seen[r.ID], last = true, r.Start
		}
		if next == "" {
			if pages != 6 || len(seen) != n {
				t.Errorf("%d pages with %d rooms, want 6 with %d", pages, len(seen), n)
			}
			break
		}
		after = next
	}
	if page, next, err := s.Rooms(t.Context(), rooms.RoomFilter{Limit: n}); err != nil || len(page) != n || next != "" {
		t.Errorf("a page that just fits: %d rooms, next %q, %v", len(page), next, err)
	}
	for _, cursor := range []string{"x", "AAAA", "!!"} {
		if _, _, err := s.Rooms(t.Context(), rooms.RoomFilter{After: cursor}); !errors.Is(err, rooms.ErrInvalid) {
			t.Errorf("cursor %q: %v, want ErrInvalid", cursor, err)
		}
	}
}

func filters(t *testing.T, s rooms.Store) {
	anna, ben := createUser(t, s, "anna"), createUser(t, s, "ben")
	early := room(anna, start, time.Minute)
	long := room(anna, start.Add(time.Second), time.Hour)
	later := room(ben, start.Add(2*time.Hour), time.Hour)
	for _, r := range []rooms.Room{early, long, later} {
		createRoom(t, s, r)
	}
	now := early.End // an end is the first instant the room is over
	for name, tt := range map[string]struct {
		filter rooms.RoomFilter
		want   []string
	}{
		"all":        {rooms.RoomFilter{}, []string{later.ID, long.ID, early.ID}},
		"anna's":     {rooms.RoomFilter{CreatorID: anna.ID}, []string{long.ID, early.ID}},
		"open":       {rooms.RoomFilter{OpenAt: now}, []string{later.ID, long.ID}},
		"ended":      {rooms.RoomFilter{EndedAt: now}, []string{early.ID}},
		"from on":    {rooms.RoomFilter{From: long.Start}, []string{later.ID, long.ID}},
		"before":     {rooms.RoomFilter{Before: long.Start}, []string{early.ID}},
		"ben's gone": {rooms.RoomFilter{CreatorID: ben.ID, EndedAt: now}, nil},
	} {
		page, _, err := s.Rooms(t.Context(), tt.filter)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, r := range page {
			got = append(got, r.ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func setRoomEnd(t *testing.T, s rooms.Store) {
	r := room(createUser(t, s, "anna"), start, time.Hour)
	createRoom(t, s, r)
	end := start.Add(10 * time.Minute)
	if err := s.SetRoomEnd(t.Context(), r.ID, end); err != nil {
		t.Fatal(err)
	}
	got := must(s.RoomByID(t.Context(), r.ID))(t)
	if !got.End.Equal(ms(end)) || got.Duration != time.Hour {
		t.Errorf("end %v after %v, want %v after %v", got.End, got.Duration, ms(end), time.Hour)
	}
	if got.Open(end) || !got.Open(end.Add(-time.Second)) {
		t.Error("the room is not open until just its end")
	}
}

func secrets(t *testing.T, s rooms.Store) {
	first := must(s.Secret(t.Context(), "host-token"))(t)
	if len(first) != 32 || bytes.Equal(first, make([]byte, 32)) {
		t.Errorf("secret is %x, want 32 random bytes", first)
	}
	if again := must(s.Secret(t.Context(), "host-token"))(t); !bytes.Equal(first, again) {
		t.Error("the secret changed between two calls")
	}
	if other := must(s.Secret(t.Context(), "other"))(t); bytes.Equal(first, other) {
		t.Error("two secrets are the same")
	}
}

// parallelWrites has many write at once; none may fail or be lost.
func parallelWrites(t *testing.T, s rooms.Store) {
	u := createUser(t, s, "anna")
	const writers, each = 8, 5
	errs := make(chan error, writers*each*2)
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				errs <- s.CreateRoom(t.Context(), room(u, start, time.Hour))
				_, err := s.Secret(t.Context(), "shared")
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	page, _, err := s.Rooms(t.Context(), rooms.RoomFilter{Limit: 500})
	if err != nil || len(page) != writers*each {
		t.Errorf("%d rooms are stored, want %d (%v)", len(page), writers*each, err)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func createUser(t *testing.T, s rooms.Store, name string) rooms.User {
	t.Helper()
	return must(s.CreateUser(t.Context(), rooms.User{
		Name: name, PasswordHash: "$argon2id$", Role: rooms.Host, CreatedAt: ms(start),
	}))(t)
}

func createRoom(t *testing.T, s rooms.Store, r rooms.Room) {
	t.Helper()
	if err := s.CreateRoom(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func room(u rooms.User, at time.Time, d time.Duration) rooms.Room {
	return rooms.Room{
		ID: rooms.NewRoomID(u.ID), CreatorID: u.ID, CreatorName: u.Name, Description: fmt.Sprint("at ", at),
		Timezone: "Europe/Berlin", Start: at, Duration: d, End: at.Add(d), CreatedAt: at,
	}
}

func ms(at time.Time) time.Time { return at.UTC().Truncate(time.Millisecond) }

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func same(t *testing.T, want, got any) {
	t.Helper()
	opt := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(want, got, opt); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

package storetest

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"plenum/rooms"
)

func links(t *testing.T, s rooms.Store) {
	r, other := room(createUser(t, s, "anna"), start, time.Hour), room(createUser(t, s, "ben"), start, time.Hour)
	createRoom(t, s, r)
	createRoom(t, s, other)
	create := func(id string, at time.Time, change func(*rooms.Link)) rooms.Link {
		t.Helper()
		l := rooms.Link{ID: id, Role: rooms.LinkSpeaker, Epoch: r.Rules.LinkEpoch, Maker: "anna", CreatedAt: ms(at)}
		change(&l)
		if err := s.CreateLink(t.Context(), r.ID, l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	list := func(r rooms.Room, at time.Time) []rooms.Link { t.Helper(); return must(s.Links(t.Context(), r, at))(t) }
	short := create("short", start, func(l *rooms.Link) { l.Expires = start.Truncate(time.Second).Add(time.Minute) })
	named := create("named", start.Add(time.Second), func(l *rooms.Link) {
		l.Role, l.Name, l.Label = rooms.LinkHost, "Zoë 'Z'", "für den Vorstand\u2028"
	})
	same(t, []rooms.Link{short, named}, list(r, start))
	same(t, []rooms.Link(nil), list(other, start))
	same(t, []rooms.Link{named}, list(r, short.Expires))

	if err := s.CreateLink(t.Context(), r.ID, named); !errors.Is(err, rooms.ErrExists) {
		t.Errorf("an id that is taken: %v, want ErrExists", err)
	}
	if err := s.CreateLink(t.Context(), other.ID, named); err != nil {
		t.Errorf("the same id in another room: %v", err)
	}
	use := func(room, id string, at time.Time, want error) {
		t.Helper()
		if err := s.UseLink(t.Context(), room, id, at); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("use of %q: %v, want %v", id, err, want)
		}
	}
	for _, at := range []time.Duration{0, rooms.LinkUseStep - time.Second, rooms.LinkUseStep, rooms.LinkUseStep + time.Second} {
		use(r.ID, "named", start.Add(at), nil)
	}
	named.UsedAt = ms(start.Add(rooms.LinkUseStep))
	use(r.ID, "older than the table", start, nil)
	same(t, []rooms.Link{short, named}, list(r, start))

	for name, where := range map[string][2]string{
		"unknown": {r.ID, "nothing"}, "another room's": {other.ID, "short"}, "no room": {"1.x", "named"}, "zero byte": {r.ID, "na\x00med"},
	} {
		if err := s.RevokeLink(t.Context(), where[0], where[1]); !errors.Is(err, rooms.ErrNotFound) {
			t.Errorf("revoke %s: %v, want ErrNotFound", name, err)
		}
	}
	if err := s.RevokeLink(t.Context(), r.ID, "named"); err != nil {
		t.Fatal(err)
	}
	use(r.ID, "named", start.Add(time.Hour), rooms.ErrLinkExpired)
	use(other.ID, "named", start, nil)
	use(r.ID, "short", start, nil)
	if err := s.RevokeLink(t.Context(), r.ID, "named"); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("revoke twice: %v, want ErrNotFound", err)
	}
	short.UsedAt = ms(start)
	same(t, []rooms.Link{short}, list(r, start))
}

// linksOfEpochs revokes all links of a room, and fills it with links.
func linksOfEpochs(t *testing.T, s rooms.Store) {
	r := room(createUser(t, s, "anna"), start, time.Hour)
	r.Version = 1
	createRoom(t, s, r)
	make1 := func(id string) error {
		return s.CreateLink(t.Context(), r.ID, rooms.Link{ID: id, Role: rooms.LinkHost, Epoch: r.Rules.LinkEpoch, CreatedAt: ms(start)})
	}
	if err := make1("old"); err != nil {
		t.Fatal(err)
	}
	r.Rules.LinkEpoch++
	r = must(s.UpdateRoom(t.Context(), r))(t)
	if left := must(s.Links(t.Context(), r, start))(t); len(left) != 0 {
		t.Errorf("links of an earlier epoch hold: %+v", left)
	}
	for i := range rooms.MaxLinks {
		if err := make1(strconv.Itoa(i)); err != nil {
			t.Fatalf("link %d: %v", i, err)
		}
	}
	if err := make1("one too many"); !errors.Is(err, rooms.ErrTooMany) {
		t.Errorf("link %d: %v, want ErrTooMany", rooms.MaxLinks+1, err)
	}
	r.Rules.LinkEpoch++
	if err := make1("anew"); err != nil {
		t.Errorf("after all were revoked: %v", err)
	}
}

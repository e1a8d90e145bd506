package rooms

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

// fixedSecrets makes keys of their names.
type fixedSecrets struct{}

func (fixedSecrets) Secret(_ context.Context, name string) ([]byte, error) {
	return []byte("key " + name), nil
}

func linkKeys(t *testing.T, version byte) LinkKeys {
	t.Helper()
	k, err := NewLinkKeys(t.Context(), fixedSecrets{}, version)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestLinksComeBack(t *testing.T) {
	room := Room{ID: "1.abc", Rules: Rules{LinkEpoch: 3}}
	later := noon.Add(time.Hour)
	for name, l := range map[string]Link{
		"host for ever": {Role: LinkHost}, "speaker": {Role: LinkSpeaker, Name: "Zoë 🎉", Expires: later},
		"audience": {Role: LinkAudience, Name: strings.Repeat("n", MaxLinkName)},
	} {
		token, signed, err := linkKeys(t, 1).Sign(room, l)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := linkKeys(t, 1).Open(room, token, noon)
		if err != nil || got != signed || got.Role != l.Role || got.Name != l.Name || !got.Expires.Equal(l.Expires) || got.Epoch != 3 || got.ID == "" {
			t.Errorf("%s: opened as %+v, %v; signed as %+v", name, got, err, signed)
		}
	}
	k := linkKeys(t, 1)
	a, one, _ := k.Sign(room, Link{Role: LinkHost})
	b, two, _ := k.Sign(room, Link{Role: LinkHost})
	if a == b || one.ID == two.ID {
		t.Error("two links are the same")
	}
}

func TestLinksThatDoNotOpen(t *testing.T) {
	room := Room{ID: "1.abc", Rules: Rules{LinkEpoch: 3}}
	k := linkKeys(t, 5)
	good, _, err := k.Sign(room, Link{Role: LinkSpeaker, Name: "Bo", Expires: noon.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	revoked, elsewhere := room, room
	revoked.Rules.LinkEpoch, elsewhere.ID = 4, "1.abd"
	for name, tt := range map[string]struct {
		keys  LinkKeys
		room  Room
		token string
		now   time.Time
		want  error
	}{
		"good":              {k, room, good, noon, nil},
		"the key after":     {linkKeys(t, 6), room, good, noon, nil},
		"two keys after":    {linkKeys(t, 7), room, good, noon, ErrLinkWrong},
		"the key before":    {linkKeys(t, 4), room, good, noon, ErrLinkWrong},
		"last second":       {k, room, good, noon.Add(time.Hour - 1), nil},
		"over":              {k, room, good, noon.Add(time.Hour), ErrLinkExpired},
		"revoked":           {k, revoked, good, noon, ErrLinkExpired},
		"another room":      {k, elsewhere, good, noon, ErrLinkWrong},
		"cut short":         {k, room, good[:len(good)-4], noon, ErrLinkWrong},
		"longer":            {k, room, good + "AAAA", noon, ErrLinkWrong},
		"line break":        {k, room, good[:8] + "\n" + good[8:], noon, ErrLinkWrong},
		"padded":            {k, room, good + "=", noon, ErrLinkWrong},
		"nothing":           {k, room, "", noon, ErrLinkWrong},
		"endless":           {k, room, strings.Repeat("A", 1<<16), noon, ErrLinkWrong},
		"no keys":           {LinkKeys{}, room, good, noon, ErrLinkWrong},
		"a room's own host": {k, room, HostToken([]byte("key"), room.ID), noon, ErrLinkWrong},
	} {
		if _, err := tt.keys.Open(tt.room, tt.token, tt.now); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw { // no bit of it may be changed
		for bit := range 8 {
			forged := append([]byte(nil), raw...)
			forged[i] ^= 1 << bit
			if l, err := k.Open(room, base64.RawURLEncoding.EncodeToString(forged), noon); err == nil {
				t.Errorf("opens with bit %d of byte %d changed, as %+v", bit, i, l)
			}
		}
	}
}

func TestLinksThatAreNotMade(t *testing.T) {
	for name, tt := range map[string]struct {
		link  Link
		field string
	}{
		"no role":       {Link{}, "role"},
		"unknown role":  {Link{Role: "admin"}, "role"},
		"long name":     {Link{Role: LinkHost, Name: strings.Repeat("n", MaxLinkName+1)}, "name"},
		"large name":    {Link{Role: LinkHost, Name: strings.Repeat("𝄞", MaxLinkName)}, "name"},
		"outer space":   {Link{Role: LinkHost, Name: " Bo"}, "name"},
		"bidi control":  {Link{Role: LinkHost, Name: "a\u202eb"}, "name"},
		"line in name":  {Link{Role: LinkHost, Name: "a\nb"}, "name"},
		"broken UTF-8":  {Link{Role: LinkHost, Name: "a\xff"}, "name"},
		"far in future": {Link{Role: LinkHost, Expires: time.Date(2107, 1, 1, 0, 0, 0, 0, time.UTC)}, "expires_at"},
	} {
		_, _, err := linkKeys(t, 1).Sign(Room{ID: "1.a"}, tt.link)
		checkField(t, name, err, tt.field)
	}
	if _, err := NewLinkKeys(t.Context(), fixedSecrets{}, 0); err == nil {
		t.Error("there is a key 0")
	}
}

// TestLinkOfThePage holds the page's reader to our writer: this token stands in
// static/src/client/join-token.test.ts too.
func TestLinkOfThePage(t *testing.T) {
	const token = "AQMAAAACaciOgEFCQ0RFRkdIBFpvw6sI2h_Lm1nkQeHC4vTtcbdO"
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	body := raw[:len(raw)-linkMAC]
	fixed := base64.RawURLEncoding.EncodeToString(append(append([]byte(nil), body...), linkSum([]byte("key join-token-1"), "1.a", body)...))
	got, err := linkKeys(t, 1).Open(Room{ID: "1.a"}, fixed, time.Unix(0, 0))
	if err != nil || got.Role != LinkAudience || got.Name != "Zoë" || got.Epoch != 2 || got.Expires.Unix() != 1774751360 {
		t.Errorf("%s is %+v, %v", fixed, got, err)
	}
}

func FuzzOpenLink(f *testing.F) {
	k := LinkKeys{version: 1, keys: map[byte][]byte{1: []byte("key")}}
	room := Room{ID: "1.a"}
	// Signed once: each process that fuzzes would sign another one, and take the seed of the first for forged.
	const token = "AQIAAAAAAAAAAC5b82vIl-vnAkJvW48-Wc4iIj8dCScGznkJmg"
	if _, err := k.Open(room, token, noon); err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add("")
	f.Add(strings.Repeat("A", 60))
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := k.Open(room, text, noon); err == nil && text != token {
			t.Errorf("%q opens, and only %q was signed", text, token)
		}
	})
}

func TestHostTokenOfAnEpoch(t *testing.T) {
	key := []byte(strings.Repeat("k", 32))
	first, second := Room{ID: "1.a"}, Room{ID: "1.a", Rules: Rules{LinkEpoch: 1}}
	if first.HostToken(key) != HostToken(key, "1.a") {
		t.Error("links that were handed out before have changed")
	}
	for name, tt := range map[string]struct {
		room  Room
		token string
		want  error
	}{
		"first":         {first, first.HostToken(key), nil},
		"second":        {second, second.HostToken(key), nil},
		"revoked":       {second, first.HostToken(key), ErrLinkExpired},
		"from ahead":    {first, second.HostToken(key), ErrLinkWrong},
		"another room":  {Room{ID: "1.b"}, first.HostToken(key), ErrLinkWrong},
		"nothing":       {first, "", ErrLinkWrong},
		"two revoked":   {Room{ID: "1.a", Rules: Rules{LinkEpoch: 2}}, second.HostToken(key), ErrLinkExpired},
		"first of many": {Room{ID: "1.a", Rules: Rules{LinkEpoch: 9}}, first.HostToken(key), ErrLinkExpired},
	} {
		if err := tt.room.OpenHostToken(key, tt.token); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if first.OpenHostToken(nil, HostToken(nil, "1.a")) == nil {
		t.Error("an empty key opens something")
	}
}

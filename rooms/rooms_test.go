package rooms

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestReserve(t *testing.T) {
	now := time.Date(2026, 3, 29, 0, 30, 0, 123_456_789, time.FixedZone("", 3600))
	room, err := Reservation{Minutes: 90, Timezone: "Europe/Berlin", Description: "Plan"}.Reserve(User{ID: 7, Name: "anna"}, now)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^7\.[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(room.ID) {
		t.Errorf("id %q is not <creator id>.<uuid4>", room.ID)
	}
	start := time.Date(2026, 3, 28, 23, 30, 0, 123_000_000, time.UTC)
	if room.Start != start || room.End != start.Add(90*time.Minute) || room.Duration != 90*time.Minute {
		t.Errorf("from %v to %v (%v), want 90 minutes from %v", room.Start, room.End, room.Duration, start)
	}
	if room.CreatorID != 7 || room.CreatorName != "anna" || room.Description != "Plan" || room.Timezone != "Europe/Berlin" {
		t.Errorf("reserved %+v", room)
	}
	for name, tt := range map[string]struct {
		at   time.Time
		want bool
	}{
		"before":   {room.Start.Add(-1), false},
		"start":    {room.Start, true},
		"just now": {room.End.Add(-1), true},
		"end":      {room.End, false},
	} {
		if got := room.Open(tt.at); got != tt.want {
			t.Errorf("%s: open is %v", name, got)
		}
	}
}

func TestReservationIsChecked(t *testing.T) {
	good := Reservation{Minutes: 60, Timezone: "UTC"}
	for name, tt := range map[string]struct {
		change func(*Reservation)
		field  string // empty: it is good
	}{
		"shortest":          {func(r *Reservation) { r.Minutes = 1 }, ""},
		"longest":           {func(r *Reservation) { r.Minutes = 1440 }, ""},
		"no time":           {func(r *Reservation) { r.Minutes = 0 }, "duration"},
		"negative":          {func(r *Reservation) { r.Minutes = -1 }, "duration"},
		"too long":          {func(r *Reservation) { r.Minutes = 1441 }, "duration"},
		"three parts":       {func(r *Reservation) { r.Timezone = "America/Argentina/Buenos_Aires" }, ""},
		"signed":            {func(r *Reservation) { r.Timezone = "Etc/GMT+5" }, ""},
		"no zone":           {func(r *Reservation) { r.Timezone = "" }, "timezone"},
		"server's zone":     {func(r *Reservation) { r.Timezone = "Local" }, "timezone"},
		"system file":       {func(r *Reservation) { r.Timezone = "posixrules" }, "timezone"},
		"leap seconds":      {func(r *Reservation) { r.Timezone = "right/UTC" }, "timezone"},
		"up the tree":       {func(r *Reservation) { r.Timezone = "../../etc/passwd" }, "timezone"},
		"up inside":         {func(r *Reservation) { r.Timezone = "Europe/../../../etc/passwd" }, "timezone"},
		"absolute":          {func(r *Reservation) { r.Timezone = "/etc/localtime" }, "timezone"},
		"made up":           {func(r *Reservation) { r.Timezone = "Mars/Olympus" }, "timezone"},
		"folder":            {func(r *Reservation) { r.Timezone = "Europe" }, "timezone"},
		"zero byte":         {func(r *Reservation) { r.Timezone = "UTC\x00" }, "timezone"},
		"line end":          {func(r *Reservation) { r.Timezone = "UTC\n" }, "timezone"},
		"long zone":         {func(r *Reservation) { r.Timezone = strings.Repeat("A", 1<<20) }, "timezone"},
		"full description":  {func(r *Reservation) { r.Description = strings.Repeat("é", 1024) }, ""},
		"long description":  {func(r *Reservation) { r.Description = strings.Repeat("é", 1024) + "x" }, "description"},
		"lines":             {func(r *Reservation) { r.Description = "a\r\n\tb" }, ""},
		"broken UTF-8":      {func(r *Reservation) { r.Description = "a\xffb" }, "description"},
		"escape":            {func(r *Reservation) { r.Description = "a\x1b[2Jb" }, "description"},
		"zero":              {func(r *Reservation) { r.Description = "a\x00b" }, "description"},
		"C1 control":        {func(r *Reservation) { r.Description = "a\u0085b" }, "description"},
		"HTML is only text": {func(r *Reservation) { r.Description = "</title><script>" }, ""},
	} {
		r := good
		tt.change(&r)
		_, err := r.Reserve(User{ID: 1}, time.Now())
		if tt.field == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		problem, ok := errors.AsType[*FieldError](err)
		if !ok || problem.Field != tt.field || !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want a FieldError about %s", name, err, tt.field)
		}
	}
}

func TestUserNamesAndPasswords(t *testing.T) {
	for name, good := range map[string]bool{
		"test": true, "a": true, "Anna.B+c_d-1@example.org": true, strings.Repeat("a", 64): true,
		"": false, " a": false, "a b": false, "a:b": false, "é": false, ".a": false, "a\n": false,
		strings.Repeat("a", 65): false, "<b>": false,
	} {
		if err := ValidateUserName(name); (err == nil) != good {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if ValidateRole(Admin) != nil || ValidateRole(Host) != nil || ValidateRole("root") == nil {
		t.Error("roles other than admin and host are taken, or these are not")
	}
}

func TestMayCallFrom(t *testing.T) {
	prefixes, err := ParsePrefixes([]string{"10.1.0.0/16", "192.0.2.7", "::ffff:198.51.100.1", "2001:db8::/32"})
	if err != nil {
		t.Fatal(err)
	}
	u := User{AllowFrom: prefixes}
	for addr, want := range map[string]bool{
		"10.1.255.255": true, "10.2.0.0": false, "192.0.2.7": true, "192.0.2.8": false,
		"::ffff:10.1.2.3": true, "198.51.100.1": true, "2001:db8::1": true, "2001:db9::1": false, "fe80::1%eth0": false,
	} {
		if got := u.MayCallFrom(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %v", addr, got)
		}
	}
	if !(User{}).MayCallFrom(netip.MustParseAddr("203.0.113.9")) {
		t.Error("a user without a list may not call from everywhere")
	}
	for _, bad := range []string{"", "10.0.0.0/33", "example.org", "10.0.0"} {
		if _, err := ParsePrefixes([]string{bad}); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: %v, want ErrInvalid", bad, err)
		}
	}
}

func TestMayManage(t *testing.T) {
	for name, tt := range map[string]struct {
		user User
		want bool
	}{
		"creator":      {User{ID: 1, Role: Host}, true},
		"another host": {User{ID: 2, Role: Host}, false},
		"admin":        {User{ID: 2, Role: Admin}, true},
	} {
		if got := tt.user.MayManage(1); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

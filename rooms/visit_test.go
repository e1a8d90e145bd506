package rooms

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// minute returns a time that many minutes after the start of a made-up day.
func minute(n float64) time.Time {
	return time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC).Add(time.Duration(n * float64(time.Minute)))
}

// was is a visit from one minute to another; 0 is still there.
func was(name string, user int64, from, to float64) Visit {
	v := Visit{ID: fmt.Sprint(name, from), Name: name, UserID: user, Role: "guest", Joined: minute(from)}
	if user != 0 {
		v.UserName = fmt.Sprint("user", user)
	}
	if to != 0 {
		v.Left = minute(to)
	}
	return v
}

func TestPeople(t *testing.T) {
	host := was("Ann", 0, 20, 30)
	host.Role = string(Host)
	cutOff := was("Ann", 0, 0, 0)
	cutOff.InterruptedAt = minute(5)
	for name, tt := range map[string]struct {
		visits []Visit
		want   []string
	}{
		"nobody":                   {nil, nil},
		"one":                      {[]Visit{was("Ann", 0, 0, 10)}, []string{"Ann guest 1 visits 10m0s until 10:10"}},
		"still there":              {[]Visit{was("Ann", 0, 0, 0)}, []string{"Ann guest 1 visits 1h0m0s"}},
		"twice":                    {[]Visit{was("Ann", 0, 0, 10), was(" ann", 0, 15, 20)}, []string{" ann guest 2 visits 15m0s until 10:20"}},
		"back before known gone":   {[]Visit{was("Ann", 0, 0, 10.4), was("Ann", 0, 10, 20)}, []string{"Ann guest 2 visits 20m0s until 10:20"}},
		"back while cut off":       {[]Visit{cutOff, was("Ann", 0, 5.2, 20)}, []string{"Ann guest 2 visits 1h0m0s"}},
		"two of a name":            {[]Visit{was("Ann", 0, 0, 20), was("Ann", 0, 10, 30)}, []string{"Ann guest 1 visits 20m0s until 10:20", "Ann guest 1 visits 20m0s until 10:30"}},
		"two, then one comes back": {[]Visit{was("Ann", 0, 0, 20), was("Ann", 0, 10, 30), was("Ann", 0, 25, 40)}, []string{"Ann guest 2 visits 35m0s until 10:40", "Ann guest 1 visits 20m0s until 10:30"}},
		"login on two devices":     {[]Visit{was("Ann", 7, 0, 20), was("Annie", 7, 10, 30)}, []string{"Annie user7 guest 2 visits 30m0s until 10:30"}},
		"one device within":        {[]Visit{was("Ann", 7, 0, 40), was("Ann", 7, 10, 20), was("Ann", 7, 50, 60)}, []string{"Ann user7 guest 3 visits 50m0s until 11:00"}},
		"login and same name":      {[]Visit{was("Ann", 7, 0, 10), was("Ann", 0, 20, 30)}, []string{"Ann user7 guest 1 visits 10m0s until 10:10", "Ann guest 1 visits 10m0s until 10:30"}},
		"host at last":             {[]Visit{was("Ann", 0, 0, 10), host, was("Ann", 0, 40, 50)}, []string{"Ann host 3 visits 30m0s until 10:50"}},
		"left before it joined":    {[]Visit{was("Ann", 0, 10, 9)}, []string{"Ann guest 1 visits 0s until 10:09"}},
	} {
		var got []string
		for _, p := range People(tt.visits, minute(60)) {
			line := p.Name
			if p.User != "" {
				line += " " + p.User
			}
			line += fmt.Sprintf(" %s %d visits %v", p.Role, len(p.Visits), p.Present)
			if !p.Last.IsZero() {
				line += " until " + p.Last.Format("15:04")
			}
			got = append(got, line)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// FuzzVisit sends a visit events in any order: it never ends before it begins,
// is never away for longer than it lasts, and ends once.
func FuzzVisit(f *testing.F) {
	f.Add([]byte{0, 1, 2, 4, 1, 2})
	f.Add([]byte{1, 1, 4, 0, 2, 3})
	f.Fuzz(func(t *testing.T, kinds []byte) {
		all := []EventKind{ParticipantMediaUp, ParticipantInterrupted, ParticipantResumed, ParticipantRole, ParticipantLeft}
		v := Event{Kind: ParticipantJoined, At: minute(0), Visit: "v"}.Joins("n")
		ended := time.Time{}
		for i, k := range kinds {
			v = v.After(Event{Kind: all[int(k)%len(all)], At: minute(float64(i + 1)), Visit: "v", Reason: ReasonLeft})
			if !ended.IsZero() && !v.Left.Equal(ended) {
				t.Fatalf("%v ended twice", kinds)
			}
			ended = v.Left
		}
		now := minute(float64(len(kinds) + 1))
		if v.Length(now) < 0 || v.Away > v.Length(now) || (!v.Left.IsZero() && !v.InterruptedAt.IsZero()) {
			t.Errorf("%v made %+v", kinds, v)
		}
	})
}

func TestEventIsStorable(t *testing.T) {
	e := Event{Name: "a\x00b\xffc", At: time.Date(2026, 3, 1, 10, 0, 0, 123_456_789, time.FixedZone("x", 3600))}.Storable()
	if e.Name != "ab\uFFFDc" || e.At.Location() != time.UTC || e.At.Nanosecond() != 123_000_000 {
		t.Errorf("%+v", e)
	}
}

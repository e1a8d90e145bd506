package rooms

import (
	"errors"
	"testing"
	"time"
)

// noon is when the room of these tests begins, for an hour.
var noon = time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC)

func reserved(t *testing.T) Room {
	t.Helper()
	r, err := Reservation{Start: noon, Minutes: 60, Timezone: "Europe/Berlin", Description: "Plan"}.
		Reserve(User{ID: 7}, noon.Add(-24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReserveAhead(t *testing.T) {
	now := noon.Add(-24 * time.Hour)
	for name, tt := range map[string]struct {
		r     Reservation
		field string // empty: from noon for an hour
	}{
		"duration":         {Reservation{Start: noon, Minutes: 60}, ""},
		"end":              {Reservation{Start: noon, End: noon.Add(time.Hour)}, ""},
		"other zone":       {Reservation{Start: noon.In(time.FixedZone("", 3600)), Minutes: 60}, ""},
		"both":             {Reservation{Start: noon, Minutes: 60, End: noon.Add(time.Hour)}, "end"},
		"neither":          {Reservation{Start: noon}, "duration"},
		"end before start": {Reservation{Start: noon, End: noon.Add(-time.Hour)}, "end"},
		"end too late":     {Reservation{Start: noon, End: noon.Add(25 * time.Hour)}, "end"},
		"end too soon":     {Reservation{Start: noon, End: noon.Add(59 * time.Second)}, "end"},
		"past":             {Reservation{Start: now.Add(-time.Hour), Minutes: 60}, "start"},
		"far away":         {Reservation{Start: now.AddDate(3, 0, 0), Minutes: 60}, "start"},
		"crowd":            {Reservation{Start: noon, Minutes: 60, Capacity: 501}, "capacity"},
		"less than none":   {Reservation{Start: noon, Minutes: 60, Capacity: -1}, "capacity"},
	} {
		tt.r.Timezone = "UTC"
		got, err := tt.r.Reserve(User{ID: 7}, now)
		checkField(t, name, err, tt.field)
		if tt.field == "" && (!got.Start.Equal(noon) || got.Duration != time.Hour || !got.End.Equal(noon.Add(time.Hour)) ||
			!got.CreatedAt.Equal(now) || got.Version != 1) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	just := now.Add(-30 * time.Second)
	if got, err := (Reservation{Start: just, Minutes: 1, Timezone: "UTC"}).Reserve(User{}, now); err != nil || !got.Open(now) {
		t.Errorf("a start of half a minute ago: %+v, %v", got, err)
	}
}

func TestChanged(t *testing.T) {
	before, during := noon.Add(-time.Hour), noon.Add(time.Minute)
	later := noon.Add(2 * time.Hour)
	for name, tt := range map[string]struct {
		change     Change
		now        time.Time
		start, end time.Time // as it then is
		err        error
		field      string
	}{
		"nothing":            {Change{}, before, noon, noon.Add(time.Hour), nil, ""},
		"text while running": {Change{Description: new("New"), Capacity: new(3)}, during, noon, noon.Add(time.Hour), nil, ""},
		"start":              {Change{Start: &later}, before, later, later.Add(time.Hour), nil, ""},
		"duration":           {Change{Minutes: new(5)}, before, noon, noon.Add(5 * time.Minute), nil, ""},
		"end":                {Change{End: &later}, before, noon, later, nil, ""},
		"start and duration": {Change{Start: &later, Minutes: new(5)}, before, later, later.Add(5 * time.Minute), nil, ""},
		"both lengths":       {Change{Minutes: new(5), End: &later}, before, noon, noon, nil, "end"},
		"end before start":   {Change{End: &before}, before, noon, noon, nil, "end"},
		"no length":          {Change{Minutes: new(0)}, before, noon, noon, nil, "duration"},
		"into the past":      {Change{Start: new(noon.Add(-3 * time.Hour))}, before, noon, noon, nil, "start"},
		"bad text":           {Change{Description: new("\x00")}, before, noon, noon, nil, "description"},
		"bad capacity":       {Change{Capacity: new(-1)}, before, noon, noon, nil, "capacity"},
		"times once begun":   {Change{Minutes: new(5)}, noon, noon, noon, ErrBegun, ""},
		"over":               {Change{}, noon.Add(time.Hour), noon, noon, ErrOver, ""},
	} {
		got, err := reserved(t).Changed(tt.change, tt.now)
		if tt.err != nil {
			if !errors.Is(err, tt.err) {
				t.Errorf("%s: %v, want %v", name, err, tt.err)
			}
			continue
		}
		checkField(t, name, err, tt.field)
		if tt.field == "" && (!got.Start.Equal(tt.start) || !got.End.Equal(tt.end) || got.Duration != tt.end.Sub(tt.start)) {
			t.Errorf("%s: from %v to %v (%v), want %v to %v", name, got.Start, got.End, got.Duration, tt.start, tt.end)
		}
		if c := tt.change.Description; tt.field == "" && c != nil && (got.Description != *c || got.Capacity != 3) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestExtended(t *testing.T) {
	for name, tt := range map[string]struct {
		minutes int
		now     time.Time
		field   string
		err     error
	}{
		"before":      {30, noon.Add(-time.Hour), "", nil},
		"while on":    {30, noon.Add(time.Minute), "", nil},
		"to the most": {23 * 60, noon, "", nil},
		"beyond it":   {23*60 + 1, noon, "minutes", nil},
		"not at all":  {0, noon, "minutes", nil},
		"shorter":     {-5, noon, "minutes", nil},
		"too late":    {5, noon.Add(time.Hour), "", ErrOver},
	} {
		got, err := reserved(t).Extended(tt.minutes, tt.now)
		if tt.err != nil {
			if !errors.Is(err, tt.err) {
				t.Errorf("%s: %v, want %v", name, err, tt.err)
			}
			continue
		}
		checkField(t, name, err, tt.field)
		want := noon.Add(time.Hour + time.Duration(tt.minutes)*time.Minute)
		if tt.field == "" && (!got.End.Equal(want) || got.Duration != want.Sub(noon)) {
			t.Errorf("%s: to %v (%v), want %v", name, got.End, got.Duration, want)
		}
	}
}

func TestCancel(t *testing.T) {
	now := noon.Add(-time.Hour)
	called := reserved(t).Cancel(now)
	if !called.Cancelled || !called.End.Equal(now) || called.Open(noon) || called.Duration != time.Hour {
		t.Errorf("called off: %+v", called)
	}
	if again := called.Cancel(now.Add(time.Minute)); again != called {
		t.Errorf("called off twice: %+v", again)
	}
	if over := reserved(t).Cancel(noon.Add(time.Hour)); over.Cancelled {
		t.Error("a meeting that has been can't be called off")
	}
	if _, err := called.Changed(Change{}, now.Add(-time.Minute)); !errors.Is(err, ErrOver) {
		t.Errorf("changing what is called off: %v", err)
	}
	if _, err := called.Extended(5, now.Add(-time.Minute)); !errors.Is(err, ErrOver) {
		t.Errorf("extending what is called off: %v", err)
	}
}

// checkField wants a *FieldError about field, or no error if that is empty.
func checkField(t *testing.T, name string, err error, field string) {
	t.Helper()
	e, _ := errors.AsType[*FieldError](err)
	switch {
	case field == "" && err != nil:
		t.Errorf("%s: %v", name, err)
	case field != "" && (e == nil || e.Field != field):
		t.Errorf("%s: %v, want an error about %s", name, err, field)
	}
}

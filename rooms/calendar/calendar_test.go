package calendar

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"plenum/rooms"
)

const link = "https://meet.example/meeting/1.7906f017-4225-4a18-a334-ef03f5607002/"

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func room(zone string, start time.Time, length time.Duration) rooms.Room {
	return rooms.Room{
		ID: "1.7906f017-4225-4a18-a334-ef03f5607002", CreatorName: "anna", Description: "Plan", Timezone: zone,
		Start: start, Duration: length, End: start.Add(length), Version: 1,
	}
}

// write returns the file, and the one event in it as a parser that is not ours reads it.
func write(t *testing.T, r rooms.Room) (string, *ics.VEvent) {
	t.Helper()
	text, err := File(r, "Plan", link, now)
	if err != nil {
		t.Fatal(err)
	}
	cal, err := ics.ParseCalendar(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	if len(cal.Events()) != 1 {
		t.Fatalf("%d events in\n%s", len(cal.Events()), text)
	}
	return string(text), cal.Events()[0]
}

// TestInstants has meetings around changes of clocks arrive at the right
// instant, both for a calendar that knows the zone's name and for one that
// goes by what the file says of it.
func TestInstants(t *testing.T) {
	for name, tt := range map[string]struct {
		zone  string
		start time.Time
	}{
		"winter":                    {"Europe/Berlin", time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)},
		"summer":                    {"Europe/Berlin", time.Date(2026, 7, 15, 9, 0, 0, 0, time.UTC)},
		"just before spring":        {"Europe/Berlin", time.Date(2026, 3, 29, 0, 59, 59, 0, time.UTC)},
		"spring":                    {"Europe/Berlin", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
		"across spring":             {"Europe/Berlin", time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC)},
		"across autumn":             {"Europe/Berlin", time.Date(2026, 10, 24, 23, 30, 0, 0, time.UTC)},
		"first 02:30":               {"Europe/Berlin", time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)},
		"second 02:30":              {"Europe/Berlin", time.Date(2026, 10, 25, 1, 30, 0, 0, time.UTC)},
		"just before first 02:00":   {"Europe/Berlin", time.Date(2026, 10, 24, 23, 59, 59, 0, time.UTC)},
		"after autumn":              {"Europe/Berlin", time.Date(2026, 10, 25, 2, 0, 0, 0, time.UTC)},
		"west":                      {"America/New_York", time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC)},
		"half an hour":              {"Asia/Kolkata", time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC)},
		"clocks set half an hour":   {"Australia/Lord_Howe", time.Date(2026, 4, 4, 14, 45, 0, 0, time.UTC)},
		"lower in winter by law":    {"Europe/Dublin", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC)},
		"no changes":                {"Etc/GMT+5", time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC)},
		"UTC":                       {"UTC", time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC)},
		"three quarters of an hour": {"Asia/Kathmandu", time.Date(2027, 3, 8, 7, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			r := room(tt.zone, tt.start, 90*time.Minute)
			text, event := write(t, r)
			start, err := event.GetStartAt()
			if err != nil || !start.Equal(r.Start) {
				t.Errorf("by the zone's name it starts %v (%v), want %v", start.UTC(), err, r.Start)
			}
			end, err := event.GetEndAt()
			if err != nil || !end.Equal(r.End) {
				t.Errorf("by the zone's name it ends %v (%v), want %v", end.UTC(), err, r.End)
			}
			for property, want := range map[string]time.Time{"DTSTART": r.Start, "DTEND": r.End} {
				if got := byDescription(t, text, property); !got.Equal(want) {
					t.Errorf("by the zone's description %s is %v, want %v\n%s", property, got, want, text)
				}
			}
		})
	}
}

// byDescription reads the time of the event as a calendar does that knows
// nothing but the file: the observance with the latest onset not after it.
func byDescription(t *testing.T, text, property string) time.Time {
	t.Helper()
	event := text[strings.Index(text, "BEGIN:VEVENT"):]
	_, rest, _ := strings.Cut(event, "\r\n"+property)
	line, _, _ := strings.Cut(rest, "\r\n")
	_, value, _ := strings.Cut(line, ":")
	if utc, ok := strings.CutSuffix(value, "Z"); ok {
		return parse(t, utc)
	}
	local := parse(t, value)
	var onset time.Time
	var shift time.Duration
	found := false
	for _, part := range strings.Split(text, "TZNAME")[:strings.Count(text, "TZNAME")] {
		fields := map[string]string{}
		for line := range strings.SplitSeq(part, "\r\n") {
			name, value, _ := strings.Cut(line, ":")
			fields[name] = value
		}
		if at := parse(t, fields["DTSTART"]); !at.After(local) && (!found || at.After(onset)) {
			to, err := time.Parse("-0700", fields["TZOFFSETTO"])
			if err != nil {
				t.Fatal(err)
			}
			_, seconds := to.Zone()
			onset, shift, found = at, time.Duration(seconds)*time.Second, true
		}
	}
	if !found {
		t.Fatalf("no observance holds at %v", local)
	}
	return local.Add(-shift)
}

func parse(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(stampLayout, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestTexts(t *testing.T) {
	r := room("Europe/Berlin", now, time.Hour)
	r.Description = "Budget; drinks, snacks\\ \"x\"\r\nEND:VCALENDAR\n" + strings.Repeat("Grüße aus Köln 𝄞 ", 40)
	text, err := File(r, "Budget; drinks, snacks\\", link, now)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.SplitSeq(bytes.TrimSuffix(text, []byte("\r\n")), []byte("\r\n")) {
		if len(line) > 75 || !utf8.Valid(line) || bytes.ContainsAny(line, "\r\n") {
			t.Errorf("line of %d bytes: %q", len(line), line)
		}
	}
	cal, err := ics.ParseCalendar(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	event := cal.Events()[0]
	if got := event.GetProperty(ics.ComponentPropertySummary).Value; ics.FromText(got) != "Budget; drinks, snacks\\" {
		t.Errorf("summary %q", got)
	}
	want := strings.TrimSpace(strings.ReplaceAll(r.Description, "\r\n", "\n") + "\n\n" + link)
	if got := event.GetProperty(ics.ComponentPropertyDescription).Value; ics.FromText(got) != want {
		t.Errorf("description %q, want %q", ics.FromText(got), want)
	}
}

func TestMethods(t *testing.T) {
	r := room("Europe/Berlin", now.Add(24*time.Hour), time.Hour)
	text, event := write(t, r)
	for _, want := range []string{"\r\nMETHOD:REQUEST\r\n", "\r\nSTATUS:CONFIRMED\r\n", "\r\nSEQUENCE:0\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if event.Id() != r.ID+"@plenum" || event.GetProperty(ics.ComponentPropertyUrl).Value != link {
		t.Errorf("id %q, link %q", event.Id(), event.GetProperty(ics.ComponentPropertyUrl).Value)
	}
	called := r.Cancel(now)
	called.Version = 3
	text, again := write(t, called)
	for _, want := range []string{"\r\nMETHOD:CANCEL\r\n", "\r\nSTATUS:CANCELLED\r\n", "\r\nSEQUENCE:2\r\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if end, err := again.GetEndAt(); err != nil || !end.Equal(r.End) || again.Id() != event.Id() {
		t.Errorf("the cancellation of %s ends %v, %v", again.Id(), end, err)
	}
}

// Package calendar writes a room as a calendar file (RFC 5545, RFC 5546) that
// calendars of any make read at the right instant.
package calendar

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"plenum/rooms"
)

// stampLayout is a date with time, form 1: local to something (RFC 5545 section 3.3.5).
const stampLayout = "20060102T150405"

// File returns the room's invitation, or its cancellation if it is cancelled.
// Its sequence is the room's version, so that a calendar keeps the newest.
// URL is the meeting's page, as guests open it; title is its name on screen.
func File(r rooms.Room, title, url string, now time.Time) ([]byte, error) {
	zone, err := rooms.Zone(r.Timezone)
	if err != nil {
		return nil, fmt.Errorf("calendar file of room %s: %w", r.ID, err)
	}
	method, status := "REQUEST", "CONFIRMED"
	if r.Cancelled {
		method, status = "CANCEL", "CANCELLED"
	}
	start, end := r.Start, r.End
	if r.Cancelled {
		end = start.Add(r.Duration) // End is when it was called off
	}
	var f file
	f.line("BEGIN", "VCALENDAR")
	f.line("VERSION", "2.0")
	f.line("PRODID", "-//Plenum//Plenum//EN")
	f.line("CALSCALE", "GREGORIAN")
	f.line("METHOD", method)
	inUTC := zone.String() == "UTC" || twice(start.In(zone)) || twice(end.In(zone))
	if !inUTC {
		f.zone(zone, start, end)
	}
	f.line("BEGIN", "VEVENT")
	f.line("UID", escape(r.ID)+"@plenum")
	f.line("SEQUENCE", fmt.Sprint(max(0, r.Version-1)))
	f.stamp("DTSTAMP", now, time.UTC, true)
	f.stamp("DTSTART", start, zone, inUTC)
	f.stamp("DTEND", end, zone, inUTC)
	f.line("SUMMARY", escape(title))
	f.line("DESCRIPTION", escape(strings.TrimSpace(r.Description+"\n\n"+url)))
	f.line("LOCATION", escape(url))
	f.line("URL", url)
	f.line("ORGANIZER;CN="+quote(r.CreatorName), "invalid:nomail") // users have no mail address
	f.line("STATUS", status)
	f.line("END", "VEVENT")
	f.line("END", "VCALENDAR")
	return []byte(f.String()), nil
}

// twice reports whether the local time of at comes a second time, as when
// clocks are set back. RFC 5545 takes it for the first, some calendars don't.
func twice(at time.Time) bool {
	since, until := at.ZoneBounds()
	return !since.IsZero() && at.Sub(since) < setBack(since) || !until.IsZero() && until.Sub(at) <= setBack(until)
}

// setBack returns by how much clocks are set back at the end of a stretch.
func setBack(change time.Time) time.Duration {
	_, before := change.Add(-time.Second).Zone()
	_, after := change.Zone()
	return time.Duration(before-after) * time.Second
}

type file struct{ strings.Builder }

// maxLine is how many bytes a line may hold, its end left out (RFC 5545 section 3.1).
const maxLine = 75

// line writes a property, folded between characters.
func (f *file) line(name, value string) {
	rest, room := name+":"+value, maxLine
	for len(rest) > room {
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		f.WriteString(rest[:cut] + "\r\n ")
		rest, room = rest[cut:], maxLine-1 // the blank counts
	}
	f.WriteString(rest + "\r\n")
}

func (f *file) stamp(name string, at time.Time, zone *time.Location, inUTC bool) {
	if inUTC {
		f.line(name, at.UTC().Format(stampLayout)+"Z")
		return
	}
	f.line(name+";TZID="+zone.String(), at.In(zone).Format(stampLayout))
}

// zone describes the stretch of a zone's history that the meeting lies in, with
// its neighbours: calendars that know no IANA names go by it.
func (f *file) zone(zone *time.Location, start, end time.Time) {
	f.line("BEGIN", "VTIMEZONE")
	f.line("TZID", zone.String())
	at := start.In(zone)
	if since, _ := at.ZoneBounds(); !since.IsZero() {
		at = since.Add(-time.Second)
	}
	for {
		since, until := at.ZoneBounds()
		f.observance(at, since)
		if until.IsZero() || since.After(end) {
			break
		}
		at = until
	}
	f.line("END", "VTIMEZONE")
}

// observance writes one stretch: at lies in it, and it began at since, or always was.
func (f *file) observance(at, since time.Time) {
	kind := "STANDARD"
	if at.IsDST() {
		kind = "DAYLIGHT"
	}
	name, to := at.Zone()
	from, onset := to, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	if !since.IsZero() {
		_, from = since.Add(-time.Second).Zone()
		onset = since.UTC().Add(time.Duration(from) * time.Second) // in the time before it (section 3.6.5)
	}
	f.line("BEGIN", kind)
	f.line("DTSTART", onset.Format(stampLayout))
	f.line("TZOFFSETFROM", offset(from))
	f.line("TZOFFSETTO", offset(to))
	f.line("TZNAME", escape(name))
	f.line("END", kind)
}

// offset writes seconds east of UTC as +hhmm, with seconds where there are some.
func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if s := seconds % 60; s != 0 {
		text += fmt.Sprintf("%02d", s)
	}
	return text
}

var escaper = strings.NewReplacer(`\`, `\\`, `;`, `\;`, `,`, `\,`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`)

// escape makes a text a value (section 3.3.11).
func escape(text string) string { return escaper.Replace(text) }

// quote makes a text a parameter's value, which can hold no quotes.
func quote(text string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r == '"' || r < ' ' {
			return -1
		}
		return r
	}, text) + `"`
}

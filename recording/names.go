package recording

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"plenum/sfu"
)

const (
	manifestName = "manifest.json"
	journalName  = "events.ndjson"
)

// trackID names a track by its participant and source: "p3" and microphone make
// "p03-microphone". Only letters, digits and hyphens come out, whatever goes in.
func trackID(participant string, s sfu.Source) string {
	if digits, ok := strings.CutPrefix(participant, "p"); ok {
		if n, err := strconv.ParseUint(digits, 10, 32); err == nil {
			return fmt.Sprintf("p%02d-%s", n, plain(string(s)))
		}
	}
	return plain(participant) + "-" + plain(string(s))
}

func plain(s string) string {
	const longest = 40
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '-'
		}
	}, s)
	return s[:min(len(s), longest)]
}

// fileName is the first free name for a track's file: its number is free with
// any suffix.
func fileName(track, suffix string, taken func(string) bool) string {
	for n := 1; ; n++ {
		stem := fmt.Sprintf("%s-%02d", track, n)
		if !taken(stem+".webm") && !taken(stem+".mkv") {
			return stem + suffix
		}
	}
}

// displayName is what a downloaded file is called, such as
// "Weekly sync – Ann – microphone.webm".
func displayName(m Manifest, t Track) string {
	return clean(m.Title, "Meeting") + " – " + shortName(m, t)
}

// shortName is the same without the title: "Ann – microphone.webm". A source's
// further files are numbered: "Ann – camera 2.mkv".
func shortName(m Manifest, t Track) string {
	who := t.Participant
	if p := m.participant(t.Participant); p != nil {
		who = clean(p.Name, who)
	}
	name := who + " – " + strings.ReplaceAll(string(t.Source), "_", " ")
	part := 0
	for _, other := range m.Tracks {
		if other.Participant == t.Participant && other.Source == t.Source {
			part++
		}
		if other.Path == t.Path {
			break
		}
	}
	if part > 1 {
		name += " " + strconv.Itoa(part)
	}
	if ext := path.Ext(t.Path); ext != "" {
		return name + ext
	}
	return name + ".webm"
}

// clean makes a text fit for a file name on any system: no separators,
// reserved or invisible characters, no dots or spaces at its ends, at most 80
// characters. Instead of nothing it returns fallback.
func clean(s, fallback string) string {
	const longest = 80
	var b strings.Builder
	n := 0
	space := false
	for _, r := range s {
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.Cf, r), unicode.IsControl(r) && !unicode.IsSpace(r):
			continue // Cf holds the characters that turn the direction of text
		case unicode.IsSpace(r):
			space = true
			continue
		case strings.ContainsRune(`/\:*?"<>|`, r):
			r = '-'
		}
		if space && b.Len() > 0 {
			b.WriteByte(' ')
			n++
		}
		space = false
		if n++; n > longest {
			break
		}
		b.WriteRune(r)
	}
	if out := strings.Trim(b.String(), ". "); out != "" {
		return out
	}
	return fallback
}

package signaling

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"plenum/signaling/protocol"
)

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"Ann":                  "Ann",
		"  Ann \n":             "Ann",
		"A\x00n\x1bn\u0085":    "Ann",
		"\u202eevil\u2069":     "evil",
		"a\u2028b\u2029c":      "abc",
		"👩\u200d👩\u200d👧":      "👩\u200d👩\u200d👧", // joined emoji stay joined
		"line\nbreak\ttab":     "linebreaktab",
		"\u200f \u200e":        "",
		"ab \u00a0":            "ab",
		"x\u2066y\u2069z \r\n": "xyz",
	} {
		if got := clean(in, ""); got != want {
			t.Errorf("clean(%q) = %q, want %q", in, got, want)
		}
	}
	if got := clean(" a\n\tb\r\x00 ", "\n\t"); got != "a\n\tb" {
		t.Errorf("clean that keeps line breaks = %q", got)
	}
}

// FuzzDecode holds that whatever passes is within the bounds, and that its
// answer can be encoded.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"type":"join","id":1,"name":"Ann","offer":"v=0","sources":{"0":"camera"},"view":{"tiles":[]}}`,
		`{"type":"view","tiles":[{"participant":"p1","source":"screen","height":720}]}`,
		`{"type":"chat","text":"hi\u0000"}`, `{"type":"publish","source":"camera","on":true}`,
		`{"type":"moderate","action":"mute","participant":"p2"}`, `{"type":"moderate","action":"mute_all"}`,
		`{"type":"reaction","emoji":"👏"}`, `{"type":"extend","minutes":30}`, `{"type":"lock","on":true}`, `{"type":"hand","up":true}`,
		`{"type":"resume","token":"x","after":5}`, `{"type":"leave"}`, `{"type":5}`, `{"type":"chat","text":"hi","to":"p2"}`, `{"type":"spotlight","participant":"p2","on":true}`, `{"id":"x","type":"chat"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		msg, id, err := decode(data)
		if id < 0 || id > maxRequestID {
			t.Fatalf("id %d", id)
		}
		if err != nil {
			encode(protocol.Error{Re: id, Code: protocol.BadMessage, Message: err.Error()})
			return
		}
		switch m := msg.(type) {
		case protocol.Join:
			if n := utf8.RuneCountInString(m.Name); n < 1 || n > maxName || len(m.View.Tiles) > maxTiles {
				t.Fatalf("join passed: %+v", m)
			}
			for _, r := range m.Name {
				if unicode.IsControl(r) {
					t.Fatalf("name %q passed", m.Name)
				}
			}
		case protocol.SendChat:
			if n := utf8.RuneCountInString(m.Text); n < 1 || n > maxText {
				t.Fatalf("chat of %d characters passed", n)
			}
			if len(m.To) > maxID {
				t.Fatalf("an addressee of %d bytes passed", len(m.To))
			}
		case protocol.Spotlight:
			if m.Participant == "" || len(m.Participant) > maxID {
				t.Fatalf("%+v passed", m)
			}
		case protocol.Publish:
			if !known(m.Source) {
				t.Fatalf("source %q passed", m.Source)
			}
		case protocol.Moderate:
			if (m.Participant == "") != (m.Action == protocol.MuteAll) || len(m.Participant) > maxID {
				t.Fatalf("%+v passed", m)
			}
		case protocol.React:
			if len(m.Emoji) > 8 {
				t.Fatalf("emoji %q passed", m.Emoji)
			}
		case protocol.Extend:
			if m.Minutes < 15 || m.Minutes > 60 {
				t.Fatalf("%d minutes passed", m.Minutes)
			}
		}
	})
}

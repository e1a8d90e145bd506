package api

import (
	"strings"
	"testing"
	"time"
)

// fakeFigures has seen one busy moment.
type fakeFigures struct{}

func (fakeFigures) Server() []Figure {
	return []Figure{{At: time.Date(2018, 4, 3, 12, 14, 20, 0, time.UTC), Rooms: 2, People: 5, Bitrate: 12_000_000, Loss: 0.02, CPU: 0.25}}
}

func (f fakeFigures) Room(string) []Figure { return f.Server() }

func (fakeFigures) Every() time.Duration { return 5 * time.Second }

func TestFigures(t *testing.T) {
	s := newTestServer(t, nil)
	room := "/api/v1/rooms/" + s.reserve(t, "Plan").ID + "/figures"
	const common = `"people":5,"bitrate":12000000,"loss":0.02`
	for name, tt := range map[string]struct{ as, path, row string }{
		"a host's room":  {"anna", room, `{"at":"2018-04-03T12:14:20.000Z",` + common + `}`},
		"an admin there": {"admin", room, `{"at":"2018-04-03T12:14:20.000Z",` + common + `,"cpu":0.25}`},
		"the server":     {"admin", "/api/v1/figures", `{"at":"2018-04-03T12:14:20.000Z","rooms":2,` + common + `,"cpu":0.25}`},
	} {
		want := `{"every_seconds":5,"figures":[` + tt.row + `]}`
		if a := s.do(t, request{path: tt.path, as: tt.as}); strings.TrimSpace(a.body) != want {
			t.Errorf("%s: %s, want %s", name, a.body, want)
		}
	}
}

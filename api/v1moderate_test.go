package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plenum/signaling"
)

// Moderate, Lock and Announce note what was asked, and find only those there
// who are live.
func (m *fakeMeetings) Moderate(roomID, by, action, participant string) error {
	return m.act(roomID, participant, fmt.Sprintf("%s by %s on %q", action, by, participant))
}

func (m *fakeMeetings) Lock(roomID string, on bool) error {
	return m.act(roomID, "", fmt.Sprintf("lock %t", on))
}

func (m *fakeMeetings) Announce(roomID, from, text, participant string) ([]Delivery, error) {
	if err := m.act(roomID, participant, fmt.Sprintf("%s says %q to %q", from, text, participant)); err != nil {
		return nil, err
	}
	live, _ := m.Live(roomID)
	var all []Delivery
	for _, p := range live.Participants {
		if participant == "" || participant == p.ID {
			outcome := signaling.Gone
			if p.Connected {
				outcome = signaling.Delivered
			}
			all = append(all, Delivery{Recipient: p.ID, Outcome: outcome})
		}
	}
	return all, nil
}

func (m *fakeMeetings) act(roomID, participant, what string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	live, ok := m.live[roomID]
	switch {
	case participant != "" && !slices.ContainsFunc(live.Participants, func(p Participant) bool { return p.ID == participant }):
		return ErrNotHere
	case !ok:
		return ErrNotLive
	}
	m.acts = append(m.acts, what)
	return nil
}

func (m *fakeMeetings) acted() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.acts)
}

func TestModerate(t *testing.T) {
	s := newTestServer(t, nil)
	room, empty := s.reserve(t, "Plan"), s.reserve(t, "Empty")
	s.meetings.enter(room.ID, Participant{ID: "p1", Name: "Bo", Role: "speaker", Connected: true})
	live, none := "/api/v1/rooms/"+room.ID, "/api/v1/rooms/"+empty.ID
	for _, action := range actionsOnOne {
		a := s.post(t, "anna", live+"/participants/p1/moderate", `{"action":"`+action+`"}`)
		if action == lobbyAction { // after it there is nobody to show
			if a.StatusCode != 204 {
				t.Errorf("%s: %d %s", action, a.StatusCode, a.body)
			}
			continue
		}
		if got := decode[participantBody](t, a); a.StatusCode != 200 || got.Name != "Bo" {
			t.Errorf("%s: %d %s", action, a.StatusCode, a.body)
		}
	}
	for _, action := range actionsOnAll {
		if a := s.post(t, "admin", live+"/moderate", `{"action":"`+action+`"}`); a.StatusCode != 200 {
			t.Errorf("%s: %d %s", action, a.StatusCode, a.body)
		}
		wantProblem(t, action+" in an empty room", s.post(t, "anna", none+"/moderate", `{"action":"`+action+`"}`), 409)
	}
	for _, action := range actionsOnWaiting {
		if a := s.post(t, "anna", live+"/waiting/p1", `{"action":"`+action+`"}`); a.StatusCode != 204 {
			t.Errorf("%s: %d %s", action, a.StatusCode, a.body)
		}
	}
	wantProblem(t, "admit twice over", s.post(t, "anna", live+"/waiting/p9", `{"action":"admit"}`), 404)
	if a := s.do(t, request{method: "DELETE", path: live + "/participants/p1", as: "anna"}); a.StatusCode != 204 {
		t.Errorf("remove: %d %s", a.StatusCode, a.body)
	}
	want := []string{
		`mute by anna on "p1"`, `stop_camera by anna on "p1"`, `stop_screen by anna on "p1"`, `ask_to_unmute by anna on "p1"`,
		`lower_hand by anna on "p1"`, `make_host by anna on "p1"`, `make_speaker by anna on "p1"`, `make_audience by anna on "p1"`,
		`send_to_lobby by anna on "p1"`, `mute_all by admin on ""`, `lock true`, `lock false`, `admit_all by admin on ""`,
		`admit by anna on "p1"`, `deny by anna on "p1"`, `remove by anna on "p1"`,
	}
	if diff := cmp.Diff(want, s.meetings.acted()); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
	if got := strings.Count(s.log.String(), `"msg":"meeting moderated"`); got != len(want) {
		t.Errorf("%d acts are in the log, want %d", got, len(want))
	}
	for _, bad := range []string{"remove", "mute_all", "", "tickle"} {
		wantProblem(t, bad, s.post(t, "anna", live+"/participants/p1/moderate", `{"action":"`+bad+`"}`), 400)
	}
	wantProblem(t, "mute for all", s.post(t, "anna", live+"/moderate", `{"action":"mute"}`), 400)
	for _, path := range []string{live + "/participants/p9", none + "/participants/p1"} {
		wantProblem(t, "show "+path, s.do(t, request{path: path, as: "anna"}), 404)
		wantProblem(t, "mute "+path, s.post(t, "anna", path+"/moderate", `{"action":"mute"}`), 404)
		wantProblem(t, "remove "+path, s.do(t, request{method: "DELETE", path: path, as: "anna"}), 404)
	}
}

package signaling

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"plenum/rooms/meeting"
	"plenum/signaling/protocol"
)

// openMedia reads the diary of the media plane: who is connected there, who of
// them is barred, and whose sources are on.
func openMedia(lines []string) (connected, barred, on map[string]bool) {
	connected, barred, on = map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, line := range lines {
		words := strings.Fields(line)
		id := words[min(1, len(words)-1)]
		switch words[0] {
		case "join":
			connected[id], barred[id] = true, false
		case "leave":
			delete(connected, id)
		case "bar":
			barred[id] = words[2] == "true"
		case "source":
			key := id + " " + words[2]
			if on[key] = words[3] == "on=true"; !on[key] {
				delete(on, key)
			}
		}
	}
	return connected, barred, on
}

// rules holds a live room to what may never be, whatever came before.
func (h *harness) rules(t *testing.T, step string) {
	t.Helper()
	live := h.hub.lookup(h.room.ID)
	if live == nil {
		return
	}
	live.do(func() {
		connected, barred, on := openMedia(h.media.read())
		for id, s := range live.waiting {
			if s.media() != nil || s.state.Load() != sessionWaiting || live.sessions[id] != nil {
				t.Errorf("%s: %s waits and has media", step, id)
			}
			if _, in := live.meeting.Participant(id); in {
				t.Errorf("%s: %s waits and is in the meeting", step, id)
			}
			if connected[id] && !live.meeting.Admitted(id) {
				t.Errorf("%s: %s waits, was not admitted, and is connected", step, id)
			}
		}
		for _, p := range live.meeting.Roster() {
			s := live.sessions[p.ID]
			if s == nil || s.media() == nil {
				t.Fatalf("%s: %s is on the roster without media", step, p.ID)
			}
			if p.Role != meeting.Audience {
				continue
			}
			if !barred[p.ID] {
				t.Errorf("%s: %s is audience and not barred", step, p.ID)
			}
			for _, source := range []string{"microphone", "camera", "screen", "screen_audio"} {
				if on[p.ID+" "+source] {
					t.Errorf("%s: the %s of %s, who is audience, is on", step, source, p.ID)
				}
			}
		}
	})
}

// TestWhateverComes has a host and guests do things in no sensible order.
func TestWhateverComes(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 7))
			h := newHarness(t, Config{})
			h.room.Rules.Lobby = seed%2 == 0
			ann := h.host()
			var guests []*client
			for n := range 80 {
				step := clean(h.chance(rng, ann, &guests, n), "")
				// Ann's messages are handled in order: when this comes back, all before it is done.
				ann.send(protocol.SendChat{Text: step})
				await(ann, func(c protocol.Chat) bool { return c.Text == step })
				h.rules(t, step)
			}
		})
	}
}

// chance does one thing, and says which.
func (h *harness) chance(rng *rand.Rand, ann *client, guests *[]*client, n int) string {
	ids := func() []string {
		var all []string
		live := h.hub.lookup(h.room.ID)
		live.do(func() {
			for _, s := range live.everybody() {
				all = append(all, s.id)
			}
		})
		slices.Sort(all)
		if len(all) > 1 { // Ann stays
			all = slices.DeleteFunc(all, func(id string) bool { return id == ann.me.Participant })
		}
		return all
	}()
	target := ids[rng.IntN(len(ids))]
	order := func(a protocol.Action, role protocol.Role) string {
		if target == ann.me.Participant {
			return fmt.Sprintf("%d: nobody there", n)
		}
		// From outside, where nobody is cut off for what is refused.
		_ = h.hub.Moderate(h.room.ID, "carl", protocol.Moderate{Action: a, Participant: target, Role: role})
		return fmt.Sprintf("%d: %s %s%s", n, a, target, role)
	}
	pick := func() *client {
		if len(*guests) == 0 {
			*guests = append(*guests, h.dial())
		}
		return (*guests)[rng.IntN(len(*guests))]
	}
	say := func(c *client, msg any) string {
		data, err := protocol.Marshal(msg)
		if err != nil {
			h.t.Fatal(err)
		}
		_ = c.conn.Write(h.t.Context(), 1, data) // it may have been sent off
		return fmt.Sprintf("%d: a guest sends %.60s", n, data)
	}
	switch rng.IntN(12) {
	case 0, 1, 2:
		if len(*guests) < 8 {
			*guests = append(*guests, h.dial())
		}
		return say(pick(), joinMessage(fmt.Sprint("Guest ", n), ""))
	case 3, 4:
		return order(protocol.Admit, "")
	case 5:
		return order(protocol.SendToLobby, "")
	case 6:
		return order(protocol.SetRole, []protocol.Role{protocol.Audience, protocol.Speaker}[rng.IntN(2)])
	case 7, 8:
		return say(pick(), protocol.Publish{Source: []protocol.Source{protocol.Microphone, protocol.Camera}[rng.IntN(2)], On: rng.IntN(3) > 0})
	case 9:
		return order([]protocol.Action{protocol.Deny, protocol.Remove}[rng.IntN(2)], "")
	case 10:
		ann.send(protocol.SetLobby{On: rng.IntN(2) == 0})
		return fmt.Sprintf("%d: the lobby", n)
	default:
		c := pick()
		_ = c.conn.CloseNow()
		*guests = slices.DeleteFunc(*guests, func(g *client) bool { return g == c })
		return fmt.Sprintf("%d: a guest's line breaks", n)
	}
}

// Package eventjson writes events as JSON: the same for pages, streams and
// webhooks.
package eventjson

import (
	"encoding/json"
	"time"

	"plenum/rooms"
)

// Body is an event as the outside sees it. What its kind has no use for is
// left out.
type Body struct {
	ID          string          `json:"id"`
	Type        rooms.EventKind `json:"type"`
	Room        string          `json:"room"`
	Seq         int64           `json:"seq"`
	Pos         int64           `json:"pos"`
	At          string          `json:"at"`
	Visit       string          `json:"visit,omitempty"`
	Participant string          `json:"participant,omitempty"`
	Name        string          `json:"name,omitempty"`
	UserID      int64           `json:"user_id,omitempty"`
	Role        string          `json:"role,omitempty"`
	By          string          `json:"by,omitempty"`
	Reason      string          `json:"reason,omitempty"`
	Recording   string          `json:"recording,omitempty"`
	End         string          `json:"end,omitempty"`
}

// Of returns e as the outside sees it.
func Of(e rooms.Event) Body {
	b := Body{
		ID: e.ID, Type: e.Kind, Room: e.Room, Seq: e.Seq, Pos: e.Pos, At: Stamp(e.At), Visit: e.Visit,
		Participant: e.Participant, Name: e.Name, UserID: e.UserID, Role: e.Role, By: e.By, Reason: e.Reason,
		Recording: e.Recording,
	}
	if !e.End.IsZero() {
		b.End = Stamp(e.End)
	}
	return b
}

// Marshal returns e as JSON.
func Marshal(e rooms.Event) []byte {
	text, err := json.Marshal(Of(e))
	if err != nil {
		panic("eventjson: " + err.Error()) // texts and numbers always encode
	}
	return text
}

// Stamp writes a time: RFC 3339, UTC, milliseconds.
func Stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

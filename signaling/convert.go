package signaling

import (
	"cmp"
	"strings"
	"time"

	"plenum/rooms"
	"plenum/rooms/meeting"
	"plenum/sfu"
	"plenum/signaling/protocol"
)

// stampLayout is RFC 3339 with milliseconds; times are UTC.
const stampLayout = "2006-01-02T15:04:05.000Z07:00"

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(stampLayout)
}

// eventMessage is the message that tells e.
func eventMessage(e meeting.Event) any {
	switch c := e.Change.(type) {
	case meeting.RosterChanged:
		left := c.Left
		if left == nil {
			left = []string{}
		}
		return protocol.Roster{Seq: e.Seq, Changed: rosterRows(c.Changed), Left: left}
	case meeting.ChatSent:
		return protocol.Chat{Seq: e.Seq, ChatMessage: chatMessage(c.Message)}
	case meeting.RecordingChanged:
		return protocol.Recording{Seq: e.Seq, RecordingState: recordingState(c.Recording)}
	case meeting.RoomChanged:
		return protocol.Room{Seq: e.Seq, RoomState: roomState(c.Info)}
	}
	return nil // not reached: Change is closed
}

func rosterRows(in []meeting.Participant) []protocol.Participant {
	rows := make([]protocol.Participant, len(in))
	for i, p := range in {
		sources := make([]protocol.SourceState, len(p.Sources))
		for j, s := range p.Sources {
			sources[j] = protocol.SourceState{Source: protocol.Source(s.Source), Muted: s.Muted}
		}
		rows[i] = protocol.Participant{
			ID: p.ID, Number: p.Number, Name: p.Name, Role: protocol.Role(p.Role),
			Sources: sources, Connected: p.Connected, JoinedAt: stamp(p.JoinedAt), Hand: p.Hand,
			Spotlight: p.Spotlight,
		}
	}
	return rows
}

func chatMessage(m meeting.Message) protocol.ChatMessage {
	line := protocol.ChatMessage{From: m.From, Name: m.Name, Text: m.Text, At: stamp(m.At)}
	if f := m.File; f != nil {
		line.File = &protocol.SharedFile{ID: f.ID, Name: f.Name, Size: f.Size, Picture: f.Picture}
	}
	return line
}

func chatMessages(in []meeting.Message) []protocol.ChatMessage {
	out := make([]protocol.ChatMessage, len(in))
	for i, m := range in {
		out[i] = chatMessage(m)
	}
	return out
}

func recordingState(r meeting.Recording) protocol.RecordingState {
	state := protocol.RecordingState{
		On: r.On, ID: r.ID, StartedAt: stamp(r.StartedAt), By: r.By,
		Notice: r.Notice.Text, NoticeCode: protocol.RecordingNotice(r.Notice.Code),
		Warning: r.Warning.Text, WarningCode: protocol.RecordingWarning(r.Warning.Code), Paused: r.Paused, PausedBy: r.PausedBy,
	}
	if r.Warning.Silent != "" {
		state.Silent = strings.Split(r.Warning.Silent, "\n")
	}
	return state
}

func roomState(i meeting.Info) protocol.RoomState {
	may := []protocol.AudienceRight{}
	for _, right := range i.Audience.May() {
		may = append(may, protocol.AudienceRight(right))
	}
	return protocol.RoomState{
		ID: i.ID, Title: i.Title, EndsAt: stamp(i.EndsAt), ClosesAt: stamp(i.ClosesAt), Locked: i.Locked, Lobby: i.Lobby,
		RecordingPolicy: protocol.RecordingPolicy(cmp.Or(i.Recording, rooms.RecordManual)), AudienceMay: may,
	}
}

func seatRows(in []sfu.SeatRow) []protocol.Seat {
	rows := make([]protocol.Seat, len(in))
	for i, s := range in {
		rows[i] = protocol.Seat{Seat: i, Participant: s.Participant, Video: s.Video, Undecodable: s.Undecodable}
		if s.Participant != "" {
			rows[i].Source = protocol.Source(s.Source)
		}
		if s.HasFrom {
			from := s.From
			rows[i].From = &from
		}
	}
	return rows
}

func mediaTiles(v protocol.View) []sfu.Tile {
	tiles := make([]sfu.Tile, len(v.Tiles))
	for i, t := range v.Tiles {
		tiles[i] = sfu.Tile{Participant: t.Participant, Source: sfu.Source(t.Source), Height: t.Height}
	}
	return tiles
}

func mediaSources(in map[string]protocol.Source) map[string]sfu.Source {
	out := make(map[string]sfu.Source, len(in))
	for mid, s := range in {
		out[mid] = sfu.Source(s)
	}
	return out
}

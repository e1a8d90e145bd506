package main

import (
	"plenum/recording"
	"plenum/rooms"
)

// noteRecording puts into the audit log what happens to recordings without a
// call over HTTP, which the API notes itself: they start and stop in meetings,
// and retention deletes them.
func noteRecording(log *rooms.AuditLog, e recording.Entry) {
	switch e.Action {
	case recording.ActionStart, recording.ActionStop, recording.ActionExpire:
	default:
		return
	}
	kind := rooms.ActorServer
	if e.Who != "" {
		kind = rooms.ActorParticipant
	}
	details := map[string]string{"room": e.Room}
	if e.Detail != "" {
		details["reason"] = e.Detail
	}
	log.Note(rooms.AuditEntry{
		At: e.At, Kind: kind, Actor: e.Who, Action: "recording." + string(e.Action), Object: e.Recording,
		Outcome: rooms.OutcomeOK, Details: details,
	})
}

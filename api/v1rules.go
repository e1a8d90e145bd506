package api

import (
	"cmp"

	"plenum/rooms"
)

// rulesBody is what a caller wants a room's rules to be. What is left out
// stays, or is as it is by default.
type rulesBody struct {
	Passcode    *string                `json:"passcode"`
	Lobby       *bool                  `json:"lobby"`
	Recording   *rooms.RecordingPolicy `json:"recording_policy"`
	GuestRole   *rooms.GuestRole       `json:"guest_role"`
	AudienceMay *[]rooms.AudienceRight `json:"audience_may"`
}

func (b rulesBody) change() rooms.RulesChange { return rooms.RulesChange(b) }

// Rules are what callers see of a room's rules. A passcode is never shown.
type Rules struct {
	HasPasscode bool                  `json:"has_passcode"`
	Lobby       bool                  `json:"lobby"`
	Recording   rooms.RecordingPolicy `json:"recording_policy"`
	GuestRole   rooms.GuestRole       `json:"guest_role"`
	AudienceMay []rooms.AudienceRight `json:"audience_may"`
}

func rulesOf(r rooms.Rules) Rules {
	return Rules{
		HasPasscode: r.PasscodeHash != "", Lobby: r.Lobby, Recording: cmp.Or(r.Recording, rooms.RecordManual),
		GuestRole: cmp.Or(r.GuestRole, rooms.GuestSpeaker), AudienceMay: r.Audience.May(),
	}
}

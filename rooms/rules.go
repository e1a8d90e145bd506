package rooms

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// Rules say who gets into a room, and what is allowed there. The zero value
// lets everybody with the link in as a speaker; hosts start recordings.
type Rules struct {
	PasscodeHash string // see HashPasscode; empty is none
	Lobby        bool   // who comes without a host link waits until a host admits
	Recording    RecordingPolicy
	GuestRole    GuestRole // of those who come by the plain link
	Audience     AudienceRules
	// LinkEpoch counts how often the room's links were revoked: a link of an
	// earlier epoch opens nothing.
	LinkEpoch int64
}

// RecordingPolicy says how a room is recorded.
type RecordingPolicy string

// The policies. Empty is RecordManual.
const (
	RecordManual    RecordingPolicy = "manual"    // hosts start and stop
	RecordAutomatic RecordingPolicy = "automatic" // begins with the first who enters; hosts may stop it
	RecordVoice     RecordingPolicy = "voice"     // hosts start and stop; microphones only
	RecordOff       RecordingPolicy = "off"       // never
)

// GuestRole is what somebody becomes who comes by a room's plain link.
type GuestRole string

// The roles of guests. Empty is GuestSpeaker.
const (
	GuestSpeaker  GuestRole = "speaker"
	GuestAudience GuestRole = "audience"
)

// AudienceRules take things away from a room's audience, which never
// publishes. The zero value takes nothing.
type AudienceRules struct{ NoChat, NoHands, NoReactions bool }

// AudienceRight is something the audience of a room may do.
type AudienceRight string

// The rights of an audience.
const (
	AudienceChat     AudienceRight = "chat"
	AudienceHand     AudienceRight = "hand"
	AudienceReaction AudienceRight = "reaction"
)

// May lists what the audience may do, in a fixed order.
func (a AudienceRules) May() []AudienceRight {
	rights := []AudienceRight{}
	for _, one := range []struct {
		denied bool
		right  AudienceRight
	}{{a.NoChat, AudienceChat}, {a.NoHands, AudienceHand}, {a.NoReactions, AudienceReaction}} {
		if !one.denied {
			rights = append(rights, one.right)
		}
	}
	return rights
}

// audienceRules is what May reads back, or a *FieldError.
func audienceRules(may []AudienceRight) (AudienceRules, error) {
	for i, r := range may {
		if r != AudienceChat && r != AudienceHand && r != AudienceReaction || slices.Contains(may[:i], r) {
			return AudienceRules{}, &FieldError{"audience_may", "must be of chat, hand and reaction, each once"}
		}
	}
	return AudienceRules{
		NoChat: !slices.Contains(may, AudienceChat), NoHands: !slices.Contains(may, AudienceHand),
		NoReactions: !slices.Contains(may, AudienceReaction),
	}, nil
}

// RulesChange says what is to be different about a room's rules. Nil fields
// stay.
type RulesChange struct {
	Passcode    *string // its text; empty takes the passcode away
	Lobby       *bool
	Recording   *RecordingPolicy
	GuestRole   *GuestRole
	AudienceMay *[]AudienceRight
}

// Changed returns the rules with c applied, or a *FieldError. It hashes a new
// passcode, which takes a few milliseconds.
func (r Rules) Changed(c RulesChange) (Rules, error) {
	if c.Passcode != nil {
		r.PasscodeHash = ""
		if *c.Passcode != "" {
			if err := validatePasscode(*c.Passcode); err != nil {
				return r, err
			}
			r.PasscodeHash = HashPasscode(*c.Passcode)
		}
	}
	if c.Lobby != nil {
		r.Lobby = *c.Lobby
	}
	if c.Recording != nil {
		switch *c.Recording {
		case RecordManual, RecordAutomatic, RecordVoice, RecordOff:
		default:
			return r, &FieldError{"recording_policy", "must be manual, automatic, voice or off"}
		}
		r.Recording = *c.Recording
	}
	if c.GuestRole != nil {
		if *c.GuestRole != GuestSpeaker && *c.GuestRole != GuestAudience {
			return r, &FieldError{"guest_role", "must be speaker or audience"}
		}
		r.GuestRole = *c.GuestRole
	}
	if c.AudienceMay != nil {
		audience, err := audienceRules(*c.AudienceMay)
		if err != nil {
			return r, err
		}
		r.Audience = audience
	}
	return r, nil
}

// Limits of a passcode, in characters.
const (
	MinPasscode = 4
	MaxPasscode = 64
)

func validatePasscode(text string) error {
	bad := &FieldError{"passcode", "must be 4 to 64 characters without control characters, or empty for none"}
	n := utf8.RuneCountInString(text)
	if n < MinPasscode || n > MaxPasscode || !utf8.ValidString(text) {
		return bad
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			return bad
		}
	}
	return nil
}

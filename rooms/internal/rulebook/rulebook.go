// Package rulebook writes a room's rules as stores keep them.
package rulebook

import (
	"strings"

	"plenum/rooms"
)

// Denied names what an audience may not do, parted by blanks.
func Denied(a rooms.AudienceRules) string {
	var words []string
	for _, one := range []struct {
		denied bool
		right  rooms.AudienceRight
	}{{a.NoChat, rooms.AudienceChat}, {a.NoHands, rooms.AudienceHand}, {a.NoReactions, rooms.AudienceReaction}} {
		if one.denied {
			words = append(words, string(one.right))
		}
	}
	return strings.Join(words, " ")
}

// Audience reads what Denied wrote.
func Audience(denied string) rooms.AudienceRules {
	var a rooms.AudienceRules
	for word := range strings.FieldsSeq(denied) {
		switch rooms.AudienceRight(word) {
		case rooms.AudienceChat:
			a.NoChat = true
		case rooms.AudienceHand:
			a.NoHands = true
		case rooms.AudienceReaction:
			a.NoReactions = true
		}
	}
	return a
}

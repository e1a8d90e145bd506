package signaling

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"plenum/signaling/protocol"
)

// Bounds of what a page may send, in docs/protocol.md under "Limits".
const (
	maxName      = 64        // characters
	maxText      = 4000      // characters of a chat message
	maxSDP       = 200 << 10 // bytes
	maxTiles     = 200       // a view
	maxHeight    = 4320      // pixels: 8K
	maxSources   = 8         // send-only m-lines
	maxMid       = 16        // bytes (RFC 9143 asks for short mids)
	maxID        = 64        // bytes of a participant id
	maxToken     = 1024      // bytes
	maxShort     = 64        // characters of a passcode, or the page's word for its browser
	maxRequestID = 1<<53 - 1 // what JavaScript counts exactly
)

// decode reads and checks one message of a page. What it returns is within all
// bounds; its error is a sentence that may be sent back.
func decode(data []byte) (msg any, id int, err error) {
	msg, id, err = protocol.DecodeClient(data)
	if err != nil {
		return nil, id, fmt.Errorf("the message can't be read: %w", err)
	}
	if id < 0 || id > maxRequestID {
		return nil, 0, fmt.Errorf("id must lie between 0 and %d", maxRequestID)
	}
	switch m := msg.(type) {
	case protocol.Join:
		return checkJoin(m)
	case protocol.Resume:
		if m.After < 0 || m.Attempt < 0 || m.DirectAfter < 0 || m.Token == "" || len(m.Token) > maxToken {
			return nil, id, errors.New("resume needs the token of joined and the number of the last event seen")
		}
	case protocol.Offer:
		err = checkOffer(m.Offer, m.Sources)
	case protocol.SetView:
		err = checkView(m.View)
	case protocol.Publish:
		if !known(m.Source) {
			err = fmt.Errorf("unknown source %.40q", string(m.Source))
		}
	case protocol.Seated:
		if m.Epoch < 0 {
			err = errors.New("epoch must not be negative")
		}
	case protocol.SendChat:
		if m.Text = clean(m.Text, "\n\t"); m.Text == "" || utf8.RuneCountInString(m.Text) > maxText {
			err = fmt.Errorf("text must have 1 to %d characters", maxText)
		}
		if len(m.To) > maxID {
			err = errors.New("to must be the id of a participant")
		}
		msg = m
	case protocol.Spotlight:
		if m.Participant == "" || len(m.Participant) > maxID {
			err = errors.New("participant must be the id of the one concerned")
		}
	case protocol.React:
		if !knownEmoji(m.Emoji) {
			err = fmt.Errorf("unknown emoji %.40q", string(m.Emoji))
		}
	case protocol.Moderate:
		err = checkModerate(m)
	case protocol.Extend:
		if m.Minutes != 15 && m.Minutes != 30 && m.Minutes != 60 {
			err = errors.New("minutes must be 15, 30 or 60")
		}
	}
	if err != nil {
		return nil, id, err
	}
	return msg, id, nil
}

func checkJoin(m protocol.Join) (any, int, error) {
	m.Name = clean(m.Name, "")
	if n := utf8.RuneCountInString(m.Name); n == 0 || n > maxName {
		return nil, m.ID, fmt.Errorf("name must have 1 to %d characters", maxName)
	}
	if utf8.RuneCountInString(m.Passcode) > maxShort || utf8.RuneCountInString(m.Device) > maxShort {
		return nil, m.ID, fmt.Errorf("passcode and device must have at most %d characters", maxShort)
	}
	if len(m.Token) > maxToken {
		return nil, m.ID, fmt.Errorf("token must have at most %d characters", maxToken)
	}
	if err := checkOffer(m.Offer, m.Sources); err != nil {
		return nil, m.ID, err
	}
	return m, m.ID, checkView(m.View)
}

func checkOffer(sdp string, sources map[string]protocol.Source) error {
	if sdp == "" || len(sdp) > maxSDP {
		return fmt.Errorf("offer must have 1 to %d bytes", maxSDP)
	}
	if len(sources) > maxSources {
		return fmt.Errorf("sources must name at most %d m-lines", maxSources)
	}
	seen := map[protocol.Source]bool{}
	for mid, source := range sources {
		switch {
		case mid == "" || len(mid) > maxMid:
			return fmt.Errorf("a mid must have 1 to %d characters", maxMid)
		case !known(source):
			return fmt.Errorf("unknown source %.40q", string(source))
		case seen[source]:
			return fmt.Errorf("source %q is named twice", string(source))
		}
		seen[source] = true
	}
	return nil
}

func checkView(v protocol.View) error {
	if len(v.Tiles) > maxTiles {
		return fmt.Errorf("a view must have at most %d tiles", maxTiles)
	}
	for _, t := range v.Tiles {
		switch {
		case t.Participant == "" || len(t.Participant) > maxID:
			return errors.New("a tile must name a participant")
		case t.Source != protocol.Camera && t.Source != protocol.Screen:
			return errors.New(`the source of a tile must be "camera" or "screen"`)
		case t.Height < 1 || t.Height > maxHeight:
			return fmt.Errorf("the height of a tile must lie between 1 and %d", maxHeight)
		}
	}
	return nil
}

func known(s protocol.Source) bool {
	switch s {
	case protocol.Microphone, protocol.Camera, protocol.Screen, protocol.ScreenAudio:
		return true
	}
	return false
}

func checkModerate(m protocol.Moderate) error {
	if m.Ban && m.Action != protocol.Remove && m.Action != protocol.Deny {
		return errors.New("ban goes with remove and deny only")
	}
	if known := m.Role == protocol.Host || m.Role == protocol.Speaker || m.Role == protocol.Audience; known !=
		(m.Action == protocol.SetRole) || m.Role != "" && !known {
		return errors.New("set_role takes the role host, speaker or audience, and nothing else does")
	}
	switch m.Action {
	case protocol.MuteAll, protocol.AdmitAll:
		if m.Participant != "" {
			return fmt.Errorf("%s concerns everybody: it takes no participant", m.Action)
		}
		return nil
	case protocol.Mute, protocol.AskToUnmute, protocol.StopCamera, protocol.StopScreen, protocol.LowerHand,
		protocol.MakeHost, protocol.Remove, protocol.SetRole, protocol.HandOver, protocol.Admit, protocol.Deny,
		protocol.SendToLobby:
		if m.Participant == "" || len(m.Participant) > maxID {
			return errors.New("participant must be the id of the one concerned")
		}
		return nil
	}
	return fmt.Errorf("unknown action %.40q", string(m.Action))
}

func knownEmoji(e protocol.Emoji) bool {
	switch e {
	case protocol.ThumbsUp, protocol.Heart, protocol.Applause, protocol.Laughter,
		protocol.Surprise, protocol.Party, protocol.Thinking, protocol.ThumbsDown:
		return true
	}
	return false
}

// clean removes what would let a text disturb the page around it: control
// characters but those in keep, line separators and bidirectional controls.
// Then it trims.
func clean(s, keep string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune(keep, r):
			return r
		case unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control):
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(s)
}

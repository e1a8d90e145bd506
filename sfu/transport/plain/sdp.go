package plain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"plenum/sfu/transport"
)

// maxPublished bounds the send-only m-lines of an offer: four sources.
const maxPublished = 4

// offer is what we need to know of an SDP offer beyond what Pion does with it.
type offer struct {
	sdp   string              // without the client's candidates
	seats int                 // pairs of receive-only m-lines
	rids  map[string][]string // mid to its simulcast encodings in order
	wide  bool                // a picture's seat wants transport-wide numbers
}

// parseOffer checks the shape of an offer: at most four send-only m-lines,
// then as many receive-only audio as video m-lines, and nothing else.
func parseOffer(text string, maxSeats int) (offer, error) {
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(text); err != nil {
		return offer{}, fmt.Errorf("parse the offer: %w: %w", transport.ErrBadOffer, err)
	}
	o := offer{rids: map[string][]string{}}
	var sends, audio, video int
	for _, m := range desc.MediaDescriptions {
		kind := m.MediaName.Media
		if kind != "audio" && kind != "video" {
			return offer{}, fmt.Errorf("m-line %q: %w", kind, transport.ErrBadOffer)
		}
		switch {
		case has(m, sdp.AttrKeySendOnly):
			sends++
			if mid, ok := m.Attribute(sdp.AttrKeyMID); ok {
				o.rids[strings.Clone(mid)] = SimulcastRIDs(m)
			}
		case has(m, sdp.AttrKeyRecvOnly) && kind == "audio":
			audio++
		case has(m, sdp.AttrKeyRecvOnly):
			video++
			o.wide = o.wide || wantsNumbers(m)
		default:
			return offer{}, fmt.Errorf("an m-line is neither sendonly nor recvonly: %w", transport.ErrBadOffer)
		}
	}
	if sends > maxPublished || audio != video || audio > maxSeats {
		return offer{}, fmt.Errorf("%d sendonly, %d audio and %d video recvonly m-lines: %w",
			sends, audio, video, transport.ErrBadOffer)
	}
	o.seats = audio
	o.sdp = withoutCandidates(text)
	return o, nil
}

func has(m *sdp.MediaDescription, attribute string) bool {
	_, ok := m.Attribute(attribute)
	return ok
}

// wantsNumbers reports whether an m-line has the transport-wide extension.
func wantsNumbers(m *sdp.MediaDescription) bool {
	return slices.ContainsFunc(m.Attributes, func(a sdp.Attribute) bool {
		return a.Key == sdp.AttrKeyExtMap && strings.Contains(a.Value, URITransportCC)
	})
}

// SimulcastRIDs lists the encodings of "a=simulcast:send q;h;f" in order
// (RFC 8853 section 5.1), ignoring alternatives and pause marks. They are
// copies, which don't keep the text of the whole SDP in memory.
func SimulcastRIDs(m *sdp.MediaDescription) []string {
	value, ok := m.Attribute("simulcast")
	if !ok {
		return nil
	}
	fields := strings.Fields(value)
	if len(fields) < 2 || fields[0] != "send" {
		return nil
	}
	var rids []string
	for part := range strings.SplitSeq(fields[1], ";") {
		rid, _, _ := strings.Cut(part, ",")
		rids = append(rids, strings.Clone(strings.TrimPrefix(rid, "~")))
	}
	return rids
}

// withoutCandidates removes the addresses a client names: we are ICE-lite and
// learn where it is from its own checks, so it can't point us anywhere.
func withoutCandidates(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "a=candidate:") && !strings.HasPrefix(line, "a=end-of-candidates") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// withDTX lets the publisher stop sending while it is silent (RFC 7587
// section 6.1): what we answer is what an Opus sender follows.
func withDTX(answer string) string {
	return strings.ReplaceAll(answer, "useinbandfec=1", "useinbandfec=1;usedtx=1")
}

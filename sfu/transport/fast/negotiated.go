//go:build linux

package fast

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"plenum/sfu/transport/plain"
)

// negotiated is what an offer and its answer say of the packets that come in.
// It is never changed, but replaced by the next answer.
type negotiated struct {
	lines    map[string]*line  // by mid; those the client sends on
	declared map[uint32]origin // SSRCs named in the offer

	// Ids of header extensions, which are the same on all m-lines of a bundle
	// (RFC 8843 section 9.2); 0 when not negotiated.
	mid, rid, repaired, level, wide uint8
}

// line is one send-only m-line of the client.
type line struct {
	mid     string
	audio   bool
	formats []plain.Format
	rids    []string
}

// origin is where a declared SSRC belongs.
type origin struct {
	mid     string
	repairs uint32 // the SSRC it repairs by RTX; 0 for media
}

// negotiate reads an offer and the answer to it. What can't be read is left out.
func negotiate(offer, answer string) *negotiated {
	n := &negotiated{lines: map[string]*line{}, declared: map[uint32]origin{}}
	var theirs, ours sdp.SessionDescription
	if theirs.UnmarshalString(offer) != nil || ours.UnmarshalString(answer) != nil {
		return n
	}
	for _, m := range ours.MediaDescriptions {
		n.extensions(m)
		if _, ok := m.Attribute(sdp.AttrKeyRecvOnly); !ok {
			continue
		}
		if l := newLine(m); l != nil {
			n.lines[l.mid] = l
		}
	}
	for _, m := range theirs.MediaDescriptions {
		mid, _ := m.Attribute(sdp.AttrKeyMID)
		l := n.lines[mid]
		if l == nil {
			continue
		}
		l.rids = plain.SimulcastRIDs(m)
		n.declare(m, l.mid)
	}
	return n
}

func (n *negotiated) extensions(m *sdp.MediaDescription) {
	ids := map[string]*uint8{
		plain.URIMid: &n.mid, plain.URIRID: &n.rid, plain.URIRepairedRID: &n.repaired,
		plain.URIAudioLevel: &n.level, plain.URITransportCC: &n.wide,
	}
	for _, a := range m.Attributes {
		if a.Key != sdp.AttrKeyExtMap {
			continue
		}
		id, uri, _ := strings.Cut(a.Value, " ")
		id, _, _ = strings.Cut(id, "/")
		uri, _, _ = strings.Cut(uri, " ")
		v, err := strconv.ParseUint(id, 10, 8)
		if to := ids[uri]; to != nil && err == nil && *to == 0 {
			*to = uint8(v)
		}
	}
}

// newLine reads an answered m-line; nil for one of no format of ours.
func newLine(m *sdp.MediaDescription) *line {
	mid, _ := m.Attribute(sdp.AttrKeyMID)
	// Cloned, or it would keep the whole SDP in memory.
	l := &line{mid: strings.Clone(mid), audio: m.MediaName.Media == "audio", formats: plain.Formats(m)}
	if len(l.formats) == 0 {
		return nil
	}
	return l
}

// repairs returns the format that an RTX payload type repairs, nil for none.
func (l *line) repairs(rtx uint8) *plain.Format {
	i := slices.IndexFunc(l.formats, func(f plain.Format) bool { return f.RTX == rtx && rtx != 0 })
	if i < 0 {
		return nil
	}
	return &l.formats[i]
}

// declare reads "a=ssrc:1 …" and "a=ssrc-group:FID 1 2" (RFC 5576).
func (n *negotiated) declare(m *sdp.MediaDescription, mid string) {
	for _, a := range m.Attributes {
		fields := strings.Fields(a.Value)
		switch {
		case len(fields) == 0:
		case a.Key == "ssrc":
			if ssrc, ok := number(fields[0]); ok {
				if _, known := n.declared[ssrc]; !known {
					n.declared[ssrc] = origin{mid: mid}
				}
			}
		case a.Key == "ssrc-group" && fields[0] == "FID" && len(fields) == 3:
			media, ok1 := number(fields[1])
			repair, ok2 := number(fields[2])
			if ok1 && ok2 {
				n.declared[repair] = origin{mid: mid, repairs: media}
			}
		}
	}
}

func number(s string) (uint32, bool) {
	v, err := strconv.ParseUint(s, 10, 32)
	return uint32(v), err == nil && v != 0
}

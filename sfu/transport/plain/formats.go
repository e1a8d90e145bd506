package plain

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"plenum/sfu/codec"
	"plenum/sfu/transport"
)

// A Format is one payload type of an m-line and the one that repairs it.
type Format struct {
	Kind      codec.Kind
	Payload   uint8
	RTX       uint8 // 0 without
	ClockRate uint32
	Nack      bool // lost packets may be asked for again (RFC 4585 section 6.2.1); of RED as of its Opus
}

// Formats reads the payload types of an m-line that are known here, in the
// m-line's order.
func Formats(m *sdp.MediaDescription) []Format {
	known := map[uint8]*Format{}
	repairs := map[uint8]uint8{} // an RTX payload type by what it repairs
	rtx := map[uint8]bool{}
	nack := map[uint8]bool{}
	for _, a := range m.Attributes {
		number, rest, _ := strings.Cut(a.Value, " ")
		pt, err := strconv.ParseUint(number, 10, 7)
		if err != nil {
			continue
		}
		switch a.Key {
		case "rtpmap":
			name, clock, _ := strings.Cut(rest, "/")
			clock, _, _ = strings.Cut(clock, "/")
			rate, _ := strconv.ParseUint(clock, 10, 32)
			mime := m.MediaName.Media + "/" + name
			rtx[uint8(pt)] = strings.EqualFold(mime, "video/rtx")
			if kind := codec.KindOf(mime); kind != codec.None {
				known[uint8(pt)] = &Format{Kind: kind, Payload: uint8(pt), ClockRate: uint32(rate)}
			}
		case "rtcp-fb":
			nack[uint8(pt)] = nack[uint8(pt)] || rest == "nack"
		case "fmtp":
			if apt, err := strconv.ParseUint(strings.TrimPrefix(rest, "apt="), 10, 7); err == nil {
				repairs[uint8(apt)] = uint8(pt)
			}
		}
	}
	for pt, f := range known {
		if f.Kind == codec.REDAudio && !nack[pt] {
			nack[pt] = slices.ContainsFunc(slices.Collect(maps.Keys(nack)), func(other uint8) bool {
				return nack[other] && known[other] != nil && known[other].Kind == codec.OpusAudio
			})
		}
	}
	var all []Format
	for _, f := range m.MediaName.Formats {
		pt, err := strconv.ParseUint(f, 10, 7)
		if err != nil || known[uint8(pt)] == nil {
			continue
		}
		f := *known[uint8(pt)]
		f.Nack = nack[f.Payload]
		if r := repairs[f.Payload]; rtx[r] {
			f.RTX = r
		}
		all = append(all, f)
	}
	return all
}

// agreed returns the formats of every m-line of an answer by its mid.
func agreed(answer string) map[string][]Format {
	var desc sdp.SessionDescription
	if desc.UnmarshalString(answer) != nil {
		return nil
	}
	all := make(map[string][]Format, len(desc.MediaDescriptions))
	for _, m := range desc.MediaDescriptions {
		if mid, ok := m.Attribute(sdp.AttrKeyMID); ok {
			all[strings.Clone(mid)] = Formats(m) // cloned, or it would keep the whole SDP in memory
		}
	}
	return all
}

// KindsOf is the set of the formats' kinds.
func KindsOf(formats []Format) (s codec.Set) {
	for _, f := range formats {
		s = s.With(f.Kind)
	}
	return s
}

// FormatOf returns the format of a payload type, nil for none.
func FormatOf(formats []Format, payload uint8) *Format {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Payload == payload })
	if i < 0 {
		return nil
	}
	return &formats[i]
}

// Describe fills in what a stream's format says of it.
func (f Format) Describe(t transport.Track) transport.Track {
	t.Mime, t.ClockRate, t.Repairs = f.Kind.Mime(), f.ClockRate, f.Nack
	return t
}

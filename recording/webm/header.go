package webm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
	"unicode/utf8"
)

// Codec is a Matroska codec id.
type Codec string

// The codecs the writer knows.
const (
	VP8  Codec = "V_VP8"
	VP9  Codec = "V_VP9"
	AV1  Codec = "V_AV1"
	H264 Codec = "V_MPEG4/ISO/AVC"
	Opus Codec = "A_OPUS"
)

// WebM reports whether the codec may be in a WebM file; another is in Matroska.
func (c Codec) WebM() bool { return c != H264 }

func (c Codec) video() bool { return c == VP8 || c == VP9 || c == AV1 || c == H264 }

// A Track is the one stream of a file.
type Track struct {
	Codec         Codec
	Name          string
	Width, Height int    // of a video track; the largest picture in it
	Channels      int    // of an audio track
	Private       []byte // CodecPrivate of a video track: none for VP8, av1C, avcC
}

func (t Track) video() bool { return t.Codec.video() }

// Info describes a file.
type Info struct {
	Title string
	App   string    // the program that wrote it
	Date  time.Time // when the first frame was made
}

// A Tag is a name and a value about the whole file.
type Tag struct{ Name, Value string }

const (
	// seekRegion is what the header keeps for SeekHead and the Void behind it.
	seekRegion = 160
	// maxHeader bounds the whole header, so that it is read and written at once.
	maxHeader = 8192
	// maxPrivate bounds a track's CodecPrivate, in bytes: parameter sets are
	// shorter by far.
	maxPrivate = 4096
	// maxText bounds each text in the header, in bytes.
	maxText = 512

	opusPreSkip     = 312 // samples at 48 kHz: 6.5 ms, libopus's look-ahead
	opusCodecDelay  = 6_500_000
	opusSeekPreRoll = 80_000_000 // RFC 7845 section 4.6
)

// matroskaEpoch is the zero of DateUTC.
var matroskaEpoch = time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)

// A layout says where in the file the patched fields are.
type layout struct {
	segmentSize int64 // eight bytes
	segmentData int64 // positions in SeekHead and Cues count from here
	info        int64
	duration    int64 // eight bytes
	tracks      int64
	width       int64 // two bytes; 0 for audio
	height      int64
	clusters    int64 // where the header ends
}

// seek is where the SeekHead's region starts.
func (l layout) seek() int64 { return l.segmentData }

// header builds everything in front of the first cluster.
func header(t Track, info Info) ([]byte, layout) {
	var l layout
	docType := docWebM
	if !t.Codec.WebM() {
		docType = docMatroska
	}
	b := appendBytes(nil, idEBML, ebmlHead(docType))
	b = appendID(b, idSegment)
	l.segmentSize = int64(len(b))
	b = append(b, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)
	l.segmentData = int64(len(b))
	b = appendVoid(b, seekRegion)

	b = appendInfo(b, &l, info)
	l.tracks = int64(len(b))
	b = appendBytes(b, idTracks, appendBytes(nil, idTrackEntry, trackEntry(t, trackNumber)))
	if t.video() { // PixelWidth and PixelHeight are the last elements
		l.height = int64(len(b) - 2)
		l.width = l.height - 4
	}
	l.clusters = int64(len(b))
	return b, l
}

// appendInfo appends Info, whose duration is patched later, and notes where it is.
func appendInfo(b []byte, l *layout, info Info) []byte {
	l.info = int64(len(b))
	body := appendUint(nil, idTimestampScale, uint64(time.Millisecond))
	inInfo := len(body) + 3 // behind Duration's id and size
	body = appendFloat(body, idDuration, 0)
	body = appendUint64(body, idDateUTC, uint64(info.Date.Sub(matroskaEpoch)))
	body = appendString(body, idTitle, clip(info.Title))
	body = appendString(body, idMuxingApp, clip(info.App))
	body = appendString(body, idWritingApp, clip(info.App))
	b = appendBytes(b, idInfo, body)
	l.duration = int64(len(b) - len(body) + inInfo)
	return b
}

// The document types.
const (
	docWebM     = "webm"
	docMatroska = "matroska"
)

func ebmlHead(docType string) []byte {
	b := appendUint(nil, idEBMLVersion, 1)
	b = appendUint(b, idEBMLReadVersion, 1)
	b = appendUint(b, idEBMLMaxIDLength, 4)
	b = appendUint(b, idEBMLMaxSizeLength, 8)
	b = appendString(b, idDocType, docType)
	b = appendUint(b, idDocTypeVersion, 4)
	return appendUint(b, idDocTypeReadVersion, 2)
}

func trackEntry(t Track, number uint64) []byte {
	b := appendUint(nil, idTrackNumber, number)
	b = appendUint(b, idTrackUID, number)
	b = appendUint(b, idFlagLacing, 0)
	b = appendString(b, idLanguage, "und")
	b = appendString(b, idTrackName, clip(t.Name))
	b = appendString(b, idCodecID, string(t.Codec))
	if t.video() {
		b = appendUint(b, idTrackType, 1)
		if len(t.Private) > 0 {
			b = appendBytes(b, idCodecPrivate, t.Private)
		}
		v := appendUint16(nil, idPixelWidth, uint16(t.Width))
		return appendBytes(b, idVideo, appendUint16(v, idPixelHeight, uint16(t.Height)))
	}
	b = appendUint(b, idTrackType, 2)
	b = appendBytes(b, idCodecPrivate, opusHead(t.Channels))
	b = appendUint(b, idCodecDelay, opusCodecDelay)
	b = appendUint(b, idSeekPreRoll, opusSeekPreRoll)
	a := appendFloat(nil, idSamplingFrequency, 48000)
	return appendBytes(b, idAudio, appendUint(a, idChannels, uint64(t.Channels)))
}

// opusHead is the identification header of RFC 7845 section 5.1.
func opusHead(channels int) []byte {
	b := append([]byte("OpusHead"), 1, byte(channels))
	b = binary.LittleEndian.AppendUint16(b, opusPreSkip)
	b = binary.LittleEndian.AppendUint32(b, 48000)
	return append(b, 0, 0, 0) // no gain, mapping family 0
}

// seekHead fills the region with a SeekHead and a Void behind it. Positions are
// relative to the segment's data; 0 leaves an entry out.
func seekHead(l layout, cues, chapters, tags int64) []byte {
	var body []byte
	for _, e := range []struct {
		id  uint32
		pos int64
	}{{idInfo, l.info}, {idTracks, l.tracks}, {idCues, cues}, {idChapters, chapters}, {idTags, tags}} {
		if e.pos == 0 {
			continue
		}
		s := appendBytes(nil, idSeekID, appendID(nil, e.id))
		body = appendBytes(body, idSeek, appendUint64(s, idSeekPosition, uint64(e.pos-l.segmentData)))
	}
	b := appendBytes(nil, idSeekHead, body)
	return appendVoid(b, seekRegion-len(b))
}

// clip shortens a text to maxText bytes at a character's edge.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	s = s[:maxText]
	for len(s) > 0 {
		if r, n := utf8.DecodeLastRuneInString(s); r != utf8.RuneError || n > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	return s
}

// ErrHeader is returned for a file that doesn't start with a header of ours.
var ErrHeader = errors.New("no header of this writer")

// A Header is what a file says about itself.
type Header struct {
	Track
	Info
	Duration time.Duration
	Finished bool // the segment's size is known, so Finish or Repair went through

	segment int64 // size of the segment's data, unknownSize before Finish
	at      layout
}

// parseHeader reads the header at the start of b, which holds the first
// maxHeader bytes of a file or all of it.
func parseHeader(b []byte) (Header, error) {
	h, err := parseHeaderElements(b)
	if err != nil {
		return h, fmt.Errorf("%w: %w", ErrHeader, err)
	}
	return h, nil
}

func parseHeaderElements(b []byte) (Header, error) {
	h := Header{}
	body, pos, err := expect(b, 0, idEBML)
	if err != nil {
		return h, err
	}
	if err := checkDocType(body); err != nil {
		return h, err
	}
	e, err := parseElement(b[pos:])
	if err != nil || e.id != idSegment || e.head != 12 {
		return h, errElement
	}
	h.at.segmentSize = int64(pos + 4)
	h.at.segmentData = int64(pos + 12)
	h.segment = e.size
	h.Finished = e.size != unknownSize
	// The region is skipped unread: whatever a death in mid-patch left there, it
	// is written anew.
	h.at.info = h.at.segmentData + seekRegion
	body, pos, err = expect(b, int(h.at.info), idInfo)
	if err != nil {
		return h, err
	}
	if err := h.parseInfo(body, int64(pos-len(body))); err != nil {
		return h, err
	}
	h.at.tracks = int64(pos)
	body, pos, err = expect(b, pos, idTracks)
	if err != nil {
		return h, err
	}
	h.at.clusters = int64(pos)
	entry, end, err := expect(body, 0, idTrackEntry)
	if err != nil {
		return h, err
	}
	return h, h.parseTrack(entry, int64(pos-len(body)+end-len(entry)))
}

// expect returns the data of the element id at pos, and where it ends.
func expect(b []byte, pos int, id uint32) (body []byte, end int, err error) {
	if pos > len(b) {
		return nil, 0, errElement
	}
	e, err := parseElement(b[pos:])
	if err != nil || e.id != id || e.size < 0 || e.size > int64(len(b)-pos-e.head) {
		return nil, 0, errElement
	}
	start := pos + e.head
	end = start + int(e.size)
	return b[start:end], end, nil
}

func checkDocType(b []byte) error {
	found := false
	err := children(b, func(id uint32, data []byte, _ int) error {
		found = found || id == idDocType && (string(data) == docWebM || string(data) == docMatroska)
		return nil
	})
	if err == nil && !found {
		return errElement
	}
	return err
}

func (h *Header) parseInfo(b []byte, at int64) error {
	err := children(b, func(id uint32, data []byte, off int) error {
		switch id {
		case idDuration:
			ms, err := parseFloat(data)
			if err != nil {
				return err
			}
			h.at.duration = at + int64(off)
			h.Duration = millis(ms)
		case idDateUTC:
			ns, err := parseUint(data)
			if err != nil {
				return err
			}
			h.Date = matroskaEpoch.Add(time.Duration(ns))
		case idTitle:
			h.Title = string(data)
		case idWritingApp:
			h.App = string(data)
		}
		return nil
	})
	if err == nil && h.at.duration == 0 {
		return errElement
	}
	return err
}

// millis turns a Duration element into a time. A value that a torn patch may
// have left, not a number or beyond a year, counts as zero.
func millis(ms float64) time.Duration {
	const year = 366 * 24 * 3600 * 1000
	if math.IsNaN(ms) || ms < 0 || ms > year {
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

func (h *Header) parseTrack(b []byte, at int64) error {
	var video, audio, private []byte
	var videoAt int64
	err := children(b, func(id uint32, data []byte, off int) error {
		switch id {
		case idCodecID:
			h.Codec = Codec(data)
		case idTrackName:
			h.Name = string(data)
		case idCodecPrivate:
			private = slices.Clone(data)
		case idVideo:
			video, videoAt = data, at+int64(off)
		case idAudio:
			audio = data
		}
		return nil
	})
	if err != nil {
		return err
	}
	switch {
	case h.Codec.video():
		h.Private = private
		return h.parseVideo(video, videoAt)
	case h.Codec == Opus:
		return children(audio, func(id uint32, data []byte, _ int) error {
			if id == idChannels && len(data) == 1 {
				h.Channels = int(data[0])
			}
			return nil
		})
	default:
		return errElement
	}
}

func (h *Header) parseVideo(b []byte, at int64) error {
	err := children(b, func(id uint32, data []byte, off int) error {
		switch {
		case len(data) != 2:
			return errElement
		case id == idPixelWidth:
			h.Width, h.at.width = int(binary.BigEndian.Uint16(data)), at+int64(off)
		case id == idPixelHeight:
			h.Height, h.at.height = int(binary.BigEndian.Uint16(data)), at+int64(off)
		}
		return nil
	})
	if err == nil && (h.at.width == 0 || h.at.height == 0) {
		return errElement
	}
	return err
}

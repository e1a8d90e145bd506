package webm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// muxSpan is the longest cluster of a Muxer in ms. It must stay below the 32 s
// that a block's 16-bit time reaches.
const muxSpan = 2000

// ErrOrder is returned for a frame that is older than one before it.
var ErrOrder = errors.New("frames must come in the order of their times")

// A Muxer puts several tracks into one file: WebM, or Matroska when a player
// should be offered a choice of tracks. Unlike a Writer's, its file is of use
// only after Finish. It isn't safe for use by more than one goroutine.
type Muxer struct {
	f      File
	tracks []Track
	at     layout

	off    int64
	buf    []byte // the open cluster, empty if none is
	start  int64  // its time, ms
	newest int64  // ms, of all tracks
	clocks []clock
	cues   []muxCue
	cued   []int64 // per track, ms of its newest cue
}

// A muxCue says where the cluster of a track's keyframe starts.
type muxCue struct {
	ms    int64
	track int
	off   int64
}

// NewMuxer writes the header and returns a Muxer. The file must be empty. A
// matroska file may be of any tracks; players take WebM for one of each kind.
func NewMuxer(f File, tracks []Track, info Info, matroska bool) (*Muxer, error) {
	for _, t := range tracks {
		if len(t.Private) > maxPrivate || !matroska && !t.Codec.WebM() {
			return nil, fmt.Errorf("%w: %s with %d bytes of CodecPrivate", ErrTrack, t.Codec, len(t.Private))
		}
	}
	m := &Muxer{f: f, tracks: tracks, newest: -1}
	docType := docWebM
	if matroska {
		docType = docMatroska
	}
	b := appendBytes(nil, idEBML, ebmlHead(docType))
	b = appendID(b, idSegment)
	m.at.segmentSize = int64(len(b))
	b = append(b, 0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF)
	m.at.segmentData = int64(len(b))
	b = appendVoid(b, seekRegion)
	b = appendInfo(b, &m.at, info)
	m.at.tracks = int64(len(b))
	var body []byte
	first := map[bool]bool{}
	for i, t := range tracks {
		entry := trackEntry(t, uint64(i+1))
		if first[t.video()] { // players begin with the first of each kind
			entry = appendUint(entry, idFlagDefault, 0)
		}
		first[t.video()] = true
		body = appendBytes(body, idTrackEntry, entry)
		m.clocks = append(m.clocks, newClock())
		m.cued = append(m.cued, -1<<40)
	}
	b = appendBytes(b, idTracks, body)
	m.at.clusters = int64(len(b))
	if _, err := f.WriteAt(b, 0); err != nil {
		return nil, fmt.Errorf("write header: %w", err)
	}
	m.off = m.at.clusters
	return m, nil
}

// Write appends a frame of a track, counted from 0. Frames come in the order of
// their times; those of one track are kept a millisecond apart.
func (m *Muxer) Write(track int, fr Frame) error {
	if len(fr.Data) == 0 || len(fr.Data) > maxBlock || fr.Time < 0 {
		return fmt.Errorf("%w: %d bytes at %v", ErrBlock, len(fr.Data), fr.Time)
	}
	ms := fr.Time.Round(time.Millisecond).Milliseconds()
	if ms < m.newest {
		return fmt.Errorf("%w: %d ms after %d ms", ErrOrder, ms, m.newest)
	}
	m.newest = ms
	c := &m.clocks[track]
	ms = max(ms, c.last+1)
	video := m.tracks[track].video()
	if len(m.buf) > 0 && (ms-m.start >= muxSpan || len(m.buf)+len(fr.Data) > clusterBytes || video && fr.Key) {
		if err := m.flush(); err != nil {
			return err
		}
	}
	if len(m.buf) == 0 {
		m.start = ms
		m.buf = append(appendID(m.buf, idCluster), 0, 0, 0, 0)
		m.buf = appendUint(m.buf, idTimestamp, uint64(ms))
	}
	m.cue(track, ms, fr.Key, video)
	c.tick(ms, fr.Duration)
	m.buf = append(m.buf, idSimpleBlock)
	number := appendSize(nil, track+1)
	m.buf = appendSize(m.buf, len(fr.Data)+3+len(number))
	m.buf = append(m.buf, number...)
	m.buf = binary.BigEndian.AppendUint16(m.buf, uint16(ms-m.start))
	flags := byte(0)
	if fr.Key {
		flags = keyFlag
	}
	m.buf = append(append(m.buf, flags), fr.Data...)
	return nil
}

// cue notes where a track can be entered: at keyframes, and now and then in sound.
func (m *Muxer) cue(track int, ms int64, key, video bool) {
	gap := int64(audioCueGap)
	if video {
		gap = videoCueGap
	}
	if !key || ms-m.cued[track] < gap {
		return
	}
	m.cued[track] = ms
	m.cues = append(m.cues, muxCue{ms: ms, track: track, off: m.off})
}

func (m *Muxer) flush() error {
	if len(m.buf) == 0 {
		return nil
	}
	putSize4(m.buf[4:], len(m.buf)-clusterHead)
	n, err := m.f.WriteAt(m.buf, m.off)
	if err != nil {
		return fmt.Errorf("write cluster at %d: %w", m.off, err)
	}
	m.off += int64(n)
	m.buf = m.buf[:0]
	return nil
}

// Duration is the time from the file's start to the end of its last frame.
func (m *Muxer) Duration() time.Duration {
	var end int64
	for _, c := range m.clocks {
		end = max(end, c.end())
	}
	return time.Duration(end) * time.Millisecond
}

// A Chapter is a titled stretch of a file.
type Chapter struct {
	From, To time.Duration
	Title    string
}

// appendChapters appends them as the file's one edition; nothing if there are none.
func appendChapters(b []byte, all []Chapter) []byte {
	if len(all) == 0 {
		return b
	}
	body := appendUint(nil, idEditionUID, 1)
	for i, c := range all {
		atom := appendUint(nil, idChapterUID, uint64(i+1))
		atom = appendUint(atom, idChapterTimeStart, uint64(max(0, c.From)))
		atom = appendUint(atom, idChapterTimeEnd, uint64(max(0, c.To)))
		display := appendString(appendString(nil, idChapString, clip(c.Title)), idChapLanguage, "und")
		body = appendBytes(body, idChapterAtom, appendBytes(atom, idChapterDisplay, display))
	}
	return appendBytes(b, idChapters, appendBytes(nil, idEditionEntry, body))
}

// Finish writes the index and the chapters, of which there may be none, and
// completes the header. It doesn't close the file.
func (m *Muxer) Finish(tags []Tag, chapters ...Chapter) error {
	if err := m.flush(); err != nil {
		return err
	}
	var body []byte
	for _, c := range m.cues {
		pos := appendUint(nil, idCueTrack, uint64(c.track+1))
		pos = appendUint(pos, idCueClusterPosition, uint64(c.off-m.at.segmentData))
		body = appendBytes(body, idCuePoint, appendBytes(appendUint(nil, idCueTime, uint64(c.ms)), idCueTrackPositions, pos))
	}
	var b []byte
	cuesAt, chaptersAt := int64(0), int64(0)
	if len(body) > 0 {
		b = appendBytes(nil, idCues, body)
		cuesAt = m.off
	}
	if len(chapters) > 0 {
		chaptersAt = m.off + int64(len(b))
		b = appendChapters(b, chapters)
	}
	tagsAt := m.off + int64(len(b))
	b = appendTags(b, allTags(tags, m.Duration()))
	if _, err := m.f.WriteAt(b, m.off); err != nil {
		return fmt.Errorf("write index at %d: %w", m.off, err)
	}
	m.off += int64(len(b))
	if err := patchDuration(m.f, m.at, m.Duration()); err != nil {
		return err
	}
	if _, err := m.f.WriteAt(seekHead(m.at, cuesAt, chaptersAt, tagsAt), m.at.seek()); err != nil {
		return fmt.Errorf("patch SeekHead: %w", err)
	}
	if _, err := m.f.WriteAt(appendSizeIn(nil, m.off-m.at.segmentData, 8), m.at.segmentSize); err != nil {
		return fmt.Errorf("patch segment size: %w", err)
	}
	return m.f.Sync()
}

// Size is how far the file has been written.
func (m *Muxer) Size() int64 { return m.off }

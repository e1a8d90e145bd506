package webm

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

const (
	// videoCueGap and audioCueGap are the least ms between two cues.
	videoCueGap = 1000
	audioCueGap = 5000
)

// A cue says where the cluster of a time starts.
type cue struct {
	ms  int64
	off int64 // in the file
}

// An index collects cues while clusters are written or walked.
type index struct {
	video bool
	cues  []cue
}

// add notes a cluster: of a video track those that start with a keyframe, of
// an audio track one per five seconds.
func (x *index) add(ms, off int64, key bool) {
	gap := int64(audioCueGap)
	if x.video {
		gap = videoCueGap
		if !key {
			return
		}
	}
	if n := len(x.cues); n > 0 && ms-x.cues[n-1].ms < gap {
		return
	}
	x.cues = append(x.cues, cue{ms: ms, off: off})
}

// cut forgets the clusters from off on.
func (x *index) cut(off int64) {
	for len(x.cues) > 0 && x.cues[len(x.cues)-1].off >= off {
		x.cues = x.cues[:len(x.cues)-1]
	}
}

// bytes returns the Cues element, empty without a cue.
func (x *index) bytes(l layout) []byte {
	if len(x.cues) == 0 {
		return nil
	}
	var body []byte
	for _, c := range x.cues {
		pos := appendUint(nil, idCueTrack, trackNumber)
		pos = appendUint(pos, idCueClusterPosition, uint64(c.off-l.segmentData))
		point := appendUint(nil, idCueTime, uint64(c.ms))
		body = appendBytes(body, idCuePoint, appendBytes(point, idCueTrackPositions, pos))
	}
	return appendBytes(nil, idCues, body)
}

// allTags adds the duration, in the form Matroska tools write it.
func allTags(tags []Tag, d time.Duration) []Tag {
	s := d / time.Second
	text := fmt.Sprintf("%02d:%02d:%02d.%09d", s/3600, s/60%60, s%60, d%time.Second)
	return append([]Tag{{Name: "DURATION", Value: text}}, tags...)
}

func appendTags(b []byte, tags []Tag) []byte {
	body := appendBytes(nil, idTargets, nil)
	for _, t := range tags {
		tag := appendString(nil, idTagName, clip(t.Name))
		body = appendBytes(body, idSimpleTag, appendString(tag, idTagString, clip(t.Value)))
	}
	return appendBytes(b, idTags, appendBytes(nil, idTag, body))
}

// writeIndex appends Cues and Tags at off and returns how long they are. On an
// error some of them may have been written.
func writeIndex(f File, l layout, off int64, x *index, tags []Tag) (int64, error) {
	n, err := f.WriteAt(appendTags(x.bytes(l), tags), off)
	if err != nil {
		return 0, fmt.Errorf("write index at %d: %w", off, err)
	}
	return int64(n), nil
}

// seal completes the header of a file whose clusters end at off and whose
// index ends at size. The segment's size comes last: it says that the rest holds.
func seal(f File, l layout, off, size int64, x *index, d time.Duration) error {
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync index: %w", err)
	}
	cues, tags := int64(0), off
	if n := len(x.bytes(l)); n > 0 {
		cues, tags = off, off+int64(n)
	}
	if err := patchDuration(f, l, d); err != nil {
		return err
	}
	if _, err := f.WriteAt(seekHead(l, cues, 0, tags), l.seek()); err != nil {
		return fmt.Errorf("patch SeekHead: %w", err)
	}
	if _, err := f.WriteAt(appendSizeIn(nil, size-l.segmentData, 8), l.segmentSize); err != nil {
		return fmt.Errorf("patch segment size: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("sync header: %w", err)
	}
	return nil
}

func patchDuration(f File, l layout, d time.Duration) error {
	ms := float64(d) / float64(time.Millisecond)
	if _, err := f.WriteAt(binary.BigEndian.AppendUint64(nil, math.Float64bits(ms)), l.duration); err != nil {
		return fmt.Errorf("patch duration: %w", err)
	}
	return nil
}

func patchPicture(f File, l layout, width, height int) error {
	for _, p := range []struct {
		off int64
		v   int
	}{{l.width, width}, {l.height, height}} {
		if _, err := f.WriteAt(binary.BigEndian.AppendUint16(nil, uint16(p.v)), p.off); err != nil {
			return fmt.Errorf("patch picture size: %w", err)
		}
	}
	return nil
}

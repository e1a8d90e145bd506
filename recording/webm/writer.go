// Package webm writes, reads and repairs WebM files of one track, and Matroska
// files for codecs that WebM doesn't know. The writer
// only appends while media comes in, so that a file cut off anywhere keeps all
// its whole blocks; Finish and Repair add what players want for seeking: an
// index, a duration and sizes.
//
// A file is: EBML header, Segment, room for a SeekHead, Info, Tracks, clusters
// of known size, Cues, Tags (RFC 9559).
package webm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"syscall"
	"time"
)

const (
	trackNumber = 1
	// clusterSpan is the longest cluster in ms: what is lost when the process
	// dies. It must stay below the 32 s that a block's 16-bit time reaches.
	clusterSpan = 1000
	// clusterBytes is where a cluster is written before its time.
	clusterBytes = 1 << 20
	// clusterHead is a cluster's id and four-byte size.
	clusterHead = 8
	// maxBlock is the largest frame: what a cluster's four-byte size holds.
	maxBlock = 1<<28 - 64
	// keepClusters is how many clusters Finish may give up on a full disk.
	keepClusters = 8

	keyFlag = 0x80 // in a SimpleBlock's flags
)

// Errors a caller acts on.
var (
	ErrFinished = errors.New("the file is finished")
	ErrBlock    = errors.New("block can't be written")
	ErrTrack    = errors.New("track can't be written")
)

// A File is what the writer and the repairer need of *os.File.
type File interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
}

// A Frame is one coded frame to write.
type Frame struct {
	Time     time.Duration // since the file's start
	Duration time.Duration // 0 if unknown: as long as the frame before
	Key      bool          // it can be decoded without an earlier frame
	Data     []byte
}

// A Writer appends one track's frames to a file. It isn't safe for use by more
// than one goroutine. After an error of Write or Flush only Finish is of use.
type Writer struct {
	f     File
	track Track
	at    layout

	off     int64  // where the next cluster goes
	buf     []byte // the open cluster, empty if none is
	start   int64  // the open cluster's time, ms
	key     bool   // the open cluster's first block is a keyframe
	clock   clock
	index   index
	recent  []written // the last clusters, for giving them up
	err     error     // the first failed write
	sealed  bool      // Finish was called
	resized bool
	end     int64 // ms, as told by Extend

	complete bool // Finish got to its end
}

// written is what Finish needs to give up a cluster.
type written struct {
	off    int64
	before clock // the times without it
}

// New writes the header and returns a Writer. The file must be empty. It is
// WebM if the codec may be in one, else Matroska.
func New(f File, t Track, info Info) (*Writer, error) {
	if len(t.Private) > maxPrivate {
		return nil, fmt.Errorf("%w: CodecPrivate of %d bytes", ErrTrack, len(t.Private))
	}
	b, at := header(t, info)
	if _, err := f.WriteAt(b, 0); err != nil {
		return nil, fmt.Errorf("write WebM header: %w", err)
	}
	return &Writer{f: f, track: t, at: at, off: at.clusters, clock: newClock(), index: index{video: t.video()}}, nil
}

// Write appends a frame. Times rise strictly in the file: a frame that is not
// later than the one before by a millisecond is moved.
func (w *Writer) Write(fr Frame) error {
	switch {
	case w.err != nil:
		return w.err
	case w.sealed:
		return ErrFinished
	case len(fr.Data) == 0 || len(fr.Data) > maxBlock || fr.Time < 0:
		return fmt.Errorf("%w: %d bytes at %v", ErrBlock, len(fr.Data), fr.Time)
	}
	ms := max(fr.Time.Round(time.Millisecond).Milliseconds(), w.clock.last+1)
	if w.full(ms, fr) {
		if err := w.Flush(); err != nil {
			return err
		}
	}
	if len(w.buf) == 0 {
		w.open(ms, fr.Key)
	}
	w.clock.tick(ms, fr.Duration)
	w.buf = append(w.buf, idSimpleBlock)
	w.buf = appendSize(w.buf, len(fr.Data)+4)
	w.buf = append(w.buf, 0x80|trackNumber)
	w.buf = binary.BigEndian.AppendUint16(w.buf, uint16(ms-w.start))
	var flags byte
	if fr.Key {
		flags = keyFlag
	}
	w.buf = append(append(w.buf, flags), fr.Data...)
	return nil
}

// full reports whether a frame must go into a new cluster. Each video keyframe
// does, so that the index leads straight to it.
func (w *Writer) full(ms int64, fr Frame) bool {
	return len(w.buf) > 0 && (ms-w.start >= clusterSpan ||
		len(w.buf)+len(fr.Data) > clusterBytes || w.track.video() && fr.Key)
}

func (w *Writer) open(ms int64, key bool) {
	w.start, w.key = ms, key
	w.buf = appendID(w.buf, idCluster)
	w.buf = append(w.buf, 0, 0, 0, 0) // Flush knows the size
	w.buf = appendUint(w.buf, idTimestamp, uint64(ms))
	if len(w.recent) == keepClusters {
		copy(w.recent, w.recent[1:])
		w.recent = w.recent[:keepClusters-1]
	}
	w.recent = append(w.recent, written{off: w.off, before: w.clock})
}

// Pending reports whether a cluster is open: what a crash would lose.
func (w *Writer) Pending() bool { return len(w.buf) > 0 }

// Size is how far the file has been written.
func (w *Writer) Size() int64 { return w.off }

// Flush writes the open cluster in one piece. If that fails the torn cluster
// is cut off again, which leaves a full disk the room that Finish needs.
func (w *Writer) Flush() error {
	if w.err != nil || len(w.buf) == 0 {
		return w.err
	}
	putSize4(w.buf[4:], len(w.buf)-clusterHead)
	n, err := w.f.WriteAt(w.buf, w.off)
	if err != nil {
		w.err = fmt.Errorf("write cluster at %d: %w", w.off, err)
		w.dropLast()
		return w.err
	}
	w.index.add(w.start, w.off, w.key)
	w.off += int64(n)
	w.buf = w.buf[:0]
	return nil
}

// dropLast forgets the newest cluster and cuts it off the file.
func (w *Writer) dropLast() {
	last := w.recent[len(w.recent)-1]
	w.recent = w.recent[:len(w.recent)-1]
	w.buf = w.buf[:0]
	w.off, w.clock = last.off, last.before
	w.end = min(w.end, w.clock.end())
	w.index.cut(w.off)
	_ = w.f.Truncate(w.off) // it only frees room; Finish truncates again
}

// Extend makes the file last at least until t, though no frame does.
func (w *Writer) Extend(t time.Duration) {
	w.end = max(w.end, t.Milliseconds())
}

// Duration is the time from the file's start to the end of its last frame.
func (w *Writer) Duration() time.Duration {
	return time.Duration(max(w.end, w.clock.end())) * time.Millisecond
}

// Grow tells the size of a picture; the header will hold the largest. Only
// Finish writes it.
func (w *Writer) Grow(width, height int) {
	if width > w.track.Width || height > w.track.Height {
		w.track.Width, w.track.Height = max(w.track.Width, width), max(w.track.Height, height)
		w.resized = true
	}
}

// PatchDuration writes the duration so far, for readers of a file that is not
// finished yet.
func (w *Writer) PatchDuration() error {
	return patchDuration(w.f, w.at, w.Duration())
}

// Finish writes the open cluster and the index and completes the header. Dying
// at any point leaves a file that Repair completes. On a full disk it gives up
// the last clusters to make room for the index. Finish doesn't close the file.
func (w *Writer) Finish(tags []Tag) error {
	if w.sealed {
		return ErrFinished
	}
	w.sealed = true
	_ = w.Flush() // its loss has been told by an earlier error, or is told below
	failed := w.err
	var size int64
	for {
		n, err := writeIndex(w.f, w.at, w.off, &w.index, allTags(tags, w.Duration()))
		if err == nil {
			size = w.off + n
			break
		}
		if !errors.Is(err, syscall.ENOSPC) || len(w.recent) == 0 {
			return errors.Join(err, w.f.Truncate(w.off))
		}
		w.dropLast()
	}
	if err := w.f.Truncate(size); err != nil {
		return fmt.Errorf("cut off what follows the index: %w", err)
	}
	if w.resized {
		if err := patchPicture(w.f, w.at, w.track.Width, w.track.Height); err != nil {
			return err
		}
	}
	if err := seal(w.f, w.at, w.off, size, &w.index, w.Duration()); err != nil {
		return err
	}
	w.off, w.complete = size, true
	return failed
}

// putSize4 writes a size into exactly four bytes.
func putSize4(b []byte, n int) {
	binary.BigEndian.PutUint32(b, uint32(n)|1<<28)
}

// A clock follows the times of a file's blocks.
type clock struct {
	last  int64 // ms; -1 before the first block
	delta int64 // between the last two
	dur   int64 // of the last block; 0 if unknown
}

func newClock() clock { return clock{last: -1, delta: defaultDelta} }

// defaultDelta and maxDelta are what the duration of a last video frame is
// guessed from, in ms.
const (
	defaultDelta = 33
	maxDelta     = 1000
)

func (c *clock) tick(ms int64, dur time.Duration) {
	if c.last >= 0 {
		c.delta = min(ms-c.last, maxDelta)
	}
	c.last, c.dur = ms, dur.Round(time.Millisecond).Milliseconds()
}

func (c *clock) end() int64 {
	switch {
	case c.last < 0:
		return 0
	case c.dur > 0:
		return c.last + c.dur
	default:
		return c.last + c.delta
	}
}

// Finished reports whether Finish has completed the file.
func (w *Writer) Finished() bool { return w.complete }

// Picture is the size of the largest picture in a video track.
func (w *Writer) Picture() (width, height int) { return w.track.Width, w.track.Height }

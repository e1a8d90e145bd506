package webm

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"time"
)

// windowSize is how much of a file the reader holds at once.
const windowSize = 64 << 10

// A Block is one frame as it lies in a file.
type Block struct {
	Time    time.Duration
	Key     bool
	Off     int64 // of the frame's bytes in the file
	Size    int
	Cluster int64 // where its cluster starts
}

// A Reader reads the files that Writer writes.
type Reader struct {
	Header
	r    io.ReaderAt
	size int64
}

// NewReader reads the header of a file of the given size. It returns ErrHeader
// for a file that isn't ours.
func NewReader(r io.ReaderAt, size int64) (*Reader, error) {
	h, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	return &Reader{Header: h, r: r, size: size}, nil
}

func readHeader(r io.ReaderAt, size int64) (Header, error) {
	b := make([]byte, min(size, maxHeader))
	if _, err := r.ReadAt(b, 0); err != nil && !errors.Is(err, io.EOF) {
		return Header{}, fmt.Errorf("read WebM header: %w", err)
	}
	return parseHeader(b)
}

// Blocks yields the file's frames in order, up to the first that is damaged.
func (r *Reader) Blocks() iter.Seq[Block] {
	return func(yield func(Block) bool) {
		s := newScan(r.r, r.size, r.Header)
		s.visit = yield
		_ = s.run()
	}
}

// Data reads a block's frame.
func (r *Reader) Data(b Block) ([]byte, error) {
	data := make([]byte, b.Size)
	_, err := r.r.ReadAt(data, b.Off)
	return data, err
}

// Cue says where the cluster of a time starts in the file.
type Cue struct {
	Time    time.Duration
	Cluster int64
}

// Index reads the cues and tags of a finished file.
func (r *Reader) Index() (cues []Cue, tags []Tag, err error) {
	s := newScan(r.r, r.size, r.Header)
	if err := s.run(); err != nil {
		return nil, nil, err
	}
	b := make([]byte, r.size-s.end)
	if _, err := r.r.ReadAt(b, s.end); err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	err = children(b, func(id uint32, data []byte, _ int) error {
		switch id {
		case idCues:
			cues, err = r.parseCues(data)
		case idTags:
			tags, err = parseTags(data)
		default:
			err = fmt.Errorf("%w: %#x in the index", errElement, id)
		}
		return err
	})
	return cues, tags, err
}

func (r *Reader) parseCues(b []byte) ([]Cue, error) {
	var cues []Cue
	err := children(b, func(_ uint32, point []byte, _ int) error {
		var c Cue
		err := children(point, func(id uint32, data []byte, _ int) error {
			if id == idCueTime {
				ms, err := parseUint(data)
				c.Time = time.Duration(ms) * time.Millisecond
				return err
			}
			return children(data, func(id uint32, data []byte, _ int) error {
				pos, err := parseUint(data)
				if id == idCueClusterPosition {
					c.Cluster = int64(pos) + r.at.segmentData
				}
				return err
			})
		})
		cues = append(cues, c)
		return err
	})
	return cues, err
}

func parseTags(b []byte) ([]Tag, error) {
	var tags []Tag
	err := children(b, func(_ uint32, tag []byte, _ int) error {
		return children(tag, func(id uint32, simple []byte, _ int) error {
			if id != idSimpleTag {
				return nil
			}
			var t Tag
			err := children(simple, func(id uint32, data []byte, _ int) error {
				if id == idTagName {
					t.Name = string(data)
				} else {
					t.Value = string(data)
				}
				return nil
			})
			tags = append(tags, t)
			return err
		})
	})
	return tags, err
}

// A window reads a file in pieces.
type window struct {
	r    io.ReaderAt
	size int64
	buf  []byte
	off  int64 // of buf in the file
}

// peek returns up to n bytes at off, fewer only at the file's end. They are
// valid until the next call. N is at most half the window.
func (w *window) peek(off int64, n int) ([]byte, error) {
	if off >= w.size {
		return nil, nil
	}
	n = int(min(int64(n), w.size-off))
	if off < w.off || off+int64(n) > w.off+int64(len(w.buf)) {
		w.off = off
		w.buf = w.buf[:min(windowSize, w.size-off)]
		read, err := w.r.ReadAt(w.buf, off)
		w.buf = w.buf[:read]
		if read < n {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, fmt.Errorf("read at %d: %w", off, err)
		}
	}
	start := int(off - w.off)
	return w.buf[start : start+n], nil
}

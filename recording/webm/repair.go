package webm

import (
	"encoding/binary"
	"fmt"
	"io"
	"time"

	"plenum/sfu/codec"
)

// A Repaired says what Repair found.
type Repaired struct {
	Size      int64 // of the file now
	Truncated int64 // bytes cut off behind the last whole block, the old index not counted
	Blocks    int64
	Duration  time.Duration
	Track     Track
}

// Repair completes, in place, a file of the given size that Writer has not
// finished: it cuts the file behind the last whole block and writes the index
// and the header's sizes. Repairing a finished file changes nothing but its
// tags. Dying in Repair leaves a file that can be repaired. It returns
// ErrHeader if the file is not even a header long.
//
// Only block headers are read. Damage inside a frame is not seen.
func Repair(f File, size int64, tags []Tag) (Repaired, error) {
	h, err := readHeader(f, size)
	if err != nil {
		return Repaired{}, err
	}
	s := newScan(f, size, h)
	if err := s.run(); err != nil {
		return Repaired{}, fmt.Errorf("walk clusters: %w", err)
	}
	rep := Repaired{Blocks: s.blocks, Track: h.Track}
	if !s.atIndex {
		rep.Truncated = size - s.end
	}
	rep.Duration = time.Duration(s.clock.end()) * time.Millisecond
	if h.Finished && rep.Truncated == 0 && h.segment == size-h.at.segmentData {
		rep.Duration = max(rep.Duration, h.Duration.Round(time.Millisecond)) // Extend made it so
	}
	if err := f.Truncate(s.end); err != nil {
		return rep, fmt.Errorf("cut off the torn end: %w", err)
	}
	if s.cutCluster > 0 {
		b := make([]byte, 4)
		putSize4(b, int(s.end-s.cutCluster-clusterHead))
		if _, err := f.WriteAt(b, s.cutCluster+4); err != nil {
			return rep, fmt.Errorf("patch cluster size: %w", err)
		}
	}
	n, err := writeIndex(f, h.at, s.end, &s.index, allTags(tags, rep.Duration))
	if err != nil {
		return rep, err
	}
	rep.Size = s.end + n
	return rep, seal(f, h.at, s.end, rep.Size, &s.index, rep.Duration)
}

// A scan walks the clusters of a file and stops at the first thing that isn't whole.
type scan struct {
	win   window
	h     Header
	visit func(Block) bool // optional

	end        int64 // where the valid data ends
	cutCluster int64 // the last cluster, if blocks at its end were invalid; else 0
	atIndex    bool  // end is the file's end or the index starts there
	blocks     int64
	clock      clock
	index      index
	stopped    bool // by visit
}

func newScan(r io.ReaderAt, size int64, h Header) *scan {
	return &scan{
		win: window{r: r, size: size, buf: make([]byte, 0, windowSize)},
		h:   h, end: h.at.clusters, clock: newClock(), index: index{video: h.video()},
	}
}

// run walks to the end of the valid data. Only a failed read is an error.
func (s *scan) run() error {
	for !s.stopped {
		b, err := s.win.peek(s.end, 12)
		if err != nil {
			return err
		}
		e, ok := tryElement(b)
		if !ok || e.id != idCluster {
			s.atIndex = len(b) == 0 || ok && (e.id == idCues || e.id == idTags)
			return nil
		}
		if e.head != clusterHead || e.size < 0 {
			return nil // we write four bytes of size
		}
		whole, err := s.cluster(e)
		if err != nil || !whole {
			return err
		}
	}
	return nil
}

// cluster walks one cluster's blocks and moves end behind the last good one.
// It reports whether the cluster was whole.
func (s *scan) cluster(e element) (whole bool, err error) {
	start := s.end
	limit := min(start+clusterHead+e.size, s.win.size)
	whole = start+clusterHead+e.size <= s.win.size
	base, pos, err := s.clusterTime(start+clusterHead, limit)
	if err != nil || base < 0 {
		return false, err
	}
	first := true
	for pos < limit && !s.stopped {
		block, next, err := s.block(pos, limit, base)
		if err != nil {
			return false, err
		}
		if next == 0 {
			whole = false
			break
		}
		if first {
			s.index.add(base, start, block.Key)
			first = false
		}
		block.Cluster = start
		s.blocks++
		s.end, pos = next, next
		s.stopped = s.visit != nil && !s.visit(block)
	}
	if !first && !whole {
		s.cutCluster = start
	}
	return whole && !first, nil
}

// maxTime bounds a file's times, in ms, so that sums can't overflow.
const maxTime = 1 << 40

// clusterTime reads the Timestamp a cluster starts with; -1 if it is invalid.
func (s *scan) clusterTime(pos, limit int64) (ms, next int64, err error) {
	b, err := s.win.peek(pos, 10)
	if err != nil {
		return 0, 0, err
	}
	e, ok := tryElement(b)
	if !ok || e.id != idTimestamp || e.size < 1 || e.size > 8 || pos+int64(e.head)+e.size > limit {
		return -1, 0, nil
	}
	v, _ := parseUint(b[e.head : e.head+int(e.size)]) // it is not too long
	if v > maxTime {
		return -1, 0, nil
	}
	return int64(v), pos + int64(e.head) + e.size, nil
}

// block reads a block's header. Next is 0 if the block isn't valid and whole.
func (s *scan) block(pos, limit, base int64) (b Block, next int64, err error) {
	const longest = 1 + 8 + 4 + 2 // id, size, block header, and what an Opus duration needs
	raw, err := s.win.peek(pos, longest)
	if err != nil {
		return b, 0, err
	}
	e, ok := tryElement(raw)
	if !ok || e.id != idSimpleBlock || e.size < 5 || e.size > maxBlock+4 ||
		pos+int64(e.head)+e.size > limit {
		return b, 0, nil
	}
	head := raw[e.head:]
	ms := base + int64(int16(binary.BigEndian.Uint16(head[1:])))
	if head[0] != 0x80|trackNumber || head[3]&^keyFlag != 0 || ms <= s.clock.last {
		return b, 0, nil
	}
	b = Block{
		Time: time.Duration(ms) * time.Millisecond,
		Key:  head[3]&keyFlag != 0,
		Off:  pos + int64(e.head) + 4,
		Size: int(e.size) - 4,
	}
	s.clock.tick(ms, s.duration(head[4:min(len(head), 4+b.Size)]))
	return b, b.Off + int64(b.Size), nil
}

// duration is how long an Opus frame plays; 0 if only the next frame can tell.
func (s *scan) duration(start []byte) time.Duration {
	if s.h.Codec != Opus {
		return 0
	}
	samples, err := codec.OpusDuration(start)
	if err != nil {
		return 0
	}
	return time.Duration(samples) * time.Second / 48000
}

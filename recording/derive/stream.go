package derive

import (
	"errors"
	"iter"
	"os"
	"path/filepath"
	"time"

	"plenum/recording"
	"plenum/recording/webm"
	"plenum/sfu/codec"
)

// A stream reads a track's frames one after the other. It must be closed.
type stream struct {
	track recording.Track
	f     *os.File
	r     *webm.Reader
	pull  func() (webm.Block, bool)
	stop  func()
	block webm.Block
	ok    bool // there is a block
}

// openStream opens a track at its first frame.
func openStream(dir string, t recording.Track) (*stream, error) {
	f, err := os.Open(filepath.Join(dir, filepath.Base(t.Path)))
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r, err := webm.NewReader(f, st.Size())
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	s := &stream{track: t, f: f, r: r}
	s.pull, s.stop = iter.Pull(r.Blocks())
	s.next()
	return s, nil
}

func (s *stream) next() { s.block, s.ok = s.pull() }

// at is when the current frame is, on the recording's clock.
func (s *stream) at() time.Duration { return us(s.track.StartUS) + s.block.Time }

func (s *stream) data() ([]byte, error) { return s.r.Data(s.block) }

func (s *stream) close() {
	s.stop()
	_ = s.f.Close()
}

// openAll opens several tracks, or none.
func openAll(dir string, tracks []recording.Track) ([]*stream, error) {
	var all []*stream
	for _, t := range tracks {
		s, err := openStream(dir, t)
		if err != nil {
			closeAll(all)
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func closeAll(all []*stream) {
	for _, s := range all {
		s.close()
	}
}

// earliest is the stream whose frame comes next; -1 when all have ended.
func earliest(all []*stream) int {
	best := -1
	for i, s := range all {
		if s.ok && (best < 0 || s.at() < all[best].at()) {
			best = i
		}
	}
	return best
}

// opusLength is how long an Opus frame plays; 0 if it can't be told.
func opusLength(data []byte) time.Duration {
	n, err := codec.OpusDuration(data)
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Second / sampleRate
}

const sampleRate = 48000

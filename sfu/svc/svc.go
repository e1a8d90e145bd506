// Package svc decides which packets of a layered stream one subscriber gets:
// those of the spatial layers up to one of them, so that what is left is a
// stream that a decoder takes for a whole one.
//
// It is arithmetic only.
package svc

import "plenum/sfu/codec"

// history is how many pictures are remembered for packets that come late: half
// a second at 30 pictures a second.
const history = 16

// A Selector chooses among the spatial layers of one stream. Its zero value
// waits for a keyframe.
type Selector struct {
	began    bool
	layers   uint8 // of the stream, as it said last
	top      uint8 // highest spatial layer of the newest picture that goes
	newest   uint32
	next     int // in pictures
	pictures [history]picture
}

// picture is what was decided of one picture.
type picture struct {
	known     bool
	timestamp uint32
	top       uint8
}

// Top returns the highest spatial layer that goes now.
func (s *Selector) Top() int { return int(s.top) }

// Take decides about a packet of the picture at timestamp. The subscriber
// should have the layers up to want: less begins with the next picture, more
// with the next one that refers to none before it. Forward tells whether the
// packet goes, last whether it ends the picture for this subscriber.
func (s *Selector) Take(f codec.Frame, timestamp uint32, want int) (forward, last bool) {
	if f.Layers > 0 {
		s.layers = f.Layers
	}
	if !s.began || int32(timestamp-s.newest) > 0 { // wraps on purpose
		s.begin(f, timestamp, uint8(max(want, 0)))
	}
	return s.Took(f, timestamp)
}

// begin decides about a picture by its first packet to come.
func (s *Selector) begin(f codec.Frame, timestamp uint32, want uint8) {
	switch {
	case f.Fresh:
		s.top = want
		if s.layers > 0 {
			s.top = min(want, s.layers-1)
		}
	case want < s.top:
		s.top = want
	}
	s.began, s.newest = true, timestamp
	s.pictures[s.next%history] = picture{known: true, timestamp: timestamp, top: s.top}
	s.next++
}

// Took tells of a packet what was decided before: of one that comes late, or
// that is sent again.
func (s *Selector) Took(f codec.Frame, timestamp uint32) (forward, last bool) {
	top := s.top
	for i := range s.pictures {
		if at := s.pictures[(s.next+history-1-i)%history]; at.known && at.timestamp == timestamp {
			top = at.top
			break
		}
	}
	return f.Spatial <= top, f.End && f.Spatial == top
}

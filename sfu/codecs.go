package sfu

import (
	"time"

	"plenum/sfu/codec"
)

// kinds are the codecs as the packages below name them.
var kinds = map[Codec]codec.Kind{
	VP8: codec.VP8Video, H264: codec.H264Video, VP9: codec.VP9Video, AV1: codec.AV1Video,
	Opus: codec.OpusAudio, RED: codec.REDAudio,
}

// kindsOf lists codecs as the packages below name them, without those not known.
func kindsOf(codecs []Codec) (all []codec.Kind) {
	for _, c := range codecs {
		if k := kinds[c]; k != codec.None {
			all = append(all, k)
		}
	}
	return all
}

// codecOf is the other way round.
func codecOf(k codec.Kind) Codec {
	for c, have := range kinds {
		if have == k {
			return c
		}
	}
	return ""
}

// codecLinger is for how long a better codec must have been possible before
// publishers change to it: whoever made it impossible may come back.
const codecLinger = 10 * time.Second

// A format is what a publisher's pictures are to be sent in. It is guarded by
// the room's mutex.
type format struct {
	told  codec.Kind // what the page sends unless told otherwise, to begin with
	ever  bool       // the publisher was told
	since time.Time  // when another was better first; zero while none is
}

// judge returns the codec to tell a publisher who can send some of those that
// can be decoded by who is there; None for nothing new. Order is the room's
// preference. Whatever nobody can decode is left at once, something better is
// taken after a while.
func (f *format) judge(order []codec.Kind, sends, decodes codec.Set, now time.Time) codec.Kind {
	best := codec.None
	for _, k := range order {
		if sends.Has(k) && decodes.Has(k) {
			best = k
			break
		}
	}
	if best == codec.None || best == f.told {
		f.since = time.Time{}
		return codec.None
	}
	if f.ever && decodes.Has(f.told) && sends.Has(f.told) {
		if f.since.IsZero() {
			f.since = now
		}
		if now.Sub(f.since) < codecLinger {
			return codec.None
		}
	}
	f.told, f.ever, f.since = best, true, time.Time{}
	return best
}

// fashion is word for a publisher on what to send a source in.
type fashion struct {
	participant string
	source      Source
	codec       Codec
}

// fashions finds the publishers who should send their pictures in another
// format: in what all who are there can decode, the one the room likes best.
func (r *Room) fashions(now time.Time) (news []fashion) {
	if !r.plans.mixed && now.Before(r.plans.fashioned) {
		return nil
	}
	r.plans.mixed, r.plans.fashioned = false, now.Add(time.Second)
	all := ^codec.Set(0)
	for _, p := range r.members {
		if len(p.seats) > 0 {
			all &= p.seats[0].video.accepts()
		}
	}
	for _, p := range r.members {
		for _, s := range p.every {
			if s.kind.Audio() {
				continue
			}
			if k := s.format.judge(r.sfu.codecs, p.sends(s.kind), all, now); k != codec.None {
				news = append(news, fashion{participant: p.id, source: s.kind, codec: codecOf(k)})
			}
		}
	}
	return news
}

// sends are the formats that a participant's source may be sent in.
func (p *Participant) sends(s Source) codec.Set {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.may[s]
}

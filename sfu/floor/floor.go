// Package floor decides who is audible. It ranks participants by the audio
// level their packets carry (RFC 6464), so that nothing has to be decoded.
//
// Seat first, rank later: a participant is let in with the first packet of
// voice, so that no first syllable is lost, and has to hold its own against the
// others only afterwards. Until then it is a newcomer, heard beside a full
// floor and at nobody's expense; a cough or a click never gets further.
package floor

import (
	"cmp"
	"slices"
	"time"
)

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	Size      int // most participants on the floor; default 5
	Newcomers int // most beside a full floor, on trial; default 3
	// Threshold is how loud voice is at least, in -dBov; default 55. Of synthetic
	// speech at the nominal -26 dBov (ITU-T P.56), 99 % of the 20 ms packets
	// are as loud, and the first packet of 11 phrases in 12; suppressed noise
	// is below -60.
	Threshold uint8
	Loud      uint8         // voice whatever the sender's detector says, in -dBov; default 30
	Hold      time.Duration // who is silent stays this long; default 2 s
	Trial     time.Duration // a newcomer is judged after this; default 1 s
}

func (c Config) withDefaults() Config {
	c.Size = cmp.Or(c.Size, 5)
	c.Newcomers = cmp.Or(c.Newcomers, 3)
	c.Threshold = cmp.Or(c.Threshold, 55)
	c.Loud = cmp.Or(c.Loud, 30)
	c.Hold = cmp.Or(c.Hold, 2*time.Second)
	c.Trial = cmp.Or(c.Trial, time.Second)
	return c
}

const (
	silence = 127                    // -dBov of digital silence (RFC 6464 section 3)
	smooth  = 500 * time.Millisecond // of speech, time constant of loudness: a few words
	pause   = 300 * time.Millisecond // longest silence between two words of one speaker
	turn    = time.Second            // silence after which somebody else has the word
	packet  = 20 * time.Millisecond  // what one packet stands for when nothing else is known
	gap     = 120 * time.Millisecond // the longest Opus packet; more between two is DTX
	margin  = 6                      // dB to pass another; less changes nothing
)

// A Floor is the audible participants of one room. It is not safe for
// concurrent use.
type Floor struct {
	cfg     Config
	known   map[uint32]*speaker
	members []*speaker // ranked as of the last Rank; who entered since is at the end
	ranked  []uint32   // what Rank returned last
}

type speaker struct {
	id      uint32
	loud    float64   // dB above silence, smoothed over the speech of its turn
	at      time.Time // the last packet
	spoke   time.Time // the last packet of voice
	entered time.Time
	member  bool
	barred  bool // lost a trial in this turn, and gets no other
	detects bool // has set the voice flag, so its absence means something
}

// New returns an empty floor.
func New(cfg Config) *Floor {
	return &Floor{cfg: cfg.withDefaults(), known: make(map[uint32]*speaker)}
}

// Level takes the level of one packet, 0 the loudest and 127 silence, and the
// sender's own voice detection. It reports whether the participant entered the
// floor with it.
func (f *Floor) Level(id uint32, dBov uint8, voice bool, now time.Time) (entered bool) {
	s := f.known[id]
	if s == nil {
		s = &speaker{id: id}
		f.known[id] = s
	}
	s.detects = s.detects || voice
	speaking := f.isVoice(s, dBov, voice)
	s.hear(dBov, speaking, now)
	if !speaking || s.member || !f.hasPlace(s) {
		return false
	}
	f.enter(s, now)
	return true
}

// isVoice judges one packet. The voice flag of browsers is Opus's own detector;
// a sender that never sets it, or sound too loud to be noise, goes by level.
func (f *Floor) isVoice(s *speaker, dBov uint8, voice bool) bool {
	return dBov <= f.cfg.Threshold && (voice || !s.detects || dBov <= f.cfg.Loud)
}

// hasPlace reports whether s may enter now, at nobody's expense.
func (f *Floor) hasPlace(s *speaker) bool {
	return len(f.members) < f.cfg.Size ||
		len(f.members) < f.cfg.Size+f.cfg.Newcomers && !s.barred
}

// Audible reports whether the participant is on the floor.
func (f *Floor) Audible(id uint32) bool {
	s := f.known[id]
	return s != nil && s.member
}

// Remove forgets a participant, and reports whether it was on the floor.
func (f *Floor) Remove(id uint32) bool {
	s := f.known[id]
	if s == nil {
		return false
	}
	delete(f.known, id)
	f.drop(s)
	return s.member
}

// Rank drops who has been silent for Hold and who lost against the others, and
// returns the floor, loudest first, which is longer than Size while there are
// newcomers. Changed tells whether it differs from the last one. It is called
// on a tick, about every 200 ms. The list is never written to again.
func (f *Floor) Rank(now time.Time) (ids []uint32, changed bool) {
	f.members = slices.DeleteFunc(f.members, func(s *speaker) bool {
		s.member = now.Sub(s.spoke) < f.cfg.Hold
		return !s.member
	})
	f.prune(now)
	f.admit(now)
	f.order(now)
	if slices.EqualFunc(f.members, f.ranked, func(s *speaker, id uint32) bool { return s.id == id }) {
		return f.ranked, false
	}
	f.ranked = make([]uint32, len(f.members))
	for i, s := range f.members {
		f.ranked[i] = s.id
	}
	return f.ranked, true
}

// prune drops the weakest until no more than Size are past their trial.
func (f *Floor) prune(now time.Time) {
	for {
		settled := 0
		var weakest *speaker
		for _, s := range f.members {
			if f.onTrial(s, now) {
				continue
			}
			settled++
			if weakest == nil || f.strength(s, now) < f.strength(weakest, now) {
				weakest = s
			}
		}
		if settled <= f.cfg.Size {
			return
		}
		f.expel(weakest, now)
	}
}

// onTrial reports whether s is a newcomer who is still speaking.
func (f *Floor) onTrial(s *speaker, now time.Time) bool {
	return now.Sub(s.entered) < f.cfg.Trial && now.Sub(s.spoke) < pause
}

// strength is what a member holds its place with: more once it is past its
// trial and what follows it.
func (f *Floor) strength(s *speaker, now time.Time) float64 {
	if now.Sub(s.entered) < 2*f.cfg.Trial {
		return s.weight(now)
	}
	return s.weight(now) + margin
}

// admit lets in those who may not enter as newcomers but speak now: to a free
// place, or for a clearly weaker member's.
func (f *Floor) admit(now time.Time) {
	for {
		var best *speaker
		for _, s := range f.known {
			if s.member || now.Sub(s.spoke) >= pause || s.spoke.IsZero() {
				continue
			}
			if best == nil || cmp.Or(cmp.Compare(s.loud, best.loud), cmp.Compare(best.id, s.id)) > 0 {
				best = s
			}
		}
		if best == nil {
			return
		}
		if len(f.members) >= f.cfg.Size {
			weakest := slices.MinFunc(f.members, func(a, b *speaker) int {
				return cmp.Compare(f.strength(a, now), f.strength(b, now))
			})
			if f.onTrial(weakest, now) || best.loud <= f.strength(weakest, now)+margin {
				return
			}
			f.expel(weakest, now)
		}
		f.enter(best, now)
	}
}

// order ranks the members by weight. One passes another only by a margin, so
// that names do not dance.
func (f *Floor) order(now time.Time) {
	m := f.members
	for i := range m {
		for j := i; j > 0 && m[j].weight(now) > m[j-1].weight(now)+margin; j-- {
			m[j], m[j-1] = m[j-1], m[j]
		}
	}
}

func (f *Floor) enter(s *speaker, now time.Time) {
	s.member, s.entered = true, now
	f.members = append(f.members, s)
}

// expel takes s off the floor because others are stronger. Only who spoke
// through its trial and lost is barred from another one: who merely fell silent
// is let in again with its next word.
func (f *Floor) expel(s *speaker, now time.Time) {
	f.drop(s)
	s.member = false
	s.barred = now.Sub(s.spoke) < pause && now.Sub(s.entered) < 2*f.cfg.Trial
}

// drop takes s off the floor, if it is there.
func (f *Floor) drop(s *speaker) {
	if i := slices.Index(f.members, s); i >= 0 {
		f.members = slices.Delete(f.members, i, i+1)
	}
}

// hear counts one packet.
func (s *speaker) hear(dBov uint8, speaking bool, now time.Time) {
	dt := max(now.Sub(s.at), 0)
	if dt > gap {
		dt = packet
	}
	if now.After(s.at) {
		s.at = now
	}
	if !speaking {
		return
	}
	if now.Sub(s.spoke) >= turn { // a new turn has to be earned: a click is no speech
		s.loud, s.barred = 0, false
	}
	loudness := float64(silence - min(dBov, silence))
	s.loud += (loudness - s.loud) * float64(dt) / float64(dt+smooth)
	s.spoke = now
}

// weight is what the members are ordered by: who has the word by loudness, then
// the others.
func (s *speaker) weight(now time.Time) float64 {
	if now.Sub(s.spoke) >= turn {
		return s.loud - silence - margin
	}
	return s.loud
}

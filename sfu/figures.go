package sfu

// Figures are what is worth knowing of a room at a glance.
type Figures struct {
	Participants int
	Sent         uint64  // payload bytes written to seats since the room began
	Loss         float64 // of what was sent to participants lately, 0 to 1; the mean of their links
}

// Figures returns those of every room, by id.
func (s *SFU) Figures() map[string]Figures {
	s.mu.Lock()
	all := make([]*Room, 0, len(s.rooms))
	for r := range s.rooms {
		all = append(all, r)
	}
	s.mu.Unlock()
	figures := make(map[string]Figures, len(all))
	for _, r := range all {
		figures[r.id] = r.figures()
	}
	return figures
}

func (r *Room) figures() Figures {
	f := Figures{Sent: r.sentBytes.Load()}
	links := 0
	for _, p := range r.all() {
		f.Participants++
		if loss, known := p.down.loss(); known {
			f.Loss += loss
			links++
		}
	}
	f.Loss /= float64(max(links, 1))
	return f
}

// sent counts what went out to the room's seats, like counters.sent.
func (r *Room) sent(t tally) {
	r.sfu.count.sent(t)
	if t.bytes > 0 {
		r.sentBytes.Add(t.bytes)
	}
}

// loss returns how much of what was sent was lost lately, 0 to 1, if the
// subscriber tells.
func (d *downlink) loss() (fraction float64, known bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.est.Loss(), d.bounded
}

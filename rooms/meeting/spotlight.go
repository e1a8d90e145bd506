package meeting

// MostSpotlit is how many stand in the spotlight at a time. One more takes the
// place of who has stood there longest.
const MostSpotlit = 4

// Spotlight shows a participant large to everybody, or no longer. It ends when
// they leave or become audience, who have no picture.
func (m *Meeting) Spotlight(id string, on bool) []Event {
	p := m.member(id)
	if p == nil || on == (p.Spotlight != 0) || on && p.Role == Audience {
		return nil
	}
	if !on {
		p.Spotlight = 0
		return m.changed(p)
	}
	rows := []Participant{}
	if lit := m.spotlit(); len(lit) >= MostSpotlit {
		lit[0].Spotlight = 0
		rows = append(rows, lit[0].snapshot())
	}
	m.spots++
	p.Spotlight = m.spots
	return m.note(append(rows, p.snapshot()), nil)
}

// spotlit returns who stands in the spotlight, who came there first at the front.
func (m *Meeting) spotlit() []*member {
	var lit []*member
	for _, p := range m.roster {
		if p.Spotlight == 0 {
			continue
		}
		at := len(lit)
		for at > 0 && lit[at-1].Spotlight > p.Spotlight {
			at--
		}
		lit = append(lit[:at], append([]*member{p}, lit[at:]...)...)
	}
	return lit
}

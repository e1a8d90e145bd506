package signaling

import "time"

// books are what a room remembers of those a host sent away, for as long as
// the room is reserved, whether somebody is in it or not. The goroutine of the
// room's life that runs owns them.
type books struct {
	until   time.Time           // when they may be thrown away
	tokens  map[string]struct{} // resume tokens of those removed
	devices map[string]struct{} // browsers of those removed
	links   map[string]struct{} // ids of links that nobody gets in by
	revoked map[string]struct{} // ids of links that were revoked alone
	held    map[string]struct{} // browsers of those sent to the lobby
}

func newBooks(until time.Time) *books {
	return &books{
		until: until, tokens: map[string]struct{}{}, devices: map[string]struct{}{}, links: map[string]struct{}{},
		revoked: map[string]struct{}{}, held: map[string]struct{}{},
	}
}

// remove notes that a host removed somebody. What could be somebody else's
// next time, a link for many, is refused only if the host wants it.
func (b *books) remove(s *session, withLink bool) {
	b.tokens[s.token] = struct{}{}
	if s.guest.device != "" {
		b.devices[s.guest.device] = struct{}{}
	}
	if s.guest.link != "" && (s.guest.personal || withLink) {
		b.links[s.guest.link] = struct{}{}
	}
}

// removed reports whether a host sent away who comes now. A link that still
// counts is a host's word that whoever comes by it is welcome in any browser.
func (b *books) removed(g guest) bool {
	if g.link != "" {
		_, gone := b.links[g.link]
		if gone || g.personal {
			return gone
		}
	}
	_, gone := b.devices[g.device]
	return gone && g.device != ""
}

// revokes reports whether a link was revoked alone.
func (b *books) revokes(link string) bool {
	_, revoked := b.revoked[link]
	return revoked
}

func (b *books) hold(g guest) {
	if g.device != "" {
		b.held[g.device] = struct{}{}
	}
}

func (b *books) release(g guest) { delete(b.held, g.device) }

func (b *books) holds(g guest) bool {
	_, held := b.held[g.device]
	return held && g.device != ""
}

// booksOf returns the books of a room, and throws away those of rooms that are
// over. The hub's mutex is held.
func (h *Hub) booksOf(roomID string, until, now time.Time) *books {
	for id, b := range h.books {
		if now.After(b.until) && h.rooms[id] == nil {
			delete(h.books, id)
		}
	}
	b := h.books[roomID]
	if b == nil {
		b = newBooks(until)
		h.books[roomID] = b
	}
	b.until = until
	return b
}

// Package signaling owns the WebSockets: the meeting session of protocol
// plenum.v1 and the attendance socket. It turns messages into commands for
// rooms/meeting and sfu, and their events into messages.
//
// One goroutine per live room owns the meeting's state. A socket has three: one
// reads, one writes from a bounded queue, one pings. SDP work runs on the
// reading goroutine, so that a join holds up nobody else.
package signaling

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"plenum/rooms"
	"plenum/rooms/files"
	"plenum/rooms/meeting"
	"plenum/rooms/throttle"
	"plenum/signaling/protocol"
)

// Config is what an operator may tune. A zero field means its default.
type Config struct {
	ResumeWindow      time.Duration // how long after its last sign of life a session may be resumed; default 30 s
	PingEvery         time.Duration // default 5 s
	PongWait          time.Duration // default 10 s, so that a half-open socket is noticed within 15 s
	WriteWait         time.Duration // longest time one message may take to write; default 10 s
	CloseWait         time.Duration // longest time from bye to the end of the socket; default 5 s
	JoinWait          time.Duration // longest time without having joined; default 15 s
	QueueLen          int           // messages held per socket; default 256
	MessageSize       int64         // bytes of one message of a page; default 256 KiB
	MessagesPerSecond float64       // of one page, twice as many in a burst; default 100
	MaxParticipants   int           // of one room; default 500
	EventBuffer       int           // events kept per room for resuming; default 1024
	EndGrace          time.Duration // how long a meeting may run over its end; default not at all

	Files *files.Store           // keeps what people share; nil: they share no files
	Links rooms.LinkKeys         // open join tokens; without keys they open nothing
	Audit func(rooms.AuditEntry) // hears what hosts do and is refused; must not block; default nobody
}

func (c Config) withDefaults() Config {
	setDefault(&c.ResumeWindow, 30*time.Second)
	setDefault(&c.PingEvery, 5*time.Second)
	setDefault(&c.PongWait, 10*time.Second)
	setDefault(&c.WriteWait, 10*time.Second)
	setDefault(&c.CloseWait, 5*time.Second)
	setDefault(&c.JoinWait, 15*time.Second)
	setDefault(&c.QueueLen, 256)
	setDefault(&c.MessageSize, 256<<10)
	setDefault(&c.MessagesPerSecond, 100)
	setDefault(&c.MaxParticipants, 500)
	setDefault(&c.EventBuffer, 1024)
	if c.Audit == nil {
		c.Audit = func(rooms.AuditEntry) {}
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Store is what a Hub needs of rooms.Store.
type Store interface {
	SetRoomEnd(ctx context.Context, id string, end time.Time) error
	// UseLink returns rooms.ErrLinkExpired for a link that was revoked alone.
	UseLink(ctx context.Context, roomID, id string, now time.Time) error
}

// endedFor is how long the hub remembers that a room was ended: longer than a
// socket may live on what it knew of the room when it was opened.
const endedFor = time.Minute

// compressFrom is the least size in bytes of a message that is compressed:
// each is for each socket, which costs more than the small ones to all save.
const compressFrom = 4 << 10

// A Hub holds the live rooms and the sockets of their participants.
type Hub struct {
	cfg     Config
	media   Media
	rec     Recorders
	hostKey []byte
	store   Store
	ledger  Ledger
	log     *slog.Logger
	wg      sync.WaitGroup // sockets, rooms and recordings being finished

	passcodes *throttle.Throttle

	mu      sync.Mutex // guards all below
	closing bool
	rooms   map[string]*liveRoom
	sockets map[*socket]struct{}
	ended   map[string]time.Time // rooms that were ended by hand, and when
	books   map[string]*books    // by room
}

// NewHub returns a Hub without rooms. The caller must Close it.
func NewHub(
	cfg Config, media Media, rec Recorders, hostKey []byte, store Store, ledger Ledger, log *slog.Logger,
) *Hub {
	return &Hub{
		cfg: cfg.withDefaults(), media: media, rec: rec, hostKey: slices.Clone(hostKey), store: store, ledger: ledger,
		log:   log,
		rooms: map[string]*liveRoom{}, sockets: map[*socket]struct{}{}, ended: map[string]time.Time{},
		books: map[string]*books{}, passcodes: throttle.New(throttle.Config{}),
	}
}

// audit notes what happened in a meeting, at this instant.
func (h *Hub) audit(e rooms.AuditEntry) {
	e.At = time.Now()
	h.cfg.Audit(e)
}

// ServeMeeting upgrades r to a socket of room and serves it until it ends. The
// caller has checked the origin and that the room is not over.
func (h *Hub) ServeMeeting(w http.ResponseWriter, r *http.Request, room rooms.Room, from Visitor) {
	if !offersProtocol(r) {
		http.Error(w, "the WebSocket subprotocol "+protocol.Version+" is required", http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
	defer cancel()
	s := newSocket(h, room, from, cancel)
	if !h.enlist(s) {
		http.Error(w, "the server is shutting down", http.StatusServiceUnavailable)
		return
	}
	defer h.dismiss(s)
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{protocol.Version},
		InsecureSkipVerify: true, // the caller knows the allowed origins
		// A window kept per socket would cost 1.2 MB each; the one message worth
		// it is the answer, which compresses well on its own.
		CompressionMode:      websocket.CompressionNoContextTakeover,
		CompressionThreshold: compressFrom,
		OnPongReceived:       func(context.Context, []byte) { s.heard() },
	})
	if err != nil {
		h.log.Debug("websocket refused", "room", room.ID, "err", err) // Accept has answered
		return
	}
	s.serve(ctx, conn)
}

// offersProtocol reports whether the client offers our subprotocol.
func offersProtocol(r *http.Request) bool {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for name := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(name) == protocol.Version {
				return true
			}
		}
	}
	return false
}

// Snapshot is what the outside may know about a live room.
type Snapshot struct {
	Participants []meeting.Participant // in order of joining
	Recording    meeting.Recording
	Lobby        []meeting.Waiter // in order of coming
	Room         meeting.Info
}

// Live returns the state of a room. It reports false when nobody is in it.
func (h *Hub) Live(roomID string) (Snapshot, bool) {
	live := h.lookup(roomID)
	if live == nil {
		return Snapshot{}, false
	}
	var snap Snapshot
	ok := live.do(func() {
		rows, _ := live.meeting.Lobby()
		snap = Snapshot{
			Participants: live.meeting.Roster(), Recording: live.meeting.Recording(), Lobby: rows, Room: live.meeting.Info(),
		}
	})
	return snap, ok
}

// Count returns how many rooms are live and how many sockets are open.
func (h *Hub) Count() (rooms, sockets int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.rooms), len(h.sockets)
}

// UpdateRoom tells a live room, and the sockets that are about to join it, what
// the room is from now on.
func (h *Hub) UpdateRoom(room rooms.Room) {
	h.mu.Lock()
	for s := range h.sockets {
		if s.roomID == room.ID {
			s.renew(room)
		}
	}
	live := h.rooms[room.ID]
	h.mu.Unlock()
	if live != nil {
		live.do(func() { live.update(room) })
	}
}

// RevokeLinks does the same for a room whose links of earlier epochs hold no
// more, and sends those off who came by one.
func (h *Hub) RevokeLinks(room rooms.Room) {
	h.UpdateRoom(room)
	if live := h.lookup(room.ID); live != nil {
		live.do(func() { live.revokeLinks(room.Rules.LinkEpoch) })
	}
}

// RevokeLink sends those off who came by one link of a room, and keeps out who
// was just about to. The store refuses the link already.
func (h *Hub) RevokeLink(room rooms.Room, id string) {
	for {
		h.mu.Lock()
		live := h.rooms[room.ID]
		if live == nil { // nobody is in it: its books are the hub's
			h.booksOf(room.ID, room.End.Add(h.cfg.EndGrace), time.Now()).revoked[id] = struct{}{}
		}
		h.mu.Unlock()
		if live == nil || live.do(func() { live.revokeLink(id) }) {
			return
		}
		<-live.gone // its next life, if there is one, must hear of it
	}
}

// EndRoom says bye to everybody in a room, and waits until it is gone or ctx
// is done. It does not touch the store.
func (h *Hub) EndRoom(ctx context.Context, roomID string) {
	live, waiting := h.markEnded(roomID)
	if live != nil {
		live.do(func() { live.finish(byeEnded, "ended") })
	}
	for _, s := range waiting {
		s.finish(byeEnded, false)
	}
	if live != nil {
		select {
		case <-live.gone:
		case <-ctx.Done():
		}
	}
}

// markEnded keeps the room from coming to life again through sockets that were
// opened before. It returns the live room, if any, and the room's sockets.
func (h *Hub) markEnded(roomID string) (*liveRoom, []*socket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	for id, at := range h.ended {
		if now.Sub(at) > endedFor {
			delete(h.ended, id)
		}
	}
	h.ended[roomID] = now
	var sockets []*socket
	for s := range h.sockets {
		if s.roomID == roomID {
			sockets = append(sockets, s)
		}
	}
	return h.rooms[roomID], sockets
}

// Close says bye to everybody, finishes the recordings and waits for all of
// it. When ctx is done first, it cuts the sockets off and returns its error.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closing = true
	for _, live := range h.rooms {
		live.in.call(func() { live.finish(byeShutdown, "shutdown") })
	}
	for s := range h.sockets {
		s.finish(byeShutdown, false)
	}
	h.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.wg.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	h.mu.Lock()
	for s := range h.sockets {
		s.cancel()
	}
	h.mu.Unlock()
	return ctx.Err()
}

func (h *Hub) enlist(s *socket) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return false
	}
	h.wg.Add(1)
	h.sockets[s] = struct{}{}
	return true
}

func (h *Hub) dismiss(s *socket) {
	h.mu.Lock()
	delete(h.sockets, s)
	h.mu.Unlock()
	h.wg.Done()
}

// Why a room can't be entered.
var (
	errEnded    = errors.New("the meeting is over")
	errShutdown = errors.New("the server is shutting down")
	errGone     = errors.New("this life of the room is over") // ask for the room again

	errOvertaken = errors.New("the session was resumed by a later attempt")
	errRemoved   = errors.New("a host removed the participant")
)

// enter returns the live room, which begins to live if it did not.
func (h *Hub) enter(ctx context.Context, info rooms.Room) (*liveRoom, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closing {
		return nil, errShutdown
	}
	if at, ok := h.ended[info.ID]; ok && time.Since(at) <= endedFor {
		return nil, errEnded
	}
	if live := h.rooms[info.ID]; live != nil {
		return live, nil
	}
	if !time.Now().Before(info.End) {
		return nil, errEnded
	}
	live := newRoom(context.WithoutCancel(ctx), h, info, h.booksOf(info.ID, info.End.Add(h.cfg.EndGrace), time.Now()))
	h.rooms[info.ID] = live
	h.wg.Go(func() {
		live.run()
		h.mu.Lock()
		delete(h.rooms, info.ID)
		h.mu.Unlock()
		close(live.gone)
	})
	return live, nil
}

// lookup returns the live room, or nil.
func (h *Hub) lookup(roomID string) *liveRoom {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rooms[roomID]
}

package signaling

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// ErrOffline is returned for a push to an attendant who is not there.
var ErrOffline = errors.New("the attendant is offline")

// AttendantsConfig is what an operator may tune. A zero field means its default.
type AttendantsConfig struct {
	PingEvery time.Duration // default 10 s
	PongWait  time.Duration // default 15 s, so that a half-open socket is gone within 25 s
	WriteWait time.Duration // longest time one push may take to write; default 10 s
	QueueLen  int           // texts held per socket; default 256
	Most      int           // most attendants; default 10 000
}

func (c AttendantsConfig) withDefaults() AttendantsConfig {
	setDefault(&c.PingEvery, 10*time.Second)
	setDefault(&c.PongWait, 15*time.Second)
	setDefault(&c.WriteWait, 10*time.Second)
	setDefault(&c.QueueLen, 256)
	setDefault(&c.Most, 10_000)
	return c
}

// An Attendant is one socket on /attendance/.
type Attendant struct {
	// ChannelName is the address to push to; the register gives it.
	ChannelName string
	IP          string
	Port        int
	User        string // who is logged in, or empty
	Details     map[string]string
	ConnectedAt time.Time
	// Revoked is closed when that login holds no more; nil is never. Ended is
	// called once when the socket has ended, or never came about; nil is nobody.
	Revoked <-chan struct{} `json:"-"`
	Ended   func()          `json:"-"`
}

func (a Attendant) done() {
	if a.Ended != nil {
		a.Ended()
	}
}

// Attendants is the register of attendants.
type Attendants struct {
	cfg AttendantsConfig
	log *slog.Logger
	wg  sync.WaitGroup

	mu       sync.Mutex // guards the rest
	closed   bool
	online   map[string]*attendantSocket // by channel name
	byDetail map[detail]map[*attendantSocket]struct{}
}

// detail is one thing attendants say of themselves.
type detail struct{ name, value string }

// Why the register ends a socket.
var (
	errSlow   = errors.New("the attendant does not read")
	errClosed = errors.New("the register is closed")
	errSilent = errors.New("the attendant does not answer")

	errRevoked = errors.New("the login was revoked")
)

// NewAttendants returns an empty register. The caller must Close it.
func NewAttendants(cfg AttendantsConfig, log *slog.Logger) *Attendants {
	return &Attendants{
		cfg: cfg.withDefaults(), log: log,
		online: map[string]*attendantSocket{}, byDetail: map[detail]map[*attendantSocket]struct{}{},
	}
}

// ServeAttendance upgrades r and puts the socket in the register, where it stays
// until it ends. It does not wait for that: a request that is being answered
// holds 20 KiB that a silent socket has no use for. The caller fills in who it
// is, but ChannelName and ConnectedAt.
func (a *Attendants) ServeAttendance(w http.ResponseWriter, r *http.Request, who Attendant) {
	if !a.room() {
		who.done()
		http.Error(w, "too many attendants", http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the caller knows the allowed origins
		// Texts are short, and a window for compression would be the dearest
		// thing about a socket that says nothing most of the time.
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		a.log.Debug("attendance socket refused", "err", err) // Accept has answered
		who.done()
		return
	}
	who.ConnectedAt = time.Now().UTC()
	s := newAttendantSocket(context.WithoutCancel(r.Context()), conn, who, a.cfg)
	if !a.add(s) {
		who.done()
		_ = conn.Close(websocket.StatusServiceRestart, "shutdown") // the client may be gone already
		return
	}
	a.log.Info("attendant came", "attendant", s.ChannelName, "ip", s.IP, "user", s.User)
	go a.serve(s)
}

// serve keeps a socket until it ends. Its goroutine was counted by add.
func (a *Attendants) serve(s *attendantSocket) {
	defer a.remove(s)
	defer s.done()
	reason := s.serve()
	a.log.Info("attendant went", "attendant", s.ChannelName, "reason", reason.Error())
}

// A Target says which attendants a text is for: the one with a channel name, or
// all of whom every one of the details is true, or all.
type Target struct {
	ChannelName string
	Details     map[string]string
	All         bool
}

// Send puts a text on the way to every attendant that to names, as one text
// frame each, and returns what became of it. It waits for nobody: who does not
// read is told by QueueFull and disconnected.
func (a *Attendants) Send(to Target, text string) []Delivery {
	sockets := a.find(to)
	if len(sockets) == 0 && to.ChannelName != "" {
		return []Delivery{{to.ChannelName, Gone}}
	}
	frame := []byte(strings.ToValidUTF8(text, "\uFFFD"))
	deliveries := make([]Delivery, len(sockets))
	for i, s := range sockets {
		deliveries[i] = Delivery{s.ChannelName, s.offer(frame)}
	}
	return deliveries
}

// find returns the sockets that a target names, in no order.
func (a *Attendants) find(to Target) []*attendantSocket {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case to.ChannelName != "":
		if s := a.online[to.ChannelName]; s != nil {
			return []*attendantSocket{s}
		}
	case len(to.Details) > 0:
		return a.matchingLocked(to.Details)
	case to.All:
		return slices.Collect(maps.Values(a.online))
	}
	return nil
}

// matchingLocked returns the sockets of which all details are true. It looks at
// those only that share the rarest of them.
func (a *Attendants) matchingLocked(details map[string]string) []*attendantSocket {
	var rarest map[*attendantSocket]struct{}
	first := true
	for name, value := range details {
		if sharing := a.byDetail[detail{name, value}]; first || len(sharing) < len(rarest) {
			rarest, first = sharing, false
		}
	}
	var found []*attendantSocket
	for s := range rarest {
		if s.is(details) {
			found = append(found, s)
		}
	}
	return found
}

// Push sends text to an attendant as one text frame. It returns ErrOffline
// when no such attendant is there, or it has stopped reading.
func (a *Attendants) Push(ctx context.Context, channelName, text string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, d := range a.Send(Target{ChannelName: channelName}, text) {
		if d.Outcome == Delivered {
			return nil
		}
	}
	return ErrOffline
}

// Count returns how many attendants are online.
func (a *Attendants) Count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.online)
}

// List returns all attendants, oldest first. The caller must not change their details.
func (a *Attendants) List() []Attendant {
	a.mu.Lock()
	list := make([]Attendant, 0, len(a.online))
	for _, s := range a.online {
		list = append(list, s.Attendant)
	}
	a.mu.Unlock()
	slices.SortFunc(list, func(x, y Attendant) int {
		return cmp.Or(x.ConnectedAt.Compare(y.ConnectedAt), cmp.Compare(x.ChannelName, y.ChannelName))
	})
	return list
}

// Close ends all sockets and waits for them, or until ctx is done.
func (a *Attendants) Close(ctx context.Context) error {
	a.mu.Lock()
	first := !a.closed
	a.closed = true
	if first {
		for _, s := range a.online {
			s.part()
		}
	}
	a.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.wg.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	a.mu.Lock()
	for _, s := range a.online {
		s.cancel(errClosed)
	}
	a.mu.Unlock()
	return ctx.Err()
}

// room reports whether another attendant may come.
func (a *Attendants) room() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.closed && len(a.online) < a.cfg.Most
}

// add gives s its channel name and puts it in the register.
func (a *Attendants) add(s *attendantSocket) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(a.online) >= a.cfg.Most {
		return false
	}
	s.ChannelName = channelName()
	a.online[s.ChannelName] = s // 20 random letters, 114 bits: no two are the same
	for name, value := range s.Details {
		key := detail{name, value}
		if a.byDetail[key] == nil {
			a.byDetail[key] = map[*attendantSocket]struct{}{}
		}
		a.byDetail[key][s] = struct{}{}
	}
	a.wg.Add(1)
	return true
}

func (a *Attendants) remove(s *attendantSocket) {
	a.mu.Lock()
	delete(a.online, s.ChannelName)
	for name, value := range s.Details {
		key := detail{name, value}
		delete(a.byDetail[key], s)
		if len(a.byDetail[key]) == 0 {
			delete(a.byDetail, key)
		}
	}
	a.mu.Unlock()
	a.wg.Done()
}

// channelName makes a name of the shape push clients have always known: a
// dotted prefix, ten letters, "!", ten letters.
func channelName() string { return "plenum.response." + letters(10) + "!" + letters(10) }

// letters returns n random letters.
func letters(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	const fair = 256 / len(alphabet) * len(alphabet) // bytes from here on would favour the first letters
	out := make([]byte, 0, n)
	var buf [32]byte
	for len(out) < n {
		_, _ = rand.Read(buf[:]) // never fails (Go 1.24)
		for _, b := range buf {
			if int(b) < fair && len(out) < n {
				out = append(out, alphabet[int(b)%len(alphabet)])
			}
		}
	}
	return string(out)
}

package signaling

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
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
	Revoked     <-chan struct{} `json:"-"` // closed when that login holds no more; nil is never
}

// Attendants is the register of attendants.
type Attendants struct {
	cfg AttendantsConfig
	log *slog.Logger
	wg  sync.WaitGroup

	mu     sync.Mutex // guards the rest
	closed bool
	online map[string]*attendantSocket // by channel name
}

// attendantSocket is one attendant's end of the register.
type attendantSocket struct {
	Attendant
	texts  chan string   // closed by nobody: the writer ends with its context
	bye    chan struct{} // closed by Close
	cancel context.CancelCauseFunc
}

// Why the register ends a socket.
var (
	errSlow   = errors.New("the attendant does not read")
	errClosed = errors.New("the register is closed")
	errSilent = errors.New("the attendant does not answer")

	errRevoked = errors.New("the login was revoked")
)

// NewAttendants returns an empty register. The caller must Close it.
func NewAttendants(cfg AttendantsConfig, log *slog.Logger) *Attendants {
	return &Attendants{cfg: cfg.withDefaults(), log: log, online: map[string]*attendantSocket{}}
}

// ServeAttendance upgrades r and keeps the socket in the register until it
// ends. The caller fills in who it is, but ChannelName and ConnectedAt.
func (a *Attendants) ServeAttendance(w http.ResponseWriter, r *http.Request, who Attendant) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	defer cancel(nil)
	if !a.room() {
		http.Error(w, "too many attendants", http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the route is public: there is no session to ride on
	})
	if err != nil {
		a.log.Debug("attendance socket refused", "err", err) // Accept has answered
		return
	}
	who.ConnectedAt = time.Now().UTC()
	s := &attendantSocket{
		Attendant: who, texts: make(chan string, a.cfg.QueueLen), bye: make(chan struct{}), cancel: cancel,
	}
	if !a.add(s) {
		_ = conn.Close(websocket.StatusServiceRestart, "shutdown") // the client may be gone already
		return
	}
	defer a.remove(s)
	a.serve(ctx, conn, s)
}

func (a *Attendants) serve(ctx context.Context, conn *websocket.Conn, s *attendantSocket) {
	log := a.log.With("attendant", s.ChannelName)
	log.Info("attendant came", "ip", s.IP, "user", s.User)
	var wg sync.WaitGroup
	wg.Go(func() { a.write(ctx, conn, s) })
	wg.Go(func() {
		keepAlive(ctx, conn, a.cfg.PingEvery, a.cfg.PongWait, func() { s.cancel(errSilent) })
	})
	conn.SetReadLimit(-1) // what comes is thrown away piece by piece
	for {
		_, frame, err := conn.Reader(ctx)
		if err == nil {
			_, err = io.Copy(io.Discard, frame)
		}
		if err != nil {
			s.cancel(err)
			break
		}
	}
	wg.Wait()
	_ = conn.CloseNow() // it is closed in most cases
	log.Info("attendant went", "reason", context.Cause(ctx).Error())
}

// write sends texts until ctx ends or the register closes.
func (a *Attendants) write(ctx context.Context, conn *websocket.Conn, s *attendantSocket) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.bye:
			_ = conn.Close(websocket.StatusServiceRestart, "shutdown") // the client may be gone already
			s.cancel(errClosed)
			return
		case <-s.Revoked:
			_ = conn.Close(websocket.StatusPolicyViolation, "revoked") // the client may be gone already
			s.cancel(errRevoked)
			return
		case text := <-s.texts:
			if err := writeText(ctx, conn, text, a.cfg.WriteWait); err != nil {
				s.cancel(err)
				return
			}
		}
	}
}

func writeText(ctx context.Context, conn *websocket.Conn, text string, wait time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, []byte(text))
}

// Push sends text to an attendant as one text frame. It returns ErrOffline
// when no such attendant is there, or it has stopped reading.
func (a *Attendants) Push(ctx context.Context, channelName, text string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	a.mu.Lock()
	s := a.online[channelName]
	a.mu.Unlock()
	if s == nil {
		return ErrOffline
	}
	select {
	case s.texts <- strings.ToValidUTF8(text, "\uFFFD"):
		return nil
	default:
		s.cancel(errSlow)
		return ErrOffline
	}
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
			close(s.bye)
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
	a.wg.Add(1)
	return true
}

func (a *Attendants) remove(s *attendantSocket) {
	a.mu.Lock()
	delete(a.online, s.ChannelName)
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

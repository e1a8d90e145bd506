package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"

	"plenum/api/eventjson"
	"plenum/rooms"
)

// A stream reads the store page by page, so it holds nothing for a client that
// reads slowly. Its rights, and what other servers stored, are looked up every
// streamCheck; a silent stream says every streamBeat that it lives; a client
// that does not take what is sent within streamWrite is cut off.
const (
	streamCheck = 500 * time.Millisecond
	streamBeat  = 15 * time.Second
	streamWrite = 10 * time.Second
)

// Bounds of streams open at once.
const (
	streamsPerUser = 32
	mostStreams    = 1024
)

// streams counts the open ones.
type streams struct {
	mu     sync.Mutex // guards the rest
	total  int
	byUser map[int64]int
}

func newStreams() *streams { return &streams{byUser: map[int64]int{}} }

// open takes a place for a stream, which leave gives back.
func (s *streams) open(userID int64) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total >= mostStreams || s.byUser[userID] >= streamsPerUser {
		return nil, &refusal{status: http.StatusTooManyRequests, detail: "too many streams are open", retryAfter: streamBeat}
	}
	s.total++
	s.byUser[userID]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.total--
		if s.byUser[userID]--; s.byUser[userID] == 0 {
			delete(s.byUser, userID)
		}
	}, nil
}

// outlet is where a stream sends to.
type outlet interface {
	send(ctx context.Context, number int64, event []byte) error
	flush() error
	beat(ctx context.Context) error
}

// Why a stream ended by itself.
var (
	errStreamOver    = errors.New("the room is over, and all was sent")
	errStreamRevoked = errors.New("the caller may no longer see it")
	errStreamDrained = errors.New("the server is shutting down")
)

// follow sends what the filter finds, and what comes, until the room is over,
// the caller's rights end, the server does, or the client.
func (s *Server) follow(ctx context.Context, c echo.Context, filter rooms.EventFilter, out outlet) error {
	stored, stop := s.deps.Ledger.Watch(filter.Room)
	defer stop()
	check := time.NewTicker(streamCheck)
	defer check.Stop()
	over := false
	for last := time.Now(); ; {
		page, err := s.deps.Store.Events(ctx, filter)
		if err != nil && !errors.Is(err, rooms.ErrUnavailable) {
			return err
		}
		for _, e := range page {
			filter.After = numberOf(filter, e)
			if err := out.send(ctx, filter.After, eventjson.Marshal(e)); err != nil {
				return err
			}
		}
		switch {
		case len(page) > 0:
			if err := out.flush(); err != nil {
				return err
			}
			last = time.Now()
		case over && err == nil:
			return errStreamOver
		case time.Since(last) >= streamBeat:
			if err := out.beat(ctx); err != nil {
				return err
			}
			last = time.Now()
		}
		if len(page) == filter.PageSize() {
			select { // there is more: no waiting, but for the rights
			case <-check.C:
			default:
				if ctx.Err() == nil {
					continue
				}
			}
		} else {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-s.drained:
				return errStreamDrained
			case <-stored:
				continue
			case <-check.C:
			}
		}
		if over, err = s.recheck(ctx, c, filter); err != nil {
			return err
		}
	}
}

// recheck returns errStreamRevoked when the caller may no longer follow, and
// otherwise whether no more events will come. While the store is away nothing
// is known, and nothing is sent.
func (s *Server) recheck(ctx context.Context, c echo.Context, filter rooms.EventFilter) (over bool, err error) {
	user, err := s.stillSignedIn(c) //nolint:contextcheck // by the request's own
	if errors.Is(err, rooms.ErrUnavailable) {
		return false, nil
	}
	if err != nil {
		return false, errStreamRevoked
	}
	if filter.Room == "" {
		if user.Role != rooms.Admin && filter.CreatorID == 0 {
			return false, errStreamRevoked // no admin any more
		}
		return false, nil
	}
	room, err := s.deps.Store.RoomByID(ctx, filter.Room)
	if errors.Is(err, rooms.ErrUnavailable) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !user.MayManage(room.CreatorID) {
		return false, errStreamRevoked
	}
	if s.cfg.Now().Before(room.End) {
		return false, nil
	}
	if _, live := s.deps.Meetings.Live(room.ID); live || s.deps.Ledger.Held(room.ID) {
		return false, nil
	}
	visits, err := s.deps.Store.Visits(ctx, room.ID)
	if errors.Is(err, rooms.ErrUnavailable) {
		return false, nil
	}
	for _, v := range visits {
		if v.Left.IsZero() {
			return false, nil // on another server
		}
	}
	return err == nil, err
}

// stillSignedIn looks up again who called, by what let the caller in.
func (s *Server) stillSignedIn(c echo.Context) (rooms.User, error) {
	if text, ok := bearer(c.Request()); ok {
		return s.tokenUser(c, text)
	}
	user, err := s.sessionUser(c)
	if !errors.Is(err, rooms.ErrCredentials) {
		return user, err
	}
	if _, _, ok := c.Request().BasicAuth(); !ok {
		return rooms.User{}, err
	}
	was := callOf(c).user // the password was right then; it is while its hash is the same
	user, err = s.deps.Store.UserByID(c.Request().Context(), was.ID)
	if err == nil && (user.Disabled || user.PasswordHash != was.PasswordHash || !user.MayCallFrom(callOf(c).from.addr)) {
		err = rooms.ErrCredentials
	}
	return user, err
}

// eventStream sends server-sent events.
func (s *Server) eventStream(c echo.Context, filter rooms.EventFilter) error {
	if c.Request().Method == http.MethodHead {
		c.Response().Header().Set(echo.HeaderContentType, eventStream)
		return c.NoContent(http.StatusOK)
	}
	leave, err := s.streams.open(callOf(c).user.ID)
	if err != nil {
		return err
	}
	defer leave()
	ctx := c.Request().Context()
	over, err := s.recheck(ctx, c, filter)
	if errors.Is(err, errStreamRevoked) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	if over {
		page, err := s.deps.Store.Events(ctx, rooms.EventFilter{Room: filter.Room, After: filter.After, Limit: 1})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return c.NoContent(http.StatusNoContent) // tells a browser not to come back
		}
	}
	header := c.Response().Header()
	header.Set(echo.HeaderContentType, eventStream)
	header.Set("X-Accel-Buffering", "no") // nginx would hold events back
	c.Response().WriteHeader(http.StatusOK)
	out := &sseOutlet{res: c.Response(), control: http.NewResponseController(c.Response())}
	if err := out.write("retry: 2000\n\n"); err != nil {
		return nil // the client is gone
	}
	why := s.follow(ctx, c, filter, out)
	reason := map[error]string{errStreamOver: "over", errStreamRevoked: "revoked", errStreamDrained: "shutdown"}[why]
	if reason != "" {
		_ = out.write("event: end\ndata: {\"reason\":\"" + reason + "\"}\n\n") // the client may be gone already
	}
	s.log.Debug("stream ended", "request", callOf(c).id, "reason", why)
	return nil
}

// sseOutlet writes server-sent events (HTML standard, section 9.2).
type sseOutlet struct {
	res     *echo.Response
	control *http.ResponseController
}

func (o *sseOutlet) send(_ context.Context, number int64, event []byte) error {
	if err := o.deadline(); err != nil {
		return err
	}
	_, err := o.res.Write([]byte("id: " + strconv.FormatInt(number, 10) + "\ndata: " + string(event) + "\n\n"))
	return err
}

func (o *sseOutlet) flush() error { return o.control.Flush() }

func (o *sseOutlet) beat(context.Context) error { return o.write(": still here\n\n") }

func (o *sseOutlet) write(text string) error {
	if err := o.deadline(); err != nil {
		return err
	}
	if _, err := o.res.Write([]byte(text)); err != nil {
		return err
	}
	return o.flush()
}

func (o *sseOutlet) deadline() error {
	err := o.control.SetWriteDeadline(time.Now().Add(streamWrite))
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// roomEventSocket handles the WebSocket /api/v1/rooms/<room id>/events/ws.
func (s *Server) roomEventSocket(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	filter := rooms.EventFilter{Room: room.ID}
	if err := readEventQuery(c, &filter); err != nil {
		return err
	}
	if !isUpgrade(c.Request()) {
		return upgradeRequired(c)
	}
	if !sameOrigin(c.Request()) {
		return refuse(http.StatusForbidden, "pages of other sites can't follow events here")
	}
	leave, err := s.streams.open(callOf(c).user.ID)
	if err != nil {
		return err
	}
	defer leave()
	conn, err := websocket.Accept(c.Response(), c.Request(), &websocket.AcceptOptions{
		InsecureSkipVerify: true, // sameOrigin has looked
	})
	if err != nil {
		return nil // Accept has answered
	}
	defer conn.CloseNow() //nolint:errcheck // it is closed in most cases
	ctx := conn.CloseRead(context.WithoutCancel(c.Request().Context()))
	switch why := s.follow(ctx, c, filter, &socketOutlet{conn}); {
	case errors.Is(why, errStreamOver):
		_ = conn.Close(websocket.StatusNormalClosure, "over")
	case errors.Is(why, errStreamRevoked):
		_ = conn.Close(websocket.StatusPolicyViolation, "revoked")
	case errors.Is(why, errStreamDrained):
		_ = conn.Close(websocket.StatusServiceRestart, "shutdown")
	}
	return nil
}

// socketOutlet sends each event as one text message.
type socketOutlet struct{ conn *websocket.Conn }

func (o *socketOutlet) send(ctx context.Context, _ int64, event []byte) error {
	ctx, cancel := context.WithTimeout(ctx, streamWrite)
	defer cancel()
	return o.conn.Write(ctx, websocket.MessageText, event)
}

func (*socketOutlet) flush() error { return nil }

func (o *socketOutlet) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, streamWrite)
	defer cancel()
	return o.conn.Ping(ctx)
}

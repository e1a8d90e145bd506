package api

import (
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// cutWhenRevoked has the answer end in the middle when the call's login holds
// no more: a download may take hours. Stop must be called in the end.
// What is sent belongs to creator; who came by a signed link is there by the
// rights of its maker.
func (s *Server) cutWhenRevoked(c echo.Context, creator int64) (stop func()) {
	v := callOf(c)
	login := rooms.Login{User: v.user, TokenID: v.token, Addr: v.from.addr, Creator: creator}
	if g := v.link; g != nil {
		login = rooms.Login{User: rooms.User{ID: g.maker}, TokenID: g.token, Signed: true, Creator: creator}
	}
	gone, cancel := s.deps.Revoked.Watch(login)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-gone:
			s.log.Info("answer cut off", "reason", "login revoked", "request", callOf(c).id)
			// What can't be cut ends with its connection.
			_ = http.NewResponseController(c.Response()).SetWriteDeadline(time.Unix(1, 0))
		case <-done:
		}
	})
	return func() {
		close(done)
		watching.Wait()
		cancel()
	}
}

// recently remembers for a while what was noted, so that a player that reads a
// file in hundreds of pieces is one entry of the audit log.
type recently struct {
	mu   sync.Mutex
	seen map[string]time.Time // guarded by mu
}

// How long and how much is remembered.
const (
	recentFor  = 10 * time.Minute
	mostRecent = 10_000
)

// first reports whether key was not noted in the last minutes, and notes it.
func (r *recently) first(key string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at, seen := r.seen[key]; seen && now.Sub(at) < recentFor {
		return false
	}
	if r.seen == nil || len(r.seen) >= mostRecent {
		r.seen = map[string]time.Time{}
	}
	r.seen[key] = now
	return true
}

package rooms

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"
)

// revokeWithin is how often logins are looked at that live on. A change made
// by this process is seen at once, one by another, such as a command beside the
// server, within this time.
const revokeWithin = 500 * time.Millisecond

// A Login is what a connection that lives on was let in by.
type Login struct {
	User    User
	TokenID int64      // 0 unless it was a token
	Addr    netip.Addr // the caller's
	// Signed says that the caller came by a link that the user signed: from
	// where, and under which password, does not matter.
	Signed bool
	// Creator is whose things the caller is about to read, which the user must
	// be allowed to manage; 0 is nobody's.
	Creator int64
}

// LoginStore is what Revocations need of a Store.
type LoginStore interface {
	Users(ctx context.Context) ([]User, error)
	Tokens(ctx context.Context, userID int64) ([]Token, error)
}

// Revocations tell connections that live on, such as sockets and streams, when
// the login they came by holds no more: its user was disabled or deleted, has
// another password or may not call from there any more, or its token is gone;
// or the user may no longer see what they read.
type Revocations struct {
	store LoginStore
	log   *slog.Logger
	now   func() time.Time
	poked chan struct{} // holds one token when something has changed; never closed

	mu      sync.Mutex
	watched map[*watch]struct{} // guarded by mu
}

// watch is one connection's login.
type watch struct {
	Login
	gone chan struct{} // closed when the login holds no more
}

// NewRevocations returns Revocations that see nothing until Run. Now may be nil.
func NewRevocations(store LoginStore, now func() time.Time, log *slog.Logger) *Revocations {
	if now == nil {
		now = time.Now
	}
	return &Revocations{store: store, log: log, now: now, poked: make(chan struct{}, 1), watched: map[*watch]struct{}{}}
}

// Watch returns a channel that is closed when l holds no more. The caller must
// call cancel when its connection has ended.
func (r *Revocations) Watch(l Login) (gone <-chan struct{}, cancel func()) {
	w := &watch{Login: l, gone: make(chan struct{})}
	r.mu.Lock()
	r.watched[w] = struct{}{}
	r.mu.Unlock()
	// What changed between the login and now must not be missed.
	r.Poke()
	return w.gone, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watched, w)
	}
}

// Poke says that a user or a token has changed.
func (r *Revocations) Poke() {
	select {
	case r.poked <- struct{}{}:
	default: // it will look anyway
	}
}

// Run looks at the logins until ctx ends. While the store does not answer, all
// of them hold.
func (r *Revocations) Run(ctx context.Context) error {
	tick := time.NewTicker(revokeWithin)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-r.poked:
		}
		if err := r.look(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, ErrUnavailable) {
			r.log.Error("logins not looked at", "err", err)
		}
	}
}

// look closes what holds no more.
func (r *Revocations) look(ctx context.Context) error {
	r.mu.Lock()
	watched := make([]*watch, 0, len(r.watched))
	withTokens := false
	for w := range r.watched {
		watched = append(watched, w)
		withTokens = withTokens || w.TokenID != 0
	}
	r.mu.Unlock()
	if len(watched) == 0 {
		return nil
	}
	users, err := r.store.Users(ctx)
	if err != nil {
		return err
	}
	var tokens []Token
	if withTokens {
		if tokens, err = r.store.Tokens(ctx, 0); err != nil {
			return err
		}
	}
	byID, valid := map[int64]User{}, map[int64]bool{}
	for _, u := range users {
		byID[u.ID] = u
	}
	now := r.now()
	for _, t := range tokens {
		valid[t.ID] = t.Valid(now)
	}
	for _, w := range watched {
		if u, known := byID[w.User.ID]; !known || !w.holds(u) || w.TokenID != 0 && !valid[w.TokenID] {
			r.end(w)
		}
	}
	return nil
}

// holds reports whether the login would be let in now that its user is u.
func (w *watch) holds(u User) bool {
	if u.Disabled || w.Creator != 0 && !u.MayManage(w.Creator) {
		return false
	}
	return w.Signed || u.MayCallFrom(w.Addr) && (w.TokenID != 0 || u.PasswordHash == w.User.PasswordHash)
}

func (r *Revocations) end(w *watch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, open := r.watched[w]; open {
		delete(r.watched, w)
		close(w.gone)
	}
}

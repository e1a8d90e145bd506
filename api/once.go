package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"plenum/rooms"
)

// errUnfinished is what others hear who waited for a push that came to no end.
var errUnfinished = errors.New("the push came to no end")

// mostKeys is how many Idempotency-Keys of one user are remembered; the oldest
// go first.
const mostKeys = 1000

// onceOnly remembers what came of pushes that had an Idempotency-Key. It lasts
// as long as the sockets it is about: until the server restarts.
type onceOnly struct {
	mu    sync.Mutex
	users map[int64]*userKeys // guarded by mu
}

// userKeys are the keys of one user, in the order they came.
type userKeys struct {
	order []string
	did   map[string]*pushing
}

// pushing is one push that was begun.
type pushing struct {
	digest [sha256.Size]byte
	until  time.Time
	done   chan struct{} // closed when the rest is set
	all    []Delivery
	err    error
}

func newOnceOnly() *onceOnly { return &onceOnly{users: map[int64]*userKeys{}} }

// once does do unless the user's key has done it within keyLasts; then it
// returns, once it is known, what came of that. A key that was used for
// something else is refused with rooms.ErrKeyReused. What failed is forgotten.
func (o *onceOnly) once(
	ctx context.Context, user int64, key, what string, now time.Time, do func() ([]Delivery, error),
) ([]Delivery, error) {
	mine, first := o.claim(user, key, sha256.Sum256([]byte(what)), now)
	if first {
		mine.err = errUnfinished // what stays when do panics
		defer func() {
			if mine.err != nil {
				o.forget(user, key, mine)
			}
			close(mine.done)
		}()
		mine.all, mine.err = do()
		return mine.all, mine.err
	}
	if mine.digest != sha256.Sum256([]byte(what)) {
		return nil, rooms.ErrKeyReused
	}
	select {
	case <-mine.done:
		return mine.all, mine.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// claim returns what the key stands for, and whether that is yet to be done.
func (o *onceOnly) claim(user int64, key string, digest [sha256.Size]byte, now time.Time) (d *pushing, first bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	keys := o.users[user]
	if keys == nil {
		keys = &userKeys{did: map[string]*pushing{}}
		o.users[user] = keys
	}
	for len(keys.order) > 0 && (len(keys.order) >= mostKeys || !now.Before(keys.did[keys.order[0]].until)) {
		delete(keys.did, keys.order[0])
		keys.order = keys.order[1:]
	}
	if known := keys.did[key]; known != nil {
		return known, false
	}
	d = &pushing{digest: digest, until: now.Add(keyLasts), done: make(chan struct{})}
	keys.did[key] = d
	keys.order = append(keys.order, key)
	return d, true
}

// forget makes a key as good as new.
func (o *onceOnly) forget(user int64, key string, d *pushing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if keys := o.users[user]; keys != nil && keys.did[key] == d {
		delete(keys.did, key)
		for i, other := range keys.order {
			if other == key {
				keys.order = append(keys.order[:i:i], keys.order[i+1:]...)
				break
			}
		}
	}
}

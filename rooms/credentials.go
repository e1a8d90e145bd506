package rooms

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrCredentials is returned for a name and password that open nothing:
// unknown, wrong or disabled, which a caller is not told apart.
var ErrCredentials = errors.New("wrong user name or password")

// Bounds of what an Authenticator remembers.
const (
	rememberFor = 5 * time.Minute
	rememberMax = 10_000
)

// An Authenticator checks names and passwords. It remembers for a few minutes
// which pairs were right, so that Basic auth on every request stays cheap.
type Authenticator struct {
	store  Store
	hasher *Hasher
	now    func() time.Time
	key    []byte // keys the memory, so that it holds no password

	mu    sync.Mutex
	known map[[sha256.Size]byte]time.Time // proof of a right pair to its expiry; guarded by mu
}

// NewAuthenticator returns an Authenticator over the users in store. Now may be nil.
func NewAuthenticator(store Store, hasher *Hasher, now func() time.Time) *Authenticator {
	if now == nil {
		now = time.Now
	}
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return &Authenticator{store: store, hasher: hasher, now: now, key: key, known: map[[sha256.Size]byte]time.Time{}}
}

// Known returns the user if this name and password were right a moment ago
// and still are. It is cheap and never hashes.
func (a *Authenticator) Known(ctx context.Context, name, password string) (User, bool, error) {
	user, err := a.store.UserByName(ctx, name)
	if errors.Is(err, ErrNotFound) {
		return User{}, false, nil
	}
	if err != nil {
		return User{}, false, fmt.Errorf("look up user: %w", err)
	}
	if user.Disabled || !a.remembered(a.proof(user, password)) {
		return User{}, false, nil
	}
	return user, true, nil
}

// Check returns the user of this name and password, or ErrCredentials.
func (a *Authenticator) Check(ctx context.Context, name, password string) (User, error) {
	user, known, err := a.Known(ctx, name, password)
	if err != nil || known {
		return user, err
	}
	if len(password) > MaxPassword {
		return User{}, ErrCredentials
	}
	user, err = a.store.UserByName(ctx, name)
	if errors.Is(err, ErrNotFound) {
		if err := a.hasher.CheckNobody(ctx, password); err != nil {
			return User{}, err
		}
		return User{}, ErrCredentials
	}
	if err != nil {
		return User{}, fmt.Errorf("look up user: %w", err)
	}
	right, err := a.hasher.Check(ctx, user.PasswordHash, password)
	if err != nil {
		return User{}, fmt.Errorf("check password of user %d: %w", user.ID, err)
	}
	if !right || user.Disabled {
		return User{}, ErrCredentials
	}
	a.remember(a.proof(user, password))
	return user, nil
}

// proof binds the password to the user's stored hash, so that a changed
// password is forgotten whoever changed it, this process or another.
func (a *Authenticator) proof(u User, password string) [sha256.Size]byte {
	mac := hmac.New(sha256.New, a.key)
	fmt.Fprintf(mac, "%d\x00%s\x00%s", u.ID, u.PasswordHash, password)
	return [sha256.Size]byte(mac.Sum(nil))
}

func (a *Authenticator) remembered(proof [sha256.Size]byte) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	until, ok := a.known[proof]
	return ok && a.now().Before(until)
}

func (a *Authenticator) remember(proof [sha256.Size]byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if len(a.known) >= rememberMax {
		for p, until := range a.known {
			if !now.Before(until) {
				delete(a.known, p)
			}
		}
		if len(a.known) >= rememberMax {
			clear(a.known)
		}
	}
	a.known[proof] = now.Add(rememberFor)
}

// Hash returns what is stored of a user's new password, or a *FieldError if it
// is too weak to take.
func (a *Authenticator) Hash(ctx context.Context, user, password string) (string, error) {
	if err := ValidatePassword(user, password); err != nil {
		return "", err
	}
	return a.hasher.Hash(ctx, password)
}

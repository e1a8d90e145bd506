package rooms

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// ErrUnfinished says that a request of the same key was begun and came to no
// known end: its server died, or lost the store, while it was being done.
var ErrUnfinished = errors.New("an earlier request of this key came to no known end")

// A RequestKey is a client's name for one request, so that it can be repeated
// without being done twice.
type RequestKey struct {
	UserID int64
	Key    string
	Digest []byte    // of the request; the same key with another digest is a mistake
	Until  time.Time // when the key is forgotten
}

// Known says what a store's row of this key means for the request: nil when its
// answer is the request's too, else ErrKeyReused or ErrUnfinished.
func (k RequestKey) Known(digest, answer []byte) error {
	switch {
	case !bytes.Equal(digest, k.Digest):
		return ErrKeyReused
	case answer == nil:
		return ErrUnfinished
	}
	return nil
}

// An AnswerStore remembers what came of requests that had a key.
type AnswerStore interface {
	// ClaimAnswer takes the key for a request that is to be done now, and
	// returns nil. It returns what came of it if the key has done the same
	// before, ErrUnfinished if that is not known, and ErrKeyReused if the key
	// has another digest. Keys that ended by now are forgotten.
	ClaimAnswer(ctx context.Context, key RequestKey, now time.Time) (answer []byte, err error)
	// KeepAnswer stores what came of a request whose key was claimed. The store
	// reads nothing in it. ErrNotFound if the key was not claimed.
	KeepAnswer(ctx context.Context, key RequestKey, answer []byte) error
	// ForgetAnswer makes a claimed key as good as new: nothing was done.
	ForgetAnswer(ctx context.Context, key RequestKey) error
}

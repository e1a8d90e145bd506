package rooms

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"
)

// ErrBusy is returned when too many passwords wait to be checked.
var ErrBusy = errors.New("too many passwords to check at once")

// Lengths of what a hash is made of, in bytes (RFC 9106 section 4).
const (
	saltLen = 16
	hashLen = 32
)

// HashCost is what one argon2id hash costs. Its zero fields mean the defaults,
// OWASP's second choice: 19 MiB and two passes, about 30 ms of one core.
type HashCost struct {
	MemoryKiB uint32
	Passes    uint32
}

func (c HashCost) withDefaults() HashCost {
	if c.MemoryKiB == 0 {
		c.MemoryKiB = 19 << 10
	}
	if c.Passes == 0 {
		c.Passes = 2
	}
	return c
}

// A Hasher hashes and checks passwords, on half of the cores at most, so that a
// storm of logins takes neither the memory nor the media's CPU.
type Hasher struct {
	cost    HashCost
	running chan struct{} // holds one token per hash being computed
	waiting chan struct{} // holds one token per hash computed or waiting
	dummy   string        // a hash no password has, of the same cost
}

// NewHasher returns a Hasher that makes hashes of this cost.
func NewHasher(cost HashCost) *Hasher {
	const queue = 64 // hashes waiting for a core; more are refused with ErrBusy
	cost = cost.withDefaults()
	cores := max(1, runtime.GOMAXPROCS(0)/2)
	return &Hasher{
		cost:    cost,
		running: make(chan struct{}, cores),
		waiting: make(chan struct{}, cores+queue),
		dummy:   encodePHC(cost, make([]byte, saltLen), make([]byte, hashLen)),
	}
}

// Hash returns the password's hash as a PHC string.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails
	sum, err := h.compute(ctx, h.cost, password, salt, hashLen)
	if err != nil {
		return "", err
	}
	return encodePHC(h.cost, salt, sum), nil
}

// Check reports whether password is the one that phc was made of.
func (h *Hasher) Check(ctx context.Context, phc, password string) (bool, error) {
	cost, salt, want, err := decodePHC(phc)
	if err != nil {
		return false, err
	}
	got, err := h.compute(ctx, cost, password, salt, uint32(len(want)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// CheckNobody takes as long as Check, so that a name's existence can't be
// told by the clock.
func (h *Hasher) CheckNobody(ctx context.Context, password string) error {
	_, err := h.Check(ctx, h.dummy, password)
	return err
}

func (h *Hasher) compute(ctx context.Context, cost HashCost, password string, salt []byte, n uint32) ([]byte, error) {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.running <- struct{}{}:
		defer func() { <-h.running }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait to hash a password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, cost.Passes, cost.MemoryKiB, 1, n), nil
}

func encodePHC(cost HashCost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s",
		argon2.Version, cost.MemoryKiB, cost.Passes, b64.EncodeToString(salt), b64.EncodeToString(sum))
}

// decodePHC reads what encodePHC writes. Its limits keep a damaged database
// from costing gigabytes.
func decodePHC(phc string) (cost HashCost, salt, sum []byte, err error) {
	bad := errors.New("password hash is not argon2id in PHC format")
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return cost, nil, nil, bad
	}
	var version, lanes int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return cost, nil, nil, bad
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.MemoryKiB, &cost.Passes, &lanes); err != nil ||
		lanes != 1 || cost.Passes < 1 || cost.Passes > 64 || cost.MemoryKiB < 8 || cost.MemoryKiB > 1<<20 {
		return cost, nil, nil, bad
	}
	salt, err = base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return cost, nil, nil, bad
	}
	sum, err = base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(sum) < 16 || len(sum) > 64 {
		return cost, nil, nil, bad
	}
	return cost, salt, sum, nil
}

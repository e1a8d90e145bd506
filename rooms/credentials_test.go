package rooms

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// cheap keeps tests fast; the shape of the work is the same.
var cheap = HashCost{MemoryKiB: 8, Passes: 1}

// oneUser is a Store of at most one user that counts nothing else.
type oneUser struct {
	Store
	user User
}

func (s *oneUser) UserByName(_ context.Context, name string) (User, error) {
	if !strings.EqualFold(name, s.user.Name) {
		return User{}, fmt.Errorf("user %q: %w", name, ErrNotFound)
	}
	return s.user, nil
}

func TestHasher(t *testing.T) {
	h := NewHasher(cheap)
	phc, err := h.Hash(t.Context(), "correct horse: é")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(phc, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("hash is %q, not a PHC string", phc)
	}
	again, err := h.Hash(t.Context(), "correct horse: é")
	if err != nil || again == phc {
		t.Errorf("two hashes of one password are the same, or %v", err)
	}
	for password, want := range map[string]bool{"correct horse: é": true, "correct horse: e": false, "": false} {
		if got, err := NewHasher(HashCost{}).Check(t.Context(), phc, password); err != nil || got != want {
			t.Errorf("password %q: %v, %v", password, got, err)
		}
	}
}

// TestHashOfOthers reads a hash made by another implementation (argon2-cffi's
// documentation, reference C code).
func TestHashOfOthers(t *testing.T) {
	const phc = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := NewHasher(cheap).Check(t.Context(), phc, "password"); err != nil || !ok {
		t.Errorf("reference hash: %v, %v", ok, err)
	}
}

func TestBrokenHashes(t *testing.T) {
	for _, phc := range []string{
		"", "secret", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", "$argon2id$v=18$m=8,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4294967295,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=8,t=0,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=8,t=1,p=1$AAAA$", "$argon2id$v=19$m=8,t=1,p=1$!$AAAAAAAAAAAAAAAAAAAAAA",
	} {
		if ok, err := NewHasher(cheap).Check(t.Context(), phc, "secret"); err == nil || ok {
			t.Errorf("hash %q: %v, %v, want an error", phc, ok, err)
		}
	}
}

// TestHasherIsBounded fills every core and the queue, and sees the next refused
// and a waiting one give up with its caller.
func TestHasherIsBounded(t *testing.T) {
	h := NewHasher(cheap)
	for range cap(h.running) {
		h.running <- struct{}{}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Hash(gone, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller who has gone: %v, want Canceled", err)
	}
	for range cap(h.waiting) {
		h.waiting <- struct{}{}
	}
	if err := h.CheckNobody(t.Context(), "x"); !errors.Is(err, ErrBusy) {
		t.Errorf("a full queue: %v, want ErrBusy", err)
	}
}

func TestAuthenticator(t *testing.T) {
	hasher := NewHasher(cheap)
	phc, err := hasher.Hash(t.Context(), "pass:word")
	if err != nil {
		t.Fatal(err)
	}
	store := &oneUser{user: User{ID: 1, Name: "anna", PasswordHash: phc, Role: Host}}
	now := time.Unix(0, 0)
	auth := NewAuthenticator(store, hasher, func() time.Time { return now })

	for name, tt := range map[string]struct {
		name, password string
		want           error
	}{
		"right":         {"anna", "pass:word", nil},
		"name's case":   {"ANNA", "pass:word", nil},
		"wrong":         {"anna", "password", ErrCredentials},
		"empty":         {"anna", "", ErrCredentials},
		"endless":       {"anna", strings.Repeat("x", 1<<20), ErrCredentials},
		"unknown":       {"ben", "pass:word", ErrCredentials},
		"hash as pass":  {"anna", phc, ErrCredentials},
		"no name at al": {"", "", ErrCredentials},
	} {
		if _, err := auth.Check(t.Context(), tt.name, tt.password); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}

	known := func(password string) bool {
		_, ok, err := auth.Known(t.Context(), "anna", password)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !known("pass:word") || known("password") {
		t.Error("what was right is not known, or what was wrong is")
	}
	now = now.Add(rememberFor)
	if known("pass:word") {
		t.Error("a right password is known for ever")
	}
	if _, err := auth.Check(t.Context(), "anna", "pass:word"); err != nil {
		t.Fatal(err)
	}
	store.user.Disabled = true
	if _, err := auth.Check(t.Context(), "anna", "pass:word"); !errors.Is(err, ErrCredentials) {
		t.Errorf("disabled user: %v, want ErrCredentials", err)
	}
	store.user.Disabled = false
	if store.user.PasswordHash, err = hasher.Hash(t.Context(), "new password"); err != nil {
		t.Fatal(err)
	}
	if known("pass:word") {
		t.Error("the old password is known after a change")
	}
}

// TestAuthenticatorForgets keeps the memory bounded under many right pairs.
func TestAuthenticatorForgets(t *testing.T) {
	now := time.Unix(0, 0)
	auth := NewAuthenticator(&oneUser{}, NewHasher(cheap), func() time.Time { return now })
	for i := range rememberMax + 10 {
		auth.remember(auth.proof(User{ID: int64(i)}, "x"))
	}
	if n := len(auth.known); n > rememberMax {
		t.Errorf("%d pairs are remembered, want at most %d", n, rememberMax)
	}
}

package rooms

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// Scope is what a token may be used for.
type Scope string

// The scopes of tokens. None of them holds another.
const (
	ScopeRead  Scope = "read"  // see what its user sees
	ScopeWrite Scope = "write" // change what its user may change
	ScopePush  Scope = "push"  // push to attendants
)

// MaxTokenName bounds a token's name, in characters.
const MaxTokenName = 100

// tokenMark is what tokens begin with, so that leaked ones can be searched for.
const tokenMark = "plenum_"

// A Token lets a program act for a user. What it sends is kept as a hash only.
type Token struct {
	ID        int64
	UserID    int64
	UserName  string // filled on reading
	Name      string
	Hash      []byte
	Scopes    []Scope
	CreatedAt time.Time
	ExpiresAt time.Time // zero is never
}

// NewToken returns a token for the user, and the text that it is used by.
func NewToken(u User, name string, scopes []Scope, expires, now time.Time) (t Token, text string, err error) {
	if err := validateTokenName(name); err != nil {
		return Token{}, "", err
	}
	if len(scopes) == 0 {
		return Token{}, "", &FieldError{"scopes", "must name at least one of read, write and push"}
	}
	for i, s := range scopes {
		if s != ScopeRead && s != ScopeWrite && s != ScopePush || slices.Contains(scopes[:i], s) {
			return Token{}, "", &FieldError{"scopes", "must be of read, write and push, each once"}
		}
	}
	if !expires.IsZero() && !expires.After(now) {
		return Token{}, "", &FieldError{"expires_at", "must be in the future"}
	}
	raw := make([]byte, sha256.Size)
	rand.Read(raw) // never fails
	text = tokenMark + base64.RawURLEncoding.EncodeToString(raw)
	return Token{
		UserID: u.ID, UserName: u.Name, Name: name, Hash: HashToken(text), Scopes: scopes,
		CreatedAt: now, ExpiresAt: expires,
	}, text, nil
}

// HashToken returns what is kept of a token's text. It needs no salt: the text
// is random.
func HashToken(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// Valid reports whether the token has not expired at now.
func (t Token) Valid(now time.Time) bool { return t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt) }

// May reports whether the token has that scope.
func (t Token) May(s Scope) bool { return slices.Contains(t.Scopes, s) }

func validateTokenName(name string) error {
	n := utf8.RuneCountInString(name)
	if n < 1 || n > MaxTokenName || !utf8.ValidString(name) {
		return &FieldError{"name", "must be 1 to 100 characters long"}
	}
	for _, r := range name {
		if unicode.IsControl(r) {
			return &FieldError{"name", "must not hold control characters"}
		}
	}
	return nil
}

package rooms

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Limits of a password, in characters and bytes. The upper one keeps hashing
// cheap. There are no rules on what it is made of (NIST SP 800-63B section
// 3.1.1.2): they make people write worse ones.
const (
	MinPassword = 10
	MaxPassword = 1 << 10
)

// common lists passwords of at least MinPassword characters that lists of
// leaked ones begin with, one a line, in lower case.
//
//go:embed common.txt
var common string

var commonPasswords = sync.OnceValue(func() map[string]struct{} {
	all := map[string]struct{}{}
	for line := range strings.Lines(common) {
		all[strings.TrimSpace(line)] = struct{}{}
	}
	return all
})

// ValidatePassword returns a *FieldError if the password is too weak for the
// user of that name. It says why.
func ValidatePassword(user, password string) error {
	bad := func(problem string) error { return &FieldError{"password", problem} }
	switch {
	case !utf8.ValidString(password):
		return bad("must be valid UTF-8")
	case utf8.RuneCountInString(password) < MinPassword:
		return bad(fmt.Sprintf("must be at least %d characters long", MinPassword))
	case len(password) > MaxPassword:
		return bad(fmt.Sprintf("must be at most %d bytes long", MaxPassword))
	case personal(user, password):
		return bad("must be more than the user name or the name of this program")
	case monotonous(password):
		return bad("must not repeat itself or count up or down")
	}
	if _, known := commonPasswords()[core(password)]; known {
		return bad("is one of the first that anybody would guess")
	}
	return nil
}

// core is what is left of a password when case and what people put at its end
// to please rules are taken away, but never less than MinPassword characters.
func core(password string) string {
	text := []rune(strings.ToLower(password))
	for len(text) > MinPassword && !unicode.IsLetter(text[len(text)-1]) {
		if _, known := commonPasswords()[string(text)]; known {
			break
		}
		text = text[:len(text)-1]
	}
	return string(text)
}

// personal reports whether nothing much is left of a password without the
// names anybody would try: the user's, and ours.
func personal(user, password string) bool {
	const least = 6 // characters that must be left
	text := strings.ToLower(password)
	for _, name := range []string{strings.ToLower(user), "plenum"} {
		if len(name) < 3 || !strings.Contains(text, name) {
			continue
		}
		if utf8.RuneCountInString(strings.ReplaceAll(text, name, "")) < least {
			return true
		}
	}
	return text == strings.ToLower(user)
}

// monotonous reports whether a password is one piece of at most four
// characters over and over, or counts up or down.
func monotonous(password string) bool {
	text := []rune(strings.ToLower(password))
	for n := 1; n <= 4; n++ {
		if slices.Equal(text[n:], text[:len(text)-n]) {
			return true
		}
	}
	for _, step := range []rune{1, -1} {
		counts := true
		for i := 1; i < len(text); i++ {
			wraps := unicode.IsDigit(text[i]) && (text[i]-'0'-(text[i-1]-'0')-step)%10 == 0
			counts = counts && (text[i]-text[i-1] == step || wraps)
		}
		if counts {
			return true
		}
	}
	return false
}

package rooms

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestNewToken(t *testing.T) {
	all := []Scope{ScopeRead, ScopePush}
	later := noon.Add(time.Hour)
	for name, tt := range map[string]struct {
		name    string
		scopes  []Scope
		expires time.Time
		field   string
	}{
		"good":           {"build server", all, later, ""},
		"for ever":       {"build server", all, time.Time{}, ""},
		"no name":        {"", all, later, "name"},
		"long name":      {strings.Repeat("x", 101), all, later, "name"},
		"line in name":   {"a\nb", all, later, "name"},
		"no scope":       {"x", nil, later, "scopes"},
		"unknown scope":  {"x", []Scope{"admin"}, later, "scopes"},
		"scope twice":    {"x", []Scope{ScopeRead, ScopeRead}, later, "scopes"},
		"over already":   {"x", all, noon, "expires_at"},
		"long over":      {"x", all, noon.Add(-time.Hour), "expires_at"},
		"name in quotes": {`"; DROP`, all, later, ""},
	} {
		token, text, err := NewToken(User{ID: 7}, tt.name, tt.scopes, tt.expires, noon)
		checkField(t, name, err, tt.field)
		if tt.field != "" {
			continue
		}
		if !strings.HasPrefix(text, tokenMark) || len(text) != 50 || !bytes.Equal(token.Hash, HashToken(text)) || token.UserID != 7 {
			t.Errorf("%s: %q is kept as %+v", name, text, token)
		}
		if !token.May(ScopeRead) || token.May(ScopeWrite) || !token.May(ScopePush) {
			t.Errorf("%s: scopes %q", name, token.Scopes)
		}
		if !token.Valid(later.Add(-1)) || token.Valid(later) != tt.expires.IsZero() {
			t.Errorf("%s: does not end at %v", name, tt.expires)
		}
	}
	_, one, _ := NewToken(User{}, "x", all, later, noon)
	_, two, _ := NewToken(User{}, "x", all, later, noon)
	if one == two {
		t.Error("two tokens are the same")
	}
}

package rooms

import (
	"strings"
	"testing"
)

func TestCheckHostToken(t *testing.T) {
	key, other := []byte(strings.Repeat("k", 32)), []byte(strings.Repeat("o", 32))
	good := HostToken(key, "1.abc")
	for name, tt := range map[string]struct {
		key   []byte
		room  string
		token string
		want  bool
	}{
		"own room":       {key, "1.abc", good, true},
		"other room":     {key, "1.abd", good, false},
		"other key":      {other, "1.abc", good, false},
		"empty token":    {key, "1.abc", "", false},
		"cut short":      {key, "1.abc", good[:len(good)-2], false},
		"padded":         {key, "1.abc", good + "=", false},
		"trailing bits":  {key, "1.abc", good[:len(good)-1] + "_", false},
		"line break":     {key, "1.abc", good + "\n", false},
		"not base64":     {key, "1.abc", "§§§", false},
		"no key at all":  {nil, "1.abc", HostToken(nil, "1.abc"), false},
		"prefix of room": {key, "1.ab", good, false},
	} {
		if got := CheckHostToken(tt.key, tt.room, tt.token); got != tt.want {
			t.Errorf("%s: CheckHostToken = %v, want %v", name, got, tt.want)
		}
	}
}

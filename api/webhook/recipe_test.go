package webhook

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"plenum/rooms"
)

// TestRecipeInTheDocumentation runs what docs/operations.md tells receivers to do.
func TestRecipeInTheDocumentation(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is not installed: run scripts/setup-tests.sh")
	}
	page, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(page), "```python\n")
	recipe, _, closed := strings.Cut(rest, "```")
	if !found || !closed || !strings.Contains(recipe, "def genuine(") {
		t.Fatal("the page has no recipe")
	}
	secret := rooms.NewWebhookSecret()
	key, err := rooms.WebhookKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	text := body(rooms.NewEvent("1.r", rooms.RoomLocked, time.Now()), 1)
	now := time.Now().Unix()
	for name, tt := range map[string]struct {
		signature string
		stamp     int64
		body      string
		want      string
	}{
		"ours":          {Sign(key, "id", now, text), now, string(text), "True"},
		"among others":  {"v1,xxxx " + Sign(key, "id", now, text), now, string(text), "True"},
		"another body":  {Sign(key, "id", now, text), now, string(text) + " ", "False"},
		"another key":   {Sign([]byte("x"), "id", now, text), now, string(text), "False"},
		"another id":    {Sign(key, "other", now, text), now, string(text), "False"},
		"an old one":    {Sign(key, "id", now-600, text), now - 600, string(text), "False"},
		"another stamp": {Sign(key, "id", now-600, text), now, string(text), "False"},
	} {
		cmd := exec.CommandContext(t.Context(), python, "-c", recipe+`
import sys
secret, signature, stamp = sys.argv[1:]
headers = {"webhook-id": "id", "webhook-timestamp": stamp, "webhook-signature": signature}
print(genuine(secret, headers, sys.stdin.buffer.read()))`, secret, tt.signature, strconv.FormatInt(tt.stamp, 10))
		cmd.Stdin = strings.NewReader(tt.body)
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %s", name, got, err, tt.want)
		}
	}
}

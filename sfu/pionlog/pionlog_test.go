package pionlog

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestNothingAboveDebug(t *testing.T) {
	for level, want := range map[slog.Level]int{slog.LevelDebug: 3, slog.LevelInfo: 0} {
		var out bytes.Buffer
		log := New(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level}))).NewLogger("ice")
		log.Trace("a")
		log.Debugf("b %d", 1)
		log.Infof("c %d", 2)
		log.Warn("d")
		log.Errorf("e %s", "with a\nline break")
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("at %v %d lines:\n%s", level, got, out.String())
		}
		if want > 0 && !strings.Contains(out.String(), "pion=ice") {
			t.Errorf("no scope in %s", out.String())
		}
	}
}

package main

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"plenum/rooms"
)

func TestBooksFlags(t *testing.T) {
	c, err := parse(t, "--attendance-keep", "30", "--webhook-allow-private", "10.1.0.0/16,192.0.2.7", "--webhook-allow-insecure")
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.booksFlags.settings()
	want := []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16"), netip.MustParsePrefix("192.0.2.7/32")}
	if err != nil || got.ledger.KeepFor != 30*24*time.Hour || !got.webhook.Insecure || !slices.Equal(got.webhook.Allow, want) {
		t.Errorf("settings %+v, %v", got, err)
	}
	if c, err = parse(t); err != nil {
		t.Fatal(err)
	}
	got, err = c.booksFlags.settings()
	if err != nil || got.ledger.KeepFor != 365*24*time.Hour || got.webhook.Insecure || got.webhook.Allow != nil {
		t.Errorf("by default: %+v, %v", got, err)
	}
	for _, args := range [][]string{{"--attendance-keep=-1"}, {"--attendance-keep=99999"}, {"--webhook-allow-private", "home"}} {
		c, err := parse(t, args...)
		if err == nil {
			_, err = c.settings()
		}
		if err == nil {
			t.Errorf("%q is accepted", args)
		}
		if args[0] == "--webhook-allow-private" && !errors.Is(err, rooms.ErrInvalid) {
			t.Errorf("%q: %v, want ErrInvalid", args, err)
		}
	}
}

// TestNodeIDStays sees that a server knows itself again, and two don't mix.
func TestNodeIDStays(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	id := func(dir string) string {
		t.Helper()
		id, err := nodeID(dir)
		if err != nil || id == "" {
			t.Fatalf("id %q, %v", id, err)
		}
		return id
	}
	first := id(dir)
	if again := id(dir); again != first {
		t.Errorf("%q after %q", again, first)
	}
	if other := id(t.TempDir()); other == first {
		t.Error("two servers have one id")
	}
	for _, broken := range []string{"", "\n"} { // a crash while it was written
		if err := os.WriteFile(filepath.Join(dir, "node-id"), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if made := id(dir); made != id(dir) {
			t.Error("a broken file is not mended")
		}
	}
}

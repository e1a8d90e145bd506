package recording

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
)

// TestRemoveDerived removes one of two files made of a recording, and looks
// whether that outlives the loss of the manifest.
func TestRemoveDerived(t *testing.T) {
	dir := t.TempDir()
	var id string
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		id = r.ID()
		if err := l.RemoveDerived(id, "a.txt"); !errors.Is(err, ErrBusy) {
			t.Errorf("while it runs: %v, want ErrBusy", err)
		}
		if _, err := r.Stop(t.Context(), "host"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"a.txt", "b.txt"} {
			if err := os.WriteFile(filepath.Join(dir, id, name), []byte(name), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := l.AddDerived(id, Derived{Kind: "chat", Path: name, Title: name, Type: "text/plain"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := l.SetHold(id, true); err != nil {
			t.Fatal(err)
		}
		if err := l.RemoveDerived(id, "a.txt"); !errors.Is(err, ErrHeld) {
			t.Errorf("on hold: %v, want ErrHeld", err)
		}
		if _, err := l.SetHold(id, false); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"events.ndjson", "../" + id + "/a.txt", "manifest.json", "", "c.txt"} {
			if err := l.RemoveDerived(id, name); !errors.Is(err, ErrNotFound) {
				t.Errorf("%q: %v, want ErrNotFound", name, err)
			}
		}
		if err := l.RemoveDerived(id, "a.txt"); err != nil {
			t.Fatal(err)
		}
		if err := l.RemoveDerived(id, "a.txt"); !errors.Is(err, ErrNotFound) {
			t.Errorf("twice: %v, want ErrNotFound", err)
		}
		// A removal that was cut short leaves a line without its file.
		if err := os.Remove(filepath.Join(dir, id, "b.txt")); err != nil {
			t.Fatal(err)
		}
		if err := l.RemoveDerived(id, "b.txt"); err != nil {
			t.Errorf("a file that is gone: %v", err)
		}
		stop(t, m, l, r)
	})
	if _, err := os.Stat(filepath.Join(dir, id, "a.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the file is still there: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, id, manifestName)); err != nil {
		t.Fatal(err)
	}
	l := openLibrary(t, dir)
	man, err := l.Get(id)
	if err != nil || len(man.Derived) != 0 {
		t.Errorf("opened again: %+v, %v", man.Derived, err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

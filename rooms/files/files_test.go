package files

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func plenty(string) (int64, error) { return 1 << 40, nil }

func open(t *testing.T, cfg Config) *Store {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = filepath.Join(t.TempDir(), "shared")
	}
	if cfg.Free == nil {
		cfg.Free = plenty
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// upload writes a file in one go.
func upload(r *Room, text string) (File, error) {
	u, err := r.Begin(int64(len(text)))
	if err != nil {
		return File{}, err
	}
	defer u.Cancel()
	if _, err := io.WriteString(u, text); err != nil {
		return File{}, err
	}
	return u.Commit()
}

func onDisk(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestFileLivesAsLongAsItsRoom(t *testing.T) {
	s := open(t, Config{MaxSize: 100})
	room, other := s.NewRoom(), s.NewRoom()
	f, err := upload(room, "hello")
	if err != nil || f.Size != 5 || f.Type != "" {
		t.Fatalf("%+v, %v", f, err)
	}
	got, err := room.Open(f.ID)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Close()
	if text, err := io.ReadAll(got); err != nil || string(text) != "hello" {
		t.Errorf("%q, %v", text, err)
	}
	for _, id := range []string{"", "x", "../" + f.ID, "..", "."} {
		if _, err := room.Open(id); !errors.Is(err, ErrNotFound) {
			t.Errorf("Open(%q): %v", id, err)
		}
	}
	if _, err := other.Open(f.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("another room opens it: %v", err)
	}
	if err := room.Close(); err != nil {
		t.Fatal(err)
	}
	if left := onDisk(t, s.cfg.Dir); left != nil {
		t.Errorf("left on disk: %v", left)
	}
	if _, err := room.Open(f.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("opened after the end: %v", err)
	}
	if _, err := upload(room, "x"); !errors.Is(err, ErrClosed) {
		t.Errorf("uploaded after the end: %v", err)
	}
}

// TestCrashLeavesNothing opens the folder of a process that did not end well.
func TestCrashLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shared")
	room := open(t, Config{Dir: dir, MaxSize: 100}).NewRoom()
	if _, err := upload(room, "hello"); err != nil {
		t.Fatal(err)
	}
	if _, err := room.Begin(3); err != nil { // never ended
		t.Fatal(err)
	}
	if len(onDisk(t, dir)) != 2 {
		t.Fatal("nothing to clear up")
	}
	open(t, Config{Dir: dir, MaxSize: 100})
	if left := onDisk(t, dir); left != nil {
		t.Errorf("left on disk: %v", left)
	}
	if s := open(t, Config{Dir: dir}); s != nil {
		t.Error("a store though nothing may be shared")
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is there though nothing may be shared: %v", err)
	}
}

func TestLimits(t *testing.T) {
	room := open(t, Config{MaxSize: 10, RoomSize: 15}).NewRoom()
	begin := func(size int64, want error) *Upload {
		t.Helper()
		u, err := room.Begin(size)
		if !errors.Is(err, want) {
			t.Fatalf("Begin(%d): %v, want %v", size, err, want)
		}
		return u
	}
	begin(11, ErrTooLarge)
	begin(-1, ErrTooLarge)
	first := begin(10, nil)
	begin(6, ErrQuota) // what is under way counts
	first.Cancel()
	first.Cancel()
	if room.Used() != 0 {
		t.Errorf("%d bytes used after Cancel", room.Used())
	}
	f, err := upload(room, "0123456789")
	if err != nil {
		t.Fatal(err)
	}
	begin(6, ErrQuota)
	room.Remove(f.ID)
	room.Remove(f.ID)
	u := begin(6, nil)
	if _, err := io.WriteString(u, "1234567"); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more than was said: %v", err)
	}
	if _, err := io.WriteString(u, "12345"); err != nil {
		t.Fatal(err)
	}
	if _, err := u.Commit(); !errors.Is(err, ErrShort) {
		t.Errorf("less than was said: %v", err)
	}
	if room.Used() != 0 || onDisk(t, room.store.cfg.Dir) != nil {
		t.Errorf("%d bytes used, on disk %v", room.Used(), onDisk(t, room.store.cfg.Dir))
	}
	full := open(t, Config{MaxSize: 10, Free: func(string) (int64, error) { return minFree + 4, nil }}).NewRoom()
	if _, err := full.Begin(5); !errors.Is(err, ErrNoSpace) {
		t.Errorf("on a full disk: %v", err)
	}
	if _, err := full.Begin(4); err != nil {
		t.Errorf("with just enough room: %v", err)
	}
}

func TestCloseBreaksOffUploads(t *testing.T) {
	room := open(t, Config{MaxSize: 10}).NewRoom()
	writing, written := begun(t, room), begun(t, room)
	if _, err := io.WriteString(written, "123"); err != nil {
		t.Fatal(err)
	}
	if err := room.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(writing, "1"); !errors.Is(err, ErrClosed) {
		t.Errorf("written after the end: %v", err)
	}
	if f, err := written.Commit(); !errors.Is(err, ErrClosed) {
		t.Errorf("committed after the end: %+v, %v", f, err)
	}
	writing.Cancel()
	if left := onDisk(t, room.store.cfg.Dir); left != nil {
		t.Errorf("left on disk: %v", left)
	}
}

func begun(t *testing.T, r *Room) *Upload {
	t.Helper()
	u, err := r.Begin(3)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestPictures(t *testing.T) {
	room := open(t, Config{MaxSize: 1000}).NewRoom()
	for text, want := range map[string]string{
		"\x89PNG\r\n\x1a\nrest":                     "image/png",
		"\xff\xd8\xff\xe0rest":                      "image/jpeg",
		"GIF89arest":                                "image/gif",
		"RIFF\x00\x00\x00\x00WEBPVP8 ":              "image/webp",
		"RIFF\x00\x00\x00\x00WAVEfmt ":              "",
		`<svg xmlns="http://www.w3.org/2000/svg"/>`: "",
		"<html><script>alert(1)</script>":           "",
		" \x89PNG\r\n\x1a\n":                        "",
		"":                                          "",
	} {
		if f, err := upload(room, text); err != nil || f.Type != want {
			t.Errorf("%q: %q, %v, want %q", text, f.Type, err, want)
		}
	}
}

func TestCleanName(t *testing.T) {
	for name, want := range map[string]string{
		"Plan.pdf": "Plan.pdf", "/etc/passwd": "passwd", `C:\a\b.txt`: "b.txt", "../../x": "x", "": "file", "..": "file", ".": "file",
		"  a  b.txt  ": "a  b.txt", "a\nb\x00.txt": "ab.txt", "gpj\u202egnp.exe": "gpjgnp.exe", "a\u200b.txt": "a.txt",
		`a"b<c>.txt`: "a_b_c_.txt", "con": "_con", "NUL.txt": "_NUL.txt", "com1.log": "_com1.log", "command.txt": "command.txt",
		".htaccess": "_.htaccess", "x.": "x", "名前.png": "名前.png", "bad\xffname.txt": "badname.txt", "a/": "file",
		"\u0646\u0635.txt": "\u0646\u0635.txt", "___": "file",
	} {
		if got := CleanName(name); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", name, got, want)
		}
	}
	long := CleanName(strings.Repeat("ü", 500) + ".tar.gz")
	if utf8.RuneCountInString(long) != maxName || !strings.HasSuffix(long, "ü.gz") {
		t.Errorf("a long name became %q", long)
	}
}

func FuzzCleanName(f *testing.F) {
	for _, name := range []string{"", "..", "a/b", "con.txt", strings.Repeat("é.", 200), "\u202e", " . "} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := CleanName(name)
		if got == "" || got == "." || got == ".." || strings.ContainsAny(got, "/\\\x00\r\n\"<>:|?*") || !utf8.ValidString(got) ||
			utf8.RuneCountInString(got) > maxName || strings.HasPrefix(got, ".") {
			t.Errorf("CleanName(%q) = %q", name, got)
		}
		if again := CleanName(got); again != got {
			t.Errorf("CleanName(%q) = %q, and of that %q", name, got, again)
		}
	})
}

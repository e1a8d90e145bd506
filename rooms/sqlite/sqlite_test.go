package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pressly/goose/v3"

	"plenum/rooms"
	"plenum/rooms/storetest"
)

func open(t testing.TB, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) rooms.Store {
		t.Helper()
		return open(t, filepath.Join(t.TempDir(), "plenum.db"))
	})
}

// TestPathIsNotAQuery opens a file whose path looks like a URL's.
func TestPathIsNotAQuery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "what? #1 100%", "plenum.db")
	open(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("%s has %d bytes and mode %v, want a database of mode 0600", path, info.Size(), info.Mode())
	}
}

func TestSurvivesReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plenum.db")
	first, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	u, err := first.CreateUser(t.Context(), rooms.User{Name: "anna", Role: rooms.Admin, CreatedAt: time.UnixMilli(1)})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := first.Secret(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, path)
	if got, err := second.UserByID(t.Context(), u.ID); err != nil || got.Name != "anna" {
		t.Errorf("user after reopening: %+v, %v", got, err)
	}
	if got, err := second.Secret(t.Context(), "x"); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("secret after reopening: %x, %v, want %x", got, err, secret)
	}
}

// TestKeepsRoomsOfTheFirstSchema opens a file as the first version left it.
func TestKeepsRoomsOfTheFirstSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plenum.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	first, err := goose.NewProvider(goose.DialectSQLite3, db, scripts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `INSERT INTO users VALUES (7, 'anna', 'hash', 'host', 0, '', 1);
		INSERT INTO rooms VALUES ('7.x', 7, 'Plan', 'UTC', 1000, 60000, 61000, 1)`)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path).RoomByID(t.Context(), "7.x")
	want := rooms.Room{
		ID: "7.x", CreatorID: 7, CreatorName: "anna", Description: "Plan", Timezone: "UTC", Start: utc(1000),
		Duration: time.Minute, End: utc(61000), Version: 1, CreatedAt: utc(1),
		Rules: rooms.Rules{Recording: rooms.RecordManual, GuestRole: rooms.GuestSpeaker},
	}
	if err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
}

// TestSecondProcessSeesWrites stands for a command run beside the server.
func TestSecondProcessSeesWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plenum.db")
	server, command := open(t, path), open(t, path)
	if _, err := command.CreateUser(t.Context(), rooms.User{Name: "anna", Role: rooms.Host, CreatedAt: time.UnixMilli(1)}); err != nil {
		t.Fatal(err)
	}
	if _, err := server.UserByName(t.Context(), "anna"); err != nil {
		t.Errorf("the server does not see the command's user: %v", err)
	}
}

func TestRefusesNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plenum.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("opening a newer file: %v, want ErrNewerSchema", err)
	}
}

func TestRefusesGarbage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plenum.db")
	if err := os.WriteFile(path, bytes.Repeat([]byte("not a database "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(t.Context(), path); err == nil {
		t.Errorf("a text file was opened as a database (%v)", s.Close())
	}
}

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, func(b *testing.B) rooms.Store {
		b.Helper()
		return open(b, filepath.Join(b.TempDir(), "plenum.db"))
	})
}

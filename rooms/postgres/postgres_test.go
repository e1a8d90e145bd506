package postgres

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"plenum/rooms"
	"plenum/rooms/postgres/pgtest"
	"plenum/rooms/storetest"
)

func open(tb testing.TB, url string) *Store {
	tb.Helper()
	s, err := Open(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// execute runs statements beside any store.
func execute(tb testing.TB, url string, statements ...string) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(tb.Context())
	for _, statement := range statements {
		if _, err := conn.Exec(tb.Context(), statement); err != nil {
			tb.Fatalf("%s: %v", statement, err)
		}
	}
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) rooms.Store {
		t.Helper()
		return open(t, pgtest.Database(t))
	})
}

func BenchmarkStore(b *testing.B) {
	storetest.Bench(b, func(b *testing.B) rooms.Store {
		b.Helper()
		server := pgtest.Start(b)
		server.DiskWait(b)
		return open(b, server.Database(b))
	})
}

// TestServersStartTogether has many open one empty database at once.
func TestServersStartTogether(t *testing.T) {
	url := pgtest.Database(t)
	const servers = 6
	secrets := make([][]byte, servers)
	var wg sync.WaitGroup
	for i := range servers {
		wg.Go(func() {
			s, err := Open(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			if secrets[i], err = s.Secret(t.Context(), "host-token"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, secret := range secrets {
		if len(secret) != 32 || !bytes.Equal(secret, secrets[0]) {
			t.Errorf("secrets %x and %x, want the same 32 bytes", secret, secrets[0])
		}
	}
}

func TestRefusesNewerSchema(t *testing.T) {
	url := pgtest.Database(t)
	open(t, url)
	execute(t, url, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, true)`)
	if s, err := Open(t.Context(), url); !errors.Is(err, ErrNewerSchema) {
		t.Errorf("opening a newer database: %v, want ErrNewerSchema", err)
		if err == nil {
			s.Close()
		}
	}
}

// TestOpenFails sees each mistake of an operator named, and no password told.
func TestOpenFails(t *testing.T) {
	good := pgtest.Database(t)
	for name, tt := range map[string]struct {
		url  string
		is   error
		says string
	}{
		"not a URL":        {"postgres://plenum:geheim@[/x", nil, "cannot parse"},
		"unknown setting":  {good + "&password=geheim&pool_max_conns=many", nil, "pool_max_conns"},
		"nobody there":     {"postgres://plenum:geheim@127.0.0.1:1/plenum?sslmode=disable", rooms.ErrUnavailable, "127.0.0.1:1"},
		"no such database": {strings.Replace(good, "test_", "missing_", 1) + "&password=geheim", rooms.ErrUnavailable, "does not exist"},
	} {
		s, err := Open(t.Context(), tt.url)
		if err == nil {
			t.Errorf("%s: opened", name)
			s.Close()
			continue
		}
		if tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %v that says %q", name, err, tt.is, tt.says)
		}
		if strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: the error tells the password: %v", name, err)
		}
	}
}

func TestRefusesOtherEncodings(t *testing.T) {
	server := pgtest.Start(t)
	url := server.Database(t)
	server.Execute(t, `CREATE DATABASE latin OWNER plenum TEMPLATE template0 ENCODING 'LATIN1'`)
	_, err := Open(t.Context(), strings.Replace(url, "test_1", "latin", 1))
	if err == nil || !strings.Contains(err.Error(), "LATIN1") {
		t.Errorf("a database that can't keep every text: %v", err)
	}
}

// TestWaitsForTheDisk holds commits durable where the server is set up not to be.
func TestWaitsForTheDisk(t *testing.T) {
	for set, want := range map[string]string{"off": "on", "local": "local", "remote_apply": "remote_apply"} {
		s := open(t, pgtest.Database(t)+"&synchronous_commit="+set)
		var got, timeout string
		if err := s.pool.QueryRow(t.Context(), `SELECT current_setting('synchronous_commit'), current_setting('statement_timeout')`).
			Scan(&got, &timeout); err != nil {
			t.Fatal(err)
		}
		if got != want || timeout != "1500ms" {
			t.Errorf("%s became %s with a statement timeout of %s, want %s and 1500ms", set, got, timeout, want)
		}
	}
}

// TestHostileKeys has what PostgreSQL can't keep not found, and not stored.
func TestHostileKeys(t *testing.T) {
	s := open(t, pgtest.Database(t))
	for _, key := range []string{"\x00", "1.\xff", "a\x00b"} {
		_, room := s.RoomByID(t.Context(), key)
		_, user := s.UserByName(t.Context(), key)
		for what, err := range map[string]error{"room": room, "user": user, "end": s.SetRoomEnd(t.Context(), key, time.Now())} {
			if !errors.Is(err, rooms.ErrNotFound) {
				t.Errorf("%s %q: %v, want ErrNotFound", what, key, err)
			}
		}
		if _, err := s.CreateUser(t.Context(), rooms.User{Name: key, Role: rooms.Host}); !errors.Is(err, rooms.ErrInvalid) {
			t.Errorf("create user %q: %v, want ErrInvalid", key, err)
		}
	}
	for _, text := range []string{"9223372036854775807 x", "-9223372036854775808 x", "0 \x00"} {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(text))
		if _, _, err := s.Rooms(t.Context(), rooms.RoomFilter{After: cursor}); err != nil && !errors.Is(err, rooms.ErrInvalid) {
			t.Errorf("cursor of %q: %v, want a page or ErrInvalid", text, err)
		}
	}
}

// TestStatementTimeout meets a table that somebody has locked.
func TestStatementTimeout(t *testing.T) {
	url := pgtest.Database(t)
	s := open(t, url)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), `BEGIN; LOCK TABLE users`); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if _, err := s.Users(t.Context()); !errors.Is(err, rooms.ErrUnavailable) {
		t.Errorf("a locked table: %v, want ErrUnavailable", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the error came after %v, want 2 s at most", took)
	}
	if _, err := conn.Exec(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Users(t.Context()); err != nil {
		t.Errorf("the lock is gone: %v", err)
	}
}

// TestCallerGone tells a caller that has gone nothing about the database.
func TestCallerGone(t *testing.T) {
	s := open(t, pgtest.Database(t))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Ping(gone); !errors.Is(err, context.Canceled) || errors.Is(err, rooms.ErrUnavailable) {
		t.Errorf("a caller that has gone: %v, want Canceled and not ErrUnavailable", err)
	}
}

// Package pgtest gives tests throw-away PostgreSQL servers, made with the
// machine's binaries in a temporary folder and reached through a Unix socket
// in it. It needs Linux. A server ends with its test, or with the test's
// process, even if that is killed.
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	owner   = "plenum" // role that owns the databases; it may do nothing else
	port    = "5432"   // part of the socket's name only
	patient = 30 * time.Second
)

var errMissing = errors.New("no PostgreSQL found on this machine; install it (Debian: apt-get install postgresql)")

// A Server is one PostgreSQL server.
type Server struct {
	bin   string // folder of initdb and postgres
	dir   string // holds the data, the socket and the log
	as    account
	guard *guard

	mu        sync.Mutex
	server    *process     // the running postmaster; guarded by mu
	databases atomic.Int64 // made so far
}

// shared starts the server that all tests of this process use; its end is the
// process's end.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Database returns the URL of a new, empty database on a server that the tests
// of this process share. The database ends with the test.
func Database(tb testing.TB) string {
	tb.Helper()
	shared.once.Do(func() { shared.server, shared.err = start(tb.Context()) })
	require(tb, shared.err)
	return shared.server.Database(tb)
}

// Start starts a server for this test alone, which may kill and freeze it.
func Start(tb testing.TB) *Server {
	tb.Helper()
	s, err := start(tb.Context())
	require(tb, err)
	tb.Cleanup(func() {
		if err := s.stop(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func require(tb testing.TB, err error) {
	tb.Helper()
	if errors.Is(err, errMissing) && testing.Short() {
		tb.Skip(err)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// Database returns the URL of a new, empty database on s. It ends with the test.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := "test_" + strconv.FormatInt(s.databases.Add(1), 10)
	if err := s.admin(tb.Context(), "CREATE DATABASE "+name+" OWNER "+owner+" TEMPLATE template0"); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), patient)
		defer cancel()
		// Nothing is lost with an error: the folder goes with the server.
		if err := s.admin(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Log(err)
		}
	})
	return s.url(owner, name)
}

// Execute runs a statement as the server's superuser.
func (s *Server) Execute(tb testing.TB, statement string) {
	tb.Helper()
	if err := s.admin(tb.Context(), statement); err != nil {
		tb.Fatal(err)
	}
}

// DiskWait has the server wait for the disk at each commit.
func (s *Server) DiskWait(tb testing.TB) {
	tb.Helper()
	if err := s.setting(tb.Context(), "fsync", "on"); err != nil {
		tb.Fatal(err)
	}
}

// Kill ends the server and all its processes at once, as a power cut would.
func (s *Server) Kill(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.server.kill(); err != nil {
		tb.Fatal(err)
	}
}

// Restart starts a killed server again and returns once it takes connections.
func (s *Server) Restart(tb testing.TB) {
	tb.Helper()
	if err := s.run(tb.Context()); err != nil {
		tb.Fatal(err)
	}
}

// Freeze stops the server in its tracks: its connections stay open and nobody
// answers on them.
func (s *Server) Freeze(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.server.freeze(); err != nil {
		tb.Fatal(err)
	}
}

// Thaw has a frozen server go on.
func (s *Server) Thaw(tb testing.TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.server.thaw(); err != nil {
		tb.Fatal(err)
	}
}

func (s *Server) url(user, database string) string {
	query := url.Values{"host": {s.dir}, "port": {port}, "user": {user}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + query.Encode()
}

func (s *Server) admin(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, s.url("postgres", "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// start makes a server and runs it. Ctx bounds the making only.
func start(ctx context.Context) (_ *Server, err error) {
	s := &Server{}
	if s.bin, err = findBinaries(); err != nil {
		return nil, err
	}
	if s.as, err = unprivileged(); err != nil {
		return nil, err
	}
	if s.dir, err = os.MkdirTemp("", "plenum-pg-"); err != nil {
		return nil, err
	}
	if err := s.as.own(s.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if s.guard, err = newGuard(ctx, s.as, s.dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	if err := s.initialize(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *Server) initialize(ctx context.Context) error {
	initdb := s.as.command(ctx, s.dir, filepath.Join(s.bin, "initdb"), "--pgdata="+s.data(), "--username=postgres",
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	if err := s.setting(ctx, "fsync", "off"); err != nil {
		return err
	}
	return s.admin(ctx, "CREATE ROLE "+owner+" LOGIN")
}

func (s *Server) setting(ctx context.Context, name, value string) error {
	if err := s.admin(ctx, "ALTER SYSTEM SET "+name+" = '"+value+"'"); err != nil {
		return err
	}
	return s.admin(ctx, "SELECT pg_reload_conf()")
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// run starts the postmaster and waits until it takes connections.
func (s *Server) run(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := s.as.command(context.WithoutCancel(ctx), s.dir, filepath.Join(s.bin, "postgres"), "-D", s.data(), "-k", s.dir, "-p", port,
		"-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=16MB")
	cmd.Stdout, cmd.Stderr = log, log
	if s.server, err = startProcess(cmd); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	for {
		err := s.admin(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-s.server.ended:
			return fmt.Errorf("start PostgreSQL: %w\n%s", err, s.logged())
		case <-ctx.Done():
			return fmt.Errorf("start PostgreSQL: %w\n%s", err, s.logged())
		}
	}
}

func (s *Server) logged() []byte {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

func (s *Server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server != nil {
		if err := s.server.kill(); err != nil {
			return err
		}
	}
	return s.guard.release()
}

// Package sqlite keeps users, rooms and secrets in one SQLite file. Several
// processes may open it at once: the server, and commands beside it.
package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"plenum/rooms"
	"plenum/rooms/internal/schema"
)

// ErrNewerSchema is returned for a file that a newer Plenum has written.
var ErrNewerSchema = schema.ErrNewer

//go:embed migrations/*.sql
var migrations embed.FS

// A Store is a rooms.Store in one file.
type Store struct {
	write *sql.DB // one connection: SQLite has one writer, waiting here beats SQLITE_BUSY
	read  *sql.DB
}

var _ rooms.Store = (*Store)(nil)

// Open opens the file at path, makes it if there is none, and brings its
// schema up to date. The caller must Close the Store.
func Open(ctx context.Context, path string) (*Store, error) {
	if err := makeFile(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{}
	var err error
	if s.write, err = connect(path, "&_txlock=immediate", 1); err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	if s.read, err = connect(path, "&_pragma=query_only(1)", 4); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), s.write.Close())
	}
	if err := schema.Migrate(ctx, goose.DialectSQLite3, s.write, migrations); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), s.Close())
	}
	return s, nil
}

// makeFile makes the database's file readable by nobody else: it holds
// password hashes and secrets.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func connect(path, extra string, conns int) (*sql.DB, error) {
	// synchronous(FULL) waits for the disk at each commit: nothing is
	// acknowledged that a power cut could take back.
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)&_pragma=synchronous(FULL)" + extra
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.read.PingContext(ctx) }

// Close closes the file. It waits for running queries.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// taken reports whether err says that a unique value is there already.
func taken(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY)
}

// one turns the result of a statement about one row into ErrNotFound or nil.
func one(res sql.Result) error {
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n == 0 {
		return rooms.ErrNotFound
	}
	return nil
}

func utc(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// Package postgres keeps users, rooms and secrets in a PostgreSQL database,
// which several servers may share. A database that is gone or hangs costs a
// caller a second and a half and rooms.ErrUnavailable; the store is well again
// as soon as the database is.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"plenum/rooms"
	"plenum/rooms/internal/schema"
)

// ErrNewerSchema is returned for a database that a newer Plenum has written.
var ErrNewerSchema = schema.ErrNewer

// How long a hanging database may keep a caller. A request that meets it must
// be answered within 2 s.
const (
	answerWithin  = 1500 * time.Millisecond // one call, with connecting
	connectWithin = time.Second             // one address; connect_timeout in the URL replaces it
	pingWithin    = 500 * time.Millisecond  // a pooled connection; pool_ping_timeout replaces it
)

//go:embed migrations/*.sql
var migrations embed.FS

// A Store is a rooms.Store in one PostgreSQL database.
type Store struct {
	pool *pgxpool.Pool
}

var _ rooms.Store = (*Store)(nil)

// Open connects to the database at databaseURL, a URL or libpq's key=value
// form, and brings its schema up to date. The caller must Close the Store.
// ErrUnavailable if the database can't be reached.
func Open(ctx context.Context, databaseURL string) (*Store, error) {
	config, err := configure(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	s := &Store{pool: pool}
	if err := s.prepare(ctx, config.ConnConfig); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database %s: %w", config.ConnConfig.Database, err)
	}
	return s, nil
}

func configure(databaseURL string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(databaseURL)
	if err != nil {
		return nil, err // leaves out the password
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = connectWithin
	}
	if config.PingTimeout == 0 {
		config.PingTimeout = pingWithin
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "plenum"
	}
	config.BeforeConnect = refuseCancelRequests
	config.AfterConnect = setUp
	config.BeforeClose = func(c *pgx.Conn) {
		if c.IsClosed() { // given up by a call that ran out of time: don't wait for its farewell
			_ = c.PgConn().Conn().Close()
		}
	}
	return config, nil
}

// refuseCancelRequests keeps pgx from dialling again for a call that ran out
// of time, to ask the server to stop working on it: a server that hangs would
// hold the connection's place in the pool for 15 s. The statement timeout
// stops the work as well.
func refuseCancelRequests(_ context.Context, config *pgx.ConnConfig) error {
	var connected atomic.Bool
	dial, after := config.DialFunc, config.AfterConnect
	config.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		if connected.Load() {
			return nil, errors.New("a cancel request is not worth its wait")
		}
		return dial(ctx, network, addr)
	}
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		connected.Store(true)
		if after != nil {
			return after(ctx, conn)
		}
		return nil
	}
	return nil
}

// setUp has the server end what its client has given up, and wait for the disk
// at each commit even where it is set up not to.
func setUp(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, connectWithin) // the pool gives no deadline
	defer cancel()
	_, err := conn.Exec(ctx, `SELECT set_config('statement_timeout', $1, false),
		set_config('idle_in_transaction_session_timeout', $1, false),
		CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`,
		fmt.Sprint(answerWithin.Milliseconds()))
	if err != nil {
		return fmt.Errorf("set up connection: %w", err)
	}
	return nil
}

// prepare checks that the database answers and can keep every text, and
// migrates it.
func (s *Store) prepare(ctx context.Context, config *pgx.ConnConfig) error {
	var encoding string
	err := s.do(ctx, func(ctx context.Context) error {
		return s.pool.QueryRow(ctx, `SHOW server_encoding`).Scan(&encoding)
	})
	if err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("its encoding is %s, Plenum needs UTF8", encoding)
	}
	// Servers that start together take turns. A lock that can't be given back
	// ends with its connection.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60), lock.WithUnlockTimeout(1, 1))
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config) // not from the pool, whose statement timeout a migration may exceed
	defer db.Close()
	return meaning(ctx, schema.Migrate(ctx, goose.DialectPostgres, db, migrations, goose.WithSessionLocker(locker)))
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.do(ctx, s.pool.Ping); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close closes all connections. It waits for running calls.
func (s *Store) Close() error {
	s.pool.Close()
	return nil
}

// do runs f within the time that one call may take, and gives its error a
// meaning. The context that f gets must bound all it does.
func (s *Store) do(ctx context.Context, f func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	err := f(bounded)
	if ctx.Err() == nil && broken(err) {
		// What cut one connection has cut the others: to find out one by one
		// would cost as many callers.
		s.pool.Reset()
	}
	return meaning(ctx, err)
}

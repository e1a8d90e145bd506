package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"plenum/rooms"
)

// meaning turns what pgx says into what package rooms says. Ctx is the
// caller's: who has gone away learns nothing about the database.
func meaning(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return rooms.ErrNotFound
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	refusal, refused := errors.AsType[*pgconn.PgError](err)
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	switch {
	case connecting, refused && unavailable(refusal.Code), broken(err):
		return fmt.Errorf("%w: %w", rooms.ErrUnavailable, err)
	case refused && refusal.Code == "23505": // unique_violation
		return rooms.ErrExists
	case refused && refusal.Code[:2] == "22": // data exception, such as a zero byte in a text
		return fmt.Errorf("%w: %w", rooms.ErrInvalid, err)
	}
	return err
}

// unavailable reports whether the SQLSTATE is about the server's condition and
// not about what it was asked (PostgreSQL's manual, appendix A).
func unavailable(sqlState string) bool {
	switch sqlState {
	case "57014", // query_canceled: the statement timeout
		"25006", // read_only_sql_transaction: a standby, or a primary that became one
		"25P03": // idle_in_transaction_session_timeout
		return true
	}
	switch sqlState[:2] {
	case "08", // connection exception
		"53", // insufficient resources: connections, memory, disk
		"57", // operator intervention: shutdown, crash, still starting
		"58": // system error: input and output
		return true
	}
	return false
}

// broken reports whether err is about the connection to the server, and not an
// answer of the server.
func broken(err error) bool {
	if _, answer := errors.AsType[*pgconn.PgError](err); answer {
		return false
	}
	_, network := errors.AsType[net.Error](err)
	return network || pgconn.Timeout(err) || pgconn.SafeToRetry(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed)
}

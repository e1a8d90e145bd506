package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"plenum/api"
)

// Timeouts of the HTTP servers and of their end.
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	drainTimeout  = 20 * time.Second
)

// doors are where callers come in: HTTP or HTTPS, and maybe a port that sends
// them from the one to the other.
type doors struct {
	secure encryption
	main   net.Listener
	plain  net.Listener // the redirect's; nil without
	log    *slog.Logger
}

// openDoors listens. A redirect at "" is none.
func openDoors(ctx context.Context, main, redirect string, secure encryption, log *slog.Logger) (*doors, error) {
	var config net.ListenConfig
	d := &doors{secure: secure, log: log}
	var err error
	if d.main, err = config.Listen(ctx, "tcp", main); err != nil {
		return nil, fmt.Errorf("listen for HTTP: %w", err)
	}
	if redirect != "" {
		if d.plain, err = config.Listen(ctx, "tcp", redirect); err != nil {
			return nil, errors.Join(fmt.Errorf("listen for --http-redirect: %w", err), d.main.Close())
		}
	}
	return d, nil
}

func (d *doors) close() error {
	err := d.main.Close()
	if d.plain != nil {
		err = errors.Join(err, d.plain.Close())
	}
	return err
}

// serveHTTP serves until ctx ends, then stops in order: no new callers, goodbye
// to those in meetings, recordings finished.
func serveHTTP(ctx context.Context, d *doors, handler *api.Server, now *live, log *slog.Logger) error {
	server := newHTTPServer(d.secure.handler(handler), log)
	server.TLSConfig = d.secure.config
	redirect := &http.Server{ReadHeaderTimeout: headerTimeout}
	failed := make(chan error, 2)
	var helpers sync.WaitGroup
	helping, stopHelping := context.WithCancel(ctx)
	hangups, stopHangups := d.secure.hangups()
	defer stopHangups()
	helpers.Go(func() { d.secure.reload(helping, hangups, log) })
	if d.plain != nil {
		redirect = d.secure.redirect(d.main.Addr(), log)
		helpers.Go(func() { failed <- redirect.Serve(d.plain) })
	}
	go func() {
		if server.TLSConfig == nil {
			failed <- server.Serve(d.main)
			return
		}
		failed <- server.ServeTLS(d.main, "", "")
	}()
	log.Info("serving", "address", d.main.Addr().String(), "tls", d.secure.config != nil, "version", version())
	var err error
	select {
	case err = <-failed:
		err = fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	log.Info("shutting down")
	handler.Drain()
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer cancel()
	closed := make(chan error, 1)
	go func() { closed <- server.Shutdown(ending) }()
	err = errors.Join(err, now.close(ending), <-closed, redirect.Close())
	stopHelping()
	helpers.Wait()
	log.Info("stopped")
	return err
}

func newHTTPServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    128 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}

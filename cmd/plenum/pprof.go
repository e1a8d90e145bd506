package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
)

// errNotLoopback refuses profiles to the outside: they show what the process holds.
var errNotLoopback = errors.New("want a loopback address, such as 127.0.0.1:6060")

// serveProfiles answers /debug/pprof/ on a loopback address until the returned
// function is called. With no address it does nothing.
func serveProfiles(ctx context.Context, address string, log *slog.Logger) (stop func() error, err error) {
	if address == "" {
		return func() error { return nil }, nil
	}
	where, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fmt.Errorf("--pprof: %w", err)
	}
	if !where.Addr().IsLoopback() {
		return nil, fmt.Errorf("--pprof %s: %w", address, errNotLoopback)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for profiles: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	log.Warn("profiles are served", "address", listener.Addr().String())
	return func() error {
		err := server.Close()
		if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, fmt.Errorf("serve profiles: %w", e))
		}
		return err
	}, nil
}

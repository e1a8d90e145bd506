//go:build linux

// Badlink joins two network namespaces by a link that is as bad as it is told
// to be, until it gets SIGTERM. It needs root.
//
//	badlink -a NAMESPACE:DEVICE:CIDR -b NAMESPACE:DEVICE:CIDR -control SOCKET [-seed N]
//	badlink -control SOCKET COMMAND…
//
// Commands are those of link.Link: "both delay=10ms,loss=5", "ab rate=300kbit",
// "ba down=1", "stats".
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"golang.org/x/sync/errgroup"

	"plenum/test/impaired/link"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		slog.Error("badlink", "error", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("badlink", flag.ContinueOnError)
	a := flags.String("a", "", "one end, NAMESPACE:DEVICE:CIDR")
	b := flags.String("b", "", "the other end")
	control := flags.String("control", "", "socket that takes commands")
	seed := flags.Uint64("seed", 1, "seed of what is left to chance")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return tell(ctx, *control, strings.Join(flags.Args(), " "), out)
	}
	ends := make([]link.End, 0, 2)
	for _, name := range []string{*a, *b} {
		end, err := link.OpenDevice(ctx, name)
		if err != nil {
			return err
		}
		ends = append(ends, end)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", *control)
	if err != nil {
		return err
	}
	l := link.New(ends[0], ends[1], *seed)
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return l.Run(running) })
	g.Go(func() error { return l.Control(running, listener) })
	if _, err := fmt.Fprintln(out, "ready"); err != nil {
		return err
	}
	if err := g.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// tell sends a command to a running badlink and copies its answer.
func tell(ctx context.Context, socket, command string, out io.Writer) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintln(conn, command); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return err
	}
	if text, failed := strings.CutPrefix(string(answer), "error: "); failed {
		return errors.New(strings.TrimSpace(text))
	}
	_, err = out.Write(answer)
	return err
}

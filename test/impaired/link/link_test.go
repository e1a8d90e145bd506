package link

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// end is an End made of channels, which a test can look at.
type end struct {
	in, out chan []byte
	closed  context.Context
	close   context.CancelFunc
}

func newEnd(ctx context.Context) *end {
	e := &end{in: make(chan []byte), out: make(chan []byte, 64)}
	e.closed, e.close = context.WithCancel(ctx)
	return e
}

func (e *end) Read(p []byte) (int, error) {
	select {
	case packet := <-e.in:
		return copy(p, packet), nil
	case <-e.closed.Done():
		return 0, io.ErrClosedPipe
	}
}

func (e *end) Write(p []byte) (int, error) {
	select {
	case e.out <- p:
		return len(p), nil
	case <-e.closed.Done():
		return 0, io.ErrClosedPipe
	}
}

func (e *end) Close() error {
	e.close()
	return nil
}

func TestALinkDelaysBothWaysAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		a, b := newEnd(ctx), newEnd(ctx)
		l := New(a, b, 1)
		if _, err := l.Command("ab delay=30ms"); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- l.Run(ctx) }()
		start := time.Now()
		a.in <- []byte("to b")
		if got := <-b.out; string(got) != "to b" || time.Since(start) != 30*time.Millisecond {
			t.Errorf("%q came after %v", got, time.Since(start))
		}
		b.in <- []byte("to a")
		if got := <-a.out; string(got) != "to a" || time.Since(start) != 30*time.Millisecond {
			t.Errorf("%q came after %v", got, time.Since(start))
		}
		if answer, err := l.Command("stats"); err != nil || !strings.Contains(answer, "ab packets=1 bytes=4 lost=0") {
			t.Errorf("stats: %q, %v", answer, err)
		}
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestControlAnswersCommandsAndMistakes(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	a, b := newEnd(ctx), newEnd(ctx)
	l := New(a, b, 1)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", t.TempDir()+"/control")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Control(ctx, listener) }()
	for command, want := range map[string]string{
		"both loss=5":   "ok",
		"ab":            "ok",
		"cd loss=5":     "error: unknown command",
		"ab loss=lots":  "error: ",
		"stats of this": "ab packets=0",
	} {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, command+"\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(conn)
		if err != nil || !strings.HasPrefix(string(answer), want) {
			t.Errorf("%q was answered %q, %v", command, answer, err)
		}
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

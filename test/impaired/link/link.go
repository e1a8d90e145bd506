package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// An End is where packets enter and leave a link. Each Read returns one IP
// packet and each Write takes one. Close ends a waiting Read.
type End interface{ io.ReadWriteCloser }

// A Link moves packets between its ends a and b.
type Link struct {
	ab, ba *direction
}

// New returns a link that does nothing to packets yet. It starts nothing; call
// Run, which takes the ends.
func New(a, b End, seed uint64) *Link {
	return &Link{
		ab: &direction{name: "ab", from: a, to: b, path: NewPath(Spec{}, seed), wake: make(chan struct{}, 1)},
		ba: &direction{name: "ba", from: b, to: a, path: NewPath(Spec{}, seed+1), wake: make(chan struct{}, 1)},
	}
}

// Run moves packets until ctx or an end is done, and closes the ends.
func (l *Link) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	stop := context.AfterFunc(ctx, func() {
		_ = l.ab.from.Close()
		_ = l.ab.to.Close()
	})
	defer stop()
	for _, d := range []*direction{l.ab, l.ba} {
		g.Go(d.read)
		g.Go(func() error { return d.write(ctx) })
	}
	err := g.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// Command carries out one line of the control socket: "ab SPEC", "ba SPEC" or
// "both SPEC" replaces what the link does, "stats" tells what it did.
func (l *Link) Command(line string) (answer string, err error) {
	verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if verb == "stats" {
		return l.ab.describe() + l.ba.describe(), nil
	}
	spec, err := ParseSpec(rest)
	if err != nil {
		return "", err
	}
	known := false
	for _, d := range []*direction{l.ab, l.ba} {
		if verb == d.name || verb == "both" {
			d.set(spec)
			known = true
		}
	}
	if !known {
		return "", fmt.Errorf("unknown command %q", verb)
	}
	return "ok\n", nil
}

// direction is one path with its ends.
type direction struct {
	name     string
	from, to End
	wake     chan struct{}

	mu   sync.Mutex // guards path
	path *Path
}

func (d *direction) set(spec Spec) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.path.Set(spec)
}

func (d *direction) describe() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.path.Stats()
	return fmt.Sprintf("%s packets=%d bytes=%d lost=%d overflowed=%d reordered=%d duplicated=%d\n",
		d.name, s.Packets, s.Bytes, s.Lost, s.Overflowed, s.Reordered, s.Duplicated)
}

// maxPacket is the longest IP packet.
const maxPacket = 1 << 16

func (d *direction) read() error {
	buf := make([]byte, maxPacket)
	for {
		n, err := d.from.Read(buf)
		if err != nil {
			return fmt.Errorf("read %s: %w", d.name, err)
		}
		packet := append([]byte(nil), buf[:n]...)
		d.mu.Lock()
		d.path.Send(packet, time.Now())
		d.mu.Unlock()
		select {
		case d.wake <- struct{}{}:
		default:
		}
	}
}

func (d *direction) write(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var due [][]byte
	for {
		d.mu.Lock()
		now := time.Now()
		due = d.path.Due(due[:0], now)
		next, more := d.path.Next()
		d.mu.Unlock()
		for _, packet := range due {
			if _, err := d.to.Write(packet); errors.Is(err, io.ErrClosedPipe) {
				return fmt.Errorf("write %s: %w", d.name, err)
			} // a device that is down for the moment loses packets, as it should
		}
		if more {
			timer.Reset(next.Sub(now))
		}
		select {
		case <-timer.C:
		case <-d.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

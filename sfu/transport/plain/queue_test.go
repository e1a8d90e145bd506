package plain

import (
	"encoding/binary"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// stamped is a packet that says when it was made, of any size.
func stamped(since time.Time, size int) []byte {
	b := make([]byte, size)
	binary.BigEndian.PutUint64(b, uint64(time.Since(since)))
	return b
}

// A reader that keeps up with half of what comes gets the newest half: what
// it reads is never older than the bound, and memory stays bounded too.
func TestOverloadBecomesLossAndNotDelay(t *testing.T) {
	for name, tt := range map[string]struct {
		size  int
		every time.Duration // between two packets; the reader takes twice as long
	}{
		"a small layer": {300, 4 * time.Millisecond},
		"a screen":      {1200, 500 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const packets = 8000
				var overrun atomic.Uint64
				start := time.Now()
				q := newQueue(&buffers{}, &overrun)
				go func() {
					for range packets {
						if _, err := q.Write(stamped(start, tt.size)); err != nil {
							t.Error(err)
						}
						time.Sleep(tt.every)
					}
					_ = q.Close()
				}()
				read, oldest := 0, time.Duration(0)
				b := make([]byte, 1500)
				for {
					n, err := q.Read(b)
					if err != nil {
						if !errors.Is(err, io.EOF) {
							t.Error(err)
						}
						break
					}
					if n != tt.size {
						t.Fatalf("read %d bytes of %d", n, tt.size)
					}
					oldest = max(oldest, time.Since(start)-time.Duration(binary.BigEndian.Uint64(b)))
					read++
					q.mu.Lock()
					held := q.bytes
					q.mu.Unlock()
					if held > waitingBytes {
						t.Fatalf("%d bytes wait", held)
					}
					time.Sleep(2 * tt.every)
				}
				if oldest > waitingAge {
					t.Errorf("a packet was read after %v", oldest)
				}
				if got := read + int(overrun.Load()); got != packets {
					t.Errorf("%d read and %d dropped of %d", read, overrun.Load(), packets)
				}
				if read < packets/2 {
					t.Errorf("only %d of %d packets were read", read, packets)
				}
			})
		})
	}
}

// A reader that keeps up loses nothing, whatever the queue's memory went through.
func TestAQueueInOrder(t *testing.T) {
	var overrun atomic.Uint64
	q := newQueue(&buffers{}, &overrun)
	b := make([]byte, 1500)
	wrote, read := uint16(0), uint16(0)
	for round := range 200 {
		for range round % 7 {
			_, err := q.Write(binary.BigEndian.AppendUint16(nil, wrote))
			must(t, err)
			wrote++
		}
		for range min(round%5, int(wrote-read)) {
			n, err := q.Read(b)
			must(t, err)
			if got := binary.BigEndian.Uint16(b); n != 2 || got != read {
				t.Fatalf("read %d of %d bytes, want %d", got, n, read)
			}
			read++
		}
	}
	must(t, q.Close())
	for ; read != wrote; read++ { // what is held can be read after Close
		if _, err := q.Read(b); err != nil || binary.BigEndian.Uint16(b) != read {
			t.Fatalf("after Close: %d, %v, want %d", binary.BigEndian.Uint16(b), err, read)
		}
	}
	if _, err := q.Read(b); !errors.Is(err, io.EOF) {
		t.Errorf("a closed queue: %v", err)
	}
	if _, err := q.Write(b); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("write to a closed queue: %v", err)
	}
	if overrun.Load() != 0 {
		t.Errorf("%d packets were dropped", overrun.Load())
	}
}

func TestAQueueWakesItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var overrun atomic.Uint64
		q := newQueue(&buffers{}, &overrun)
		got := make(chan error, 2)
		go func() {
			for range 2 {
				_, err := q.Read(make([]byte, 1))
				got <- err
			}
		}()
		synctest.Wait()
		_, err := q.Write([]byte{1, 2})
		must(t, err)
		if err := <-got; !errors.Is(err, io.ErrShortBuffer) {
			t.Errorf("a packet too long: %v", err)
		}
		synctest.Wait()
		must(t, q.Close())
		if err := <-got; !errors.Is(err, io.EOF) {
			t.Errorf("the end: %v", err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

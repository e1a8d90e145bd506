package plain

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"plenum/sfu/bandwidth"
	"plenum/sfu/transport"
)

// patience is how long an answer may take at most; it is no measurement.
const patience = 10 * time.Second

// seeds are files of testdata/name, what browsers really sent.
func seeds(f *testing.F, name string) [][]byte {
	f.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", name, "*"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no seeds in testdata/%s: %v", name, err)
	}
	var all [][]byte
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, b)
	}
	return all
}

// FuzzAnswer gives whole offers to a connection: whatever they say, it answers
// or says why not, in time, and can be closed. What it answers to has no
// address of the client's.
func FuzzAnswer(f *testing.F) {
	for _, offer := range seeds(f, "offers") {
		f.Add(string(offer))
		f.Add(strings.ReplaceAll(string(offer), "\r\n", "\n"))
	}
	factory := newTestFactory(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 64<<10 {
			t.Skip("no socket takes an offer of more than 64 KiB")
		}
		c := connOf(t, factory, &ear{})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		answer, err := c.Answer(ctx, text)
		if ctx.Err() != nil {
			t.Error("no answer, and no reason why")
		}
		if (err == nil) != (answer != "") {
			t.Errorf("answer of %d bytes with %v", len(answer), err)
		}
		if c.pc.CurrentRemoteDescription() != nil && strings.Contains(c.pc.CurrentRemoteDescription().SDP, "a=candidate:") {
			t.Error("the client's candidates were taken")
		}
		must(t, c.Close())
	})
}

// FuzzCandidates adds lines to a real offer: no candidate passes, however it
// is written, and the rest is left as it was.
func FuzzCandidates(f *testing.F) {
	offer := string(seeds(f, "offers")[0])
	plain := withoutCandidates(offer)
	f.Add("a=candidate:1 1 udp 2130706431 192.0.2.1 9 typ host")
	f.Add("a=candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active generation 0")
	f.Add("a=candidate:842163049 1 udp 1677729535 2001:db8::1 45664 typ srflx raddr 0.0.0.0 rport 0")
	f.Add("a=candidate:1 1 udp 1 a8b2.local 9 typ host")
	f.Add("a=end-of-candidates")
	f.Add("a=candidate:\r\na=candidate: ")
	f.Fuzz(func(t *testing.T, line string) {
		got := withoutCandidates(offer + line)
		for l := range strings.Lines(got) {
			if strings.HasPrefix(l, "a=candidate:") {
				t.Errorf("%q passed", l)
			}
		}
		if !strings.HasPrefix(got, plain) {
			t.Error("the offer itself was changed")
		}
	})
}

// strict is a Feedback that holds what it is told to what may be told.
type strict struct{ t *testing.T }

func (s strict) Nack(seqs []uint16, _ time.Time) {
	if len(seqs) == 0 || len(seqs) > 17 {
		s.t.Errorf("one pair named %d packets", len(seqs))
	}
}
func (strict) KeyframeWanted(time.Time) {}
func (s strict) RoundTrip(d time.Duration) {
	if d <= 0 || d > 24*time.Hour {
		s.t.Errorf("a round trip of %v", d)
	}
}

func (s strict) Lost(fraction float64) {
	if fraction < 0 || fraction >= 1 {
		s.t.Errorf("a loss of %v", fraction)
	}
}

// listener is an Events that holds link reports to what may be reported.
type listener struct {
	ear
	t *testing.T
}

func (l *listener) Arrived(arrivals []bandwidth.Arrival, _ time.Time) {
	if len(arrivals) > 1<<16 {
		l.t.Errorf("%d packets in one report", len(arrivals))
	}
	for i, a := range arrivals {
		if i > 0 && a.Number != arrivals[i-1].Number+1 {
			l.t.Fatalf("packet %d after %d", a.Number, arrivals[i-1].Number)
		}
		if a.At < 0 || a.At >= bandwidth.ClockWrap {
			l.t.Fatalf("arrived at %v", a.At)
		}
	}
}

// FuzzRTCP reads compounds as a viewer's and as a publisher's.
func FuzzRTCP(f *testing.F) {
	for _, compound := range seeds(f, "rtcp") {
		f.Add(compound)
	}
	f.Fuzz(func(t *testing.T, compound []byte) {
		packets, err := rtcp.Unmarshal(compound)
		if err != nil {
			return
		}
		s := &sender{conn: &Conn{events: &listener{t: t}}, feedback: strict{t}}
		now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
		for _, p := range packets {
			ssrcs := append(p.DestinationSSRC(), 0)
			for _, ssrc := range ssrcs {
				s.heard(p, ssrc, now)
			}
		}
	})
}

// An offer that a browser really made is answered, and with its seats.
func TestRealOffers(t *testing.T) {
	files, err := filepath.Glob("testdata/offers/*")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no offers in testdata")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			must(t, err)
			c := newConn(t, &ear{})
			answer, err := c.Answer(t.Context(), string(text))
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(answer, "a=sendonly"); n != 2*len(c.Seats()) || n == 0 {
				t.Errorf("%d sendonly m-lines for %d seats", n, len(c.Seats()))
			}
			if _, err := c.Answer(t.Context(), "v=0"); !errors.Is(err, transport.ErrBadOffer) {
				t.Errorf("a bad offer after it: %v", err)
			}
			must(t, c.Close())
		})
	}
}

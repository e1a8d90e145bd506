package recording

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
	"go.uber.org/goleak"

	"plenum/recording/webm"
	"plenum/sfu"
	"plenum/sfu/packet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A room plays the media plane for a recorder.
type room struct {
	pool packet.Pool

	mu    sync.Mutex
	tap   sfu.Tap
	asks  []ask
	heeds []*publisher // who answer keyframe requests
}

type ask struct {
	at          time.Time
	participant string
	source      sfu.Source
	layer       int
}

func (m *room) Tap(t sfu.Tap) func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tap = t
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.tap = nil
	}
}

func (m *room) RequestKeyframe(participant string, s sfu.Source, layer int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asks = append(m.asks, ask{time.Now(), participant, s, layer})
	for _, p := range m.heeds {
		if p.stream.Participant == participant && p.stream.Source == s && p.stream.Layer == layer && p.keyAt.IsZero() {
			p.keyAt = time.Now().Add(2 * p.delay)
		}
	}
}

func (m *room) packet(s sfu.Stream, p *packet.Packet) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tap == nil {
		p.Release()
		return
	}
	m.tap.Packet(s, p)
}

func (m *room) report(s sfu.Stream, sr sfu.SenderReport) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.tap != nil {
		m.tap.Report(s, sr)
	}
}

// A clip is coded media to publish: video at 25/s, or audio in 20 ms packets.
type clip struct {
	frames [][]byte
	step   time.Duration
	rate   uint32
}

// bars returns a video whose left half gets brighter by luma 3 each second, so
// that a decoded picture tells its second, with noise in the right half. A
// keyframe comes each second.
var bars = sync.OnceValues(func() (clip, error) { return encodeBars(96) })

// bigBars is the same in a larger size.
var bigBars = sync.OnceValues(func() (clip, error) { return encodeBars(192) })

func encodeBars(size int) (clip, error) {
	luma := "lum='if(lt(X,W/2),16+3*floor(T),random(1)*255)':cb=128:cr=128"
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i",
		fmt.Sprintf("nullsrc=s=%dx%d:r=25:d=40,geq=%s", size, size*3/4, luma),
		"-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-8", "-g", "25", "-keyint_min", "25",
		"-b:v", "600k", "-auto-alt-ref", "0", "-f", "ivf", "-").Output()
	if err != nil {
		return clip{}, fmt.Errorf("ffmpeg: %w", err)
	}
	r, _, err := ivfreader.NewWith(bytes.NewReader(out))
	if err != nil {
		return clip{}, err
	}
	c := clip{step: 40 * time.Millisecond, rate: 90000}
	for {
		frame, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		c.frames = append(c.frames, frame)
	}
}

// tone returns a sound in which no two packets are alike.
var tone = sync.OnceValues(func() (clip, error) {
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=color=pink:seed=1:duration=40:amplitude=0.3",
		"-ac", "2", "-c:a", "libopus", "-b:a", "32k", "-frame_duration", "20", "-page_duration", "20000", "-f", "ogg", "-").Output()
	if err != nil {
		return clip{}, fmt.Errorf("ffmpeg: %w", err)
	}
	r, _, err := oggreader.NewWith(bytes.NewReader(out))
	if err != nil {
		return clip{}, err
	}
	c := clip{step: 20 * time.Millisecond, rate: 48000}
	for {
		page, _, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		if !bytes.HasPrefix(page, []byte("OpusTags")) {
			c.frames = append(c.frames, page)
		}
	}
})

// needs skips a test whose tools are not installed; in CI that is a failure.
func needs(tb testing.TB, tools ...string) {
	tb.Helper()
	for _, name := range tools {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			tb.Fatalf("%s is not installed: run scripts/setup-tests.sh", name)
		}
		tb.Skipf("%s is not installed", name)
	}
}

func load(tb testing.TB, c func() (clip, error)) clip {
	tb.Helper()
	needs(tb, "ffmpeg")
	got, err := c()
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// A publisher sends a clip as one stream.
type publisher struct {
	room   *room
	stream sfu.Stream
	clip   clip
	begin  time.Time
	delay  time.Duration // of the network
	offset uint32        // of the RTP clock
	seq    int64
	vp8    codecs.VP8Payloader

	sent   int       // frames of the clip, sent or skipped
	ahead  int       // frames of the clip left out for the sake of keyframes
	keyAt  time.Time // when a keyframe that was asked for comes; zero if none was
	silent bool
	stalls bool                 // while it is silent it encodes nothing: afterwards the clip goes on where it was
	drop   func(seq int64) bool // packets the network loses
	srNext time.Time
	ledger map[[32]byte]int // hash of each frame sent to its number
}

func (m *room) publish(c clip, participant string, s sfu.Source, layer int) *publisher {
	codec := sfu.VP8
	if c.rate == 48000 {
		codec = sfu.Opus
	}
	ssrc := uint32(len(participant))*1000 + uint32(len(s))*10 + uint32(layer)
	return &publisher{
		room: m, clip: c, begin: time.Now(), delay: 20 * time.Millisecond, offset: ssrc * 7919 << 12,
		seq: 65_000 + int64(layer)*100, vp8: codecs.VP8Payloader{EnablePictureID: true}, ledger: map[[32]byte]int{},
		stream: sfu.Stream{Participant: participant, Source: s, Codec: codec, ClockRate: c.rate, SSRC: ssrc, Layer: layer},
	}
}

func (p *publisher) rtp(at time.Time) uint32 {
	return p.offset + uint32(at.Sub(p.begin).Microseconds()*int64(p.clip.rate)/1e6)
}

// step sends what is due now. While silent it lets time pass without packets.
func (p *publisher) step() {
	now := time.Now()
	for made := p.begin.Add(time.Duration(p.sent) * p.clip.step); !made.Add(p.delay).After(now); {
		if !p.silent {
			p.heed(now)
			p.frame(p.clip.frames[(p.sent+p.ahead)%len(p.clip.frames)], p.rtp(made), now)
		} else if p.stalls {
			p.ahead--
		}
		p.sent++
		made = p.begin.Add(time.Duration(p.sent) * p.clip.step)
	}
	if !p.silent && !now.Before(p.srNext) {
		p.srNext = now.Add(time.Second)
		p.room.report(p.stream, sfu.SenderReport{NTP: ntp(now.Add(-p.delay)), Timestamp: p.rtp(now.Add(-p.delay)), Arrival: now})
	}
}

// heed skips to the clip's next keyframe if one was asked for.
func (p *publisher) heed(now time.Time) {
	p.room.mu.Lock()
	due := !p.keyAt.IsZero() && !now.Before(p.keyAt)
	if due {
		p.keyAt = time.Time{}
	}
	p.room.mu.Unlock()
	for due && p.clip.frames[(p.sent+p.ahead)%len(p.clip.frames)][0]&1 != 0 {
		p.ahead++
	}
}

func ntp(at time.Time) uint64 {
	d := at.Sub(time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).Add(0))
	if d == math.MaxInt64 || d < 0 {
		d = 0
	}
	return uint64(d/time.Second)<<32 | uint64(d%time.Second)<<32/uint64(time.Second)
}

func (p *publisher) frame(data []byte, ts uint32, now time.Time) {
	p.ledger[sha256.Sum256(data)] = p.sent + p.ahead
	payloads := [][]byte{data}
	if p.stream.Codec == sfu.VP8 {
		payloads = p.vp8.Payload(1100, data)
	}
	for i, payload := range payloads {
		p.seq++
		if p.drop != nil && p.drop(p.seq) {
			continue
		}
		pk := p.room.pool.Get()
		pk.Seq, pk.Timestamp, pk.SSRC, pk.Marker, pk.Arrival = p.seq, ts, p.stream.SSRC, i == len(payloads)-1, now
		pk.SetPayload(0, copy(pk.Buffer(), payload))
		p.room.packet(p.stream, pk)
	}
}

// play lets time pass while the publishers send. It runs in a synctest bubble.
func play(length time.Duration, publishers ...*publisher) {
	for end := time.Now().Add(length); time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
		for _, p := range publishers {
			p.step()
		}
	}
}

func openLibrary(tb testing.TB, dir string) *Library {
	tb.Helper()
	l, err := Open(tb.Context(), Config{Dir: dir, MinFree: 1, StopFree: 1}, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// start opens a library in dir and begins a recording in it.
func start(tb testing.TB, dir string) (*room, *Library, *Recorder) {
	tb.Helper()
	l, m := openLibrary(tb, dir), &room{}
	r, err := l.Start(tb.Context(), Info{Room: "weekly", Title: "Weekly sync", CreatorID: 7, StartedBy: "Ann"}, m, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return m, l, r
}

// stop ends a recording and checks what holds for every one.
func stop(t *testing.T, m *room, l *Library, r *Recorder) Manifest {
	t.Helper()
	return stopAs(t, StateReady, m, l, r)
}

// stopAs is stop for a recording that ends in a state, or in any if it is empty.
func stopAs(t *testing.T, state State, m *room, l *Library, r *Recorder) Manifest {
	t.Helper()
	man, err := r.Stop(context.WithoutCancel(t.Context()), "host")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := m.pool.Outstanding(); n != 0 {
		t.Errorf("%d packets kept", n)
	}
	if state != "" && man.State != state {
		t.Errorf("state is %s, want %s: %+v", man.State, state, man.Problems)
	}
	return man
}

func trackOf(t *testing.T, m Manifest, participant string, s sfu.Source) Track {
	t.Helper()
	for _, tr := range m.Tracks {
		if tr.Participant == participant && tr.Source == s {
			return tr
		}
	}
	t.Fatalf("no %s of %s in %+v", s, participant, m.Tracks)
	return Track{}
}

// recorded is one frame in a file.
type recorded struct {
	at     time.Duration
	key    bool
	number int // in the clip; -1 for silence of ours
	from   *publisher
}

// readBack lists the frames of a file by what was sent. Any other frame, and
// any delta frame without the one before, fails the test.
func readBack(t *testing.T, path string, from ...*publisher) []recorded {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, _ := f.Stat()
	r, err := webm.NewReader(f, st.Size())
	if err != nil {
		t.Fatal(err)
	}
	if !r.Finished {
		t.Errorf("%s is not finished", path)
	}
	var out []recorded
	for b := range r.Blocks() {
		data, err := r.Data(b)
		if err != nil {
			t.Fatal(err)
		}
		rec := recorded{at: b.Time, key: b.Key, number: -1}
		if !silent(data) || r.Codec != webm.Opus {
			hash := sha256.Sum256(data)
			for _, p := range from {
				if n, ok := p.ledger[hash]; ok {
					rec.number, rec.from = n, p
				}
			}
			if rec.from == nil {
				t.Fatalf("%s: the frame at %v was never sent", path, b.Time)
			}
			if n := len(out); r.Codec == webm.VP8 && !rec.key && (n == 0 || out[n-1].number != rec.number-1 || out[n-1].from != rec.from) {
				t.Fatalf("%s: frame %d at %v lacks its reference", path, rec.number, b.Time)
			}
		}
		out = append(out, rec)
	}
	return out
}

// silent reports whether data is silence of ours.
func silent(data []byte) bool {
	return bytes.Equal(data, opusSilence) ||
		slices.ContainsFunc(shortSilences, func(s struct {
			length time.Duration
			data   []byte
		},
		) bool {
			return bytes.Equal(data, s.data)
		})
}

func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, stderr.String())
	}
	return out
}

// accept has ffmpeg decode a whole file and returns its duration by ffprobe.
func accept(t *testing.T, path string) time.Duration {
	t.Helper()
	if out := tool(t, "ffmpeg", "-v", "error", "-i", path, "-f", "null", "-"); len(out) > 0 {
		t.Errorf("%s: %s", path, out)
	}
	out := tool(t, "ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path)
	s, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		t.Fatalf("%s: duration %q", path, out)
	}
	return time.Duration(s * float64(time.Second))
}

// validate has the Matroska tools look at a finished file: none may complain.
func validate(t *testing.T, path string) {
	t.Helper()
	needs(t, "mkvmerge", "mkvinfo", "mediainfo", "webm_info")
	tools := map[string][]string{
		"mkvmerge": {"-o", filepath.Join(t.TempDir(), "x.mkv"), path}, "mkvinfo": {path}, "mediainfo": {path},
		"webm_info": {"-all", "-i", path},
	}
	if filepath.Ext(path) != ".webm" {
		delete(tools, "webm_info")
	}
	for name, args := range tools {
		out, err := exec.Command(name, args...).CombinedOutput()
		bad := err != nil
		for _, word := range []string{"Warning", "Error", "(!)", "unknown size", "IsTruncated", "ConformanceErrors", "nvalid"} {
			bad = bad || bytes.Contains(out, []byte(word))
		}
		if bad {
			t.Errorf("%s %s: %v\n%s", name, path, err, out)
		}
	}
}

// second decodes the picture at a time and returns the second it shows.
func second(t *testing.T, path string, at time.Duration) int {
	t.Helper()
	out := tool(t, "ffmpeg", "-v", "error", "-ss", fmt.Sprintf("%.3f", at.Seconds()), "-i", path,
		"-frames:v", "1", "-vf", "crop=iw/3:ih:0:0,scale=1:1:flags=area,format=gray", "-f", "rawvideo", "-")
	if len(out) != 1 {
		t.Fatalf("%s at %v: %d bytes", path, at, len(out))
	}
	// Gray is the full range of what was coded as 16 to 235.
	coded := 16 + float64(out[0])*219/255
	return int(math.Round((coded - 16) / 3))
}

func near(got, want, tolerance time.Duration) bool {
	return got-want <= tolerance && want-got <= tolerance
}

func us(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

func pathOf(dir string, m Manifest, tr Track) string { return filepath.Join(dir, m.ID, tr.Path) }

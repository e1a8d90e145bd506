// Package mediatest has coded media for tests, made by real encoders and packed
// for RTP as browsers pack it: by other code than that which unpacks it.
package mediatest

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/ivfreader"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"

	"plenum/sfu"
)

// A Frame is one coded frame.
type Frame struct {
	Data     []byte // as a file should hold it
	Key      bool
	Needs    []int    // numbers of the frames a decoder must have had
	Payloads [][]byte // what RTP packets carry of it; the last has the marker
}

// A Clip is a few seconds of one stream.
type Clip struct {
	Codec         sfu.Codec
	Step          time.Duration
	Rate          uint32 // of the RTP clock, Hz
	Width, Height int
	Frames        []Frame
	index         map[[32]byte]int
}

// Number tells which frame data is, -1 if it is none of the clip's. A superframe
// whose lower layers were hidden is the picture it was made of.
func (c *Clip) Number(data []byte) int {
	if n, known := c.index[mark(c.Codec, data)]; known {
		return n
	}
	return -1
}

// Then returns a clip that goes on with another of the same codec.
func (c *Clip) Then(next *Clip) *Clip {
	both := *c
	both.Frames = slices.Clone(c.Frames)
	for _, f := range next.Frames {
		f.Needs = slices.Clone(f.Needs)
		for i := range f.Needs {
			f.Needs[i] += len(c.Frames)
		}
		both.Frames = append(both.Frames, f)
	}
	both.Width, both.Height = max(c.Width, next.Width), max(c.Height, next.Height)
	return both.indexed()
}

// indexed returns the clip ready for Number.
func (c Clip) indexed() *Clip {
	c.index = map[[32]byte]int{}
	for i, f := range c.Frames {
		c.index[mark(c.Codec, f.Data)] = i
	}
	return &c
}

// mark is a frame's hash. Of the layers below the highest of a superframe only
// the ends count: hiding changes their headers.
func mark(codec sfu.Codec, data []byte) [32]byte {
	parts := SplitVP9(data)
	if codec != sfu.VP9 || len(parts) < 2 {
		return sha256.Sum256(data)
	}
	h := sha256.New()
	for i, p := range parts {
		if i < len(parts)-1 {
			p = p[max(0, len(p)-2):]
		}
		h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}

// SplitVP9 returns the frames of a superframe (VP9 bitstream specification,
// annex B), or the one frame data is.
func SplitVP9(data []byte) [][]byte {
	last := data[len(data)-1]
	count, width := int(last&7)+1, int(last>>3&3)+1
	index := len(data) - 2 - count*width
	if last&0xE0 != 0xC0 || index < 0 || data[index] != last {
		return [][]byte{data}
	}
	sizes := data[index+1:]
	var parts [][]byte
	for i := range count {
		var size [4]byte
		copy(size[:], sizes[i*width:][:width])
		n := binary.LittleEndian.Uint32(size[:])
		parts = append(parts, data[:n])
		data = data[n:]
	}
	return parts
}

// mtu is how much a payload holds: little, so that frames take several.
const mtu = 300

// pictures is how many a clip has; one in keyEvery is a keyframe.
const (
	pictures = 100
	keyEvery = 25
)

// makers make the clips.
var makers = map[string]func() (Clip, error){
	"vp8": sync.OnceValues(func() (Clip, error) {
		return ivf(sfu.VP8, 1, packVP8, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "-8", "-auto-alt-ref", "0")
	}),
	"vp9": sync.OnceValues(func() (Clip, error) {
		return ivf(sfu.VP9, 1, packVP9(false), vp9Args...)
	}),
	"vp9 flexible": sync.OnceValues(func() (Clip, error) {
		return ivf(sfu.VP9, 1, packVP9(true), vp9Args...)
	}),
	"vp9 svc":     sync.OnceValues(func() (Clip, error) { return svc("testdata/l3t3.vp9", false) }),
	"vp9 svc key": sync.OnceValues(func() (Clip, error) { return svc("testdata/l3t3_key.vp9", true) }),
	"av1": sync.OnceValues(func() (Clip, error) {
		return ivf(sfu.AV1, 1, packAV1, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8")
	}),
	"av1 pion": sync.OnceValues(func() (Clip, error) {
		return ivf(sfu.AV1, 1, packAV1Pion, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8", "-tiles", "2x2")
	}),
	"h264":      sync.OnceValues(func() (Clip, error) { return h264(1, packH264, "1") }),
	"h264 pion": sync.OnceValues(func() (Clip, error) { return h264(1, packH264Pion, "3") }),
	"vp9 small": sync.OnceValues(func() (Clip, error) {
		return ivf(sfu.VP9, 2, packVP9(false), vp9Args...)
	}),
	"av1 small": sync.OnceValues(func() (Clip, error) {
		return ivf(sfu.AV1, 2, packAV1, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8")
	}),
	"h264 small": sync.OnceValues(func() (Clip, error) { return h264(2, packH264, "1") }),
	"opus":       sync.OnceValues(func() (Clip, error) { return opus(0) }),
	"red":        sync.OnceValues(func() (Clip, error) { return opus(1) }),
	"red 2":      sync.OnceValues(func() (Clip, error) { return opus(2) }),
}

var vp9Args = []string{"-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0"}

// Names lists the clips in the usual size; vp9, av1 and h264 are also there in
// half of it, as "vp9 small" and so on.
func Names() []string {
	return []string{
		"vp8", "vp9", "vp9 flexible", "vp9 svc", "vp9 svc key", "av1", "av1 pion", "h264", "h264 pion", "opus", "red", "red 2",
	}
}

// Load returns a clip by its name. It is made once. Without ffmpeg the test is
// skipped; in CI that is a failure.
func Load(tb testing.TB, name string) *Clip {
	tb.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		if os.Getenv("CI") != "" {
			tb.Fatal("ffmpeg is not installed: run scripts/setup-tests.sh")
		}
		tb.Skip("ffmpeg is not installed")
	}
	c, err := makers[name]()
	if err != nil {
		tb.Fatalf("make clip %q: %v", name, err)
	}
	return c.indexed()
}

// width and height are the size of pictures, divided by a clip's share.
const width, height = 192, 112

func encode(share int, args ...string) ([]byte, error) {
	source := fmt.Sprintf("testsrc2=s=%dx%d:r=25,noise=alls=12:allf=t", width/share, height/share)
	all := append([]string{"-v", "error", "-f", "lavfi", "-i", source, "-frames:v", fmt.Sprint(pictures), "-pix_fmt", "yuv420p", "-threads", "1"}, args...)
	cmd := exec.Command("ffmpeg", append(all, "-")...) //nolint:gosec,noctx // arguments of ours; it ends by itself, and outlives the test that was first
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: %w\n%s", err, stderr.Bytes())
	}
	return out, nil
}

// A packer makes a frame of what an encoder gave, and packs it. N is its number.
type packer func(n int, coded []byte, key bool) (Frame, error)

func ivf(codec sfu.Codec, share int, pack packer, args ...string) (Clip, error) {
	c := Clip{Codec: codec, Step: 40 * time.Millisecond, Rate: 90000, Width: width / share, Height: height / share}
	every := fmt.Sprint(keyEvery)
	out, err := encode(share, append(args, "-b:v", "400k", "-g", every, "-keyint_min", every, "-f", "ivf")...)
	if err != nil {
		return c, err
	}
	r, _, err := ivfreader.NewWith(bytes.NewReader(out))
	if err != nil {
		return c, err
	}
	for n := 0; ; n++ {
		coded, _, err := r.ParseNextFrame()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		f, err := pack(n, coded, n%keyEvery == 0)
		if err != nil {
			return c, err
		}
		f.Key = n%keyEvery == 0
		if !f.Key {
			f.Needs = []int{n - 1}
		}
		c.Frames = append(c.Frames, f)
	}
}

// opus makes sound in which no two packets are alike, each with the frames of
// some packets before it as redundancy.
func opus(redundant int) (Clip, error) {
	c := Clip{Codec: sfu.Opus, Step: 20 * time.Millisecond, Rate: 48000}
	if redundant > 0 {
		c.Codec = sfu.RED
	}
	cmd := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=color=pink:seed=1:duration=6:amplitude=0.3", //nolint:noctx // as above
		"-ac", "2", "-c:a", "libopus", "-b:a", "32k", "-frame_duration", "20", "-page_duration", "20000", "-f", "ogg", "-")
	out, err := cmd.Output()
	if err != nil {
		return c, fmt.Errorf("ffmpeg: %w", err)
	}
	r, _, err := oggreader.NewWith(bytes.NewReader(out))
	if err != nil {
		return c, err
	}
	for {
		page, _, err := r.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		if bytes.HasPrefix(page, []byte("OpusTags")) {
			continue
		}
		f := Frame{Data: page, Key: true, Payloads: [][]byte{page}}
		if redundant > 0 {
			f.Payloads = [][]byte{packRED(c.Frames[max(0, len(c.Frames)-redundant):], page)}
		}
		c.Frames = append(c.Frames, f)
	}
}

//go:embed testdata/*.vp9
var testdata embed.FS

package derive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"github.com/thesyncim/gopus"
	"golang.org/x/sync/errgroup"

	"plenum/recording"
	"plenum/recording/webm"
)

const (
	channels = 2
	// mixStep is the length of the mix's frames in samples: 20 ms.
	mixStep = 960
	// mixBitrate carries voices in stereo without artefacts to speak of.
	mixBitrate = 64_000
	// mixComplexity is half of what the encoder could take pains for.
	mixComplexity = 5
	// preSkip is how much later than its frame's time a decoder's sound is, in
	// samples (RFC 7845 section 4.2); the same is in our files' CodecDelay.
	preSkip = 312
	// farOff is where a frame is placed anew, in samples: 60 ms.
	farOff = 2880
	// rounding is how far off a frame's time may be, in samples: 1 ms.
	rounding = 48
	// hurry is from where on a voice is stretched more than nobody could hear.
	hurry = 480
	// longestFrame is 120 ms, the longest Opus packet.
	longestFrame = 5760
	// ceiling is what the limiter lets through.
	ceiling = 0.97
	// stretch is how many steps are decoded at once: a second.
	stretch = 50
	// restAfter is how many silent frames come until nothing is encoded.
	restAfter = 10
)

// opusSilence is a 20 ms stereo frame that decodes to nothing.
var opusSilence = []byte{0xF8, 0xFF, 0xFE}

// voices mixes all sound into one file as long as the recording.
func (e Env) voices(ctx context.Context) ([]File, error) {
	const path = "derived-voices.webm"
	if err := e.mix(ctx, path, e.Progress); err != nil {
		return nil, err
	}
	return []File{{Path: path, Derived: recording.Derived{Path: path, Title: "All voices", Type: "audio/webm; codecs=opus"}}}, nil
}

// mix writes the mix of all sound to a file in the work folder.
func (e Env) mix(ctx context.Context, path string, progress func(float64)) (err error) {
	sounds, _ := split(e.Manifest)
	streams, err := openAll(e.Dir, sounds)
	if err != nil {
		return err
	}
	defer closeAll(streams)
	out, err := e.create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	m, err := webm.NewMuxer(out, []webm.Track{{Codec: webm.Opus, Name: "All voices", Channels: channels}},
		webm.Info{Title: e.Manifest.Title, App: muxingApp, Date: e.Manifest.T0}, false)
	if err != nil {
		return err
	}
	mx, err := newMixer(streams)
	if err != nil {
		return err
	}
	steps := max(1, int(math.Ceil(length(e.Manifest).Seconds()*sampleRate/mixStep)))
	if err := e.encode(ctx, m, mx, steps, progress); err != nil {
		return err
	}
	return m.Finish([]webm.Tag{{Name: "RECORDING", Value: e.Manifest.ID}})
}

// encode writes so many steps of the mix. While one stretch is encoded, the next
// is decoded and added up.
func (e Env) encode(ctx context.Context, m *webm.Muxer, mx *mixer, steps int, progress func(float64)) error {
	g, ctx := errgroup.WithContext(ctx)
	stretches := make(chan []float32) // closed by who sums
	g.Go(func() error {
		defer close(stretches)
		var bufs [2][]float32 // one is summed while the other is encoded
		for n, turn := 0, 0; n < steps; n, turn = n+stretch, 1-turn {
			if err := e.breathe(ctx); err != nil {
				return err
			}
			pcm, err := mx.stretch(bufs[turn], min(stretch, steps-n))
			if err != nil {
				return err
			}
			bufs[turn] = pcm
			select {
			case stretches <- pcm:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	g.Go(func() error {
		n := 0
		for pcm := range stretches {
			progress(float64(n) / float64(steps))
			for step := range slices.Chunk(pcm, mixStep*channels) {
				data, err := mx.encode(step)
				if err != nil {
					return err
				}
				const length = mixStep * time.Second / sampleRate
				if err := m.Write(0, webm.Frame{Time: time.Duration(n) * length, Duration: length, Key: true, Data: data}); err != nil {
					return err
				}
				n++
			}
		}
		return nil
	})
	return g.Wait()
}

// A mixer adds up voices.
type mixer struct {
	voices  []*voice
	limit   limiter
	encoder *gopus.Encoder
	packet  []byte
	resting int // silent frames in a row
}

func newMixer(streams []*stream) (*mixer, error) {
	enc, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: sampleRate, Channels: channels, Application: gopus.ApplicationAudio})
	if err != nil {
		return nil, fmt.Errorf("make encoder: %w", err)
	}
	if err := enc.SetBitrate(mixBitrate); err != nil {
		return nil, fmt.Errorf("set bitrate: %w", err)
	}
	if err := enc.SetComplexity(mixComplexity); err != nil {
		return nil, fmt.Errorf("set complexity: %w", err)
	}
	mx := &mixer{encoder: enc, packet: make([]byte, 4000), limit: limiter{gain: 1}}
	for _, s := range streams {
		v, err := newVoice(s)
		if err != nil {
			return nil, err
		}
		mx.voices = append(mx.voices, v)
	}
	return mx, nil
}

// stretch adds up the next steps of all voices in buf. The voices are decoded
// beside each other, and added one after the other, so that the sum is always
// the same.
func (mx *mixer) stretch(buf []float32, steps int) ([]float32, error) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, v := range mx.voices {
		g.Go(func() error { return v.render(v.bed.from + int64(steps)*mixStep) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	buf = append(buf[:0], make([]float32, steps*mixStep*channels)...)
	for _, v := range mx.voices {
		v.bed.lay(buf)
	}
	return buf, nil
}

// encode returns the next frame of the mix, coded. It changes pcm.
func (mx *mixer) encode(pcm []float32) ([]byte, error) {
	if slices.ContainsFunc(pcm, func(x float32) bool { return x != 0 }) {
		mx.resting = 0
	} else if mx.resting++; mx.resting > restAfter {
		return opusSilence, nil
	}
	mx.limit.apply(pcm)
	size, err := mx.encoder.Encode(pcm, mx.packet)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	return mx.packet[:size], nil
}

// A bed is where a voice is laid out: a stretch of samples that moves along.
type bed struct {
	from    int64 // of samples[0]
	samples []float32
}

// add adds PCM at a position; what lies before the bed is left out.
func (b *bed) add(pos int64, pcm []float32) {
	if skip := b.from - pos; skip > 0 {
		if skip*channels >= int64(len(pcm)) {
			return
		}
		pcm, pos = pcm[skip*channels:], b.from
	}
	start := int(pos-b.from) * channels
	if need := start + len(pcm); need > len(b.samples) {
		b.samples = append(b.samples, make([]float32, need-len(b.samples))...)
	}
	for i, x := range pcm {
		b.samples[start+i] += x
	}
}

// lay adds the next samples to out, which says how many, and moves along.
func (b *bed) lay(out []float32) {
	n := min(len(b.samples), len(out))
	for i, x := range b.samples[:n] {
		out[i] += x
	}
	b.samples = b.samples[:copy(b.samples, b.samples[n:])]
	b.from += int64(len(out) / channels)
}

// A limiter keeps the sum of loud voices from clipping.
type limiter struct{ gain float32 }

// apply lowers what is too loud, at once, and comes back slowly.
func (l *limiter) apply(pcm []float32) {
	var peak float32
	for _, x := range pcm {
		peak = max(peak, x, -x)
	}
	target := float32(1)
	if peak > ceiling {
		target = ceiling / peak
	}
	if target > l.gain {
		target = min(target, l.gain+0.02) // 1 s from silence to full
	}
	from := min(l.gain, target) // down at once, up along the frame
	for i := range pcm {
		g := from + (target-from)*float32(i)/float32(len(pcm))
		pcm[i] *= g
	}
	l.gain = target
}

// A voice is one track on its way into the mix.
type voice struct {
	*stream
	dec   *gopus.Decoder
	bed   bed
	pos   int64 // where its next sample goes, in samples of the recording
	begun bool
	quiet int // silent frames in a row
	pcm   []float32
	fit   []float32
}

func newVoice(s *stream) (*voice, error) {
	dec, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(sampleRate, channels))
	if err != nil {
		return nil, fmt.Errorf("make decoder: %w", err)
	}
	return &voice{stream: s, dec: dec, pcm: make([]float32, longestFrame*channels)}, nil
}

// render decodes up to a sample and lays it out.
func (v *voice) render(to int64) error {
	for v.ok && (!v.begun || v.pos < to) {
		target := int64(v.at())*sampleRate/int64(time.Second) - preSkip
		if target >= to && (!v.begun || target-v.pos > farOff) {
			return nil // it comes behind a gap, which may be longer than this
		}
		data, err := v.data()
		if err != nil {
			return err
		}
		v.next()
		pcm, err := v.decode(data)
		if err != nil {
			continue // a damaged frame is a short silence
		}
		v.place(target, pcm)
	}
	return nil
}

// decode returns a frame's samples. Silence of ours is not decoded once the
// decoder has come to rest.
func (v *voice) decode(data []byte) ([]float32, error) {
	if bytes.Equal(data, opusSilence) {
		if v.quiet++; v.quiet > restAfter {
			clear(v.pcm[:mixStep*channels])
			return v.pcm[:mixStep*channels], nil
		}
	} else {
		v.quiet = 0
	}
	n, err := v.dec.Decode(data, v.pcm)
	return v.pcm[:n*channels], err
}

// place adds a frame where it belongs. Frames follow each other without a seam:
// the sender's clock, and times in whole milliseconds, are made up for by
// stretching a little; only what is far off is placed anew.
func (v *voice) place(target int64, pcm []float32) {
	n := int64(len(pcm) / channels)
	off := target - v.pos
	if !v.begun || off > farOff {
		v.begun, v.pos, off = true, target, 0
	}
	if off < -farOff {
		return // its place is taken
	}
	stretch := int64(0)
	switch { // a sample a frame keeps up with a clock that is 1000 ppm off
	case off > hurry || off < -hurry:
		stretch = min(max(off/16, -n/200), n/200)
	case off > rounding:
		stretch = 1
	case off < -rounding:
		stretch = -1
	}
	if stretch != 0 {
		v.fit = resample(v.fit[:0], pcm, int(n+stretch))
		pcm = v.fit
	}
	v.bed.add(v.pos, pcm)
	v.pos += n + stretch
}

// resample appends pcm stretched or squeezed to n samples.
func resample(out, pcm []float32, n int) []float32 {
	have := len(pcm) / channels
	for i := range n {
		x := float64(i) * float64(have) / float64(n)
		at := int(x)
		frac := float32(x - float64(at))
		after := min(at+1, have-1)
		for c := range channels {
			a, b := pcm[at*channels+c], pcm[after*channels+c]
			out = append(out, a+(b-a)*frac)
		}
	}
	return out
}

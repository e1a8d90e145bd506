package derive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/thesyncim/gopus"

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
	steps := int64(math.Ceil(length(e.Manifest).Seconds() * sampleRate / mixStep))
	for n := range max(steps, 1) {
		if n%50 == 0 {
			progress(float64(n) / float64(max(steps, 1)))
			if err := e.breathe(ctx); err != nil {
				return err
			}
		}
		data, err := mx.frame(n)
		if err != nil {
			return err
		}
		const length = mixStep * time.Second / sampleRate
		if err := m.Write(0, webm.Frame{Time: time.Duration(n) * length, Duration: length, Key: true, Data: data}); err != nil {
			return err
		}
	}
	return m.Finish([]webm.Tag{{Name: "RECORDING", Value: e.Manifest.ID}})
}

// A mixer adds up voices.
type mixer struct {
	voices  []*voice
	sum     bed
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

// frame returns the n-th frame of the mix, coded.
func (mx *mixer) frame(n int64) ([]byte, error) {
	to := (n + 1) * mixStep
	for _, v := range mx.voices {
		if err := v.render(to, &mx.sum); err != nil {
			return nil, err
		}
	}
	pcm := mx.sum.take(mixStep)
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

// A bed is where voices are laid over each other: a stretch of samples that
// moves along.
type bed struct {
	from    int64 // of samples[0]
	samples []float32
	out     []float32
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

// take returns the next n samples. They are valid until the next call.
func (b *bed) take(n int) []float32 {
	b.out = append(b.out[:0], b.samples[:min(len(b.samples), n*channels)]...)
	b.out = append(b.out, make([]float32, n*channels-len(b.out))...)
	rest := copy(b.samples, b.samples[min(len(b.samples), n*channels):])
	b.samples = b.samples[:rest]
	b.from += int64(n)
	return b.out
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

// render decodes up to a sample and adds it to the sum.
func (v *voice) render(to int64, sum *bed) error {
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
		v.place(target, pcm, sum)
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
func (v *voice) place(target int64, pcm []float32, sum *bed) {
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
	sum.add(v.pos, pcm)
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

package load

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"plenum/signaling/protocol"
)

// The rhythm of a microphone, and of what belongs to no frame.
const (
	soundEvery   = 20 * time.Millisecond
	silenceEvery = 400 * time.Millisecond // Opus DTX while nobody speaks
	reportEvery  = time.Second            // RTCP sender reports
	speechLevel  = 0x80 | 26              // RFC 6464: voice, at the nominal level of speech
	noiseLevel   = 90                     // no voice
)

// A publisher paces what one participant sends: sound in the rhythm of a
// microphone, all encodings of a picture at once in that of a camera.
type publisher struct {
	pc       *webrtc.PeerConnection
	clock    clock
	sound    *outlet
	pictures []*outlet // smallest first
	size     []int     // bytes of a frame, by layer
	fps      int
	speaking func(at time.Duration) bool // nil: never

	wide    uint16 // transport-wide number of the last packet
	frame   uint16
	mute    int // sound frames until the next comfort packet
	buffer  [maxPayload + 64]byte
	reports []rtcp.Packet

	mu  sync.Mutex // guards lag
	lag histogram  // how late packets were sent
}

// The pictures of the encodings, quarter, half and full of 720p.
var pictureSizes = [3][2]uint16{{320, 180}, {640, 360}, {1280, 720}}

func newPublisher(e *connection, cfg Config, speaking func(time.Duration) bool) (*publisher, error) {
	p := &publisher{pc: e.pc, clock: e.media.clock, fps: cfg.FPS, speaking: speaking}
	for _, o := range e.outlets {
		if err := o.begin(); err != nil {
			return nil, err
		}
		if o.source == protocol.Microphone {
			p.sound = o
			continue
		}
		p.pictures = append(p.pictures, o)
		p.size = append(p.size, cfg.Bitrates[o.layer]*1000/8/cfg.FPS)
	}
	return p, nil
}

// run sends until ctx ends.
func (p *publisher) run(ctx context.Context) {
	began := p.clock.now() + rand.N(soundEvery)                   //nolint:gosec // phases, not secrets
	nextFrame := began + rand.N(time.Second/time.Duration(p.fps)) //nolint:gosec // the same
	nextSound, nextReport := began, began
	if p.sound == nil {
		nextSound = never
	}
	if len(p.pictures) == 0 {
		nextFrame = never
	}
	first := nextFrame
	timer := time.NewTimer(0)
	defer timer.Stop()
	for n := int64(0); ; {
		next := min(nextSound, nextFrame, nextReport)
		timer.Reset(next - p.clock.now())
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		p.late(next)
		switch next {
		case nextSound:
			nextSound += p.sendSound(nextSound - began)
		case nextFrame:
			p.sendFrame(uint32(n * 90000 / int64(p.fps)))
			n++
			nextFrame = first + time.Duration(n)*time.Second/time.Duration(p.fps)
		default:
			p.report(nextReport-began, nextReport-first)
			nextReport += reportEvery
		}
	}
}

const never = time.Duration(1<<63 - 1)

func (p *publisher) late(due time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lag.add(p.clock.now() - due)
}

// sendSound sends one frame of sound, or of silence now and then, and returns
// when to come back.
func (p *publisher) sendSound(at time.Duration) time.Duration {
	speaking := p.speaking != nil && p.speaking(p.clock.now())
	switch {
	case speaking:
		p.mute = 0
	case p.mute > 0:
		p.mute--
		return soundEvery
	default:
		p.mute = int(silenceEvery/soundEvery) - 1
	}
	p.sound.level[0] = noiseLevel
	if speaking {
		p.sound.level[0] = speechLevel
	}
	p.wide++
	timestamp := uint32(at / soundEvery * 960)
	p.sound.write(timestamp, false, sound(p.buffer[:], speaking, p.clock.now()), p.wide)
	if p.speaking == nil { // it stays silent
		p.mute = 0
		return silenceEvery
	}
	return soundEvery
}

// sendFrame sends one picture in all its encodings.
func (p *publisher) sendFrame(timestamp uint32) {
	p.frame++
	for i, o := range p.pictures {
		if o.idle.Load() {
			continue
		}
		pic := picture{
			id: p.frame & 0x7FFF, tl0: uint8(p.frame), key: o.keyWanted.Swap(false),
			width: pictureSizes[i][0], height: pictureSizes[i][1], size: p.size[i],
		}
		if len(p.pictures) == 1 {
			pic.width, pic.height = pictureSizes[1][0], pictureSizes[1][1]
		}
		if pic.key {
			pic.size *= keyFrameSize
		}
		last := pic.packets() - 1
		for n := range last + 1 {
			p.wide++
			o.write(timestamp, n == last, pic.payload(p.buffer[:], n, p.clock.now()), p.wide)
		}
	}
}

// report sends a sender report for every stream.
func (p *publisher) report(sounding, filming time.Duration) {
	p.reports = p.reports[:0]
	now := time.Now()
	if p.sound != nil && p.sound.sent.Load() > 0 {
		p.reports = append(p.reports, p.sound.report(now, uint32(sounding*48000/time.Second)))
	}
	for _, o := range p.pictures {
		if o.sent.Load() > 0 {
			p.reports = append(p.reports, o.report(now, uint32(filming*90000/time.Second)))
		}
	}
	if len(p.reports) > 0 {
		_ = p.pc.WriteRTCP(p.reports) // a connection that closes refuses it
	}
}

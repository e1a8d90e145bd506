package derive

import (
	"context"
	"encoding/json"
	"math"
	"time"

	"plenum/recording"
)

// peakStep is what one peak stands for.
const peakStep = 100 * time.Millisecond

// trackPeaks is the waveform of one track in peaks.json.
type trackPeaks struct {
	Participant string `json:"participant"`
	Source      string `json:"source"`
	Path        string `json:"path"`
	StartUS     int64  `json:"start_us"`
	StepUS      int64  `json:"step_us"`
	Peaks       []int  `json:"peaks"` // the loudest sample of each step, 0 to 255
}

// peaks draws the waveform of every sound.
func (e Env) peaks(ctx context.Context) ([]File, error) {
	sounds, _ := split(e.Manifest)
	all := []trackPeaks{}
	for i, t := range sounds {
		p, err := e.trackPeaks(ctx, t, func(done float64) {
			e.Progress((float64(i) + done) / float64(len(sounds)))
		})
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	text, err := json.Marshal(map[string]any{"version": 1, "tracks": all})
	if err != nil {
		return nil, err
	}
	f, err := e.write("derived-peaks.json", string(text)+"\n", "application/json", "Waveforms")
	return []File{f}, err
}

func (e Env) trackPeaks(ctx context.Context, t recording.Track, progress func(float64)) (trackPeaks, error) {
	p := trackPeaks{
		Participant: t.Participant, Source: string(t.Source), Path: t.Path, StartUS: t.StartUS,
		StepUS: peakStep.Microseconds(), Peaks: []int{},
	}
	s, err := openStream(e.Dir, t)
	if err != nil {
		return p, err
	}
	defer s.close()
	v, err := newVoice(s)
	if err != nil {
		return p, err
	}
	for n := 0; s.ok; n++ {
		if n%500 == 0 {
			progress(s.block.Time.Seconds() / max(us(t.DurationUS).Seconds(), 1))
			if err := e.breathe(ctx); err != nil {
				return p, err
			}
		}
		data, err := s.data()
		if err != nil {
			return p, err
		}
		at := s.block.Time
		s.next()
		pcm, err := v.decode(data)
		if err != nil {
			continue // a damaged frame
		}
		var peak float32
		for _, x := range pcm {
			peak = max(peak, x, -x)
		}
		step := int(at / peakStep)
		for len(p.Peaks) <= step {
			p.Peaks = append(p.Peaks, 0)
		}
		p.Peaks[step] = max(p.Peaks[step], int(math.Round(min(float64(peak), 1)*255)))
	}
	return p, nil
}

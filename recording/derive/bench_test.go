package derive

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"
)

// BenchmarkVoices mixes nine voices; it tells how many times faster than they
// were said.
func BenchmarkVoices(b *testing.B) {
	const seconds = 60
	s := newStudio(b, seconds)
	for i := range 9 {
		id := fmt.Sprintf("p%d", i+1)
		s.person(id, id, 0, seconds)
		s.voice(id, 300+100*i, 0, seconds)
	}
	e := s.env()
	before := cpu()
	for b.Loop() {
		if _, err := Make(b.Context(), Voices, Options{}, e); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(seconds*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
	b.ReportMetric(seconds*float64(b.N)/(cpu()-before).Seconds(), "x-realtime/core")
}

// cpu is how long this process has been computing.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkComposite makes the picture of nine people with their sound.
func BenchmarkComposite(b *testing.B) {
	const seconds = 30
	for _, format := range []string{"webm", "mp4"} {
		b.Run(format, func(b *testing.B) {
			s := newStudio(b, seconds)
			for i := range 9 {
				id := fmt.Sprintf("p%d", i+1)
				s.person(id, id, 0, seconds)
				s.camera(id, 0, seconds)
				s.voice(id, 300+100*i, 0, seconds)
			}
			n := 0
			for b.Loop() {
				e := s.env()
				e.Work = fmt.Sprintf("%s/.work-%d", s.dir, n)
				n++
				if err := os.Mkdir(e.Work, 0o700); err != nil {
					b.Fatal(err)
				}
				if _, err := Make(b.Context(), Composite, Options{Format: format}, e); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(seconds*float64(b.N)/b.Elapsed().Seconds(), "x-realtime")
		})
	}
}

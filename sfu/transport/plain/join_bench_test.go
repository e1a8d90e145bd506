package plain

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/pion/webrtc/v4"

	"plenum/sfu/codec"
)

// joinOffer is the offer of a page with four sources and some seats.
func joinOffer(b *testing.B, seats int, video []codec.Kind) string {
	b.Helper()
	media, err := mediaEngine(video)
	if err != nil {
		b.Fatal(err)
	}
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(media)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = pc.Close() }()
	audio, picture := webrtc.RTPCodecTypeAudio, webrtc.RTPCodecTypeVideo
	add := func(kind webrtc.RTPCodecType, direction webrtc.RTPTransceiverDirection) {
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: direction}); err != nil {
			b.Fatal(err)
		}
	}
	for _, kind := range []webrtc.RTPCodecType{audio, picture, picture, audio} {
		add(kind, webrtc.RTPTransceiverDirectionSendonly)
	}
	for range seats {
		add(audio, webrtc.RTPTransceiverDirectionRecvonly)
		add(picture, webrtc.RTPTransceiverDirectionRecvonly)
	}
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		b.Fatal(err)
	}
	return offer.SDP
}

// BenchmarkAnswer measures what a join costs in SDP, by seats and by how many
// formats of pictures the page offers and the server agrees on.
func BenchmarkAnswer(b *testing.B) {
	all := []codec.Kind{codec.VP8Video, codec.H264Video, codec.VP9Video, codec.AV1Video}
	for _, seats := range []int{9, 49} {
		for _, tt := range []struct{ offered, agreed []codec.Kind }{{all[:1], all[:1]}, {all, all[:1]}, {all, all}} {
			b.Run(fmt.Sprintf("seats=%d/offered=%d/agreed=%d", seats, len(tt.offered), len(tt.agreed)), func(b *testing.B) {
				text := joinOffer(b, seats, tt.offered)
				f := newTestFactory(b, tt.agreed...)
				b.ReportAllocs()
				answer := ""
				for b.Loop() {
					c, err := f.New(&ear{}, slog.New(slog.DiscardHandler))
					if err != nil {
						b.Fatal(err)
					}
					if answer, err = c.Answer(context.WithoutCancel(b.Context()), text); err != nil {
						b.Fatal(err)
					}
					_ = c.Close()
				}
				b.ReportMetric(float64(len(text)), "offer-bytes")
				b.ReportMetric(float64(len(answer)), "answer-bytes")
			})
		}
	}
}

package sfu

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"plenum/sfu/bandwidth"
	"plenum/sfu/codec"
	"plenum/sfu/packet"
	"plenum/sfu/transport"
)

// nowhere is a transport that swallows what it is given.
type nowhere struct {
	events transport.Events
	seats  []transport.Seat
}

type sink struct{}

func (sink) Listen(transport.Feedback)           {}
func (sink) Codecs() codec.Set                   { return ^codec.Set(0) }
func (sink) Write(transport.Header, []byte)      {}
func (sink) Resend(transport.Header, []byte) int { return 0 }
func (sink) Pad(transport.Header, int)           {}
func (sink) Report(uint64, uint32)               {}

func (n *nowhere) Answer(context.Context, string) (string, error) { return "", nil }
func (n *nowhere) Seats() []transport.Seat                        { return n.seats }
func (n *nowhere) Sends(string) codec.Set                         { return ^codec.Set(0) }
func (n *nowhere) Numbered() bool                                 { return true }
func (n *nowhere) AskKeyframe(uint32)                             {}
func (n *nowhere) Nack(uint32, []int64)                           {}
func (n *nowhere) ReceiverReport([]transport.Block)               {}
func (n *nowhere) Close() error                                   { return nil }

type nowheres struct{ seats int }

func (f nowheres) New(ev transport.Events, _ *slog.Logger) (transport.Conn, error) {
	n := &nowhere{events: ev}
	for range f.seats {
		n.seats = append(n.seats, transport.Seat{Audio: sink{}, Video: sink{}})
	}
	return n, nil
}

type deaf struct{}

func (deaf) SeatsChanged(string, int64, []SeatRow) {}
func (deaf) LayersWanted(string, Source, int)      {}
func (deaf) CodecWanted(string, Source, Codec)     {}
func (deaf) FloorChanged([]string)                 {}
func (deaf) LinkChanged(string, LinkState)         {}

// crowd fills a room with n participants who watch the first few, all up.
func crowd(b *testing.B, n, watched, seats int) (*Room, []*Participant) {
	b.Helper()
	s := &SFU{cfg: Config{}.withDefaults(), log: slog.New(slog.DiscardHandler), media: media{conns: nowheres{seats}}, pool: &packet.Pool{}, turns: newTurns(), rooms: map[*Room]struct{}{}}
	r := s.NewRoom("bench", deaf{})
	b.Cleanup(r.Close)
	var view []Tile
	for i := range watched {
		view = append(view, Tile{Participant: fmt.Sprint(i + 1), Source: Camera, Height: 180})
	}
	var all []*Participant
	for i := range n {
		p, _, err := r.Join(b.Context(), Entry{ID: fmt.Sprint(i + 1), Number: uint32(i + 1), View: view, Sources: map[string]Source{"1": Camera}})
		if err != nil {
			b.Fatal(err)
		}
		p.StateChanged(transport.Up)
		all = append(all, p)
	}
	return r, all
}

// BenchmarkFanOut measures our own part of forwarding one 1200-byte VP8
// packet to every subscriber: everything but SRTP and the socket.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{50, 200} {
		b.Run(fmt.Sprint("subscribers=", n), func(b *testing.B) {
			r, all := crowd(b, n+1, 1, 1)
			p := all[0]
			p.SetSource(Camera, true, false)
			in := p.Incoming(transport.Track{Mid: "1", SSRC: 1, Mime: "video/VP8", ClockRate: 90000})
			payload := append(vp8(true, [2]uint16{320, 180}, 1), make([]byte, 1180)...)
			at := time.Now()
			send := func(seq uint16) {
				at = at.Add(time.Millisecond) // as fast as nobody is policed for
				pkt := r.sfu.pool.Get()
				copy(pkt.Buffer(), payload)
				pkt.SetPayload(0, 1200)
				pkt.Timestamp, pkt.Arrival = uint32(seq)*3000, at
				in.Packet(pkt, seq)
				in.Flush(nil)
			}
			send(1)
			r.plan(time.Now())
			send(2)
			seq := uint16(2)
			before := r.sfu.Stats().Forwarded
			b.ReportAllocs()
			for b.Loop() {
				seq++
				send(seq)
			}
			delivered := r.sfu.Stats().Forwarded - before
			if delivered < uint64(b.N*n)*9/10 {
				b.Fatalf("%d of %d deliveries", delivered, b.N*n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(delivered), "ns/delivery")
		})
	}
}

// BenchmarkPlan measures one plan of a room whose members watch nine of 25
// publishers: with everybody to be seated anew, as when somebody else speaks
// up, and with nothing changed since the last, as on most ticks. The links of
// all carry plenty.
func BenchmarkPlan(b *testing.B) {
	for _, n := range []int{50, 200, 500} {
		r, all := crowd(b, n, 9, 9)
		end := time.Now().Add(time.Hour) // of what lives
		for _, p := range all {
			p.down.est = bandwidth.New(bandwidth.Config{Start: 20_000_000})
		}
		for _, p := range all[:25] {
			p.SetSource(Camera, true, false)
			p.SetSource(Microphone, true, false)
			for n := range maxLayers {
				t := transport.Track{Mid: "1", Layer: n, SSRC: uint32(n + 1), Mime: "video/VP8", ClockRate: 90000}
				in, _ := p.Incoming(t).(*layer)
				key := r.sfu.pool.Get()
				key.SetPayload(0, copy(key.Buffer(), vp8(true, [2]uint16{320 << n, 180 << n}, 1)))
				key.Arrival = end
				in.Packet(key, 1)
				in.Flush(nil)
			}
		}
		r.stop()
		<-r.done
		settled := func() { // nobody waits for a keyframe
			for r.plan(time.Now()); len(r.plans.starts) > 0; {
				r.plan(time.Now())
			}
		}
		settled()
		for name, change := range map[string]func(){"everything": r.changed, "nothing": func() {}} {
			b.Run(fmt.Sprintf("participants=%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					change()
					r.plan(time.Now())
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/participant")
			})
		}
	}
}

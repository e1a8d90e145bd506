package srtp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

// starts are the numbers every wraparound test begins at.
var starts = []uint16{0, 1, 32767, 32768, 65530, 65535}

func master(keyLen int) Master {
	m := Master{Key: make([]byte, keyLen), Salt: make([]byte, SaltLen)}
	r := rand.NewChaCha8([32]byte{1, byte(keyLen)})
	_, _ = r.Read(m.Key)
	_, _ = r.Read(m.Salt)
	return m
}

// theirs is Pion's context for the same keys.
func theirs(t *testing.T, m Master) *srtp.Context {
	t.Helper()
	profile := srtp.ProtectionProfileAeadAes128Gcm
	if len(m.Key) == 32 {
		profile = srtp.ProtectionProfileAeadAes256Gcm
	}
	c, err := srtp.CreateContext(m.Key, m.Salt, profile)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ours(t *testing.T, m Master) (*Outbound, *Inbound) {
	t.Helper()
	out, err := NewOutbound(m)
	if err != nil {
		t.Fatal(err)
	}
	in, err := NewInbound(m, 4)
	if err != nil {
		t.Fatal(err)
	}
	return out, in
}

// packetOf makes a packet whose header is of every length.
func packetOf(seq uint16, n int) *rtp.Packet {
	p := &rtp.Packet{Header: rtp.Header{
		Version: 2, Marker: n%2 == 0, PayloadType: 96, SequenceNumber: seq, Timestamp: uint32(n) * 3000, SSRC: 0xCAFE,
	}, Payload: bytes.Repeat([]byte{byte(n), byte(n >> 8)}, n%300)}
	for i := range n % 4 {
		p.CSRC = append(p.CSRC, uint32(i))
	}
	if n%3 > 0 {
		_ = p.SetExtension(5, []byte{byte(n), byte(n >> 8)})
	}
	return p
}

func marshal(t *testing.T, p *rtp.Packet) []byte {
	t.Helper()
	raw, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// What we seal over more than two rollovers, Pion opens, and the other way.
func TestAgreesWithPionOverRollovers(t *testing.T) {
	const packets = 2<<16 + 5000
	for _, keyLen := range []int{16, 32} {
		for _, start := range starts {
			t.Run(fmt.Sprintf("%d bits from %d", keyLen*8, start), func(t *testing.T) {
				m := master(keyLen)
				out, in := ours(t, m)
				opens, seals := theirs(t, m), theirs(t, m)
				stream, from := out.Stream(0xCAFE), &Source{}
				for n := range packets {
					if n%23 != 0 && n > 200 { // loss: a rollover must be told by any packet
						continue
					}
					p := packetOf(start+uint16(n), n)
					raw := marshal(t, p)
					h, err := HeaderLen(raw)
					if err != nil {
						t.Fatal(err)
					}
					sealed, err := stream.Seal(nil, bytes.Clone(raw[:h]), raw[h:])
					if err != nil {
						t.Fatalf("seal %d: %v", n, err)
					}
					plain, err := opens.DecryptRTP(nil, sealed, nil)
					if err != nil || !bytes.Equal(plain, raw) {
						t.Fatalf("Pion can't open our packet %d: %v", n, err)
					}
					theirSealed, err := seals.EncryptRTP(nil, raw, nil)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(theirSealed, sealed) {
						t.Fatalf("packet %d is sealed in another way", n)
					}
					got, err := in.Open(from, theirSealed)
					if err != nil || !bytes.Equal(theirSealed[:got], raw) {
						t.Fatalf("we can't open Pion's packet %d: %v", n, err)
					}
				}
			})
		}
	}
}

// Packets come late, twice and never, over two rollovers, and every one that
// may be opened is, once.
func TestReorderLossAndReplay(t *testing.T) {
	for _, start := range starts {
		m := master(16)
		out, in := ours(t, m)
		stream, from := out.Stream(1), &Source{}
		random := rand.New(rand.NewPCG(7, uint64(start)))
		var held [][]byte
		opened, sealed, again := 0, 0, 0
		deliver := func(packet []byte) {
			if _, err := in.Open(from, bytes.Clone(packet)); err != nil {
				t.Fatalf("start %d: packet %d: %v", start, sealed, err)
			}
			opened++
			if _, err := in.Open(from, bytes.Clone(packet)); !errors.Is(err, ErrReplayed) {
				t.Fatalf("start %d: a replayed packet gave %v", start, err)
			}
			again++
		}
		for n := range 2<<16 + 3000 {
			p, err := stream.Seal(nil, header(start+uint16(n)), []byte{byte(n)})
			if err != nil {
				t.Fatal(err)
			}
			sealed++
			switch k := random.IntN(20); {
			case n == 0:
				deliver(p)
			case k == 0: // lost
			case k < 4:
				held = append(held, p)
			default:
				deliver(p)
			}
			if len(held) > 60 { // at most a few hundred late
				random.Shuffle(len(held), func(i, j int) { held[i], held[j] = held[j], held[i] })
				for _, late := range held {
					deliver(late)
				}
				held = held[:0]
			}
		}
		if opened < sealed*9/10 || again != opened {
			t.Errorf("start %d: %d of %d opened", start, opened, sealed)
		}
	}
}

func header(seq uint16) []byte {
	h := make([]byte, 12)
	h[0], h[1] = 0x80, 96
	binary.BigEndian.PutUint16(h[2:], seq)
	return h
}

// No index is sealed twice under one key, whatever the caller asks.
func TestNoIndexIsSealedTwice(t *testing.T) {
	for _, start := range starts {
		out, _ := ours(t, master(16))
		random := rand.New(rand.NewPCG(9, uint64(start)))
		nonces := map[[SaltLen]byte]bool{}
		seq := start
		refused := 0
		for range 300_000 {
			switch random.IntN(10) {
			case 0:
				seq -= uint16(random.IntN(1500))
			case 1:
				seq += uint16(random.IntN(3000))
			default:
				seq++
			}
			s := out.Stream(5) // asking again gives the same owner
			if _, err := s.Seal(nil, header(seq), []byte("x")); err != nil {
				refused++
				continue
			}
			if nonces[s.nonce] {
				t.Fatalf("start %d: nonce used twice at %d", start, seq)
			}
			nonces[s.nonce] = true
		}
		if refused == 0 || len(nonces) < 100_000 {
			t.Errorf("start %d: %d sealed, %d refused", start, len(nonces), refused)
		}
	}
}

func TestConcurrentSealsOfOneNumber(t *testing.T) {
	out, _ := ours(t, master(16))
	var wg sync.WaitGroup
	var mu sync.Mutex
	sealed := 0
	for range 8 {
		wg.Go(func() {
			for seq := range uint16(500) {
				if _, err := out.Stream(5).Seal(nil, header(seq), []byte("x")); err == nil {
					mu.Lock()
					sealed++
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	if sealed != 500 {
		t.Errorf("%d seals of 500 numbers", sealed)
	}
}

func TestRTCPAgreesWithPion(t *testing.T) {
	for _, keyLen := range []int{16, 32} {
		m := master(keyLen)
		out, in := ours(t, m)
		opens, seals := theirs(t, m), theirs(t, m)
		for n := range 300 {
			raw, err := rtcp.Marshal([]rtcp.Packet{
				&rtcp.SenderReport{SSRC: uint32(n%3 + 1), PacketCount: uint32(n)},
				&rtcp.PictureLossIndication{MediaSSRC: uint32(n)},
			})
			if err != nil {
				t.Fatal(err)
			}
			sealed, err := out.SealRTCP(nil, raw)
			if err != nil {
				t.Fatal(err)
			}
			if plain, err := opens.DecryptRTCP(nil, sealed, nil); err != nil || !bytes.Equal(plain, raw) {
				t.Fatalf("Pion can't open our packet %d: %v", n, err)
			}
			p, err := seals.EncryptRTCP(nil, raw, nil)
			if err != nil {
				t.Fatal(err)
			}
			twice := bytes.Clone(p)
			got, err := in.OpenRTCP(p)
			if err != nil || !bytes.Equal(p[:got], raw) {
				t.Fatalf("we can't open Pion's packet %d: %v", n, err)
			}
			if _, err := in.OpenRTCP(twice); !errors.Is(err, ErrReplayed) {
				t.Fatalf("a replayed packet gave %v", err)
			}
		}
	}
}

// A forged packet changes nothing: the real one still opens.
func TestForgeriesChangeNothing(t *testing.T) {
	out, in := ours(t, master(16))
	stream, from := out.Stream(1), &Source{}
	for n := range 100 {
		p, err := stream.Seal(nil, header(uint16(65500+n)), []byte("hello"))
		if err != nil {
			t.Fatal(err)
		}
		for _, bit := range []int{1, 2, 3, 9, 12, len(p) - 1} {
			if n == 0 && bit < 4 {
				continue // before the first packet any number will do
			}
			forged := bytes.Clone(p)
			forged[bit] ^= 1
			if _, err := in.Open(from, forged); err == nil {
				t.Fatalf("packet %d with byte %d changed was opened", n, bit)
			}
		}
		if _, err := in.Open(from, p); err != nil {
			t.Fatalf("packet %d: %v", n, err)
		}
	}
}

func TestShortPacketsAreRefused(t *testing.T) {
	out, in := ours(t, master(16))
	p, err := out.Stream(1).Seal(nil, packetHeader(t), []byte("hello"))
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(p) {
		if _, err := in.Open(&Source{}, bytes.Clone(p[:n])); err == nil {
			t.Errorf("%d of %d bytes were opened", n, len(p))
		}
		if _, err := in.OpenRTCP(bytes.Clone(p[:n])); err == nil {
			t.Errorf("%d bytes passed for RTCP", n)
		}
	}
	if _, err := out.Stream(1).Seal(nil, make([]byte, 11), nil); err == nil {
		t.Error("a header of 11 bytes was sealed")
	}
	if _, err := out.SealRTCP(nil, make([]byte, 7)); err == nil {
		t.Error("RTCP of 7 bytes was sealed")
	}
}

func packetHeader(t *testing.T) []byte {
	t.Helper()
	raw := marshal(t, packetOf(1, 7))
	n, err := HeaderLen(raw)
	if err != nil {
		t.Fatal(err)
	}
	return raw[:n]
}

// Nobody may make us remember more RTCP senders than agreed.
func TestRTCPSendersAreBounded(t *testing.T) {
	out, in := ours(t, master(16))
	opened := 0
	for ssrc := range uint32(10) {
		raw, err := rtcp.Marshal([]rtcp.Packet{&rtcp.ReceiverReport{SSRC: ssrc}})
		if err != nil {
			t.Fatal(err)
		}
		p, err := out.SealRTCP(nil, raw)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.OpenRTCP(p); err == nil {
			opened++
		}
	}
	if opened != 4 {
		t.Errorf("%d senders, want 4", opened)
	}
}

func TestKeysMustFit(t *testing.T) {
	for _, m := range []Master{
		{}, {Key: make([]byte, 16)}, {Key: make([]byte, 24), Salt: make([]byte, 12)}, {Key: make([]byte, 16), Salt: make([]byte, 14)},
	} {
		if _, err := NewOutbound(m); err == nil {
			t.Errorf("keys of %d and %d bytes were taken", len(m.Key), len(m.Salt))
		}
		if _, err := NewInbound(m, 1); err == nil {
			t.Errorf("keys of %d and %d bytes were taken", len(m.Key), len(m.Salt))
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	out, in := ours(t, master(16))
	stream, from := out.Stream(1), &Source{}
	buf, h, payload := make([]byte, 0, 1500), header(0), make([]byte, 1200)
	seq := uint16(0)
	if got := testing.AllocsPerRun(1000, func() {
		seq++
		binary.BigEndian.PutUint16(h[2:], seq)
		p, err := stream.Seal(buf[:0], h, payload)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := in.Open(from, p); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("%v allocations per packet, want 0", got)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte{0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3})
	f.Add([]byte{0x9f, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xBE, 0xDE, 0xFF, 0xFF})
	in, err := NewInbound(master(16), 4)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := in.Open(&Source{}, bytes.Clone(b)); err == nil {
			t.Error("noise was opened")
		}
		if _, err := in.OpenRTCP(bytes.Clone(b)); err == nil {
			t.Error("noise was opened as RTCP")
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	out, err := NewOutbound(master(16))
	if err != nil {
		b.Fatal(err)
	}
	stream, buf, h, payload := out.Stream(1), make([]byte, 0, 1500), header(0), make([]byte, 1200)
	seq := uint16(0)
	b.ReportAllocs()
	for b.Loop() {
		seq++
		binary.BigEndian.PutUint16(h[2:], seq)
		if _, err := stream.Seal(buf, h, payload); err != nil {
			b.Fatal(err)
		}
	}
}

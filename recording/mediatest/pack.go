package mediatest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/pion/rtp/codecs"

	"plenum/sfu"
)

// cut cuts data into pieces that leave room for a head.
func cut(data []byte, head int) (pieces [][]byte) {
	for len(data) > 0 {
		n := min(len(data), mtu-head)
		pieces = append(pieces, data[:n])
		data = data[n:]
	}
	return pieces
}

// packVP8 packs by RFC 7741, with a picture id of 15 bits.
func packVP8(n int, coded []byte, _ bool) (Frame, error) {
	f := Frame{Data: coded}
	for i, piece := range cut(coded, 4) {
		head := []byte{0x80, 0x80, 0x80 | byte((n+32700)>>8&0x7F), byte(n + 32700)}
		if i == 0 {
			head[0] |= 0x10
		}
		f.Payloads = append(f.Payloads, append(head, piece...))
	}
	return f, nil
}

// packVP9 packs by RFC 9628, one layer.
func packVP9(flexible bool) packer {
	return func(n int, coded []byte, key bool) (Frame, error) {
		f := Frame{Data: coded}
		pieces := cut(coded, 12)
		for i, piece := range pieces {
			head := []byte{0x80, 0x80 | byte((n+32700)>>8&0x7F), byte(n + 32700)}
			if !key {
				head[0] |= 0x40
			}
			if flexible {
				head[0] |= 0x10
				if !key {
					head = append(head, 1<<1)
				}
			}
			if i == 0 {
				head[0] |= 0x08
			}
			if i == len(pieces)-1 {
				head[0] |= 0x04
			}
			if i == 0 && key { // a scalability structure with one size and one picture
				head[0] |= 0x02
				head = append(head, 0x18)
				head = binary.BigEndian.AppendUint16(head, width)
				head = binary.BigEndian.AppendUint16(head, height)
				head = append(head, 1, 0x04, 1)
			}
			f.Payloads = append(f.Payloads, append(head, piece...))
		}
		return f, nil
	}
}

// structure is the scalability structure of three spatial layers and the
// temporal pattern 0 2 1 2.
var structure = []byte{
	2<<5 | 0x18, 0, width / 4, 0, height / 4, 0, width / 2, 0, height / 2, 0, width, 0, height,
	4, 0<<5 | 1<<2, 4, 2<<5 | 0x10 | 1<<2, 1, 1<<5 | 0x10 | 1<<2, 2, 2<<5 | 0x10 | 1<<2, 1,
}

// svc packs a stream of testdata/svc.c: three spatial and three temporal layers.
// Unless it is predicted on keyframes only, it tells its structure.
func svc(name string, keyOnly bool) (Clip, error) {
	c := Clip{Codec: sfu.VP9, Step: 40_000_000, Rate: 90000, Width: width, Height: height}
	b, err := testdata.ReadFile(name)
	if err != nil {
		return c, err
	}
	tl0 := 250
	var data []byte
	var sizes []int
	for len(b) > 5 {
		size, tag := binary.LittleEndian.Uint32(b), b[4]
		layer := b[5 : 5+size]
		b = b[5+size:]
		spatial, temporal := tag&7, tag>>3&7
		if spatial == 0 {
			data, sizes = nil, nil
			n := len(c.Frames)
			f := Frame{Key: tag&0x80 != 0}
			switch { // the temporal structure 0 2 1 2
			case temporal == 0:
				tl0++
				if !f.Key {
					f.Needs = []int{n - 4}
				}
			case n%4 == 2:
				f.Needs = []int{n - 2}
			default:
				f.Needs = []int{n - 1}
			}
			c.Frames = append(c.Frames, f)
		}
		n := len(c.Frames) - 1
		f := &c.Frames[n]
		data, sizes = append(data, layer...), append(sizes, len(layer))
		pieces := cut(layer, 5)
		for i, piece := range pieces {
			head := []byte{0xA0, 0x80 | byte((n+32700)>>8&0x7F), byte(n + 32700), temporal<<5 | spatial<<1, byte(tl0)}
			if !f.Key {
				head[0] |= 0x40
			}
			if temporal > 0 {
				head[3] |= 0x10
			}
			if spatial > 0 && (!keyOnly || f.Key) {
				head[3] |= 0x01
			}
			if i == 0 {
				head[0] |= 0x08
			}
			if i == len(pieces)-1 {
				head[0] |= 0x04
			}
			if i == 0 && spatial == 0 && f.Key && !keyOnly {
				head[0] |= 0x02
				head = append(head, structure...)
			}
			f.Payloads = append(f.Payloads, append(head, piece...))
		}
		f.Data = Superframe(data, sizes)
	}
	return c, nil
}

// Superframe puts the index of a superframe behind its frames.
func Superframe(data []byte, sizes []int) []byte {
	marker := byte(0xC0 | 1<<3 | len(sizes) - 1)
	out := append(bytes.Clone(data), marker)
	for _, n := range sizes {
		out = binary.LittleEndian.AppendUint16(out, uint16(n))
	}
	return append(out, marker)
}

// obus returns the OBUs of a temporal unit with sizes, the delimiter left out:
// each whole, and without its size field.
func obus(unit []byte) (whole, bare [][]byte, err error) {
	for len(unit) > 0 {
		head := 1
		if unit[0]&4 != 0 {
			head++
		}
		size, n := binary.Uvarint(unit[head:])
		if unit[0]&2 == 0 || n <= 0 || int(size) > len(unit)-head-n {
			return nil, nil, errors.New("no OBU with a size")
		}
		end := head + n + int(size)
		if unit[0]>>3&15 != 2 {
			whole = append(whole, unit[:end])
			b := append([]byte{unit[0] &^ 2}, unit[1:head]...)
			bare = append(bare, append(b, unit[head+n:end]...))
		}
		unit = unit[end:]
	}
	return whole, bare, nil
}

// packAV1 packs by the RTP Payload Format For AV1, lengths before all elements.
func packAV1(_ int, coded []byte, key bool) (Frame, error) {
	whole, bare, err := obus(coded)
	f := Frame{Data: bytes.Join(whole, nil)}
	packet := []byte{0}
	if key {
		packet[0] |= 0x08
	}
	for _, o := range bare {
		for more := false; ; more = true {
			if len(packet) > mtu-20 {
				if more {
					packet[0] |= 0x40
				}
				f.Payloads = append(f.Payloads, packet)
				packet = []byte{0}
				if more {
					packet[0] |= 0x80
				}
			}
			n := min(len(o), mtu-len(packet))
			packet = binary.AppendUvarint(packet, uint64(n))
			packet = append(packet, o[:n]...)
			if o = o[n:]; len(o) == 0 {
				break
			}
		}
	}
	f.Payloads = append(f.Payloads, packet)
	return f, err
}

// packAV1Pion packs with Pion's payloader, which counts elements.
func packAV1Pion(_ int, coded []byte, _ bool) (Frame, error) {
	whole, _, err := obus(coded)
	return Frame{Data: bytes.Join(whole, nil), Payloads: (&codecs.AV1Payloader{}).Payload(mtu, coded)}, err
}

// h264 encodes access units of some slices each and packs them.
func h264(share int, pack func(nals [][]byte) [][]byte, slices string) (Clip, error) {
	c := Clip{Codec: sfu.H264, Step: 40_000_000, Rate: 90000, Width: width / share, Height: height / share}
	out, err := encode(share, "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-profile:v", "baseline",
		"-x264-params", fmt.Sprintf("aud=1:keyint=%d:min-keyint=%d:scenecut=0:slices=%s:repeat-headers=1", keyEvery, keyEvery, slices),
		"-b:v", "400k", "-f", "h264")
	if err != nil {
		return c, err
	}
	var nals [][]byte
	flush := func() {
		if len(nals) == 0 {
			return
		}
		f := Frame{Key: len(c.Frames)%keyEvery == 0, Payloads: pack(nals)}
		if !f.Key {
			f.Needs = []int{len(c.Frames) - 1}
		}
		for _, n := range nals {
			f.Data = binary.BigEndian.AppendUint32(f.Data, uint32(len(n)))
			f.Data = append(f.Data, n...)
		}
		c.Frames, nals = append(c.Frames, f), nil
	}
	for n := range bytes.SplitSeq(out, []byte{0, 0, 1}) {
		switch n = bytes.TrimRight(n, "\x00"); {
		case len(n) == 0:
		case n[0]&31 == 9:
			flush()
		default:
			nals = append(nals, n)
		}
	}
	flush()
	return c, nil
}

// packH264 packs by RFC 6184: small NAL units together, large ones in pieces.
func packH264(nals [][]byte) (payloads [][]byte) {
	var together [][]byte
	size := 1
	flush := func() {
		switch len(together) {
		case 0:
		case 1:
			payloads = append(payloads, together[0])
		default:
			p := []byte{24 | 0x60}
			for _, n := range together {
				p = append(binary.BigEndian.AppendUint16(p, uint16(len(n))), n...)
			}
			payloads = append(payloads, p)
		}
		together, size = nil, 1
	}
	for _, n := range nals {
		if size+2+len(n) > mtu {
			flush()
		}
		if len(n) <= mtu-3 {
			together, size = append(together, n), size+2+len(n)
			continue
		}
		pieces := cut(n[1:], 2)
		for i, piece := range pieces {
			head := []byte{n[0]&0xE0 | 28, n[0] & 31}
			if i == 0 {
				head[1] |= 0x80
			}
			if i == len(pieces)-1 {
				head[1] |= 0x40
			}
			payloads = append(payloads, append(head, piece...))
		}
	}
	flush()
	return payloads
}

// packH264Pion packs with Pion's payloader.
func packH264Pion(nals [][]byte) [][]byte {
	var unit []byte
	for _, n := range nals {
		unit = append(append(unit, 0, 0, 0, 1), n...)
	}
	return (&codecs.H264Payloader{}).Payload(mtu, unit)
}

// packRED puts frames and the ones before them into a payload of RFC 2198.
func packRED(before []Frame, own []byte) (p []byte) {
	const pt, samples = 111, 960
	for i, f := range before {
		back := (len(before) - i) * samples
		p = binary.BigEndian.AppendUint32(p, 1<<31|pt<<24|uint32(back)<<10|uint32(len(f.Data)))
	}
	p = append(p, pt)
	for _, f := range before {
		p = append(p, f.Data...)
	}
	return append(p, own...)
}

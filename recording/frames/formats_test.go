package frames

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"plenum/recording/mediatest"
	"plenum/sfu"
	"plenum/sfu/packet"
)

// x is bytes written as hex with spaces.
func x(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// build makes one frame of payloads; cut says that something is missing before it.
func build(b builder, cut bool, payloads ...[]byte) (unit, error) {
	var u unit
	u.reset(cut)
	for i, p := range payloads {
		if err := b.add(&u, p, i == 0); err != nil {
			return u, err
		}
	}
	if err := b.end(&u); err != nil {
		return u, err
	}
	b.use(&u)
	return u, nil
}

// A baseline SPS of 192x112, its PPS, and heads of slices: first_mb_in_slice is 0
// when the byte behind the type begins with a 1.
var (
	sps192 = x("67 42 c0 0b d9 03 0f b0 11 00 00 03 00 01 00 00 03 00 32 8f 14 2a 48")
	pps    = x("68 cb 83 cb 20")
	idr    = x("65 88 84 3a")
	slice  = x("41 9a 24")
)

func TestH264(t *testing.T) {
	avc := func(nals ...[]byte) []byte {
		var b []byte
		for _, n := range nals {
			b = append(b, 0, 0, 0, byte(len(n)))
			b = append(b, n...)
		}
		return b
	}
	together := slices.Concat([]byte{0x78, 0, byte(len(sps192))}, sps192, []byte{0, byte(len(pps))}, pps)
	for name, tt := range map[string]struct {
		cut      bool
		before   [][]byte // what the stream said before
		payloads [][]byte
		want     []byte
		key      bool
		err      error
	}{
		"parameter sets together, then a keyframe": {true, nil, [][]byte{together, idr}, avc(sps192, pps, idr), true, nil},
		"each by itself":              {true, nil, [][]byte{sps192, pps, idr}, avc(sps192, pps, idr), true, nil},
		"delimiter and filler go":     {true, nil, [][]byte{{9, 0xF0}, sps192, pps, idr, {12, 0xFF}}, avc(sps192, pps, idr), true, nil},
		"in pieces":                   {true, nil, [][]byte{together, x("7c 85 88"), x("7c 05 84"), x("7c 45 3a")}, avc(sps192, pps, idr), true, nil},
		"delta":                       {false, nil, [][]byte{slice}, avc(slice), false, nil},
		"two slices":                  {false, nil, [][]byte{slice, x("41 4a 24")}, avc(slice, x("41 4a 24")), false, nil},
		"sets of before are put in":   {false, [][]byte{sps192, pps, idr}, [][]byte{idr}, avc(sps192, pps, idr), true, nil},
		"sets of before may be stale": {true, [][]byte{sps192, pps, idr}, [][]byte{idr}, nil, false, errTorn},
		"no sets at all":              {false, nil, [][]byte{idr}, nil, false, errTorn},
		"only sets":                   {false, nil, [][]byte{together}, nil, false, errNothing},
		"begins in mid-picture":       {true, [][]byte{sps192, pps, idr}, [][]byte{x("41 4a 24")}, nil, false, errTorn},
		"a piece is missing":          {false, nil, [][]byte{x("7c 85 88"), idr}, nil, false, errTorn},
		"first piece is missing":      {false, nil, [][]byte{x("7c 45 3a")}, nil, false, errTorn},
		"last piece is missing":       {false, nil, [][]byte{x("7c 81 9a"), x("7c 01 84")}, nil, false, errTorn},
		"two first pieces":            {false, nil, [][]byte{x("7c 81 9a"), x("7c 81 84")}, nil, false, errTorn},
		"aggregate too long":          {false, nil, [][]byte{x("78 00 09 41 9a")}, nil, false, errTorn},
		"aggregate of nothing":        {false, nil, [][]byte{x("78 00 00")}, nil, false, errTorn},
		"half a length":               {false, nil, [][]byte{x("78 00")}, nil, false, errTorn},
		"interleaved mode":            {false, nil, [][]byte{x("79 00 00 00")}, nil, false, errTorn},
		"type 0":                      {false, nil, [][]byte{{0}}, nil, false, errTorn},
		"SPS of nothing":              {false, nil, [][]byte{x("67 42 c0 0b")}, nil, false, errBits},
		"only a type":                 {false, nil, [][]byte{{0x65}}, nil, false, errTorn},
	} {
		b := &h264Builder{}
		if tt.before != nil {
			if _, err := build(b, true, tt.before...); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		u, err := build(b, tt.cut, tt.payloads...)
		if err != tt.err { //nolint:errorlint // builders return them as they are
			t.Errorf("%s: %v, want %v", name, err, tt.err)
		}
		if err != nil {
			continue
		}
		if !bytes.Equal(u.data, tt.want) || u.key != tt.key {
			t.Errorf("%s: key %v\n% x, want\n% x", name, u.key, u.data, tt.want)
		}
		if want := slices.Concat(x("01 42 c0 0b ff e1 00"), []byte{byte(len(sps192))}, sps192, []byte{1, 0, byte(len(pps))}, pps); u.key && (!bytes.Equal(u.private, want) || u.width != 192 || u.height != 112) {
			t.Errorf("%s: %dx%d, avcC % x, want % x", name, u.width, u.height, u.private, want)
		}
	}
}

// SPSs of encoders, with their sizes as ffprobe tells them.
func TestSPS(t *testing.T) {
	for sps, want := range map[string]string{
		"67 42 c0 1f d9 00 50 05 bb 01 10 00 00 03 00 10 00 00 03 03 20 f1 83 24 80":          "1280x720", // baseline
		"67 4d 40 1e ec a0 50 17 f5 36 02 20 00 00 03 00 20 00 00 06 41 e2 c5 b2 c0":          "638x358",  // main, cropped
		"67 64 00 28 ac d9 40 78 02 27 e5 c0 44 00 00 03 00 04 00 00 03 00 c8 3c 60 c6 58":    "1920x1080",
		"67 7a 00 1e bc d9 40 a0 2f ea 2f 01 10 00 00 03 00 10 00 00 03 03 20 f1 62 d9 60":    "638x358", // 4:2:2
		"67 f4 00 1e 91 9b 28 14 05 fd 45 60 22 00 00 03 00 02 00 00 03 00 64 1e 2c 5b 2c":    "639x359", // 4:4:4
		"67 64 00 1e ac d9 40 b4 24 d8 08 80 00 00 03 00 80 00 00 19 0f 8a 14 cb":             "720x576", // interlaced
		"67 64 00 1e ac d9 40 a0 2f f9 70 11 00 00 03 00 01 00 00 03 00 32 0f 16 2d 96":       "640x360",
		"67 6e 00 1e a6 cd 94 0a 02 ff 97 01 10 00 00 03 00 10 00 00 03 03 20 f1 62 d9 60":    "640x360", // 10 bits
		"67 64 00 1e ad 84 01 0c 20 08 61 00 43 08 02 18 40 10 c2 00 84 3b 50 50 17 fc b8 08": "640x360", // scaling lists
	} {
		_, size, err := parseSPS(x(sps))
		if got := fmt.Sprintf("%dx%d", size.width, size.height); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", sps, got, err, want)
		}
	}
}

func TestAV1(t *testing.T) {
	sequence := x("0a 0b 00 00 00 04 3e a7 6c f7 14 20 40") // with its size; 192x112
	clip := mediatest.Load(t, "av1")
	key, delta := clip.Frames[0].Data, clip.Frames[1].Data
	if n := int(key[1]) + 2; key[0] == 0x0A {
		sequence = key[:n]
	}
	bare := slices.Concat([]byte{0x08}, sequence[2:])
	_, n := leb128(key[len(sequence)+1:])
	frame := slices.Concat([]byte{0x30}, key[len(sequence)+1+n:])
	l := func(b []byte) []byte { return append(appendLEB128(nil, len(b)), b...) }
	half := len(frame) / 2
	for name, tt := range map[string]struct {
		payloads [][]byte
		err      error
	}{
		"lengths before all":       {[][]byte{slices.Concat([]byte{0x08}, l(bare), l(frame))}, nil},
		"two elements":             {[][]byte{slices.Concat([]byte{0x28}, l(bare), frame)}, nil},
		"a packet each":            {[][]byte{slices.Concat([]byte{0x18}, bare), slices.Concat([]byte{0x10}, frame)}, nil},
		"a delimiter goes":         {[][]byte{slices.Concat([]byte{0x38}, l([]byte{0x10}), l(bare), frame)}, nil},
		"a delimiter with size":    {[][]byte{slices.Concat([]byte{0x38}, l([]byte{0x12, 0}), l(bare), frame)}, nil},
		"padding goes":             {[][]byte{slices.Concat([]byte{0x38}, l([]byte{0x78, 1, 2}), l(bare), frame)}, nil},
		"sizes are kept right":     {[][]byte{slices.Concat([]byte{0x28}, l(sequence), frame)}, nil},
		"goes on":                  {[][]byte{slices.Concat([]byte{0x68}, l(bare), frame[:half]), slices.Concat([]byte{0x90}, frame[half:])}, nil},
		"goes on twice":            {[][]byte{slices.Concat([]byte{0x68}, l(bare), frame[:9]), slices.Concat([]byte{0xD0}, frame[9:half]), slices.Concat([]byte{0x90}, frame[half:])}, nil},
		"goes on, length before":   {[][]byte{slices.Concat([]byte{0x48}, l(bare), l(frame[:half])), slices.Concat([]byte{0x80}, l(frame[half:]))}, nil},
		"an empty element":         {[][]byte{slices.Concat([]byte{0x08}, l(bare), l(nil), l(frame))}, nil},
		"the beginning is missing": {[][]byte{slices.Concat([]byte{0x90}, frame[half:])}, errTorn},
		"the end is missing":       {[][]byte{slices.Concat([]byte{0x68}, l(bare), frame[:half])}, errTorn},
		"the middle is missing":    {[][]byte{slices.Concat([]byte{0x68}, l(bare), frame[:half]), slices.Concat([]byte{0x10}, frame)}, errTorn},
		"length too long":          {[][]byte{{0x00, 9, 0x30}}, errTorn},
		"length without end":       {[][]byte{{0x00, 0x80, 0x80, 0x80, 0x80, 0x80}}, errTorn},
		"more than announced":      {[][]byte{slices.Concat([]byte{0x10}, bare), {0x20, 0}}, errNothing},
		"forbidden bit":            {[][]byte{{0x10, 0x80, 1}}, errTorn},
		"size too long":            {[][]byte{{0x10, 0x32, 9, 1}}, errTorn},
		"extension without a byte": {[][]byte{{0x10, 0x34}}, errTorn},
		"nothing but a delimiter":  {[][]byte{{0x10, 0x10}}, errNothing},
		"promises more":            {[][]byte{{0x50}}, errTorn},
	} {
		b := &av1Builder{}
		u, err := build(b, true, tt.payloads...)
		if err != tt.err { //nolint:errorlint // as above
			t.Errorf("%s: %v, want %v", name, err, tt.err)
		}
		if err == nil && (!bytes.Equal(u.data, key) || !u.key || u.width != 192 || u.height != 112) {
			t.Errorf("%s: key %v, %dx%d, %d bytes, want %d", name, u.key, u.width, u.height, len(u.data), len(key))
		}
		if want := slices.Concat([]byte{0x81, sequence[2]&0xE0 | u.private0(1)&0x1F, u.private0(2), 0}, sequence); err == nil && !bytes.Equal(u.private, want) {
			t.Errorf("%s: av1C % x, want % x", name, u.private, want)
		}
	}
	b := &av1Builder{}
	if _, err := build(b, true, slices.Concat([]byte{0x28}, l(bare), frame)); err != nil {
		t.Fatal(err)
	}
	if u, err := build(b, false, slices.Concat([]byte{0x10}, delta)); err != nil || u.key || !bytes.Equal(u.data, delta) {
		t.Errorf("delta: key %v, %d bytes, %v", u.key, len(u.data), err)
	}
}

// private0 is a byte of the CodecPrivate, 0 if there is none.
func (u unit) private0(n int) byte {
	if n < len(u.private) {
		return u.private[n]
	}
	return 0
}

func TestVP9Descriptor(t *testing.T) {
	for name, tt := range map[string]struct {
		payload string
		want    vp9Descriptor
		err     bool
	}{
		"shortest":              {"0c 82", vp9Descriptor{begin: true, end: true, picture: -1, tl0: -1, length: 1}, false},
		"7 bit picture id":      {"8c 7f 82", vp9Descriptor{begin: true, end: true, picture: 127, tl0: -1, length: 2}, false},
		"15 bit picture id":     {"8c 92 34 82", vp9Descriptor{begin: true, end: true, picture: 0x1234, wide: true, tl0: -1, length: 3}, false},
		"layers":                {"e8 01 53 09 82", vp9Descriptor{begin: true, inter: true, picture: 1, tl0: 9, layered: true, temporal: 2, switchUp: true, spatial: 1, onLower: true, length: 4}, false},
		"flexible, two needs":   {"d8 05 03 08 82", vp9Descriptor{begin: true, inter: true, flexible: true, picture: 5, tl0: -1, diffs: [3]byte{1, 4}, references: 2, length: 4}, false},
		"flexible with layers":  {"f8 05 20 02 82", vp9Descriptor{begin: true, inter: true, flexible: true, picture: 5, tl0: -1, layered: true, temporal: 1, diffs: [3]byte{1}, references: 1, length: 4}, false},
		"structure":             {"0a 38 00 60 00 38 00 c0 00 70 02 04 01 28 01 02 82", vp9Descriptor{begin: true, picture: -1, tl0: -1, structure: 1, length: 16}, false},
		"four needs":            {"d8 05 03 03 03 03 82", vp9Descriptor{}, true},
		"nothing":               {"", vp9Descriptor{}, true},
		"only a descriptor":     {"8c 05", vp9Descriptor{}, true},
		"half a picture id":     {"8c 85", vp9Descriptor{}, true},
		"needs without end":     {"d8 05 03", vp9Descriptor{}, true},
		"a group of too many":   {"0a 08 21 82", vp9Descriptor{}, true},
		"structure without end": {"0a ff 00", vp9Descriptor{}, true},
	} {
		got, err := parseVP9(x(tt.payload))
		if (err != nil) != tt.err || err == nil && got != tt.want {
			t.Errorf("%s: %+v, %v\nwant %+v", name, got, err, tt.want)
		}
	}
}

// Layer frames that don't fit together.
func TestVP9Torn(t *testing.T) {
	svc := mediatest.Load(t, "vp9 svc")
	key := svc.Frames[0].Payloads
	layer := func(spatial byte) (payloads [][]byte) {
		for _, p := range key {
			if p[3]>>1&7 == spatial {
				payloads = append(payloads, p)
			}
		}
		return payloads
	}
	last := len(key) - 1
	for name, tt := range map[string]struct {
		payloads [][]byte
		cut      bool
		err      error
	}{
		"whole":                         {key, true, nil},
		"the base is missing":           {slices.Concat(layer(1), layer(2)), true, errTorn},
		"only the base":                 {layer(0), true, nil},
		"the middle is missing":         {slices.Concat(layer(0), layer(2)), true, nil}, // contiguous packets: the sender left it out
		"layers in the wrong order":     {slices.Concat(layer(0), layer(2), layer(1)), true, errTorn},
		"a layer twice":                 {slices.Concat(layer(0), layer(0)), true, errTorn},
		"the first packet is missing":   {key[1:], false, errTorn},
		"the last packet is missing":    {key[:last], false, errTorn},
		"a packet of another picture":   {slices.Concat(key, svc.Frames[1].Payloads), false, errTorn},
		"a packet in mid-frame missing": {slices.Delete(slices.Clone(key), last-1, last), false, nil}, // numbers tell, not we
	} {
		if _, err := build(&vp9Builder{}, tt.cut, tt.payloads...); err != tt.err { //nolint:errorlint // as above
			t.Errorf("%s: %v, want %v", name, err, tt.err)
		}
	}
}

func TestRED(t *testing.T) {
	for name, tt := range map[string]struct {
		payload string
		want    string // blocks: how far back, their bytes
		err     bool
	}{
		"no redundancy": {"6f f8 01", "0:f801", false},
		"one":           {"ef 0f 00 02 6f f8 01 f8 02", "960:f801 0:f802", false},
		"two":           {"ef 1e 00 01 ef 0f 00 02 6f f8 f8 01 f8 02", "1920:f8 960:f801 0:f802", false},
		"empty own":     {"ef 0f 00 02 6f f8 01", "960:f801 0:", false},
		"too long":      {"ef 0f 00 09 6f f8 01", "", true},
		"no last head":  {"ef 0f 00 02", "", true},
		"half a head":   {"ef 0f", "", true},
		"nothing":       {"", "", true},
	} {
		blocks, err := parseRED(nil, x(tt.payload))
		var got []string
		for _, b := range blocks {
			got = append(got, fmt.Sprintf("%d:%x", b.back, b.data))
		}
		if (err != nil) != tt.err || err == nil && strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
		if own := UnwrapRED(x(tt.payload)); (own == nil) != tt.err {
			t.Errorf("%s: its own frame is %x", name, own)
		}
	}
}

// What redundancy makes up for, and what it must not repeat.
func TestREDFills(t *testing.T) {
	red := mediatest.Load(t, "red 2")
	for name, tt := range map[string]struct {
		lost      []int
		want      int
		lostStats int64
	}{
		"nothing lost":   {nil, 20, 0},
		"one":            {[]int{5}, 20, 0},
		"two in a row":   {[]int{5, 6}, 20, 0},
		"three in a row": {[]int{5, 6, 7}, 19, 1},
		"every third":    {[]int{3, 6, 9, 12, 15}, 20, 0},
		"the last":       {[]int{19}, 19, 0},
		"the first":      {[]int{0}, 19, 0}, // it was before the start
	} {
		var pool packet.Pool
		a := New(Opus(), Config{})
		now := time.Now()
		for i := range 20 {
			if slices.Contains(tt.lost, i) {
				continue
			}
			p := pool.Get()
			p.Seq, p.Timestamp, p.Arrival = int64(i), uint32(i)*960, now
			p.SetPayload(0, copy(p.Buffer(), red.Frames[i].Payloads[0]))
			a.PushRED(p)
		}
		var got []int
		for f, ok := a.Flush(); ok; f, ok = a.Flush() {
			n := red.Number(f.Data)
			if f.Timestamp != uint32(n)*960 || f.Samples != 960 || f.Broken != (tt.lostStats > 0 && n == 6) {
				t.Errorf("%s: frame %d: %+v", name, n, f)
			}
			got = append(got, n)
		}
		if st := a.Stats(); len(got) != tt.want || !slices.IsSorted(got) || st.Lost != tt.lostStats || st.Frames != int64(tt.want) {
			t.Errorf("%s: %v, %+v", name, got, st)
		}
		if n := pool.Outstanding(); n != 0 {
			t.Errorf("%s: %d packets kept", name, n)
		}
	}
}

// A sender goes over to redundancy and back within one stream of numbers.
func TestREDComesAndGoes(t *testing.T) {
	red, plain := mediatest.Load(t, "red"), mediatest.Load(t, "opus")
	var pool packet.Pool
	a := New(Opus(), Config{})
	for i := range 30 {
		p := pool.Get()
		p.Seq, p.Timestamp, p.Arrival = int64(i), uint32(i)*960, time.Now()
		if i/10 == 1 {
			p.SetPayload(0, copy(p.Buffer(), red.Frames[i].Payloads[0]))
			a.PushRED(p)
		} else {
			p.SetPayload(0, copy(p.Buffer(), plain.Frames[i].Data))
			a.Push(p)
		}
	}
	n := 0
	for f, ok := a.Flush(); ok; f, ok = a.Flush() {
		if !bytes.Equal(f.Data, plain.Frames[n].Data) || f.Broken {
			t.Errorf("frame %d is another, broken %v", n, f.Broken)
		}
		n++
	}
	if n != 30 {
		t.Errorf("%d frames", n)
	}
}

func FuzzFormats(f *testing.F) {
	for i, name := range mediatest.Names() {
		clip := mediatest.Load(f, name)
		for _, frame := range clip.Frames[:3] {
			var joined []byte
			for _, p := range frame.Payloads[:min(3, len(frame.Payloads))] {
				joined = append(joined, byte(len(p)>>8), byte(len(p)))
				joined = append(joined, p...)
			}
			f.Add(byte(i), joined)
		}
	}
	all := []func() Format{VP8, VP9, AV1, H264, Opus, Opus}
	f.Fuzz(func(t *testing.T, kind byte, b []byte) {
		var pool packet.Pool
		n := int(kind) % len(all)
		a := New(all[n](), Config{})
		now, ts := time.Now(), uint32(0)
		for seq := int64(0); len(b) > 2; seq++ {
			size := min(int(b[0]&0x7)<<8|int(b[1]), len(b)-2)
			p := pool.Get()
			p.Seq, p.Timestamp, p.Marker, p.Arrival = seq, ts, b[0]&0x80 != 0, now
			if b[0]&0x40 != 0 {
				seq++
			}
			if b[0]&0x80 != 0 || n >= 4 {
				ts += 960
			}
			p.SetPayload(0, copy(p.Buffer(), b[2:2+size]))
			b = b[2+size:]
			if n == 5 {
				a.PushRED(p)
			} else {
				a.Push(p)
			}
		}
		for fr, ok := a.Flush(); ok; fr, ok = a.Flush() {
			if len(fr.Data) == 0 || len(fr.Private) > 4096 || n < 4 && a.NeedsKeyframe() {
				t.Fatalf("%+v", fr)
			}
		}
		a.Restart()
		if n := pool.Outstanding(); n != 0 {
			t.Fatalf("%d packets kept", n)
		}
	})
}

// FuzzVP9Headers follows frames of anything and hides what may be hidden: a
// hidden frame must be read as the same frame, hidden.
func FuzzVP9Headers(f *testing.F) {
	for _, name := range []string{"vp9", "vp9 svc"} {
		for _, frame := range mediatest.Load(f, name).Frames[:5] {
			for _, part := range mediatest.SplitVP9(frame.Data) {
				f.Add(part[:min(len(part), 60)])
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := vp9State{kept: [8]vp9Size{{192, 112}, {96, 56}, {48, 28}, {1, 1}, {4096, 9}, {64, 64}, {65536, 65536}, {}}}
		same := s
		h, err := s.next(b)
		if err != nil || !h.show || h.existing {
			return
		}
		got, err := same.next(append(h.hidden(nil, b), 0))
		want := h
		if want.show = false; !h.key {
			want.bits++
		}
		if err != nil || got != want || s != same {
			t.Fatalf("%x became %+v, %v, want %+v", b, got, err, want)
		}
	})
}

func BenchmarkCodecs(b *testing.B) {
	for _, name := range []string{"vp8", "vp9", "vp9 svc", "av1", "h264", "red"} {
		clip := mediatest.Load(b, name)
		b.Run(name, func(b *testing.B) {
			var pool packet.Pool
			a := New(formats[clip.Codec](), Config{})
			now, seq, n := time.Now(), int64(0), 0
			b.ReportAllocs()
			for b.Loop() {
				f := clip.Frames[n%len(clip.Frames)]
				for i, payload := range f.Payloads {
					p := pool.Get()
					p.Seq, p.Timestamp, p.Marker, p.Arrival = seq, uint32(n)*3600, i == len(f.Payloads)-1, now
					p.SetPayload(0, copy(p.Buffer(), payload))
					if clip.Codec == sfu.RED {
						a.PushRED(p)
					} else {
						a.Push(p)
					}
					seq++
				}
				now = now.Add(40 * time.Millisecond)
				a.Next(now)
				n++
			}
			b.ReportMetric(float64(seq)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}

package codec

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// payloadOf cuts the header and the padding off an RTP packet, which is whole.
func payloadOf(b []byte) []byte {
	start, end := 12+4*int(b[0]&0x0F), len(b)
	if b[0]&0x10 != 0 {
		start += 4 + 4*int(binary.BigEndian.Uint16(b[start+2:]))
	}
	if b[0]&0x20 != 0 {
		end -= int(b[len(b)-1])
	}
	return slices.Clone(b[start:end])
}

// recorded are payloads that Chromium sent, of the streams whose file's name
// has a word.
func recorded(t testing.TB, word string) (all [][]byte) {
	t.Helper()
	files, err := filepath.Glob("../testdata/rtp/*" + word + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no streams: %v", err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for len(b) >= 2 {
			n := int(b[0])<<8 | int(b[1])
			if payload := payloadOf(b[2 : 2+n]); len(payload) > 0 {
				all = append(all, payload)
			}
			b = b[2+n:]
		}
	}
	return all
}

// TestRecorded reads what Chromium really sent.
func TestRecorded(t *testing.T) {
	for word, want := range map[string]struct {
		kind    Kind
		heights [MaxSpatial]uint16
		layers  uint8
		keys    int
	}{
		"vp9-svc":    {VP9Video, [3]uint16{180, 360, 720}, 3, 2},
		"h264":       {H264Video, [3]uint16{}, 0, 1},
		"h264-large": {H264Video, [3]uint16{360}, 0, 1},
		"av1-large":  {AV1Video, [3]uint16{360}, 0, 1},
		"vp8-1":      {VP8Video, [3]uint16{}, 0, 0},
	} {
		r, keys, starts := NewReader(want.kind), 0, 0
		for i, payload := range recorded(t, word) {
			f, err := r.Read(payload, nil)
			if err != nil {
				t.Fatalf("%s: packet %d: %v", word, i, err)
			}
			if f.Start {
				starts++
			}
			if !f.Keyframe {
				continue
			}
			keys++
			if !f.Start || !f.Fresh || f.Spatial != 0 {
				t.Errorf("%s: a keyframe is told as %+v", word, f)
			}
			if want.heights[0] > 0 && (f.Heights != want.heights || f.Layers != want.layers) {
				t.Errorf("%s: heights %v of %d layers, want %v of %d", word, f.Heights, f.Layers, want.heights, want.layers)
			}
		}
		if keys < want.keys || starts == 0 {
			t.Errorf("%s: %d keyframes, %d frames", word, keys, starts)
		}
	}
}

package frames

import (
	"encoding/binary"
	"errors"

	"plenum/sfu/codec"
)

// A block is one frame of a packet with redundancy.
type block struct {
	back uint32 // how much older than the packet's timestamp
	data []byte
}

var errRED = errors.New("malformed redundant payload")

// parseRED appends the blocks of an RFC 2198 payload, in the order they lie in
// it: oldest first as senders do, the packet's own last.
func parseRED(blocks []block, payload []byte) ([]block, error) {
	const more, header = 0x80, 4
	heads := payload
	data := 0
	for data < len(payload) && payload[data]&more != 0 {
		data += header
	}
	data++ // the last header is one byte
	if data > len(payload) {
		return blocks, errRED
	}
	for rest := payload[data:]; ; heads = heads[header:] {
		if heads[0]&more == 0 {
			return append(blocks, block{data: rest}), nil
		}
		v := binary.BigEndian.Uint32(heads)
		size := int(v & 0x3FF)
		if size > len(rest) {
			return blocks, errRED
		}
		blocks = append(blocks, block{back: v >> 10 & 0x3FFF, data: rest[:size]})
		rest = rest[size:]
	}
}

// UnwrapRED returns the packet's own frame of an RFC 2198 payload, nil when the
// payload is malformed.
func UnwrapRED(payload []byte) []byte {
	var room [8]block
	blocks, err := parseRED(room[:0], payload)
	if err != nil {
		return nil
	}
	return blocks[len(blocks)-1].data
}

// unwrap takes a packet with redundancy apart: its own frame and, where packets
// before it are missing, older ones that make up for them.
func (a *Assembler) unwrap(first Frame, payload []byte) error {
	blocks, err := parseRED(a.blocks[:0], payload)
	a.blocks = blocks
	if err != nil {
		return err
	}
	own := len(blocks) - 1
	for i, b := range blocks {
		samples, err := codec.OpusDuration(b.data)
		f := first
		f.Timestamp, f.Samples = first.Timestamp-b.back, samples
		switch {
		case i == own && err != nil:
			return err
		case i < own && (err != nil || !a.fills(f, first.Timestamp)):
			continue
		case i < own:
			a.stats.Lost--
			a.stats.Recovered++
		}
		from := len(a.unit.data)
		a.unit.data = append(a.unit.data, b.data...)
		f.Data = a.unit.data[from:len(a.unit.data):len(a.unit.data)]
		a.queue = append(a.queue, f)
	}
	return nil
}

// fills reports whether a redundant frame lies between what was given out, or
// waits to be, and the frame it came with.
func (a *Assembler) fills(f Frame, own uint32) bool {
	end := a.end
	if n := len(a.queue); n > 0 {
		end = a.queue[n-1].Timestamp + uint32(a.queue[n-1].Samples)
	}
	return a.chain.hurt && !a.fresh && int32(f.Timestamp-end) >= 0 && int32(own-f.Timestamp)-int32(f.Samples) >= 0
}

package codec

// maxRED is how many blocks a packet of redundant audio may have: what comes
// is from browsers, which send two or three.
const maxRED = 16

// REDPrimary returns the newest block of a packet of redundant audio and its
// payload type (RFC 2198 section 3): what the packet would be without copies.
// It lies in payload.
func REDPrimary(payload []byte) (primary []byte, payloadType uint8, err error) {
	at, copies := 0, 0
	for blocks := 0; ; blocks++ {
		if at >= len(payload) || blocks == maxRED {
			return nil, 0, ErrShort
		}
		payloadType = payload[at] & 0x7F
		if payload[at]&0x80 == 0 {
			at++
			break
		}
		if at+4 > len(payload) {
			return nil, 0, ErrShort
		}
		copies += int(payload[at+2]&3)<<8 | int(payload[at+3])
		at += 4
	}
	if at += copies; at > len(payload) {
		return nil, 0, ErrShort
	}
	return payload[at:], payloadType, nil
}

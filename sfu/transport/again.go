package transport

// againPackets is how many packets an Again keeps: more than a second of sound.
const againPackets = 64

// AgainLargest is the largest packet an Again keeps, in bytes: sound's are smaller.
const AgainLargest = 512

// An Again keeps the last packets of a stream without RTX as they were sent,
// which sound is. Sent once more they must be the same byte for byte: AES-GCM
// falls when one number seals two contents (RFC 7714 section 8.4). Its zero
// value keeps nothing until somebody has asked. It is not safe for concurrent use.
type Again struct {
	slots []kept // by number modulo againPackets
}

type kept struct {
	seq    uint16
	packet []byte
}

// Keep copies a packet that goes out, if anybody ever asked for one.
func (a *Again) Keep(seq uint16, parts ...[]byte) {
	if a.slots == nil {
		return
	}
	slot := &a.slots[seq%againPackets]
	slot.seq, slot.packet = seq, slot.packet[:0]
	for _, part := range parts {
		if len(slot.packet)+len(part) > AgainLargest {
			slot.packet = slot.packet[:0]
			return
		}
		slot.packet = append(slot.packet, part...)
	}
}

// Get returns packet seq, valid until the next Keep; nil when it is not kept.
// What comes after the first call is.
func (a *Again) Get(seq uint16) []byte {
	if a.slots == nil {
		a.slots = make([]kept, againPackets)
		return nil
	}
	if slot := &a.slots[seq%againPackets]; slot.seq == seq && len(slot.packet) > 0 {
		return slot.packet
	}
	return nil
}

// Package srtp protects RTP and RTCP with AES-GCM (RFC 3711, RFC 7714) in
// place and without allocating. Only the AEAD profiles are here.
//
// A nonce is made of the SSRC and the packet's 48-bit index, and one used twice
// under a key gives that key's authentication away. So each key belongs to one
// Outbound, each SSRC of it to one Stream, and a Stream refuses an index it has
// sealed before.
package srtp

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// TagLen is how many bytes sealing adds to an RTP packet (RFC 7714 section 5.1).
const TagLen = 16

// RTCPTrailer is how many bytes sealing adds to an RTCP packet: the tag, then
// the E flag and the index (RFC 7714 section 9.2).
const RTCPTrailer = TagLen + 4

// SaltLen is the length of a master salt of the AEAD profiles.
const SaltLen = 12

// Errors of opening are the peer's fault or the network's; the packet is
// dropped and counted. Errors of sealing are a caller's mistake, and keep it
// from doing harm.
var (
	ErrShort    = errors.New("srtp: truncated")
	ErrReplayed = errors.New("srtp: seen before, or too old to tell")
	ErrAuth     = errors.New("srtp: not authentic")
	ErrReused   = errors.New("srtp: index already sealed, or too old to tell")
	ErrSpent    = errors.New("srtp: key used up")
)

// A Master is one direction's master key, 16 or 32 bytes, and salt.
type Master struct {
	Key  []byte
	Salt []byte // SaltLen bytes
}

// The labels of key derivation (RFC 3711 section 4.3.2).
const (
	labelRTP      = 0x00
	labelRTPSalt  = 0x02
	labelRTCP     = 0x03
	labelRTCPSalt = 0x05
)

// half is the session key and salt of RTP or of RTCP.
type half struct {
	aead cipher.AEAD
	salt [SaltLen]byte
}

// derive makes both halves' session keys (RFC 3711 section 4.3.1, with the
// salt as RFC 7714 section 11 says).
func derive(m Master) (rtp, rtcp half, err error) {
	if len(m.Salt) != SaltLen {
		return rtp, rtcp, fmt.Errorf("srtp: a master salt of %d bytes", len(m.Salt))
	}
	if len(m.Key) != 16 && len(m.Key) != 32 {
		return rtp, rtcp, fmt.Errorf("srtp: a master key of %d bytes", len(m.Key))
	}
	block, err := aes.NewCipher(m.Key)
	if err != nil {
		return rtp, rtcp, err
	}
	if rtp, err = newHalf(block, m, labelRTP, labelRTPSalt); err != nil {
		return rtp, rtcp, err
	}
	rtcp, err = newHalf(block, m, labelRTCP, labelRTCPSalt)
	return rtp, rtcp, err
}

func newHalf(block cipher.Block, m Master, keyLabel, saltLabel byte) (half, error) {
	session, err := aes.NewCipher(keystream(block, m.Salt, keyLabel, len(m.Key)))
	if err != nil {
		return half{}, err
	}
	h := half{}
	h.aead, err = cipher.NewGCM(session)
	copy(h.salt[:], keystream(block, m.Salt, saltLabel, SaltLen))
	return h, err
}

// keystream is the AES-CM pseudo-random function of RFC 3711 section 4.3.3,
// with a key derivation rate of 0.
func keystream(block cipher.Block, salt []byte, label byte, n int) []byte {
	var x [aes.BlockSize]byte
	copy(x[:], salt)
	x[7] ^= label
	out := make([]byte, (n+aes.BlockSize-1)/aes.BlockSize*aes.BlockSize)
	for i := 0; i < len(out); i += aes.BlockSize {
		x[15] = byte(i / aes.BlockSize)
		block.Encrypt(out[i:], x[:])
	}
	return out[:n]
}

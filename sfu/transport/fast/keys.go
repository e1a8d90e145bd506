//go:build linux

package fast

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/prf"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"

	"plenum/sfu/srtp"
)

// A keyTap learns what a DTLS handshake agreed on. Pion keeps the connection
// to itself, but tells its key log the master secret and a hook the server's
// hello; the SRTP keys follow from these (RFC 5764 section 4.2). Whatever is
// not exactly as expected makes keys fail.
type keyTap struct {
	mu           sync.Mutex // guards what follows
	serverRandom []byte
	suite        uint16
	profile      dtls.SRTPProtectionProfile
	clientRandom []byte
	secret       []byte
	wrong        error
}

// exporterLabel is that of RFC 5764 section 4.2.
const exporterLabel = "EXTRACTOR-dtls_srtp"

// hello is Pion's hook for the server's hello; it changes nothing.
func (t *keyTap) hello(m handshake.MessageServerHello) handshake.Message {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.secret != nil {
		t.wrong = errors.New("a second handshake")
	}
	random := m.Random.MarshalFixed()
	t.serverRandom, t.suite, t.profile = random[:], 0, 0
	if m.CipherSuiteID != nil {
		t.suite = *m.CipherSuiteID
	}
	for _, e := range m.Extensions {
		if u, ok := e.(*extension.UseSRTP); ok && len(u.ProtectionProfiles) == 1 && len(u.MasterKeyIdentifier) == 0 {
			t.profile = u.ProtectionProfiles[0]
		}
	}
	return &m
}

// Write takes a line of the key log.
func (t *keyTap) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fields := strings.Fields(string(line))
	if len(fields) != 3 || fields[0] != "CLIENT_RANDOM" { // as DTLS 1.3 would write
		t.wrong = errors.New("an unknown kind of key")
		return len(line), nil
	}
	random, err1 := hex.DecodeString(fields[1])
	secret, err2 := hex.DecodeString(fields[2])
	switch {
	case err1 != nil || err2 != nil || len(random) != handshake.RandomLength || len(secret) != 48:
		t.wrong = errors.New("a key of an unknown form")
	case t.secret != nil:
		t.wrong = errors.New("a second key")
	}
	t.clientRandom, t.secret = random, secret
	return len(line), nil
}

// keys returns the masters of the client's and of the server's packets, and
// forgets the secret.
func (t *keyTap) keys() (client, server srtp.Master, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	secret := t.secret
	t.secret = []byte{}
	switch {
	case t.wrong != nil:
		return client, server, t.wrong
	case len(secret) == 0 || t.serverRandom == nil:
		return client, server, errors.New("no key was told")
	}
	var keyLen int
	switch t.profile {
	case dtls.SRTP_AEAD_AES_128_GCM:
		keyLen = 16
	case dtls.SRTP_AEAD_AES_256_GCM:
		keyLen = 32
	default:
		return client, server, fmt.Errorf("the SRTP profile is %#x", uint16(t.profile))
	}
	newHash, err := suiteHash(t.suite)
	if err != nil {
		return client, server, err
	}
	seed := append(append([]byte(exporterLabel), t.clientRandom...), t.serverRandom...)
	m, err := prf.PHash(secret, seed, 2*(keyLen+srtp.SaltLen), newHash)
	clear(secret)
	if err != nil {
		return client, server, err
	}
	client.Key, m = m[:keyLen:keyLen], m[keyLen:]
	server.Key, m = m[:keyLen:keyLen], m[keyLen:]
	client.Salt, server.Salt = m[:srtp.SaltLen:srtp.SaltLen], m[srtp.SaltLen:]
	return client, server, nil
}

// suiteHash is the hash of a cipher suite's pseudo-random function (RFC 5246
// section 5, RFC 5289, RFC 7251).
func suiteHash(id uint16) (func() hash.Hash, error) {
	switch dtls.CipherSuiteID(id) {
	case dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		dtls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, dtls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA,
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
		dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, dtls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256:
		return sha256.New, nil
	case dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384:
		return sha512.New384, nil
	default:
		return nil, fmt.Errorf("the cipher suite is %#x", id)
	}
}

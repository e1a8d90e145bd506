//go:build linux

package fast

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/protocol/extension"
	"github.com/pion/dtls/v3/pkg/protocol/handshake"
)

func helloOf(suite dtls.CipherSuiteID, profiles ...dtls.SRTPProtectionProfile) handshake.MessageServerHello {
	id := uint16(suite)
	return handshake.MessageServerHello{
		CipherSuiteID: &id,
		Extensions:    []extension.Extension{&extension.UseSRTP{ProtectionProfiles: profiles}},
	}
}

var (
	random = bytes.Repeat([]byte{7}, handshake.RandomLength)
	secret = bytes.Repeat([]byte{9}, 48)
)

// Whatever is not exactly as expected gives no keys, and so the plain path.
func TestKeysFailClosed(t *testing.T) {
	const gcm, suite = dtls.SRTP_AEAD_AES_128_GCM, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	line := fmt.Sprintf("CLIENT_RANDOM %x %x\n", random, secret)
	for name, tt := range map[string]struct {
		hello []handshake.MessageServerHello
		lines []string
		ok    bool
	}{
		"as expected":        {[]handshake.MessageServerHello{helloOf(suite, gcm)}, []string{line}, true},
		"AES-256, SHA-384":   {[]handshake.MessageServerHello{helloOf(dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, dtls.SRTP_AEAD_AES_256_GCM)}, []string{line}, true},
		"the hello twice":    {[]handshake.MessageServerHello{helloOf(suite, gcm), helloOf(suite, gcm)}, []string{line}, true},
		"no hello":           {nil, []string{line}, false},
		"no key":             {[]handshake.MessageServerHello{helloOf(suite, gcm)}, nil, false},
		"two keys":           {[]handshake.MessageServerHello{helloOf(suite, gcm)}, []string{line, line}, false},
		"HMAC":               {[]handshake.MessageServerHello{helloOf(suite, dtls.SRTP_AES128_CM_HMAC_SHA1_80)}, []string{line}, false},
		"no SRTP":            {[]handshake.MessageServerHello{helloOf(suite)}, []string{line}, false},
		"two profiles":       {[]handshake.MessageServerHello{helloOf(suite, gcm, gcm)}, []string{line}, false},
		"an unknown suite":   {[]handshake.MessageServerHello{helloOf(dtls.CipherSuiteID(0x1301), gcm)}, []string{line}, false},
		"DTLS 1.3":           {[]handshake.MessageServerHello{helloOf(suite, gcm)}, []string{fmt.Sprintf("CLIENT_TRAFFIC_SECRET_0 %x %x\n", random, secret)}, false},
		"a short secret":     {[]handshake.MessageServerHello{helloOf(suite, gcm)}, []string{fmt.Sprintf("CLIENT_RANDOM %x %x\n", random, secret[:47])}, false},
		"no hexadecimal":     {[]handshake.MessageServerHello{helloOf(suite, gcm)}, []string{"CLIENT_RANDOM xx yy\n"}, false},
		"something else yet": {[]handshake.MessageServerHello{helloOf(suite, gcm)}, []string{line, "EXPORTER x y\n"}, false},
	} {
		var tap keyTap
		for _, h := range tt.hello {
			tap.hello(h)
		}
		for _, l := range tt.lines {
			if n, err := tap.Write([]byte(l)); n != len(l) || err != nil {
				t.Errorf("%s: writing gave %d, %v", name, n, err)
			}
		}
		client, server, err := tap.keys()
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
		if tt.ok && (bytes.Equal(client.Key, server.Key) || len(client.Salt) != 12 || len(server.Salt) != 12) {
			t.Errorf("%s: the keys are %v and %v", name, client, server)
		}
		if _, _, err := tap.keys(); err == nil {
			t.Errorf("%s: keys were given out twice", name)
		}
	}
}

func TestAHelloAfterTheKeyIsWrong(t *testing.T) {
	var tap keyTap
	h := helloOf(dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.SRTP_AEAD_AES_128_GCM)
	tap.hello(h)
	_, _ = fmt.Fprintf(&tap, "CLIENT_RANDOM %x %x\n", random, secret)
	tap.hello(h)
	if _, _, err := tap.keys(); err == nil {
		t.Error("keys were given out")
	}
}

package cert

import (
	"bytes"
	"crypto/ecdsa"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSelfSignedIsKeptWhileItServes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tls", "own.pem")
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	hosts := []string{"localhost", "127.0.0.1", "::1", "laptop"}
	var last []byte
	for _, tt := range []struct {
		name  string
		hosts []string
		after time.Duration
		spoil bool
		kept  bool
	}{
		{"first", hosts, 0, false, false},
		{"again", hosts, time.Hour, false, true},
		{"fewer names", hosts[:2], time.Hour, false, true},
		{"ends soon", hosts, validFor - renewBefore, false, false},
		{"another address", append(hosts, "192.168.7.9"), validFor - renewBefore, false, false},
		{"the clock went back", hosts, 0, false, false},
		{"spoilt", hosts, 0, true, false},
	} {
		if tt.spoil {
			if err := os.WriteFile(path, last[:len(last)/2], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		at := now.Add(tt.after)
		c, err := SelfSigned(path, tt.hosts, at)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if kept := bytes.Equal(c.Certificate[0], last); kept != tt.kept {
			t.Errorf("%s: kept %v, want %v", tt.name, kept, tt.kept)
		}
		if !covers(c.Leaf, tt.hosts, at) || c.Leaf.IsCA || c.Leaf.NotAfter.Sub(c.Leaf.NotBefore) > validFor {
			t.Errorf("%s: %v %v from %v to %v", tt.name, c.Leaf.DNSNames, c.Leaf.IPAddresses, c.Leaf.NotBefore, c.Leaf.NotAfter)
		}
		if key, ok := c.PrivateKey.(*ecdsa.PrivateKey); !ok || key.Params().BitSize != 256 {
			t.Errorf("%s: the key is a %T", tt.name, c.PrivateKey)
		}
		last = c.Certificate[0]
	}
}

func TestMachineHosts(t *testing.T) {
	hosts, err := MachineHosts()
	if err != nil || len(hosts) < 3 || hosts[0] != "localhost" {
		t.Fatalf("%v, %v", hosts, err)
	}
	if _, err := makeSelfSigned(hosts, time.Now()); err != nil {
		t.Error(err)
	}
}

package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// doctor runs the command and returns its findings by check, and its error.
func doctor(t *testing.T, args ...string) (map[string]finding, error) {
	t.Helper()
	var out bytes.Buffer
	args = append([]string{"doctor", "--json", "--listen", "127.0.0.1:0", "--media-udp", "127.0.0.1:0", "--media-tcp", "127.0.0.1:0"}, args...)
	err := run(t.Context(), args, terminal{strings.NewReader(""), &out, io.Discard})
	var list []finding
	if e := json.Unmarshal(out.Bytes(), &list); e != nil {
		t.Fatalf("%v: %q", e, out.String())
	}
	found := map[string]finding{}
	for _, f := range list {
		found[f.Check] = f
	}
	return found, err
}

func TestDoctorFindsNothingWrongInAFreshFolder(t *testing.T) {
	dir := t.TempDir()
	found, err := doctor(t, "--data", filepath.Join(dir, "new"))
	if err != nil {
		t.Errorf("%v: %v", err, found)
	}
	for _, check := range []string{"configuration", "HTTP port", "media UDP port", "media TCP port", "database", "disk"} {
		if found[check].Verdict != fine {
			t.Errorf("%s: %+v", check, found[check])
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("it left %v, %v", files, err)
	}
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	file := filepath.Join(t.TempDir(), "file")
	damaged := t.TempDir()
	for path, text := range map[string]string{file: "", filepath.Join(damaged, "plenum.db"): strings.Repeat("not a database", 100)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for check, tt := range map[string]struct {
		args  []string
		words string
	}{
		"media TCP port": {[]string{"--media-tcp", taken.Addr().String()}, "taken by another program"},
		"media UDP port": {[]string{"--media-udp", "192.0.2.77:7882"}, "not on this machine"},
		"TURN UDP port":  {[]string{"--turn-udp", "192.0.2.77:3478"}, "not on this machine"},
		"configuration":  {[]string{"--turn-tls", ":5349"}, "--turn-tls needs --tls"},
		"TLS":            {[]string{"--tls", "files", "--tls-cert", file, "--tls-key", file}, "PEM"},
		"disk":           {[]string{"--data", filepath.Join(file, "below")}, "no folder"},
		"database":       {[]string{"--data", damaged}, "not a database"},
	} {
		args := tt.args
		if !strings.HasPrefix(args[0], "--data") {
			args = append(args, "--data", t.TempDir())
		}
		found, err := doctor(t, args...)
		if err == nil || found[check].Verdict != broken || !strings.Contains(found[check].Found, tt.words) {
			t.Errorf("%s: %+v, %v", check, found[check], err)
		}
	}
}

func TestDoctorWarns(t *testing.T) {
	for check, args := range map[string][]string{
		"TLS": {"--tls", "self-signed"}, "TCP for media": {"--media-tcp", "off"}, "addresses": {"--stun-server", "127.0.0.1:9", "--external-ip", "203.0.113.7"},
	} {
		found, err := doctor(t, append(args, "--data", t.TempDir())...)
		if err != nil || found[check].Verdict != doubt {
			t.Errorf("%s: %+v, %v", check, found[check], err)
		}
	}
}

func TestDoctorKnowsAServerThatRuns(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") }))
	defer server.Close()
	found, err := doctor(t, "--data", t.TempDir(), "--listen", server.Listener.Addr().String())
	if err != nil || !strings.Contains(found["HTTP port"].Found, "by the server that runs here") {
		t.Errorf("%+v, %v", found["HTTP port"], err)
	}
}

func TestDoctorSaysItInWords(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"doctor", "--listen", "127.0.0.1:0", "--media-udp", "127.0.0.1:0", "--media-tcp", "127.0.0.1:0", "--data", t.TempDir()},
		terminal{strings.NewReader(""), &out, io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{"ok       HTTP port", "warning  TLS", "-> Let a proxy in front do HTTPS"} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("%q is missing in\n%s", words, out.String())
		}
	}
}

func TestJudgeCertificate(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	leaf := func(from, to time.Duration) *x509.Certificate {
		return &x509.Certificate{DNSNames: []string{"meet.example.org"}, NotBefore: now.Add(from), NotAfter: now.Add(to)}
	}
	day := 24 * time.Hour
	for name, tt := range map[string]struct {
		leaf *x509.Certificate
		host string
		want verdict
	}{
		"good":          {leaf(-day, 60*day), "meet.example.org", fine},
		"ends soon":     {leaf(-day, 13*day), "meet.example.org", doubt},
		"ended":         {leaf(-90*day, -day), "meet.example.org", broken},
		"not yet":       {leaf(day, 60*day), "meet.example.org", broken},
		"of other name": {leaf(-day, 60*day), "other.example.org", broken},
	} {
		if got := judgeCertificate(tt.leaf, []string{tt.host}, now); got.Verdict != tt.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

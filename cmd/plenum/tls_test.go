package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plenum/cmd/plenum/cert"
)

const testPassword = "chosen by me"

// A secured is a whole server that speaks HTTPS.
type secured struct {
	url    string // https://localhost:port
	plain  string // http://127.0.0.1:port of the redirect
	banner string
	data   string
	log    *lockedBuffer
}

// startSecured runs serve, media included, until the test ends.
func startSecured(t *testing.T, args ...string) secured {
	t.Helper()
	t.Setenv("PLENUM_ADMIN_PASSWORD", testPassword)
	dir := t.TempDir()
	redirect := freeAddress(t)
	c, err := parse(t, append([]string{
		"--data", dir, "--listen", "127.0.0.1:0", "--media-udp", "127.0.0.1:0", "--media-tcp", "off",
		"--http-redirect", redirect,
	}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, log := &lockedBuffer{said: make(chan struct{}, 1)}, &lockedBuffer{said: make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, terminal{strings.NewReader(""), out, log}) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	select {
	case <-out.said:
	case err := <-ended:
		ended <- err
		t.Fatalf("serve ended before it said hello: %v", err)
	}
	match := regexp.MustCompile(`Open +https://[a-z.]+(:\d+)/admin/`).FindStringSubmatch(out.String())
	if match == nil {
		t.Fatalf("the banner names no HTTPS address:\n%s", out.String())
	}
	return secured{"https://localhost" + match[1], "http://" + redirect, out.String(), dir, log}
}

// freeAddress returns an address of the loopback where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// trusting returns a client that trusts the certificates of a PEM file and
// nothing else.
func trusting(t *testing.T, path string) *http.Client {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatalf("%s has no certificate", path)
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func ask(t *testing.T, client *http.Client, method, url, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.SetBasicAuth(adminName, testPassword)
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body = io.NopCloser(strings.NewReader(string(text)))
	return res
}

func TestSelfSigned(t *testing.T) {
	s := startSecured(t, "--tls", "self-signed", "--tls-host", "meet.example.org")
	kept := filepath.Join(s.data, "tls", "self-signed.pem")
	client := trusting(t, kept)
	if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kept key: %v, %v", info.Mode(), err)
	}
	if !strings.Contains(s.banner, "curl -k -u admin:") {
		t.Errorf("the banner's lines would not work with this certificate:\n%s", s.banner)
	}

	res := ask(t, client, http.MethodGet, s.url+"/readyz", "")
	if res.StatusCode != 200 || res.ProtoMajor != 2 || res.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%s %s over TLS %x", res.Status, res.Proto, res.TLS.Version)
	}
	if strict := res.Header.Get("Strict-Transport-Security"); strict != "" {
		t.Errorf("a certificate that nobody vouches for pins the host: %q", strict)
	}
	host := strings.TrimPrefix(s.url, "https://")
	if csp := res.Header.Get("Content-Security-Policy"); !strings.Contains(csp, " wss://"+host) {
		t.Errorf("policy: %s", csp)
	}
	res = ask(t, client, http.MethodPost, s.url+"/api/v1/session", `{"username":"admin","password":"`+testPassword+`"}`)
	if cookies := res.Cookies(); res.StatusCode != 200 || len(cookies) != 1 || !cookies[0].Secure || !cookies[0].HttpOnly {
		t.Errorf("log in: %s %v, want a Secure cookie", res.Status, cookies)
	}
	old := client.Transport.(*http.Transport).Clone()
	old.TLSClientConfig.MinVersion, old.TLSClientConfig.MaxVersion = tls.VersionTLS11, tls.VersionTLS11
	if res, err := (&http.Client{Transport: old}).Get(s.url + "/readyz"); err == nil {
		t.Errorf("TLS 1.1 got %s", res.Status)
	}
	pushOverTLS(t, client, s.url)
	if out, err := command(t, "", "health", "--url", s.url, "--insecure"); err != nil || out != "ready\n" {
		t.Errorf("health: %q, %v", out, err)
	}
	if _, err := command(t, "", "health", "--url", s.url); err == nil {
		t.Error("health trusts a certificate that nobody vouches for")
	}
}

// pushOverTLS reserves with Basic auth, attends over wss and gets a push. The
// client offers HTTP/2, so the socket must fall back to HTTP/1.1 by itself.
func pushOverTLS(t *testing.T, client *http.Client, base string) {
	t.Helper()
	if res := ask(t, client, http.MethodGet, base+"/reserve_room/?duration=5&timezone=UTC", ""); res.StatusCode != 200 {
		t.Errorf("reserve with Basic auth: %s", res.Status)
	}
	// As browsers do: sockets get a connection of their own without h2 in ALPN.
	transport := client.Transport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = false
	transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
	conn, _, err := websocket.Dial(t.Context(), "wss"+strings.TrimPrefix(base, "https")+"/attendance/?my_id=7",
		&websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if err != nil {
		t.Fatalf("attend over wss: %v", err)
	}
	defer conn.CloseNow()
	var online []struct {
		ChannelName string `json:"channel_name"`
	}
	// It is listed a moment after the handshake.
	for deadline := time.Now().Add(10 * time.Second); len(online) != 1; time.Sleep(5 * time.Millisecond) {
		res := ask(t, client, http.MethodGet, base+"/online_attendants/", "")
		if err := json.NewDecoder(res.Body).Decode(&online); err != nil || time.Now().After(deadline) {
			t.Fatalf("online: %v, %v", online, err)
		}
	}
	ask(t, client, http.MethodGet, base+"/notify_ws/"+online[0].ChannelName+"/?info="+url.QueryEscape("hey man"), "")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("wait for the push: %v", err)
		}
		if strings.Contains(string(text), "hey man") {
			return
		}
	}
}

// writePair makes a certificate for a name and writes it as two files.
func writePair(t *testing.T, dir, name string) (certFile, keyFile string) {
	t.Helper()
	both := filepath.Join(t.TempDir(), "both.pem")
	if _, err := cert.SelfSigned(both, []string{"localhost", name}, time.Now()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(both)
	if err != nil {
		t.Fatal(err)
	}
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for _, file := range []string{certFile, keyFile} { // each reader takes its own part
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile
}

// served returns the names of the certificate a new connection gets.
func served(t *testing.T, base string) []string {
	t.Helper()
	conn, err := (&tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0].DNSNames
}

func TestCertificateFiles(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile := writePair(t, dir, "one.example.org")
	s := startSecured(t, "--tls", "files", "--tls-cert", certFile, "--tls-key", keyFile, "--tls-host", "one.example.org")
	if !strings.Contains(s.banner, "https://one.example.org:") || strings.Contains(s.banner, "curl -k") {
		t.Errorf("banner:\n%s", s.banner)
	}
	res := ask(t, trusting(t, certFile), http.MethodGet, s.url+"/readyz", "")
	if strict := res.Header.Get("Strict-Transport-Security"); strict != "max-age=31536000" {
		t.Errorf("Strict-Transport-Security: %q", strict)
	}

	writePair(t, dir, "two.example.org")
	if names := served(t, s.url); names[1] != "two.example.org" {
		t.Errorf("after a renewal: %v", names)
	}
	if err := os.WriteFile(keyFile, []byte("half a ke"), 0o600); err != nil {
		t.Fatal(err)
	}
	if names := served(t, s.url); names[1] != "two.example.org" || !strings.Contains(s.log.String(), "the old one stays") {
		t.Errorf("after a broken renewal: %v\n%s", names, s.log.String())
	}

	writePair(t, dir, "three.example.org")
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); strings.Count(s.log.String(), "certificate reloaded") < 2; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("SIGHUP reloads nothing")
		}
	}
	if names := served(t, s.url); names[1] != "three.example.org" {
		t.Errorf("after SIGHUP: %v", names)
	}
}

func TestRedirect(t *testing.T) {
	s := startSecured(t, "--tls", "self-signed")
	client := trusting(t, filepath.Join(s.data, "tls", "self-signed.pem"))
	port := s.url[strings.LastIndex(s.url, ":"):]
	res := ask(t, client, http.MethodGet, s.plain+"/meeting/x/?a=b%20c", "")
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusFound || to != "https://127.0.0.1"+port+"/meeting/x/?a=b%20c" {
		t.Errorf("%s to %q", res.Status, to)
	}
	if res := ask(t, client, http.MethodPost, s.plain+"/api/v1/session", "{}"); res.StatusCode != http.StatusBadRequest {
		t.Errorf("a password in the open: %s", res.Status)
	}
}

func TestRedirectHosts(t *testing.T) {
	for name, tt := range map[string]struct{ host, port, want string }{
		"usual":           {"meet.example.org", "", "https://meet.example.org/a"},
		"other port":      {"meet.example.org:80", "8443", "https://meet.example.org:8443/a"},
		"IPv6":            {"[2001:db8::1]:80", "", "https://[2001:db8::1]/a"},
		"IPv6, with port": {"[2001:db8::1]", "8443", "https://[2001:db8::1]:8443/a"},
	} {
		w := httptest.NewRecorder()
		toHTTPS(tt.port)(w, &http.Request{Method: http.MethodGet, Host: tt.host, URL: &url.URL{Path: "/a"}})
		if got := w.Header().Get("Location"); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestTLSFlagsRefuse(t *testing.T) {
	for name, args := range map[string][]string{
		"files without files":      {"--tls", "files"},
		"files that are not there": {"--tls", "files", "--tls-cert", "/nowhere/c", "--tls-key", "/nowhere/k"},
		"key without files":        {"--tls", "self-signed", "--tls-key", "k.pem"},
		"auto without names":       {"--tls", "auto"},
		"redirect to nothing":      {"--http-redirect", ":80"},
		"unknown":                  {"--tls", "on"},
	} {
		if _, err := command(t, "", append([]string{"serve", "--data", t.TempDir()}, args...)...); err == nil {
			t.Errorf("%s: served", name)
		}
	}
}

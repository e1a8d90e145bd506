package deploy_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plenum/cmd/plenum/cert"
	"plenum/signaling/protocol"
	"plenum/test/program"
)

// from is the address our client calls nginx from.
const from = "127.0.0.9"

// A site is nginx in front of a server, as deploy/nginx/plenum.conf has it.
type site struct {
	server *server
	client *http.Client // trusts its certificate, calls from `from`, follows no redirect
	secure string       // host:port of its HTTPS
	plain  string       // host:port of its HTTP
}

func startSite(t *testing.T, s *server) site {
	t.Helper()
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx = "/usr/sbin/nginx" // not on everybody's path
	}
	dir := t.TempDir()
	pair := filepath.Join(dir, "pair.pem")
	own, err := cert.SelfSigned(pair, []string{"127.0.0.1", "meet.example.org"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := site{server: s, secure: program.FreeAddress(t), plain: program.FreeAddress(t)}
	conf := deployed(t, "nginx/plenum.conf", map[string]string{
		"server 127.0.0.1:8007;":           "server " + s.address() + ";",
		"listen 80;":                       "listen " + w.plain + ";",
		"listen 443 ssl http2;":            "listen " + w.secure + " ssl http2;",
		"    listen [::]:80;\n":            "",
		"    listen [::]:443 ssl http2;\n": "",
		"/etc/nginx/tls/fullchain.pem":     pair,
		"/etc/nginx/tls/privkey.pem":       pair,
	})
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;" // its workers must enter our folder
	}
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s/%s;\n", kind, dir, kind)
	}
	file := write(t, filepath.Join(dir, "nginx.conf"), fmt.Sprintf(
		"%s daemon off; pid %s/pid; error_log stderr warn; events {} http { access_log off; %s include %s; }",
		user, dir, temporary.String(), write(t, filepath.Join(dir, "plenum.conf"), conf)))
	var p *process
	t.Cleanup(func() { // after p has ended
		if p != nil && strings.Contains(p.log.String(), "temporary file") {
			t.Errorf("nginx stores what passes:\n%s", p.log)
		}
	})
	p = start(t, nil, nginx, "-p", dir, "-c", file, "-e", "stderr")

	roots := x509.NewCertPool()
	roots.AddCert(own.Leaf)
	transport := &http.Transport{
		DialContext:       (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).DialContext,
		TLSClientConfig:   &tls.Config{RootCAs: roots},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	w.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	p.until(t, "it listens", func() bool {
		conn, err := net.Dial("tcp", w.secure)
		return err == nil && conn.Close() == nil
	})
	return w
}

// dial opens a WebSocket through nginx, over a connection without HTTP/2 as
// browsers do.
func (w site) dial(t *testing.T, path string, header http.Header, protocols ...string) (*websocket.Conn, error) {
	t.Helper()
	transport := w.client.Transport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = false
	transport.TLSClientConfig.NextProtos = []string{"http/1.1"}
	conn, res, err := websocket.Dial(t.Context(), "wss://"+w.secure+path, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, HTTPHeader: header, Subprotocols: protocols,
	})
	if err == nil {
		t.Cleanup(func() { _ = conn.CloseNow() })
		return conn, nil
	}
	if res != nil {
		err = errors.New(res.Status)
	}
	return nil, err
}

func TestNginx(t *testing.T) {
	data := t.TempDir()
	recording, content := writeRecording(t, data)
	w := startSite(t, startServer(t, data, "--trusted-proxies", "127.0.0.1"))
	t.Run("pages", w.testPages)
	t.Run("session", w.testSession)
	t.Run("attendance", w.testAttendance)
	t.Run("meeting", w.testMeeting)
	t.Run("download", func(t *testing.T) { w.testDownload(t, recording, content) })
}

func (w site) testPages(t *testing.T) {
	status, page := ask(t, w.client, "https://"+w.secure+"/admin/", nil)
	ownStatus, own := w.server.get("/admin/")
	if status != ownStatus || page != own || page == "" {
		t.Errorf("the page is %d, %d bytes; the server's own is %d, %d bytes", status, len(page), ownStatus, len(own))
	}
	res, _ := send(t, w.client, http.MethodGet, "https://"+w.secure+"/readyz", nil, "")
	if res.ProtoMajor != 2 || res.Header.Get("Strict-Transport-Security") != "max-age=31536000" ||
		!strings.Contains(res.Header.Get("Content-Security-Policy"), " wss://"+w.secure) {
		t.Errorf("%s %s %v", res.Proto, res.Status, res.Header)
	}
	if status, _ := ask(t, w.client, "https://"+w.secure+"/metrics", nil); status != http.StatusForbidden {
		t.Errorf("/metrics: %d", status)
	}
	res, _ = send(t, w.client, http.MethodGet, "http://"+w.plain+"/meeting/x/?a=b", nil, "")
	if to := res.Header.Get("Location"); res.StatusCode != http.StatusFound || to != "https://127.0.0.1/meeting/x/?a=b" {
		t.Errorf("over HTTP: %s to %q", res.Status, to)
	}
}

func (w site) testSession(t *testing.T) {
	res, body := send(t, w.client, http.MethodPost, "https://"+w.secure+"/api/v1/session", http.Header{
		"Content-Type": {"application/json"}, "Origin": {"https://" + w.secure}, "Sec-Fetch-Site": {"same-origin"},
	}, `{"username":"admin","password":"`+password+`"}`)
	if cookies := res.Cookies(); res.StatusCode != http.StatusOK || len(cookies) != 1 || !cookies[0].Secure {
		t.Errorf("log in: %s %v %s, want a Secure cookie", res.Status, cookies, body)
	}
}

func (w site) testAttendance(t *testing.T) {
	conn, err := w.dial(t, "/attendance/?my_id=7", http.Header{"X-Forwarded-For": {"203.0.113.66"}})
	if err != nil {
		t.Fatal(err)
	}
	var online []struct {
		ChannelName string            `json:"channel_name"`
		IP          string            `json:"ip"`
		Details     map[string]string `json:"details"`
	}
	w.server.Await(t, "the attendant in the list", patience, func() error { // a moment after the handshake
		_, body := ask(t, w.client, "https://"+w.secure+"/online_attendants/", nil)
		if err := json.Unmarshal([]byte(body), &online); err != nil || len(online) != 1 {
			return fmt.Errorf("%d are in %s: %w", len(online), body, err)
		}
		return nil
	})
	if online[0].IP != from || online[0].Details["my_id"] != "7" {
		t.Errorf("online: %+v, want it from %s", online[0], from)
	}
	ask(t, w.client, "https://"+w.secure+"/notify_ws/"+online[0].ChannelName+"/?info=hey+man", nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
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

// testMeeting opens a meeting's socket and talks nonsense: what the server says
// to that arrives, so both directions pass.
func (w site) testMeeting(t *testing.T) {
	path := "/api/v1/rooms/" + w.server.reserve("proxied") + "/ws"
	if _, err := w.dial(t, path, http.Header{"Origin": {"https://evil.example"}}, protocol.Version); err == nil || !strings.HasPrefix(err.Error(), "403") {
		t.Errorf("another site's page: %v, want 403", err)
	}
	conn, err := w.dial(t, path, http.Header{"Origin": {"https://" + w.secure}}, protocol.Version)
	if err != nil {
		t.Fatal(err)
	}
	if conn.Subprotocol() != protocol.Version {
		t.Errorf("subprotocol %q", conn.Subprotocol())
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"type":"nonsense"}`)); err != nil {
		t.Fatal(err)
	}
	if _, text, err := conn.Read(ctx); err != nil || !strings.Contains(string(text), "bad_message") {
		t.Errorf("the server says %q, %v", text, err)
	}
}

// testDownload reads a recording in ranges and whole; that nginx stores none of
// it shows at its end.
func (w site) testDownload(t *testing.T, path string, content []byte) {
	url := "https://" + w.secure + path
	res, part := send(t, w.client, http.MethodGet, url, http.Header{"Range": {"bytes=1000000-1000999"}}, "")
	if want := fmt.Sprintf("bytes 1000000-1000999/%d", len(content)); res.StatusCode != http.StatusPartialContent ||
		res.Header.Get("Content-Range") != want || part != string(content[1_000_000:1_001_000]) {
		t.Errorf("a range: %s %q, %d bytes", res.Status, res.Header.Get("Content-Range"), len(part))
	}
	if status, _ := ask(t, w.client, url, http.Header{"If-None-Match": {res.Header.Get("Etag")}}); status != http.StatusNotModified {
		t.Errorf("with its own tag: %d", status)
	}

	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(adminName, password)
	res, err = w.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	whole := make([]byte, len(content))
	for at := 0; at < len(whole); at += len(whole) / 8 { // a reader slower than the server
		if _, err := io.ReadFull(res.Body, whole[at:at+len(whole)/8]); err != nil {
			t.Fatalf("at %d: %v", at, err)
		}
	}
	if res.ContentLength != int64(len(content)) || !bytes.Equal(whole, content) {
		t.Errorf("whole: %s, %d bytes announced, and they differ", res.Status, res.ContentLength)
	}
}

// writeRecording leaves a finished recording of one file in data and returns
// the file's path over HTTP and its bytes.
func writeRecording(t *testing.T, data string) (path string, content []byte) {
	t.Helper()
	const id, name = "01J0000000000000000000TEST", "p01-camera-01.webm"
	var seed [32]byte
	content = make([]byte, 32<<20)
	_, _ = rand.NewChaCha8(seed).Read(content)
	sum := sha256.Sum256(content)
	manifest, err := json.Marshal(map[string]any{
		"version": 1, "id": id, "room": "r", "title": "Old", "creator_id": 1, "state": "ready",
		"t0_utc": "2026-01-02T03:04:05Z", "duration_us": 1_000_000,
		"tracks": []any{map[string]any{
			"id": "t1", "participant": "p1", "source": "camera", "codec": "vp8", "path": name, "state": "final",
			"duration_us": 1_000_000, "bytes": len(content), "sha256": hex.EncodeToString(sum[:]),
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(data, "recordings", id)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "manifest.json"), string(bytes.TrimSpace(manifest)))
	write(t, filepath.Join(dir, name), string(content))
	return "/api/v1/recordings/" + id + "/files/" + name, content
}

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const acmeName = "meet.example.org"

// An authority is as much of an ACME server (RFC 8555) as one order takes. It
// checks challenges over the network as a real one would, and no signatures.
type authority struct {
	*httptest.Server
	kind   string // the one challenge it offers
	key    *ecdsa.PrivateKey
	root   *x509.Certificate
	server secured // set before anybody asks

	mu     sync.Mutex
	orders int    // guarded by mu
	status string // of the order; guarded by mu
	issued []byte // PEM; guarded by mu
}

func startAuthority(t *testing.T, kind string) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{kind: kind, key: key, status: "pending"}
	if a.root, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Replay-Nonce", rand.Text())
		if err := a.answer(w, r); err != nil {
			t.Errorf("authority: %s: %v", r.URL.Path, err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(a.Close)
	return a
}

func (a *authority) answer(w http.ResponseWriter, r *http.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var signed struct{ Payload string }
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&signed); err != nil {
			return err
		}
	}
	status, body := http.StatusOK, any(nil)
	challenge := map[string]any{"type": a.kind, "url": a.URL + "/challenge", "token": "the-token", "status": "pending"}
	switch r.URL.Path {
	case "/":
		body = map[string]any{"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/new"}
	case "/nonce":
	case "/account":
		status, body = http.StatusCreated, map[string]any{"status": "valid"}
		w.Header().Set("Location", a.URL+"/account/1")
	case "/new":
		a.orders++
		status, body = http.StatusCreated, a.orderLocked(w)
	case "/order":
		body = a.orderLocked(w)
	case "/authz":
		state := map[bool]string{true: "pending", false: "valid"}[a.status == "pending"]
		body = map[string]any{"status": state, "identifier": map[string]string{"type": "dns", "value": acmeName}, "challenges": []any{challenge}}
	case "/challenge":
		if err := a.check(r); err != nil {
			return err
		}
		a.status, body = "ready", challenge
	case "/finalize":
		if err := a.issueLocked(signed.Payload); err != nil {
			return err
		}
		a.status = "valid"
		body = a.orderLocked(w)
	case "/certificate":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, err := w.Write(a.issued)
		return err
	default:
		return errors.New("unknown address")
	}
	w.WriteHeader(status)
	if body == nil {
		return nil
	}
	return json.NewEncoder(w).Encode(body)
}

func (a *authority) orderLocked(w http.ResponseWriter) any {
	w.Header().Set("Location", a.URL+"/order")
	order := map[string]any{
		"status": a.status, "authorizations": []string{a.URL + "/authz"}, "finalize": a.URL + "/finalize",
		"identifiers": []any{map[string]string{"type": "dns", "value": acmeName}},
	}
	if a.status == "valid" {
		order["certificate"] = a.URL + "/certificate"
	}
	return order
}

// check asks the server for proof that it answers under its name.
func (a *authority) check(r *http.Request) error {
	if a.kind == "http-01" {
		req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, a.server.plain+"/.well-known/acme-challenge/the-token", nil)
		if err != nil {
			return err
		}
		req.Host = acmeName
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		text, err := io.ReadAll(res.Body)
		if err != nil || !strings.HasPrefix(string(text), "the-token.") {
			return fmt.Errorf("the challenge is answered by %s %q, %w", res.Status, text, err)
		}
		return nil
	}
	dialer := tls.Dialer{Config: &tls.Config{ServerName: acmeName, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true}}
	conn, err := dialer.DialContext(r.Context(), "tcp", strings.TrimPrefix(a.server.url, "https://"))
	if err != nil {
		return err
	}
	defer conn.Close()
	shown := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	identifier := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31} // RFC 8737 section 6.1
	if !slices.Equal(shown.DNSNames, []string{acmeName}) ||
		!slices.ContainsFunc(shown.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(identifier) }) {
		return fmt.Errorf("the challenge is answered by a certificate for %v", shown.DNSNames)
	}
	return nil
}

func (a *authority) issueLocked(payload string) error {
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return err
	}
	var wanted struct{ CSR string }
	if err := json.Unmarshal(text, &wanted); err != nil {
		return err
	}
	der, err := base64.RawURLEncoding.DecodeString(wanted.CSR)
	if err != nil {
		return err
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return err
	}
	leaf, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: request.DNSNames, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
	}, a.root, request.PublicKey, a.key)
	a.issued = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf})
	return err
}

// TestACME has an authority check and certify a server by each kind of challenge.
func TestACME(t *testing.T) {
	for _, kind := range []string{"tls-alpn-01", "http-01"} {
		t.Run(kind, func(t *testing.T) {
			a := startAuthority(t, kind)
			a.server = startSecured(t, "--tls", "auto", "--tls-host", acmeName, "--acme-directory", a.URL+"/")
			if !strings.Contains(a.server.banner, "https://"+acmeName+":") {
				t.Errorf("banner:\n%s", a.server.banner)
			}
			roots := x509.NewCertPool()
			roots.AddCert(a.root)
			for range 2 { // the second is served what the first has brought
				transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: acmeName}, ForceAttemptHTTP2: true}
				defer transport.CloseIdleConnections()
				res := ask(t, &http.Client{Transport: transport}, http.MethodGet, a.server.url+"/readyz", "")
				if res.StatusCode != http.StatusOK || res.Header.Get("Strict-Transport-Security") == "" {
					t.Errorf("%s %v", res.Status, res.Header)
				}
			}
			config := &tls.Config{ServerName: "other.example.org", InsecureSkipVerify: true}
			if conn, err := tls.Dial("tcp", strings.TrimPrefix(a.server.url, "https://"), config); err == nil {
				conn.Close()
				t.Error("a name that is not ours is served")
			}
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.orders != 1 {
				t.Errorf("%d orders, want 1", a.orders)
			}
			cached := filepath.Join(a.server.data, "tls", "acme", acmeName)
			if info, err := os.Stat(cached); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the kept certificate: %v, %v", info, err)
			}
		})
	}
}

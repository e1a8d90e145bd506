package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"plenum/api/eventjson"
	"plenum/rooms"
)

// Bounds of an answer: its head, and what is read of its body so that the
// connection can be used again. Nothing of it is kept.
const (
	mostHeader = 16 << 10
	mostBody   = 16 << 10
)

// payload is what is sent, as in Standard Webhooks: the event is in data.
type payload struct {
	Type      rooms.EventKind `json:"type"`
	Timestamp string          `json:"timestamp"`
	Data      any             `json:"data"`
}

// body returns what is sent about an event: the same bytes each time.
func body(e rooms.Event, webhookID int64) []byte {
	p := payload{Type: e.Kind, Timestamp: eventjson.Stamp(e.At), Data: eventjson.Of(e)}
	if e.Kind == rooms.WebhookPing {
		p.Data = map[string]int64{"webhook": webhookID}
	}
	text, err := json.Marshal(p)
	if err != nil {
		panic("webhook: " + err.Error()) // texts and numbers always encode
	}
	return text
}

// Sign returns the signature of a message, as in Standard Webhooks: HMAC-SHA256
// over "<id>.<timestamp>.<body>", in base64. The timestamp is in seconds since
// 1970.
func Sign(key []byte, id string, timestamp int64, body []byte) string {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.", id, timestamp)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// newClient returns a client that calls permitted addresses only, by no proxy,
// and follows no redirects.
func newClient(cfg Config) *http.Client {
	dialer := &net.Dialer{Timeout: cfg.Timeout, Control: control(cfg.Allow)}
	return &http.Client{
		Timeout:       cfg.Timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: nil, // it would connect in our place, to wherever
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				return dialer.DialContext(ctx, network, address)
			},
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: cfg.Roots},
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    perWebhook,
			MaxIdleConns:           4 * cfg.Concurrency,
			IdleConnTimeout:        time.Minute,
			MaxResponseHeaderBytes: mostHeader,
			DisableCompression:     true,
		},
	}
}

// outcome is how one attempt went.
type outcome struct {
	status  int // 0: no answer
	problem string
	after   time.Duration // how long the receiver asks us to wait
}

func (o outcome) ok() bool { return o.status >= 200 && o.status < 300 }

// send makes one attempt.
func (w *Worker) send(ctx context.Context, d rooms.DueDelivery, now time.Time) outcome {
	if err := (rooms.Webhook{URL: d.URL}).Validate(w.cfg.Insecure); err != nil {
		return outcome{problem: err.Error()} // the operator has changed what may be called
	}
	key, err := rooms.WebhookKey(d.Secret)
	if err != nil {
		return outcome{problem: "the secret is malformed"}
	}
	text := body(d.Event, d.WebhookID)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL, bytes.NewReader(text))
	if err != nil {
		return outcome{problem: "the address is malformed"}
	}
	stamp := now.Unix()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Plenum-Webhook/1")
	req.Header.Set("webhook-id", d.Event.ID)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(stamp, 10))
	req.Header.Set("webhook-signature", Sign(key, d.Event.ID, stamp, text))
	res, err := w.client.Do(req)
	if err != nil {
		return outcome{problem: inWords(err)}
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, mostBody) // the status says it all
	o := outcome{status: res.StatusCode}
	switch {
	case o.ok():
	case res.StatusCode >= 300 && res.StatusCode < 400:
		o.problem = fmt.Sprintf("answered %d: redirects are not followed", res.StatusCode)
	default:
		o.problem = fmt.Sprintf("answered %d", res.StatusCode)
	}
	if seconds, err := strconv.Atoi(res.Header.Get("Retry-After")); err == nil && seconds > 0 {
		o.after = time.Duration(seconds) * time.Second
	}
	return o
}

// inWords says why there was no answer, without the address: its owner knows
// it, and a query may hold a secret.
func inWords(err error) string {
	if e, ok := errors.AsType[addressError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		if e.IsNotFound {
			return "the name is not known"
		}
		return "the name could not be resolved"
	}
	if e, ok := errors.AsType[net.Error](err); ok && e.Timeout() {
		return "no answer in time"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "the certificate is not trusted"
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Op + ": " + cause(e)
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return fmt.Sprintf("%.200s", err)
}

func cause(e *net.OpError) string {
	if e.Err == nil {
		return "failed"
	}
	return fmt.Sprintf("%.200s", e.Err)
}

// CheckURL returns an error whose words are meant for whoever wrote the
// address, when it can be told at once that it must not be called. Names are
// checked when they are called.
func (c Config) CheckURL(text string) error {
	if err := (rooms.Webhook{URL: text}).Validate(c.Insecure); err != nil {
		return err
	}
	u, err := url.Parse(text)
	if err != nil {
		return &rooms.FieldError{Field: "url", Problem: "is malformed"}
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if err == nil && !permitted(addr, c.Allow) {
		return &rooms.FieldError{Field: "url", Problem: "must not name a private or local address, unless the server allows it"}
	}
	return nil
}

package api

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/recording/jobs"
	"plenum/rooms"
)

// leastSecretKey is the least length of an Idempotency-Key for a request or an
// answer with a secret in it: both are kept under the key, which must not be
// guessed. A UUID has 36 characters.
const leastSecretKey = 16

// How long the store may take to note what came of a request whose caller may
// have gone away.
const noteWithin = 10 * time.Second

// Headers of an answer that are repeated with it.
var repeatedHeaders = []string{echo.HeaderContentType, echo.HeaderLocation, "Etag"}

// replayed tells that an answer is that of an earlier request.
const replayed = "Idempotency-Replayed"

// creating registers a route that makes something, or adds to it: with an
// Idempotency-Key it is done once.
func (s *Server) creating(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
	s.echo.POST(path, h, append(m, s.keyed(1))...)
}

// creatingSecret does the same for a route with a password or a secret in its
// request or answer.
func (s *Server) creatingSecret(path string, h echo.HandlerFunc, m ...echo.MiddlewareFunc) {
	s.echo.POST(path, h, append(m, s.keyed(leastSecretKey))...)
}

// keptAnswer is what came of a request, as it is sealed.
type keptAnswer struct {
	Status  int
	Headers map[string]string
	Body    []byte
	Object  string // for the audit log
}

// keyed does a request that has an Idempotency-Key once: when it is repeated,
// it is answered as it was. What was refused was not done, and is forgotten.
func (s *Server) keyed(least int) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			name := c.Request().Header.Get("Idempotency-Key")
			if name == "" {
				return next(c)
			}
			if err := checkKey(name, least); err != nil {
				return err
			}
			digest, err := s.requestDigest(c, name)
			if err != nil {
				return err
			}
			user, now := callOf(c).user.ID, s.cfg.Now()
			key := rooms.RequestKey{
				UserID: user, Key: hex.EncodeToString(s.underKey("name", name, nil)), Digest: digest, Until: now.Add(keyLasts),
			}
			done, err := s.doing.enter(c.Request().Context(), fmt.Sprint(user, " ", key.Key))
			if err != nil {
				return err
			}
			defer done()
			sealed, err := s.deps.Store.ClaimAnswer(c.Request().Context(), key, now)
			switch {
			case err != nil:
				return err
			case sealed != nil:
				return s.repeat(c, name, sealed)
			}
			return s.doOnce(c.Request().Context(), c, next, name, key)
		}
	}
}

// checkKey says what is wrong with an Idempotency-Key.
func checkKey(name string, least int) error {
	switch {
	case !requestKey.MatchString(name):
		return &rooms.FieldError{Field: "Idempotency-Key", Problem: "must be 1 to 255 visible ASCII characters"}
	case len(name) < least:
		return &rooms.FieldError{
			Field:   "Idempotency-Key",
			Problem: fmt.Sprintf("must have at least %d characters here, and be impossible to guess: a secret is kept under it", least),
		}
	}
	return nil
}

// doOnce does a request whose key was claimed. It is done to its end though its
// caller may go away, and its answer is kept before it is sent.
func (s *Server) doOnce(
	ctx context.Context, c echo.Context, next echo.HandlerFunc, name string, key rooms.RequestKey,
) error {
	ctx = context.WithoutCancel(ctx)
	c.SetRequest(c.Request().WithContext(ctx))
	wire := c.Response().Writer
	held := &heldAnswer{ResponseWriter: wire}
	c.Response().Writer = held
	defer func() { c.Response().Writer = wire }() // also when it panics
	err := next(c)
	c.Response().Writer = wire
	ctx, cancel := context.WithTimeout(ctx, noteWithin)
	defer cancel()
	if err != nil || held.status >= http.StatusBadRequest {
		if nothingDone(err) {
			err = errors.Join(err, s.deps.Store.ForgetAnswer(ctx, key))
		}
		return err
	}
	kept := keptAnswer{Status: held.status, Headers: map[string]string{}, Body: held.body.Bytes(), Object: callOf(c).object}
	for _, header := range repeatedHeaders {
		if value := wire.Header().Get(header); value != "" {
			kept.Headers[header] = value
		}
	}
	sealed, err := s.seal(name, kept)
	if err == nil {
		err = s.deps.Store.KeepAnswer(ctx, key, sealed)
	}
	if err != nil { // it was done: who asked is told so
		s.log.Error("answer not kept for its Idempotency-Key", "error", err, "request", callOf(c).id)
	}
	wire.WriteHeader(held.status)
	_, _ = wire.Write(held.body.Bytes()) // who has gone away asks again
	return nil
}

// nothingDone reports whether a request that failed so has surely changed
// nothing, so that it may be tried again under its key.
func nothingDone(err error) bool {
	return asRefusal(err).status < http.StatusInternalServerError || errors.Is(err, rooms.ErrBusy) || errors.Is(err, jobs.ErrTooMany)
}

// repeat answers as the key was answered.
func (s *Server) repeat(c echo.Context, name string, sealed []byte) error {
	kept, err := s.unseal(name, sealed)
	if err != nil {
		return err
	}
	for header, value := range kept.Headers {
		c.Response().Header().Set(header, value)
	}
	c.Response().Header().Set(replayed, "true")
	callOf(c).about(kept.Object, "replayed", "true")
	if len(kept.Body) == 0 {
		return c.NoContent(kept.Status)
	}
	return c.Blob(kept.Status, kept.Headers[echo.HeaderContentType], kept.Body)
}

// requestDigest stands for a request in the store: its route, its query and
// its body, whatever the order of the body's fields.
func (s *Server) requestDigest(c echo.Context, name string) ([]byte, error) {
	r := c.Request()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var value any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if dec.Decode(&value) == nil && endOf(dec) == nil {
		if body, err = json.Marshal(value); err != nil {
			return nil, fmt.Errorf("digest of a request: %w", err)
		}
	}
	return s.underKey("request", name, append([]byte(r.URL.RequestURI()+"\n"), body...)), nil
}

// underKey returns a digest that tells nothing without the Idempotency-Key,
// which is kept nowhere.
func (s *Server) underKey(purpose, name string, text []byte) []byte {
	derived := hmac.New(sha256.New, s.deps.HostKey)
	derived.Write([]byte("plenum idempotency " + purpose + "\x00" + name))
	mac := hmac.New(sha256.New, derived.Sum(nil))
	mac.Write(text)
	return mac.Sum(nil)
}

// sealer encrypts under an Idempotency-Key.
func (s *Server) sealer(name string) (cipher.AEAD, error) {
	block, err := aes.NewCipher(s.underKey("answer", name, nil))
	if err != nil {
		return nil, fmt.Errorf("seal an answer: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// seal encrypts an answer so that it can be read with its key only.
func (s *Server) seal(name string, kept keptAnswer) ([]byte, error) {
	text, err := json.Marshal(kept)
	if err != nil {
		return nil, fmt.Errorf("seal an answer: %w", err)
	}
	aead, err := s.sealer(name)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, text, nil), nil //nolint:gosec // it makes its own random nonce
}

func (s *Server) unseal(name string, sealed []byte) (kept keptAnswer, err error) {
	aead, err := s.sealer(name)
	if err != nil {
		return kept, err
	}
	text, err := aead.Open(nil, nil, sealed, nil)
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return kept, fmt.Errorf("unseal an answer: %w", err)
	}
	return kept, nil
}

// heldAnswer keeps an answer back until it is known for sure.
type heldAnswer struct {
	http.ResponseWriter

	status int
	body   bytes.Buffer
}

func (h *heldAnswer) WriteHeader(status int) { h.status = status }

func (h *heldAnswer) Write(p []byte) (int, error) {
	if h.status == 0 {
		h.status = http.StatusOK
	}
	return h.body.Write(p)
}

// doing are the requests with a key that are being done here, so that who
// repeats one meanwhile hears what came of it.
type doing struct {
	mu  sync.Mutex
	now map[string]chan struct{} // closed when it is done; guarded by mu
}

// enter waits until nobody does what, and returns what to call when it is done.
func (d *doing) enter(ctx context.Context, what string) (done func(), err error) {
	for {
		d.mu.Lock()
		before, busy := d.now[what]
		if !busy {
			if d.now == nil {
				d.now = map[string]chan struct{}{}
			}
			mine := make(chan struct{})
			d.now[what] = mine
			d.mu.Unlock()
			return func() {
				d.mu.Lock()
				defer d.mu.Unlock()
				delete(d.now, what)
				close(mine)
			}, nil
		}
		d.mu.Unlock()
		select {
		case <-before:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

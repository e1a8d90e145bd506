package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// longestAnswer is the most bytes of an answer that are read.
const longestAnswer = 8 << 20

// remote is a running server, and how to be let in.
type remote struct {
	Server   string        `help:"Where the server is." default:"http://localhost:8007" placeholder:"URL"`
	Token    string        `help:"API token to call it with; PLENUM_TOKEN keeps it out of the process list."`
	Insecure bool          `help:"Take any certificate, such as a self-signed one." env:"-"`
	Timeout  time.Duration `help:"How long an answer may take." default:"10s" env:"-"`
}

// errNoToken is what a command says that was given no token.
var errNoToken = errors.New("a token is needed: set PLENUM_TOKEN or --token (make one under Tokens on the admin page, or with POST /api/v1/tokens)")

// call sends one request with a JSON body, if that is not nil, and returns the
// body of the answer. More header fields come in pairs.
func (r remote) call(ctx context.Context, method, path string, body any, header ...string) ([]byte, error) {
	if r.Token == "" {
		return nil, errNoToken
	}
	base, err := url.Parse(r.Server)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("--server %q is no address such as https://meet.example.org", r.Server)
	}
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		sent = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(r.Server, "/")+path, sent)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return r.send(req)
}

func (r remote) send(req *http.Request) ([]byte, error) {
	client := http.Client{
		Transport: &http.Transport{
			Proxy:             http.ProxyFromEnvironment,
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: r.Insecure}, //nolint:gosec // the operator asks for it
		},
		// A token is for the server that was named and for nobody it points to.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req) //nolint:gosec // the operator says which server
	if err != nil {
		return nil, fmt.Errorf("ask the server: %w", err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, longestAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	switch res.StatusCode / 100 {
	case 2:
		return text, nil
	case 3:
		return nil, fmt.Errorf("%s redirects to %s: name that as --server", r.Server, res.Header.Get("Location"))
	}
	return nil, refusalOf(res, text)
}

// refusalOf reads why the server refused.
func refusalOf(res *http.Response, text []byte) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		problem.Detail = "the token is wrong, was revoked or has ended, or its user may not call from here"
	case json.Unmarshal(text, &problem) != nil || problem.Detail == "":
		return fmt.Errorf("what answers %d at %s is no Plenum", res.StatusCode, res.Request.URL.Redacted())
	}
	return fmt.Errorf("the server answers %d: %s", res.StatusCode, problem.Detail)
}

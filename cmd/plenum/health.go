package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type healthCmd struct {
	URL      string        `help:"Where the server is." name:"url" default:"http://localhost:8007" placeholder:"URL"`
	Insecure bool          `help:"Take any certificate, such as a self-signed one."`
	Timeout  time.Duration `help:"How long it may take to answer." default:"3s"`
}

// Run asks /readyz and fails unless the server answers that it is ready.
func (c *healthCmd) Run(ctx context.Context, term terminal) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.URL, "/")+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("--url: %w", err)
	}
	transport := &http.Transport{
		Proxy:             nil, // the server is near
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: c.Insecure}, //nolint:gosec // the operator asks for it, and nothing secret is sent
	}
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return fmt.Errorf("ask the server: %w", err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready: %s: %s", res.Status, strings.TrimSpace(string(said)))
	}
	_, err = term.out.Write(said)
	return err
}

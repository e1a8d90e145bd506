// Package login_test storms a real server with wrong logins. Bars of issue 3,
// on a machine that is not busy: with 200 wrong logins at once p99-ms of
// /healthz below 200, MiB-grown below 100.
package login_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"plenum/test/program"
)

const guessers = 200

// storm is how guessers come: all from one address, whom the throttle holds
// back soon, or each from its own, so that only the queue of the hasher does.
type storm struct {
	name      string
	addresses bool
}

var storms = []storm{{"one address", false}, {"an address each", true}}

// guess sends one wrong login and returns the status of its answer, which must
// be one of those that are meant for guessers.
func (st storm) guess(tb testing.TB, s *program.Server, client *http.Client, n int) int {
	body := fmt.Sprintf(`{"username":"nobody%d","password":"a wrong password"}`, n)
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, s.URL+"/api/v1/session", strings.NewReader(body))
	if err != nil {
		tb.Error(err)
		return 0
	}
	req.Header.Set("Content-Type", "application/json")
	if st.addresses {
		req.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
	}
	res, err := client.Do(req)
	if err != nil {
		tb.Error(err)
		return 0
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection is used again
	switch res.StatusCode {
	case http.StatusUnauthorized:
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if res.Header.Get("Retry-After") == "" {
			tb.Errorf("%d does not say when to try again", res.StatusCode)
		}
	default:
		tb.Errorf("a wrong login is answered with %d", res.StatusCode)
	}
	return res.StatusCode
}

// run has every guesser guess that often, and asks /healthz all the while. It
// returns how often each status came, and how long each answer of /healthz took.
func (st storm) run(tb testing.TB, s *program.Server, each int) (statuses map[int]int, took []time.Duration) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: guessers}}
	defer client.CloseIdleConnections()
	statuses = map[int]int{}
	var mu sync.Mutex // guards statuses
	var guessing sync.WaitGroup
	for g := range guessers {
		guessing.Go(func() {
			for r := range each {
				status := st.guess(tb, s, client, r*guessers+g)
				mu.Lock()
				statuses[status]++
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	go func() {
		guessing.Wait()
		close(done)
	}()
	for {
		began := time.Now()
		if _, err := s.Call(tb, http.MethodGet, "/healthz", ""); err != nil {
			tb.Errorf("/healthz: %v", err)
		}
		took = append(took, time.Since(began))
		select {
		case <-done:
			return statuses, took
		default:
		}
	}
}

func start(tb testing.TB) *program.Server {
	tb.Helper()
	return program.Start(tb, program.Build(tb), "--trusted-proxies", "127.0.0.1", "--log-level", "error")
}

// TestStormOfWrongLogins wants an answer to every guess that a guesser
// understands, and that the server lives on.
func TestStormOfWrongLogins(t *testing.T) {
	s := start(t)
	for _, st := range storms {
		statuses, took := st.run(t, s, 2)
		if statuses[http.StatusUnauthorized] == 0 || statuses[http.StatusUnauthorized] == 2*guessers {
			t.Errorf("%s: answers %v, want some looked at and some put off", st.name, statuses)
		}
		t.Logf("%s: answers %v, /healthz %d times, at most %v", st.name, statuses, len(took), slices.Max(took))
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/users", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(program.Admin, program.Password)
	req.Header.Set("X-Forwarded-For", "192.0.2.1") // whose address did nothing wrong
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusOK {
		t.Errorf("a right login after the storm: %d", res.StatusCode)
	}
}

// BenchmarkStormOfWrongLogins measures what the storm costs others.
func BenchmarkStormOfWrongLogins(b *testing.B) {
	for _, st := range storms {
		b.Run(st.name, func(b *testing.B) {
			s := start(b)
			before, grown := s.Resident(b), 0
			var all []time.Duration
			for b.Loop() {
				_, took := st.run(b, s, 5)
				all = append(all, took...)
				grown = max(grown, s.Resident(b)-before)
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "max-ms")
			b.ReportMetric(float64(grown)/(1<<10), "MiB-grown")
			b.ReportMetric(0, "ns/op")
		})
	}
}

package load

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"
)

// metrics is one reading of a server's /metrics: sums by name, labels left out.
type metrics map[string]float64

// The names we know beside plenum_…; they are of every Go server with
// Prometheus's client library.
const (
	metricCPU        = "process_cpu_seconds_total"
	metricRSS        = "process_resident_memory_bytes"
	metricGoroutines = "go_goroutines"
)

// parseMetrics reads Prometheus's text format as far as we need it.
func parseMetrics(text []byte) metrics {
	all := metrics{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, rest := line, ""
		if i := strings.IndexAny(line, "{ "); i >= 0 {
			name, rest = line[:i], line[i:]
		}
		if i := strings.LastIndexByte(rest, '}'); i >= 0 {
			rest = rest[i+1:]
		}
		fields := strings.Fields(rest)
		if len(fields) == 0 {
			continue
		}
		if value, err := strconv.ParseFloat(fields[0], 64); err == nil {
			all[name] += value
		}
	}
	return all
}

// counters returns by how much the server's own counters rose since earlier.
func (m metrics) counters(earlier metrics) map[string]float64 {
	all := map[string]float64{}
	for name, value := range m {
		if strings.HasPrefix(name, "plenum_") && strings.HasSuffix(name, "_total") && value > earlier[name] {
			all[name] = value - earlier[name]
		}
	}
	return all
}

// measure reads the server's metrics; nil and why, if it does not show them.
func (r *runner) measure(ctx context.Context) (metrics, error) {
	data, err := r.request(ctx, http.MethodGet, "/metrics")
	if err != nil {
		return nil, err
	}
	return parseMetrics(data), nil
}

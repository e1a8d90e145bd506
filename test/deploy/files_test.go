package deploy_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"plenum/test/program"
)

// worstExposure is the most that systemd's own score may say: 10 is naked.
const worstExposure = 2.0

// TestSystemdUnit has systemd read the unit, alone and with each drop-in.
func TestSystemdUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("this machine has no systemd")
	}
	dir := t.TempDir()
	unit := write(t, filepath.Join(dir, "plenum.service"),
		deployed(t, "systemd/plenum.service", map[string]string{"/usr/local/bin/plenum": program.Build(t)}))
	verify := func(what string) {
		t.Helper()
		if said := run(t, analyze, "verify", "--man=no", unit); strings.Contains(said, "plenum") {
			t.Errorf("%s: systemd says\n%s", what, said)
		}
		score := exposure(t, run(t, analyze, "security", "--offline=true", "--no-pager", unit))
		t.Logf("%s: exposure %.1f of 10", what, score)
		if score > worstExposure {
			t.Errorf("%s: exposure %.1f, want at most %.1f", what, score, worstExposure)
		}
	}
	verify("the unit")
	if err := os.Mkdir(unit+".d", 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(unit+".d", "https.conf"), deployed(t, "systemd/plenum-https.conf", nil))
	verify("the unit with HTTPS")
}

func exposure(t *testing.T, said string) float64 {
	t.Helper()
	match := regexp.MustCompile(`Overall exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(said)
	if match == nil {
		t.Fatalf("no score in\n%s", said)
	}
	score, err := strconv.ParseFloat(match[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return score
}

var variable = regexp.MustCompile(`\bPLENUM_([A-Z_]+)\b`)

// TestVariablesAreFlags fails when a file sets a variable that means nothing.
func TestVariablesAreFlags(t *testing.T) {
	help := run(t, program.Build(t), "serve", "--help")
	for _, name := range []string{"compose.yml", "Dockerfile", "systemd/plenum.env", "systemd/plenum-https.conf"} {
		found := variable.FindAllStringSubmatch(deployed(t, name, nil), -1)
		if len(found) == 0 {
			t.Errorf("%s sets nothing", name)
		}
		for _, v := range found {
			flag := "--" + strings.ToLower(strings.ReplaceAll(v[1], "_", "-"))
			if v[0] != "PLENUM_ADMIN_PASSWORD" && !strings.Contains(help, flag+"=") {
				t.Errorf("%s: %s, but serve has no %s", name, v[0], flag)
			}
		}
	}
}

// TestFlagsAreDocumented fails when docs/operations.md leaves out a flag of serve.
func TestFlagsAreDocumented(t *testing.T) {
	docs := operations(t)
	flags := regexp.MustCompile(`(?m)^ .*?(--[a-z-]+)`).FindAllStringSubmatch(run(t, program.Build(t), "serve", "--help"), -1)
	if len(flags) < 20 {
		t.Fatalf("serve has only %d flags: %v", len(flags), flags)
	}
	for _, flag := range flags {
		if name := strings.TrimPrefix(flag[1], "--no-"); name != "--help" && !strings.Contains(docs, name) {
			t.Errorf("docs/operations.md does not name %s", flag[1])
		}
	}
}

// TestCompose reads compose.yml as far as can be done without Docker.
func TestCompose(t *testing.T) {
	var compose struct {
		Services map[string]struct {
			Image       string
			Build       *struct{ Context, Dockerfile string }
			Volumes     []string
			Ports       []string
			NetworkMode string `yaml:"network_mode"`
			Healthcheck *struct{ Test []string }
			DependsOn   map[string]struct{ Condition string } `yaml:"depends_on"`
		}
		Volumes map[string]any
	}
	if err := yaml.Unmarshal([]byte(deployed(t, "compose.yml", nil)), &compose); err != nil {
		t.Fatal(err)
	}
	for name, s := range compose.Services {
		if s.Build == nil && s.Healthcheck == nil {
			t.Errorf("%s has no health check", name)
		}
		for other := range s.DependsOn {
			if _, ok := compose.Services[other]; !ok {
				t.Errorf("%s depends on %s, which is not there", name, other)
			}
		}
		for _, volume := range s.Volumes {
			source, _, _ := strings.Cut(volume, ":")
			if _, named := compose.Volumes[source]; !named && source != "./certs" {
				deployed(t, source, nil) // fails if it is not there
			}
		}
	}
	plenum := compose.Services["plenum"]
	if plenum.Build == nil || !strings.Contains(deployed(t, filepath.Join(plenum.Build.Context, plenum.Build.Dockerfile), nil), "HEALTHCHECK") {
		t.Error("plenum's image has no health check")
	}
	if want := []string{"80:80/tcp", "443:443/tcp", "7881:7881/tcp", "7882:7882/udp"}; !slices.Equal(plenum.Ports, want) {
		t.Errorf("ports %v, want %v", plenum.Ports, want)
	}
}

var metric = regexp.MustCompile(`\b(?:plenum|process|go)_[a-z0-9_]+`)

// TestDashboard holds every panel to the metrics of a real server, and
// docs/operations.md to name each of Plenum's own.
func TestDashboard(t *testing.T) {
	s := startServer(t, t.TempDir())
	_, text := s.get("/metrics") // the request before it, of startServer, is counted
	var names []string
	for line := range strings.Lines(text) {
		if name := metric.FindString(line); name != "" && !strings.HasPrefix(line, "#") {
			names = append(names, name)
		}
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(deployed(t, "grafana/plenum.json", nil)), &dashboard); err != nil {
		t.Fatal(err)
	}
	if len(dashboard.Panels) == 0 {
		t.Error("the dashboard is empty")
	}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			used := metric.FindAllString(target.Expr, -1)
			if len(used) == 0 {
				t.Errorf("%q asks for nothing: %s", panel.Title, target.Expr)
			}
			for _, name := range used {
				if !slices.Contains(names, name) {
					t.Errorf("%q asks for %s, which /metrics does not have", panel.Title, name)
				}
			}
		}
	}
	docs := operations(t)
	for _, name := range names {
		name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if strings.HasPrefix(name, "plenum_") && !strings.Contains(docs, name) {
			t.Errorf("docs/operations.md does not name %s", name)
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// doctorCmd looks for what keeps users from connecting. It takes the flags of
// serve, so that it sees what a server would.
type doctorCmd struct {
	serveCmd
	JSON bool `help:"Print the findings as JSON." name:"json"`
}

// verdict is how bad a finding is.
type verdict string

// The verdicts.
const (
	fine   verdict = "ok"
	doubt  verdict = "warning" // works for some, or for now
	broken verdict = "problem" // keeps users from connecting, or the server from starting
)

// A finding is what one look at the machine gave.
type finding struct {
	Check   string  `json:"check"`
	Verdict verdict `json:"verdict"`
	Found   string  `json:"found"`
	Advice  string  `json:"advice,omitempty"`
}

func ok(check, format string, args ...any) finding {
	return finding{Check: check, Verdict: fine, Found: fmt.Sprintf(format, args...)}
}

func warn(check, advice, format string, args ...any) finding {
	return finding{Check: check, Verdict: doubt, Found: fmt.Sprintf(format, args...), Advice: advice}
}

func fail(check, advice, format string, args ...any) finding {
	return finding{Check: check, Verdict: broken, Found: fmt.Sprintf(format, args...), Advice: advice}
}

// Run prints the findings and fails when one of them is a problem.
func (c *doctorCmd) Run(ctx context.Context, term terminal) error {
	findings := c.examine(ctx)
	problems := 0
	for _, f := range findings {
		if f.Verdict == broken {
			problems++
		}
	}
	print := printFindings
	if c.JSON {
		print = printFindingsJSON
	}
	if err := print(term.out, findings); err != nil {
		return err
	}
	if problems > 0 {
		return fmt.Errorf("%d of %d checks found a problem", problems, len(findings))
	}
	return nil
}

// examine looks at everything. It changes nothing but a file that it removes.
func (c *doctorCmd) examine(ctx context.Context) []finding {
	cfg, err := c.settings()
	if err != nil {
		return []finding{fail("configuration", "Mend the flag, variable or line of the file that is named.", "%v", err)}
	}
	findings := []finding{ok("configuration", "is understood")}
	running := c.findServer(ctx)
	for _, look := range []func() []finding{
		func() []finding { return c.lookAtPorts(ctx, running) },
		func() []finding { return lookAtAddresses(ctx, cfg) },
		func() []finding { return c.lookAtTLS(ctx) },
		func() []finding { return []finding{c.lookAtDatabase(ctx)} },
		func() []finding { return lookAtDisk(c.Data) },
		func() []finding { return lookAtSystem() },
		func() []finding { return []finding{lookAtFFmpeg(ctx)} },
	} {
		findings = append(findings, look()...)
	}
	return findings
}

func printFindings(out io.Writer, findings []finding) error {
	var err error
	line := func(format string, args ...any) {
		_, e := fmt.Fprintf(out, format, args...)
		err = errors.Join(err, e)
	}
	for _, f := range findings {
		line("%-8s %-14s %s\n", f.Verdict, f.Check, f.Found)
		if f.Advice != "" {
			line("%-8s %-14s -> %s\n", "", "", strings.ReplaceAll(f.Advice, "\n", "\n"+strings.Repeat(" ", 27)))
		}
	}
	return err
}

func printFindingsJSON(out io.Writer, findings []finding) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(findings)
}

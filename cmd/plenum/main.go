// Command plenum serves meetings, and manages the users and recordings of a
// server that may be running.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line. Every flag has an environment variable
// PLENUM_<NAME>, and may stand in the file of --config under its own name.
type commands struct {
	Config kong.ConfigFlag `help:"YAML file with flags under their names, without dashes in front." placeholder:"FILE"`

	Serve      serveCmd      `cmd:"" help:"Serve meetings."`
	User       userCmd       `cmd:"" help:"Manage users."`
	Room       roomCmd       `cmd:"" help:"Reserve and look after rooms of a running server."`
	Recordings recordingsCmd `cmd:"" help:"Look at recordings."`
	Health     healthCmd     `cmd:"" help:"Ask a running server whether it should get callers; exit 0 if so."`
	Load       loadCmd       `cmd:"" help:"Load a running server with synthetic participants, and measure."`
	Doctor     doctorCmd     `cmd:"" help:"Look for what keeps users from connecting. Takes the flags of serve."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
}

// A terminal is where a command reads and writes.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

func main() {
	// The first signal ends the command in good order, the second at once.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], terminal{os.Stdin, os.Stdout, os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, "plenum:", err)
		os.Exit(1)
	}
}

// run runs one command line.
func run(ctx context.Context, args []string, term terminal) error {
	options := []kong.Option{
		kong.Name("plenum"),
		kong.Description("A meeting server: browsers meet through it, and it records them."),
		kong.DefaultEnvars("PLENUM"),
		kong.Writers(term.out, term.err),
		kong.Configuration(readYAML),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(term),
	}
	if path := os.Getenv("PLENUM_CONFIG"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("PLENUM_CONFIG: %w", err)
		}
		options = append(options, kong.Configuration(readYAML, path))
	}
	parser, err := kong.New(&commands{}, options...)
	if err != nil {
		return fmt.Errorf("describe the command line: %w", err)
	}
	command, err := parser.Parse(args)
	if e, ok := errors.AsType[*kong.ParseError](err); ok && len(args) == 0 {
		return errors.Join(e.Context.PrintUsage(false), err)
	}
	if err != nil {
		return err
	}
	return command.Run()
}

type versionCmd struct{}

// Run prints what this binary was built from.
func (versionCmd) Run(term terminal) error {
	_, err := fmt.Fprintf(term.out, "plenum %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

// version is what the build recorded of its source.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}

// Package pionlog carries what Pion's libraries log into our structured log.
// They report each odd packet as a warning or an error, though nobody has to
// act on it: so nothing of theirs is above debug.
package pionlog

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// New returns a factory of loggers that write to log at debug level.
func New(log *slog.Logger) logging.LoggerFactory { return factory{log} }

type factory struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (f factory) NewLogger(scope string) logging.LeveledLogger {
	return logger{f.log.With("pion", scope)}
}

type logger struct{ log *slog.Logger }

func (l logger) Trace(string)          {}
func (l logger) Tracef(string, ...any) {}
func (l logger) Debug(string)          {}
func (l logger) Debugf(string, ...any) {}

func (l logger) Info(msg string)                  { l.write("info", msg) }
func (l logger) Infof(format string, args ...any) { l.writef("info", format, args) }
func (l logger) Warn(msg string)                  { l.write("warn", msg) }
func (l logger) Warnf(format string, args ...any) { l.writef("warn", format, args) }
func (l logger) Error(msg string)                 { l.write("error", msg) }
func (l logger) Errorf(format string, args ...any) {
	l.writef("error", format, args)
}

func (l logger) write(level, msg string) {
	l.log.Debug("pion says", "level", level, "text", msg)
}

// writef formats only what will be written.
func (l logger) writef(level, format string, args []any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) { //nolint:forbidigo // Pion's loggers carry no context
		l.write(level, fmt.Sprintf(format, args...))
	}
}

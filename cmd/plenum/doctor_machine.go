package main

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite" // the driver of the database in the folder
)

// Free space below which recordings are at risk, and below which the server is.
const (
	littleSpace = 5 << 30
	noSpace     = 256 << 20
)

// lookAtDatabase asks the database, without making or changing one.
func (c *doctorCmd) lookAtDatabase(ctx context.Context) finding {
	const check = "database"
	ctx, cancel := context.WithTimeout(ctx, 5*doctorWait)
	defer cancel()
	if c.DatabaseURL != "" {
		began := time.Now()
		conn, err := pgx.Connect(ctx, c.DatabaseURL)
		if err != nil {
			return fail(check, "Check --database-url, and that PostgreSQL lets this machine in.", "PostgreSQL is not reached: %v", withoutURL(err, c.DatabaseURL))
		}
		defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
		var version string
		if err := conn.QueryRow(ctx, "show server_version").Scan(&version); err != nil {
			return fail(check, "", "PostgreSQL does not answer: %v", err)
		}
		return ok(check, "PostgreSQL %s answers within %v", version, time.Since(began).Round(time.Millisecond))
	}
	file := filepath.Join(c.Data, "plenum.db")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return ok(check, "%s will be made at the first start", file)
	}
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(2000)")
	if err != nil {
		return fail(check, "", "%s: %v", file, err)
	}
	defer func() { _ = db.Close() }()
	var result string
	switch err := db.QueryRowContext(ctx, "pragma quick_check(1)").Scan(&result); {
	case err != nil:
		return fail(check, "Check who owns the file; restore a backup if it is damaged (docs/operations.md).", "%s can't be read: %v", file, err)
	case result != "ok":
		return fail(check, "Restore a backup (docs/operations.md).", "%s is damaged: %s", file, result)
	default:
		return ok(check, "%s is whole", file)
	}
}

// withoutURL keeps a password in a URL out of what is printed.
func withoutURL(err error, url string) string { return strings.ReplaceAll(err.Error(), url, "the URL") }

// lookAtDisk writes a file where the server writes, and looks at the room left.
func lookAtDisk(dir string) []finding {
	const check = "disk"
	at := dir
	for {
		info, err := os.Stat(at)
		if err == nil && !info.IsDir() {
			return []finding{fail(check, "Name a folder with --data.", "%s is no folder", at)}
		}
		if err == nil {
			break
		}
		if parent := filepath.Dir(at); parent != at {
			at = parent
			continue
		}
		return []finding{fail(check, "Name a folder with --data.", "%s: %v", dir, err)}
	}
	file, err := os.CreateTemp(at, ".plenum-doctor-*")
	if err != nil {
		return []finding{fail(check, "Give the folder to the user the server runs as.", "nothing can be written in %s: %v", at, err)}
	}
	_ = file.Close()
	_ = os.Remove(file.Name())
	free, err := freeBytes(at)
	gigabytes := float64(free) / (1 << 30)
	switch {
	case err != nil:
		return []finding{warn(check, "", "%s can be written, but how much is free is not known: %v", at, err)}
	case free < noSpace:
		return []finding{fail(check, "Free some, or move --data.", "%s has %.1f GiB left", at, gigabytes)}
	case free < littleSpace:
		return []finding{warn(check, "An hour of a meeting of five takes about 3 GiB to record.", "%s has %.1f GiB left", at, gigabytes)}
	default:
		return []finding{ok(check, "%s can be written and has %.0f GiB left", at, gigabytes)}
	}
}

// lookAtFFmpeg looks for the program that makes composite recordings.
func lookAtFFmpeg(ctx context.Context) finding {
	const check = "ffmpeg"
	ctx, cancel := context.WithTimeout(ctx, doctorWait)
	defer cancel()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return warn(check, "Install ffmpeg to have them; recordings themselves need none.", "not found: no mixes and no composite videos of recordings")
	}
	said, err := exec.CommandContext(ctx, path, "-version").Output() //nolint:gosec // found by LookPath
	if err != nil {
		return warn(check, "", "%s does not run: %v", path, err)
	}
	line, _, _ := strings.Cut(string(said), "\n")
	version, _, _ := strings.Cut(line, " Copyright")
	return ok(check, "%s", version)
}

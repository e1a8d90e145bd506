//go:build !linux

package recording

import (
	"math"
	"os"
)

// freeSpace is not known here: the disk guard is for Linux.
func freeSpace(string) (int64, error) { return math.MaxInt64, nil }

// datasync brings a file's bytes to the disk.
func datasync(f *os.File) error { return f.Sync() }

// bootID is not known here, so a power cut looks like a crash.
func bootID() string { return "" }

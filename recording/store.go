package recording

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"plenum/recording/webm"
)

// A trackFile is a track's file as the recorder needs it.
type trackFile interface {
	webm.File
	Datasync() error
	Close() error
}

// diskFile is a trackFile on disk.
type diskFile struct{ *os.File }

// Datasync brings the file's bytes to the disk.
func (f diskFile) Datasync() error { return datasync(f.File) }

// createFile makes a new file that only we can read.
func createFile(dir *os.Root, name string) (trackFile, error) {
	f, err := dir.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", name, err)
	}
	return diskFile{f}, nil
}

// saveManifest replaces the manifest so that a crash leaves the old or the new.
func saveManifest(dir *os.Root, m Manifest) error {
	b, err := json.MarshalIndent(m.clone(), "", "  ")
	if err != nil {
		return fmt.Errorf("encode manifest: %w", err)
	}
	const tmp = manifestName + ".tmp"
	f, err := dir.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("save manifest: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = dir.Rename(tmp, manifestName)
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return fmt.Errorf("save manifest: %w", err)
	}
	return nil
}

// syncDir makes the names in a directory safe.
func syncDir(dir *os.Root) error {
	d, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

func loadManifest(dir *os.Root) (Manifest, error) {
	b, err := dir.ReadFile(manifestName)
	if err != nil {
		return Manifest{}, err
	}
	var m Manifest
	if err := json.Unmarshal(b, &m); err != nil {
		return Manifest{}, fmt.Errorf("manifest of %s: %w", dir.Name(), err)
	}
	return m, nil
}

// sum returns a file's SHA-256 in hex and how long it is.
func sum(r io.ReaderAt) (hash string, size int64, err error) {
	h := sha256.New()
	size, err = io.Copy(h, io.NewSectionReader(r, 0, 1<<62))
	return hex.EncodeToString(h.Sum(nil)), size, err
}

package cert

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Files serves a certificate from two files that somebody else renews: it looks
// at each handshake whether they have changed. It is safe for concurrent use.
type Files struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate // guarded by mu
	read    stamps           // of the files when they were read last; guarded by mu
}

// stamps tell whether files have changed.
type stamps struct{ cert, key stamp }

type stamp struct {
	modified time.Time
	size     int64
}

// Open reads a PEM certificate, its chain included, and its key.
func Open(cert, key string, log *slog.Logger) (*Files, error) {
	f := &Files{cert: cert, key: key, log: log}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Reload reads the files again. It keeps the certificate there is when it can't.
func (f *Files) Reload() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := f.stat()
	if err != nil {
		return err
	}
	return f.loadLocked(now)
}

// Current returns the certificate, read anew if the files have changed. It is
// made for tls.Config.GetCertificate.
func (f *Files) Current(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := f.stat()
	if err != nil || now == f.read {
		return f.current, nil // files may be away for a moment while they are replaced
	}
	if err := f.loadLocked(now); err != nil {
		f.log.Warn("new certificate is not usable, the old one stays", "error", err)
	} else {
		f.log.Info("certificate reloaded", "expires", f.current.Leaf.NotAfter)
	}
	return f.current, nil
}

func (f *Files) loadLocked(now stamps) error {
	f.read = now // once per change, also when it fails: the log is not flooded
	loaded, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("load the certificate: %w", err)
	}
	f.current = &loaded
	return nil
}

func (f *Files) stat() (stamps, error) {
	cert, err := os.Stat(f.cert)
	if err != nil {
		return stamps{}, fmt.Errorf("look at the certificate: %w", err)
	}
	key, err := os.Stat(f.key)
	if err != nil {
		return stamps{}, fmt.Errorf("look at the key: %w", err)
	}
	return stamps{stamp{cert.ModTime(), cert.Size()}, stamp{key.ModTime(), key.Size()}}, nil
}

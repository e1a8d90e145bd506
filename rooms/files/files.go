// Package files keeps on disk what people share in meetings, for as long as
// the meeting lasts. It knows rooms and files by ids of its own making; who may
// read which is its caller's business.
package files

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// Why a file is not taken, or not there.
var (
	ErrTooLarge = errors.New("the file is larger than files may be")
	ErrQuota    = errors.New("the files of this meeting may not hold more")
	ErrNoSpace  = errors.New("the disk is almost full")
	ErrShort    = errors.New("the file ended before its size")
	ErrClosed   = errors.New("the meeting is over")
	ErrNotFound = errors.New("no such file")
)

// minFree is what a file must leave free on the disk, in bytes, for what is
// more important.
const minFree = 1 << 30

// Config bounds what is shared.
type Config struct {
	Dir      string                          // is emptied by Open and made when needed
	MaxSize  int64                           // bytes of one file; nothing is shared when it is 0
	RoomSize int64                           // bytes of all files of one meeting; 0 is no limit
	Free     func(dir string) (int64, error) // bytes that can be written; default asks the system
}

// A Store keeps the files of all meetings of this process.
type Store struct{ cfg Config }

// Open empties the folder of what a process before this one has left there:
// no meeting outlives its process, and no file its meeting. Without a MaxSize
// the Store is nil.
func Open(cfg Config) (*Store, error) {
	if err := os.RemoveAll(cfg.Dir); err != nil {
		return nil, fmt.Errorf("empty the folder of shared files: %w", err)
	}
	if cfg.MaxSize <= 0 {
		return nil, nil //nolint:nilnil // files are not shared
	}
	if cfg.Free == nil {
		cfg.Free = freeSpace
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of shared files: %w", err)
	}
	return &Store{cfg: cfg}, nil
}

// MaxSize is the most bytes that one file may have.
func (s *Store) MaxSize() int64 { return s.cfg.MaxSize }

// NewRoom returns a place for the files of one meeting. The caller must Close it.
func (s *Store) NewRoom() *Room {
	return &Room{store: s, dir: filepath.Join(s.cfg.Dir, rand.Text()), sizes: map[string]int64{}, uploads: map[*Upload]struct{}{}}
}

// A Room holds the files of one meeting. Its methods may be called from any
// goroutine.
type Room struct {
	store *Store
	dir   string

	mu      sync.Mutex // guards all below
	closed  bool
	used    int64            // bytes, of uploads under way too
	sizes   map[string]int64 // of the files that are whole, by id
	uploads map[*Upload]struct{}
}

// Begin makes room for a file of that size. The Upload must be ended by Commit
// or Cancel.
func (r *Room) Begin(size int64) (*Upload, error) {
	if size < 0 || size > r.store.cfg.MaxSize {
		return nil, ErrTooLarge
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch most := r.store.cfg.RoomSize; {
	case r.closed:
		return nil, ErrClosed
	case most > 0 && r.used+size > most:
		return nil, ErrQuota
	}
	if free, err := r.store.cfg.Free(r.store.cfg.Dir); err == nil && free < size+minFree {
		return nil, ErrNoSpace
	}
	if err := os.Mkdir(r.dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("keep a file: %w", err)
	}
	id := rand.Text()
	file, err := os.OpenFile(filepath.Join(r.dir, id), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep a file: %w", err)
	}
	r.used += size
	u := &Upload{room: r, id: id, file: file, size: size, left: size}
	r.uploads[u] = struct{}{}
	return u, nil
}

// Open returns a whole file to be read. The caller closes it.
func (r *Room) Open(id string) (*os.File, error) {
	r.mu.Lock()
	_, known := r.sizes[id]
	r.mu.Unlock()
	if !known {
		return nil, ErrNotFound
	}
	f, err := os.Open(filepath.Join(r.dir, id))
	if errors.Is(err, os.ErrNotExist) {
		return nil, ErrNotFound
	}
	return f, err
}

// Remove deletes a whole file.
func (r *Room) Remove(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	size, known := r.sizes[id]
	if !known {
		return
	}
	delete(r.sizes, id)
	r.used -= size
	_ = os.Remove(filepath.Join(r.dir, id)) // else the end of the meeting does it
}

// Used returns how many bytes the room's files hold.
func (r *Room) Used() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.used
}

// Close deletes all files and breaks off what is under way.
func (r *Room) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for u := range r.uploads {
		_ = u.file.Close() // its writer notices
	}
	clear(r.sizes)
	clear(r.uploads)
	r.used = 0
	return os.RemoveAll(r.dir)
}

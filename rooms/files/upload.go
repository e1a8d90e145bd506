package files

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// headLen is how much of a file tells what it is, in bytes.
const headLen = 12

// An Upload is a file on its way to the disk. One goroutine writes it.
type Upload struct {
	room *Room
	id   string
	file *os.File
	size int64
	left int64 // bytes that are still to come
	head []byte
}

// A File is one that is whole.
type File struct {
	ID   string
	Size int64  // bytes
	Type string // image/png and the like, for pictures that are safe to show; else empty
}

// Write takes the next bytes. It returns ErrTooLarge beyond the size that was
// said, and ErrClosed when the room is closed.
func (u *Upload) Write(p []byte) (int, error) {
	if int64(len(p)) > u.left {
		return 0, ErrTooLarge
	}
	if missing := headLen - len(u.head); missing > 0 {
		u.head = append(u.head, p[:min(missing, len(p))]...)
	}
	n, err := u.file.Write(p)
	u.left -= int64(n)
	if errors.Is(err, os.ErrClosed) {
		err = ErrClosed
	}
	return n, err
}

// Commit makes the file readable. When it returns an error, the file is gone.
func (u *Upload) Commit() (File, error) {
	if u.left != 0 {
		u.Cancel()
		return File{}, ErrShort
	}
	if err := u.file.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		u.Cancel()
		return File{}, fmt.Errorf("keep a file: %w", err)
	}
	u.room.mu.Lock()
	defer u.room.mu.Unlock()
	if u.room.closed {
		return File{}, ErrClosed
	}
	delete(u.room.uploads, u)
	u.room.sizes[u.id] = u.size
	return File{ID: u.id, Size: u.size, Type: pictureType(u.head)}, nil
}

// Cancel throws away what came. After Commit it does nothing.
func (u *Upload) Cancel() {
	u.room.mu.Lock()
	defer u.room.mu.Unlock()
	if _, here := u.room.uploads[u]; !here {
		return
	}
	delete(u.room.uploads, u)
	u.room.used -= u.size
	_ = u.file.Close()
	_ = os.Remove(filepath.Join(u.room.dir, u.id)) // else the end of the meeting does it
}

// pictureType is the media type of a picture made of pixels, told by its first
// bytes, or empty. Pictures that are programs, such as SVG, are none.
func pictureType(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return "image/gif"
	case len(head) >= 12 && bytes.HasPrefix(head, []byte("RIFF")) && string(head[8:12]) == "WEBP":
		return "image/webp"
	}
	return ""
}

package recording

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
)

// openRegular opens a file of a recording's folder by its plain name. Anything
// but a regular file that is really there, such as a link, is ErrNotFound.
func openRegular(dir *os.Root, name string) (*os.File, fs.FileInfo, error) {
	if name == "" || strings.ContainsAny(name, "/\\\x00") {
		return nil, nil, ErrNotFound
	}
	before, err := dir.Lstat(name)
	if err != nil || !before.Mode().IsRegular() {
		return nil, nil, ErrNotFound
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil, nil, ErrNotFound
	}
	st, err := f.Stat()
	if err != nil || !os.SameFile(before, st) {
		return nil, nil, errors.Join(ErrNotFound, f.Close())
	}
	return f, st, nil
}

// openDir opens a recording's folder, which must not be a link.
func (l *Library) openDir(id string) (*os.Root, error) {
	if st, err := l.root.Lstat(id); err != nil || !st.IsDir() {
		return nil, ErrNotFound
	}
	dir, err := l.root.OpenRoot(id)
	if err != nil {
		return nil, ErrNotFound
	}
	return dir, nil
}

// An Archive is everything of one recording as a ZIP file, made while it is read.
type Archive struct {
	Name     string // the name to offer for download
	Modified time.Time
	// Write writes the ZIP. It holds no lock, however slowly w takes it. When
	// the recording is deleted meanwhile, it ends with ErrNotFound, and what was
	// written is no whole ZIP.
	Write func(w io.Writer) error
}

// Archive returns a finished recording as a ZIP of its files, its manifest and
// their hashes, stored without compression. ErrBusy while it runs.
func (l *Library) Archive(id string) (Archive, error) {
	m, err := l.ended(id)
	if err != nil {
		return Archive{}, fmt.Errorf("archive of recording %q: %w", id, err)
	}
	folder := clean(m.Title, "Meeting") + " – " + m.T0.UTC().Format("2006-01-02 15.04")
	return Archive{
		Name: folder + ".zip", Modified: m.T0,
		Write: func(w io.Writer) error {
			if err := l.writeArchive(w, m, folder); err != nil {
				return fmt.Errorf("archive of recording %s: %w", id, err)
			}
			return nil
		},
	}, nil
}

// A member is one file of an archive.
type member struct{ name, path, sha256 string }

// members lists the finished files of a recording under names that are
// readable and differ, also where case doesn't count.
func members(m Manifest) []member {
	var all []member
	taken := map[string]bool{manifestName: true, sumsName: true}
	add := func(name, file, hash string) {
		ext := path.Ext(name)
		unique := name
		for n := 2; taken[strings.ToLower(unique)]; n++ {
			unique = fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
		}
		taken[strings.ToLower(unique)] = true
		all = append(all, member{unique, file, hash})
	}
	for _, t := range m.Tracks {
		if t.State != TrackOpen {
			add(shortName(m, t), t.Path, t.SHA256)
		}
	}
	for _, d := range m.Derived {
		add(clean(d.Title, d.Kind)+path.Ext(d.Path), d.Path, d.SHA256)
	}
	return all
}

const sumsName = "SHA256SUMS"

func (l *Library) writeArchive(w io.Writer, m Manifest, folder string) error {
	z := zip.NewWriter(w)
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	files := members(m)
	var sums strings.Builder
	for _, f := range files {
		fmt.Fprintf(&sums, "%s  %s\n", f.sha256, f.name)
	}
	for name, body := range map[string]string{manifestName: string(text) + "\n", sumsName: sums.String()} {
		if err := addMember(z, folder+"/"+name, m.T0, strings.NewReader(body)); err != nil {
			return err
		}
	}
	for _, f := range files {
		if err := l.addFile(z, m, folder+"/"+f.name, f.path); err != nil {
			return err
		}
	}
	return z.Close()
}

func (l *Library) addFile(z *zip.Writer, m Manifest, name, file string) error {
	if _, err := l.Get(m.ID); err != nil { // deleted since
		return err
	}
	dir, err := l.openDir(m.ID)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	f, _, err := openRegular(dir, file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return addMember(z, name, m.T0, guarded{f, l, m.ID})
}

func addMember(z *zip.Writer, name string, at time.Time, r io.Reader) error {
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store, Modified: at})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return err
}

// A guarded file can be read as long as its recording has not been deleted:
// who is in the middle of a download gets no more of it then.
type guarded struct {
	*os.File
	lib *Library
	id  string
}

// Read reads on, or returns ErrNotFound.
func (g guarded) Read(p []byte) (int, error) {
	if !g.lib.has(g.id) {
		return 0, ErrNotFound
	}
	return g.File.Read(p)
}

// WriteTo hides the file's, which would not look.
func (g guarded) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{g})
}

// has reports whether there is such a recording.
func (l *Library) has(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, kept := l.kept[id]
	return kept || l.running[id] != nil
}

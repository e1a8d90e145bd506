package recording

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"plenum/recording/timeline"
	"plenum/recording/webm"
)

// deletedPrefix marks a recording whose files are being removed.
const deletedPrefix = ".deleted-"

// A Library is the folder of recordings. It must be closed.
type Library struct {
	cfg  Config
	log  *slog.Logger
	root *os.Root

	// What tests put faults into.
	create func(dir *os.Root, name string) (trackFile, error)
	free   func(dir string) (int64, error)
	note   func(dir *os.Root) (journalFile, error)

	leaving func(id string) // see BeforeDelete
	repeats repeats
	stop    context.CancelFunc // ends what tends the library
	tending sync.WaitGroup

	writing sync.Mutex // held while a manifest of a recording that has ended is changed; before mu

	mu      sync.Mutex // guards what follows
	closed  bool
	running map[string]*Recorder
	kept    map[string]Manifest // of all that don't run
}

// Open opens the library and repairs what a crash left unfinished.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Library, error) {
	cfg = cfg.withDefaults()
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open recordings: %w", err)
	}
	root, err := os.OpenRoot(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("open recordings: %w", err)
	}
	l := &Library{
		cfg: cfg, log: log, root: root, create: createFile, free: freeSpace, note: createJournal,
		running: map[string]*Recorder{}, kept: map[string]Manifest{},
	}
	if err := l.load(ctx); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	tend, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	if cfg.Keep > 0 {
		l.tending.Go(func() { l.tend(tend) })
	}
	return l, nil
}

// load reads every recording's manifest, mending what is unfinished.
func (l *Library) load(ctx context.Context) error {
	entries, err := fs.ReadDir(l.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("list recordings: %w", err)
	}
	for _, e := range entries {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch name := e.Name(); {
		case strings.HasPrefix(name, deletedPrefix):
			if err := l.root.RemoveAll(name); err != nil {
				l.log.Warn("deleted recording can't be removed", "name", name, "error", err)
			}
		case e.IsDir() && validID(name):
			m, err := l.loadOne(name)
			if err != nil {
				l.log.Error("recording can't be read", "recording", name, "error", err)
				continue
			}
			l.kept[name] = m
		}
	}
	return nil
}

func (l *Library) loadOne(id string) (Manifest, error) {
	dir, err := l.root.OpenRoot(id)
	if err != nil {
		return Manifest{}, err
	}
	defer func() { _ = dir.Close() }()
	old, err := loadManifest(dir)
	known := err == nil && old.ID == id && old.settled()
	if known && !old.unfinished() {
		return old, nil
	}
	m, err := recoverRecording(dir, id)
	if err != nil && known {
		l.log.Error("unfinished track can't be repaired", "recording", id, "error", err)
		return old, nil
	}
	if err != nil {
		return m, err
	}
	l.log.Info("recording repaired", "recording", id, "tracks", len(m.Tracks), "duration_us", m.DurationUS)
	return m, nil
}

// validID reports whether a name is an id as Start makes them: 26 characters
// that can't be a path.
func validID(s string) bool {
	id, err := ulid.ParseStrict(s)
	return err == nil && id.String() == s
}

// Start begins a recording of a room. It returns ErrNoSpace when the disk is too full.
// Ended is called once if the recorder stops for a reason of its own.
func (l *Library) Start(ctx context.Context, info Info, media Media, ended func(reason string)) (*Recorder, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	free, err := l.free(l.cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("start recording of room %s: %w", info.Room, err)
	}
	if free < l.cfg.MinFree {
		return nil, fmt.Errorf("start recording of room %s: %w: %d bytes free", info.Room, ErrNoSpace, free)
	}
	if why := l.exceeded(info, 0, 0, ""); why != "" {
		return nil, fmt.Errorf("start recording of room %s: %w: %s", info.Room, ErrQuota, why)
	}
	r, err := l.newRecorder(info, media, ended)
	if err != nil {
		return nil, fmt.Errorf("start recording of room %s: %w", info.Room, err)
	}
	l.Audit(Entry{Action: ActionStart, Recording: r.id, Room: info.Room, Who: info.StartedBy})
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		err := errors.Join(fs.ErrClosed, r.journal.f.Close(), r.dir.Close(), l.root.RemoveAll(r.id))
		return nil, fmt.Errorf("start recording of room %s: %w", info.Room, err)
	}
	l.running[r.id] = r
	r.stopTap = media.Tap(tap{r})
	go r.run()
	go r.watch()
	return r, nil
}

// newRecorder makes the recording's folder, journal and first manifest.
func (l *Library) newRecorder(info Info, media Media, ended func(string)) (*Recorder, error) {
	now := time.Now()
	id, err := ulid.New(ulid.Timestamp(now), rand.Reader)
	if err != nil {
		return nil, err
	}
	name := id.String()
	if err := l.root.Mkdir(name, 0o700); err != nil {
		return nil, err
	}
	dir, err := l.root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	f, err := l.note(dir)
	if err != nil {
		return nil, errors.Join(err, dir.Close())
	}
	r := &Recorder{
		lib: l, log: l.log.With("recording", name, "room", info.Room), info: info, media: media, ended: ended,
		id: name, t0: now, utc: now.UTC().Truncate(time.Microsecond), dir: dir, journal: journal{f},
		quit: make(chan struct{}), done: make(chan struct{}),
		tracks: map[slot]*track{}, shut: map[key]change{}, told: map[string]bool{}, declined: map[string]bool{},
		loop: loop{
			clocks: map[string]*timeline.Clock{}, synced: map[string]int64{}, tainted: map[string]bool{},
			lastSync: now, lastLook: now, sealed: make(chan sealed, 1),
		},
	}
	r.note(event{
		Kind: evStarted, Recording: name, Room: info.Room, Title: info.Title, CreatorID: info.CreatorID,
		StartedBy: info.StartedBy, T0: r.utc, BootID: bootID(),
	})
	err = errors.Join(r.loop.broken, f.Sync(), saveManifest(dir, r.manifest), syncDir(l.root))
	if err != nil {
		return nil, errors.Join(err, f.Close(), dir.Close(), l.root.RemoveAll(name))
	}
	return r, nil
}

// forget takes a recorder that has finished off the list of those running.
func (l *Library) forget(r *Recorder) {
	m := r.snapshot()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.running, r.id)
	l.kept[r.id] = m
}

// Close finishes every running recording. If ctx ends first, they go on
// finishing; what the process's end cuts off, the next Open repairs.
func (l *Library) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	running := make([]*Recorder, 0, len(l.running))
	for _, r := range l.running {
		running = append(running, r)
	}
	l.mu.Unlock()
	l.stop()
	l.tending.Wait()
	var wg sync.WaitGroup
	failed := make([]error, len(running))
	for i, r := range running {
		wg.Go(func() { _, failed[i] = r.Stop(ctx, "shutdown") })
	}
	wg.Wait()
	return errors.Join(append(failed, l.root.Close())...)
}

// List returns the recordings, newest first.
func (l *Library) List(f Filter) ([]Manifest, error) {
	l.mu.Lock()
	all := make([]Manifest, 0, len(l.kept)+len(l.running))
	for _, m := range l.kept {
		all = append(all, m.clone())
	}
	for _, r := range l.running {
		all = append(all, r.snapshot())
	}
	l.mu.Unlock()
	all = slices.DeleteFunc(all, func(m Manifest) bool {
		return f.CreatorID != 0 && m.CreatorID != f.CreatorID || f.Room != "" && m.Room != f.Room
	})
	slices.SortFunc(all, func(a, b Manifest) int { return cmp.Compare(b.ID, a.ID) }) // ids begin with the time
	return all, nil
}

// Get returns one recording's manifest, or ErrNotFound.
func (l *Library) Get(id string) (Manifest, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r := l.running[id]; r != nil {
		return r.snapshot(), nil
	}
	if m, ok := l.kept[id]; ok {
		return m.clone(), nil
	}
	return Manifest{}, fmt.Errorf("recording %q: %w", id, ErrNotFound)
}

// File opens one finished file of a recording, a track's or a derived one, by
// the name its manifest gives. ErrNotFound for anything else, whatever the name
// holds. The caller closes it.
func (l *Library) File(id, name string) (File, error) {
	m, err := l.Get(id)
	if err != nil {
		return File{}, err
	}
	var file File
	if t := m.track(name); t != nil && t.State != TrackOpen {
		file = File{Name: displayName(m, *t), SHA256: t.SHA256}
	} else if d := m.derived(name); d != nil {
		file = File{Name: clean(m.Title, "Meeting") + " – " + clean(d.Title, d.Kind) + path.Ext(d.Path), SHA256: d.SHA256, Type: d.Type}
	} else {
		return File{}, fmt.Errorf("file %q of recording %s: %w", name, id, ErrNotFound)
	}
	dir, err := l.openDir(id)
	if err != nil {
		return File{}, fmt.Errorf("file %q of recording %s: %w", name, id, err)
	}
	defer func() { _ = dir.Close() }()
	f, st, err := openRegular(dir, name)
	if err != nil {
		return File{}, fmt.Errorf("file %q of recording %s: %w", name, id, err)
	}
	if file.Type == "" {
		file.Type = mediaType(f, st.Size())
	}
	file.ReadSeekCloser, file.Size, file.Modified = guarded{f, l, id}, st.Size(), st.ModTime()
	return file, nil
}

// mediaType is the media type of a track's file, which only its header knows.
func mediaType(f *os.File, size int64) string {
	r, err := webm.NewReader(f, size)
	if err != nil {
		return "application/octet-stream" // it is not what we wrote
	}
	return r.MediaType()
}

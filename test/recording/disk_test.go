package recording_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"plenum/recording"
	"plenum/recording/mediatest"
	"plenum/signaling/protocol"
	"plenum/test/program"
)

// A disk is a file system of its own, in a file, on which a server keeps its
// recordings. It needs root and loop devices.
type disk struct {
	tb   testing.TB
	path string // where it is mounted
	base string // the folder that holds the file
}

// mountDisk mounts a disk for the recordings of a server's folder. With a room,
// what it holds is bounded by so many bytes, though it looks larger.
func mountDisk(tb testing.TB, data string, room string) *disk {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("mounting a disk needs root")
	}
	needs(tb, "mkfs.ext4", "fsfreeze", "mount", "umount")
	d := &disk{tb: tb, path: filepath.Join(data, "recordings"), base: tb.TempDir()}
	if room != "" {
		d.mount("-t", "tmpfs", "-o", "size="+room, "none", d.base)
	}
	image := filepath.Join(d.base, "image")
	run(tb, "truncate", "-s", "3G", image) // recordings begin with 1 GiB free
	run(tb, "mkfs.ext4", "-q", "-m", "0", "-O", "^has_journal", image)
	if err := os.MkdirAll(d.path, 0o700); err != nil {
		tb.Fatal(err)
	}
	d.mount("-o", "loop,errors=continue", image, d.path)
	return d
}

// mount mounts something until the test ends, or skips the test.
func (d *disk) mount(args ...string) {
	d.tb.Helper()
	if out, err := exec.CommandContext(d.tb.Context(), "mount", args...).CombinedOutput(); err != nil {
		d.tb.Skipf("this machine mounts no disks: mount %s: %s", strings.Join(args, " "), out)
	}
	where := args[len(args)-1]
	d.tb.Cleanup(func() { _ = syscall.Unmount(where, syscall.MNT_DETACH) })
}

// freeze stops the disk from answering until thaw is called, or the test ends.
func (d *disk) freeze() (thaw func()) {
	d.tb.Helper()
	run(d.tb, "fsfreeze", "-f", d.path)
	var done atomic.Bool
	thaw = func() {
		if !done.Swap(true) {
			_ = exec.Command("fsfreeze", "-u", d.path).Run()
		}
	}
	d.tb.Cleanup(thaw)
	return thaw
}

// fill takes all the room there is in a folder, until empty is called.
func (d *disk) fill(folder string) (empty func()) {
	d.tb.Helper()
	var st syscall.Statfs_t
	if err := syscall.Statfs(folder, &st); err != nil {
		d.tb.Fatal(err)
	}
	ballast, err := os.Create(filepath.Join(folder, "ballast"))
	if err != nil {
		d.tb.Fatal(err)
	}
	const rest = 1 << 20 // others write meanwhile
	if err := syscall.Fallocate(int(ballast.Fd()), 0, 0, int64(st.Bavail)*st.Bsize-rest); err != nil {
		d.tb.Fatal(err)
	}
	_, _ = ballast.Seek(0, io.SeekEnd)
	for err == nil {
		_, err = ballast.Write(make([]byte, 4096))
	}
	return func() { _ = errors.Join(ballast.Close(), os.Remove(ballast.Name())) }
}

func run(tb testing.TB, name string, args ...string) {
	tb.Helper()
	if out, err := exec.CommandContext(tb.Context(), name, args...).CombinedOutput(); err != nil {
		tb.Fatalf("%s %s: %v %s", name, strings.Join(args, " "), err, out)
	}
}

// A pair is two actors who look at each other.
type pair struct {
	room      string
	ann, bo   *actor
	warning   atomic.Value // protocol.RecordingWarning
	notice    atomic.Value // protocol.RecordingNotice
	framesWas [4]int64
}

// meet brings two people into a room of a policy.
func meet(t *testing.T, s *program.Server, policy string, sound, image *mediatest.Clip) *pair {
	t.Helper()
	p := &pair{}
	p.warning.Store(protocol.RecordingWarning(""))
	p.notice.Store(protocol.RecordingNotice(""))
	p.room = reserve(t, s, policy)
	p.ann = act(t, s, p.room, role{name: "Ann", sound: sound, image: image, heard: func(msg any) {
		if r, ok := msg.(protocol.Recording); ok {
			p.warning.Store(r.WarningCode)
			p.notice.Store(r.NoticeCode)
		}
	}})
	p.bo = act(t, s, p.room, role{name: "Bo", sound: sound, image: image})
	for _, who := range [][2]*actor{{p.ann, p.bo}, {p.bo, p.ann}} {
		who[0].say(protocol.SetView{View: protocol.View{Tiles: []protocol.Tile{{Participant: who[1].id, Source: protocol.Camera, Height: 360}}}})
	}
	s.Await(t, "pictures of both", patience, func() error {
		if p.ann.received.Load() < 25 || p.bo.received.Load() < 25 {
			return errors.New("not yet")
		}
		return nil
	})
	return p
}

// mark begins a measurement; share is which part of the pictures came since.
func (p *pair) mark() { p.framesWas = p.frames() }

func (p *pair) frames() [4]int64 {
	return [4]int64{p.ann.received.Load(), p.bo.sent.Load(), p.bo.received.Load(), p.ann.sent.Load()}
}

func (p *pair) share() float64 {
	now, was := p.frames(), p.framesWas
	return min(float64(now[0]-was[0])/float64(now[1]-was[1]), float64(now[2]-was[2])/float64(now[3]-was[3]))
}

// leastShare is how much of its pictures a meeting must keep.
const leastShare = 0.95

// keeps fails the test if meetings lost pictures since their mark.
func keeps(t *testing.T, what string, meetings map[string]*pair) {
	t.Helper()
	for name, p := range meetings {
		share := p.share()
		t.Logf("%s: the %s room got %.1f %% of its pictures", what, name, 100*share)
		if share < leastShare {
			t.Errorf("%s: the %s room got %.1f %% of its pictures", what, name, 100*share)
		}
	}
}

// settled waits until a recording has ended.
func settled(t *testing.T, s *program.Server, room string) recording.Manifest {
	t.Helper()
	var m recording.Manifest
	s.Await(t, "the end of the recording", patience, func() error {
		list := recordingsOf(t, s, room)
		if len(list) != 1 {
			return fmt.Errorf("%d recordings", len(list))
		}
		if m = list[0]; m.State == recording.StateRecording || m.State == recording.StateFinalizing {
			return errors.New("still " + string(m.State))
		}
		return nil
	})
	return m
}

func end(t *testing.T, s *program.Server, room string) {
	t.Helper()
	if _, err := s.Call(t, http.MethodDelete, "/api/v1/rooms/"+room, ""); err != nil {
		t.Error(err)
	}
}

func has(m recording.Manifest, code recording.ProblemCode) bool {
	return slices.ContainsFunc(m.Problems, func(p recording.Problem) bool { return p.Code == code })
}

// TestDisks takes the disk under a recording away in three ways. Both the
// meeting that is recorded and another one keep their pictures, everybody in the
// first is told, and its files can be used.
func TestDisks(t *testing.T) {
	sound, image := mediatest.Load(t, "opus"), mediatest.Load(t, "vp8")
	program := program.Build(t)
	t.Run("frozen", func(t *testing.T) { frozen(t, program, sound, image) })
	t.Run("full", func(t *testing.T) { full(t, program, sound, image) })
	t.Run("failing", func(t *testing.T) { failing(t, program, sound, image) })
}

func frozen(t *testing.T, path string, sound, image *mediatest.Clip) {
	data := t.TempDir()
	d := mountDisk(t, data, "")
	s := program.StartOn(t, path, data, "--log-level", "error")
	recorded, control := meet(t, s, "automatic", sound, image), meet(t, s, "off", sound, image)
	thaw := d.freeze()
	t.Cleanup(thaw) // before the server has to end
	began := time.Now()
	recorded.mark()
	control.mark()
	s.Await(t, "the alarm", patience, func() error {
		if w := recorded.warning.Load(); w != protocol.WarnSlowDisk {
			return fmt.Errorf("warning %q", w)
		}
		return nil
	})
	t.Logf("told after %v", time.Since(began).Round(10*time.Millisecond))
	for _, path := range []string{"/readyz", "/api/v1/recordings", "/api/v1/rooms/" + recorded.room} {
		asked := time.Now()
		if _, err := s.Call(t, http.MethodGet, path, ""); err != nil || time.Since(asked) > 2*time.Second {
			t.Errorf("with a frozen disk %s answers %v after %v", path, err, time.Since(asked))
		}
	}
	time.Sleep(time.Until(began.Add(8 * time.Second))) // as long as the disk hangs
	keeps(t, "disk frozen for 8 s", map[string]*pair{"recorded": recorded, "control": control})
	thaw()
	s.Await(t, "the end of the alarm", patience, func() error {
		if w := recorded.warning.Load(); w != protocol.RecordingWarning("") {
			return fmt.Errorf("warning %q", w)
		}
		return nil
	})
	end(t, s, recorded.room)
	m := settled(t, s, recorded.room)
	if len(m.Tracks) != 4 || m.State == recording.StateFailed {
		t.Errorf("%s with %d tracks: %+v", m.State, len(m.Tracks), m.Problems)
	}
	examine(t, d.path, m, sound, image)
}

func full(t *testing.T, path string, sound, image *mediatest.Clip) {
	data := t.TempDir()
	d := mountDisk(t, data, "")
	s := program.StartOn(t, path, data, "--log-level", "error")
	recorded, control := meet(t, s, "automatic", sound, image), meet(t, s, "off", sound, image)
	empty := d.fill(d.path)
	recorded.mark()
	control.mark()
	s.Await(t, "the notice", patience, func() error {
		if n := recorded.notice.Load(); n != protocol.NoticeDiskFull {
			return fmt.Errorf("notice %q", n)
		}
		return nil
	})
	m := settled(t, s, recorded.room)
	keeps(t, "disk full", map[string]*pair{"recorded": recorded, "control": control})
	if m.StopReason != "disk_full" || m.State != recording.StateDegraded || !has(m, recording.ProblemStopped) {
		t.Errorf("%s for %q: %+v", m.State, m.StopReason, m.Problems)
	}
	empty()
	s.Stop()
	s = program.StartOn(t, path, data, "--log-level", "error")
	m = settled(t, s, recorded.room)
	if len(m.Tracks) != 4 || m.State != recording.StateDegraded {
		t.Errorf("after a start: %s with %d tracks: %+v", m.State, len(m.Tracks), m.Problems)
	}
	examine(t, d.path, m, sound, image)
}

// failing has the disk lose what it has taken: fsync fails with EIO.
func failing(t *testing.T, path string, sound, image *mediatest.Clip) {
	data := t.TempDir()
	d := mountDisk(t, data, "24m")
	s := program.StartOn(t, path, data, "--log-level", "error")
	recorded, control := meet(t, s, "automatic", sound, image), meet(t, s, "off", sound, image)
	empty := d.fill(d.base)
	defer empty()
	recorded.mark()
	control.mark()
	time.Sleep(12 * time.Second) // the recorder syncs every ten
	keeps(t, "disk failing", map[string]*pair{"recorded": recorded, "control": control})
	end(t, s, recorded.room)
	m := settled(t, s, recorded.room)
	if !has(m, recording.ProblemDisk) { // while the disk fails, no file may be finished
		t.Errorf("%s: %+v", m.State, m.Problems)
	}
	empty()
	s.Stop()
	s = program.StartOn(t, path, data, "--log-level", "error")
	m = settled(t, s, recorded.room)
	if len(m.Tracks) != 4 || m.State != recording.StateDegraded || !has(m, recording.ProblemDisk) {
		t.Errorf("after a start: %s with %d tracks: %+v", m.State, len(m.Tracks), m.Problems)
	}
	examine(t, d.path, m) // what the disk swallowed is not what was sent
}

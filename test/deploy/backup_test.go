package deploy_test

import (
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plenum/rooms"
	"plenum/rooms/postgres"
	"plenum/rooms/postgres/pgtest"
	"plenum/rooms/sqlite"
	"plenum/test/program"
)

// kept is what must be the same after a restore.
type kept struct {
	Users []rooms.User
	Rooms []rooms.Room
	Key   []byte // signs host links
}

var samePrefixes = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

// fill makes users and rooms on a running server and returns a room's id.
func fill(t *testing.T, s *server, where ...string) string {
	t.Helper()
	run(t, program.Build(t), append([]string{"user", "add", "anna"}, where...)...)
	run(t, program.Build(t), append([]string{"user", "add", "robot", "--allow-from", "10.0.0.0/8"}, where...)...)
	run(t, program.Build(t), append([]string{"user", "disable", "anna"}, where...)...)
	s.reserve("first")
	return s.reserve("last")
}

// read returns what a store keeps.
func read(t *testing.T, store rooms.Store, err error) kept {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var k kept
	if k.Users, err = store.Users(t.Context()); err != nil {
		t.Fatal(err)
	}
	if k.Rooms, _, err = store.Rooms(t.Context(), rooms.RoomFilter{}); err != nil {
		t.Fatal(err)
	}
	if k.Key, err = store.Secret(t.Context(), "host-token"); err != nil {
		t.Fatal(err)
	}
	if len(k.Users) != 3 || len(k.Rooms) != 2 {
		t.Fatalf("%d users and %d rooms, want 3 and 2", len(k.Users), len(k.Rooms))
	}
	return k
}

// works fails unless a restored server knows its admin, its room and its recording.
func works(t *testing.T, s *server, room, recording string, content []byte) {
	t.Helper()
	for _, path := range []string{"/api/v1/session", "/api/v1/rooms/" + room + "/lobby"} {
		if status, body := s.get(path); status != http.StatusOK {
			t.Errorf("%s after the restore: %d %s", path, status, body)
		}
	}
	if status, body := s.get(recording); status != http.StatusOK || body != string(content) {
		t.Errorf("%s after the restore: %d, %d bytes", recording, status, len(body))
	}
}

// TestSQLiteBackup does what docs/operations.md says, while the server runs.
func TestSQLiteBackup(t *testing.T) {
	inOperations(t, `sqlite3 /var/lib/plenum/plenum.db ".backup '/backup/plenum.db'"`, `cp -a /var/lib/plenum/recordings /backup/`)
	data, backup := t.TempDir(), t.TempDir()
	recording, content := writeRecording(t, data)
	s := startServer(t, data)
	room := fill(t, s, "--data", data)

	run(t, "sqlite3", filepath.Join(data, "plenum.db"), ".backup '"+filepath.Join(backup, "plenum.db")+"'")
	run(t, "cp", "-a", filepath.Join(data, "recordings"), backup+"/")
	store, err := sqlite.Open(t.Context(), filepath.Join(data, "plenum.db"))
	want := read(t, store, err)
	s.reserve("late") // after the backup, and lost with the machine
	s.Stop()
	if err := os.RemoveAll(data); err != nil {
		t.Fatal(err)
	}

	restored := startServer(t, backup)
	works(t, restored, room, recording, content)
	restored.Stop()
	store, err = sqlite.Open(t.Context(), filepath.Join(backup, "plenum.db"))
	if diff := cmp.Diff(want, read(t, store, err), samePrefixes); diff != "" {
		t.Errorf("the restored store differs (-want +got):\n%s", diff)
	}
}

// TestPostgresBackup does what docs/operations.md says, while the server runs.
func TestPostgresBackup(t *testing.T) {
	inOperations(t, `pg_dump -Fc -f plenum.dump "$URL"`, `pg_restore --no-owner -d "$URL" plenum.dump`)
	old, fresh := pgtest.Database(t), pgtest.Database(t)
	data, backup := t.TempDir(), t.TempDir()
	recording, content := writeRecording(t, data)
	s := startServer(t, data, "--database-url", old)
	room := fill(t, s, "--database-url", old)

	dump := filepath.Join(backup, "plenum.dump")
	run(t, postgresTool(t, "pg_dump"), "-Fc", "-f", dump, old)
	run(t, "cp", "-a", filepath.Join(data, "recordings"), backup+"/")
	s.Stop()
	store, err := postgres.Open(t.Context(), old)
	want := read(t, store, err)

	run(t, postgresTool(t, "pg_restore"), "--no-owner", "-d", fresh, dump)
	restored := startServer(t, backup, "--database-url", fresh)
	works(t, restored, room, recording, content)
	restored.Stop()
	store, err = postgres.Open(t.Context(), fresh)
	if diff := cmp.Diff(want, read(t, store, err), samePrefixes); diff != "" {
		t.Errorf("the restored store differs (-want +got):\n%s", diff)
	}
}

// postgresTool returns the newest installed program of a name, not the wrapper
// that Debian puts on the path.
func postgresTool(t *testing.T, name string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return name
	}
	return found[len(found)-1]
}

// inOperations fails unless docs/operations.md has the lines that a test runs.
func inOperations(t *testing.T, lines ...string) {
	t.Helper()
	text := operations(t)
	for _, line := range lines {
		if !strings.Contains(text, line) {
			t.Errorf("docs/operations.md does not say %q", line)
		}
	}
}

func operations(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

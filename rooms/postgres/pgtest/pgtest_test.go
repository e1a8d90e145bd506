package pgtest

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestDatabasesAreApart(t *testing.T) {
	first, second := Database(t), Database(t)
	for _, url := range []string{first, second} {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		if _, err := conn.Exec(t.Context(), `CREATE TABLE same (id int)`); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestEndsWithItsProcess kills a process of tests and sees its server, frozen
// at that, and its folder go.
func TestEndsWithItsProcess(t *testing.T) {
	if os.Getenv("PGTEST_CHILD") != "" {
		s := Start(t)
		s.Freeze(t)
		if _, err := os.Stdout.WriteString("\nserver " + s.dir + "\n"); err != nil {
			t.Fatal(err)
		}
		<-t.Context().Done() // the parent kills us first
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEndsWithItsProcess$", "-test.timeout=1m")
	child.Env = append(os.Environ(), "PGTEST_CHILD=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	var said []string
	for lines := bufio.NewScanner(out); dir == "" && lines.Scan(); said = append(said, lines.Text()) {
		dir, _ = strings.CutPrefix(lines.Text(), "server ")
		if dir == lines.Text() {
			dir = ""
		}
	}
	killed := child.Process.Kill()
	_ = child.Wait() // it was killed
	if dir == "" || killed != nil {
		t.Fatalf("the child started no server (%v):\n%s", killed, strings.Join(said, "\n"))
	}
	for deadline := time.Now().Add(patient); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is still there", dir)
		}
	}
}

func TestMissingBinariesAreNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if dir, err := findIn("/nowhere/*/bin/initdb"); !errors.Is(err, errMissing) || !strings.Contains(err.Error(), "apt-get install postgresql") {
		t.Errorf("found %q, %v; want to be told what to install", dir, err)
	}
}

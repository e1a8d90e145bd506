package api

import (
	"encoding/csv"
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"plenum/rooms"
)

// hostile are names that people have given themselves to see what happens.
var hostile = []string{
	`=cmd|' /C calc'!A0`, `+1+1`, `-2+3+cmd|' /C calc'!A0`, "@SUM(1+1)*cmd|' /C calc'!A0", "\t=1+1", "\r\n=2+2", " =3+3",
	"\u200b=4+4", "\u202e=5+5", "＝6+6", `say "hi", Bob`, "two\nlines", "a;b", "😀 Zoë", "שלום עולם", "'quoted", "Ann", "",
}

// attend has people visit a room of anna's, each after the one before, for a
// minute and a half.
func (s *testServer) attend(t *testing.T, room rooms.Room, names ...string) {
	t.Helper()
	for i, name := range names {
		at := room.Start.Add(time.Duration(i) * 2 * time.Minute)
		joined := rooms.NewEvent(room.ID, rooms.ParticipantJoined, at)
		joined.Visit, joined.Participant, joined.Name, joined.Role = rooms.NewVisitID(), "p1", name, "guest"
		left := joined
		left.ID, left.Kind, left.At, left.Reason = rooms.NewVisitID(), rooms.ParticipantLeft, at.Add(90*time.Second), rooms.ReasonLeft
		if _, err := s.store.AppendEvents(t.Context(), "n", []rooms.Event{joined, left}); err != nil {
			t.Fatal(err)
		}
	}
}

func (s *testServer) csv(t *testing.T, room rooms.Room, query string) string {
	t.Helper()
	a := s.do(t, request{path: "/api/v1/rooms/" + room.ID + "/attendance.csv" + query, as: "anna"})
	if a.StatusCode != 200 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/csv; charset=utf-8") ||
		!strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment;") {
		t.Fatalf("%d %v", a.StatusCode, a.Header)
	}
	return a.body
}

func TestAttendanceCSV(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Weekly")
	s.attend(t, room, hostile...)
	text := s.csv(t, room, "")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(rows[0], attendanceColumns) || len(rows) != len(hostile)+1 {
		t.Fatalf("%d rows under %q", len(rows), rows[0])
	}
	for i, row := range rows[1:] {
		name := strings.ReplaceAll(hostile[i], "\r\n", "\n")
		if got := strings.TrimPrefix(row[1], "'"); got != name && row[1] != name {
			t.Errorf("%q is written %q", hostile[i], row[1])
		}
		for _, field := range row {
			if strings.ContainsAny(field[:min(1, len(field))], "=+-@\t\r\n") {
				t.Errorf("the field %q begins a formula", field)
			}
		}
		if i < 10 && !strings.HasPrefix(row[1], "'") {
			t.Errorf("%q is not guarded: %q", hostile[i], row[1])
		}
		if i >= 10 && row[1] != name {
			t.Errorf("%q is guarded without need: %q", hostile[i], row[1])
		}
		if row[9] != "1.50" || row[8] != "left" || row[11] != "1.50" {
			t.Errorf("row %q", row)
		}
	}
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("a line does not end with CRLF")
	}
	if bom := s.csv(t, room, "?bom=1"); bom != "\uFEFF"+text {
		t.Error("bom=1 gives more or less than a mark in front")
	}
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("python3 is not installed: run scripts/setup-tests.sh")
	}
	cmd := exec.CommandContext(t.Context(), python, "-c",
		"import csv, io, json, sys\nprint(json.dumps(list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode(), newline=''), strict=True))))")
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var theirs [][]string
	if err := json.Unmarshal(out, &theirs); err != nil {
		t.Fatal(err)
	}
	if len(theirs) != len(rows) {
		t.Fatalf("python3 reads %d rows, want %d", len(theirs), len(rows))
	}
	for i := range rows {
		for j := range rows[i] {
			// Go's reader turns line ends within a field into \n, theirs does not.
			if got := strings.ReplaceAll(theirs[i][j], "\r\n", "\n"); got != rows[i][j] {
				t.Errorf("row %d: python3 reads %q, Go %q", i, got, rows[i][j])
			}
		}
	}
}

// TestAttendanceReport has Ann come twice and Bo stay.
func TestAttendanceReport(t *testing.T) {
	s := newTestServer(t, nil)
	room, err := rooms.Reservation{Minutes: 60, Timezone: "Asia/Kolkata"}.Reserve(s.anna, s.clock())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.store.CreateRoom(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	s.attend(t, room, "Ann", "ANN")
	stays := rooms.NewEvent(room.ID, rooms.ParticipantJoined, room.Start.Add(time.Minute))
	stays.Visit, stays.Participant, stays.Name, stays.Role, stays.UserID = rooms.NewVisitID(), "p2", "Bo", "host", s.ben.ID
	if _, err := s.store.AppendEvents(t.Context(), "n", []rooms.Event{stays}); err != nil {
		t.Fatal(err)
	}
	s.pass(10 * time.Minute)
	type report struct {
		People []personBody
		Visits []visitBody
	}
	got := decode[report](t, s.do(t, request{path: "/api/v1/rooms/" + room.ID + "/attendance", as: "anna"}))
	if len(got.People) != 2 || len(got.Visits) != 3 {
		t.Fatalf("report %+v", got)
	}
	if p := got.People[0]; p.Name != "ANN" || p.Minutes != 3 || len(p.Visits) != 2 || p.LastLeft == "" {
		t.Errorf("Ann: %+v", p)
	}
	if p := got.People[1]; p.Name != "Bo" || p.User != "ben" || p.Role != "host" || p.Minutes != 9 || p.LastLeft != "" {
		t.Errorf("Bo: %+v", p)
	}
	rows, err := csv.NewReader(strings.NewReader(s.csv(t, room, ""))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	// 12:14:21 UTC is 17:44:21 there. Those of one person stand together.
	if rows[1][5] != "2018-04-03T17:44:21.276+05:30" || rows[1][0] != "1" || rows[2][0] != "1" || rows[3][0] != "2" || rows[3][7] != "" {
		t.Errorf("rows %q", rows)
	}
}

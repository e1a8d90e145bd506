package api

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"plenum/rooms"
)

// ticket is the one that fakeFiles knows.
const ticket = "a-ticket"

type keptFile struct {
	Parcel
	body, kind string
}

// fakeFiles keeps files in memory, for who has the ticket.
type fakeFiles struct {
	mu   sync.Mutex
	kept map[string]keptFile // guarded by mu
	err  error               // what Share answers
}

func (f *fakeFiles) Share(_ context.Context, roomID, with string, p Parcel) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if with != ticket {
		return "", ErrTicket
	}
	if f.err != nil {
		return "", f.err
	}
	body, err := io.ReadAll(p.Body)
	if err != nil {
		return "", err
	}
	id := fmt.Sprint("f", len(f.kept))
	f.kept[roomID+" "+id] = keptFile{Parcel: p, body: string(body)}
	return id, nil
}

func (f *fakeFiles) Fetch(roomID, with, id string) (SharedFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, known := f.kept[roomID+" "+id]
	if with != ticket || !known {
		return SharedFile{}, rooms.ErrNotFound
	}
	return SharedFile{ReadSeekCloser: closing{strings.NewReader(file.body)}, Name: file.Name, Type: file.kind, At: time.Now()}, nil
}

type closing struct{ io.ReadSeeker }

func (closing) Close() error { return nil }

func (s *testServer) sendFile(t *testing.T, room, query, body string, more map[string]string) answer {
	t.Helper()
	header := map[string]string{"Plenum-Ticket": ticket, "Content-Type": "application/octet-stream"}
	maps.Copy(header, more)
	return s.do(t, request{method: "POST", path: "/api/v1/rooms/" + room + "/files" + query, body: body, header: header})
}

func TestSharedFiles(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan").ID
	body := strings.Repeat("0123456789", maxBody/5) // more than any other body may be
	a := s.sendFile(t, room, "?name=a%20b%2B.txt&to=p2", body, nil)
	id := decode[struct{ ID string }](t, a).ID
	if kept := s.files.kept[room+" "+id]; a.StatusCode != 201 || kept.Name != "a b+.txt" || kept.To != "p2" || kept.body != body || kept.Size != int64(len(body)) {
		t.Fatalf("sent: %d %s, kept %q for %q", a.StatusCode, a.body, kept.Name, kept.To)
	}
	path := "/api/v1/rooms/" + room + "/files/" + id
	got := s.do(t, request{path: path + "?ticket=" + ticket})
	if got.StatusCode != 200 || got.body != body {
		t.Errorf("read: %d, %d bytes", got.StatusCode, len(got.body))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/octet-stream", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Content-Security-Policy":      "default-src 'none'; sandbox",
		"Content-Disposition":          `attachment; filename="a b+.txt"; filename*=UTF-8''a%20b%2B.txt`,
		"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-store", "Accept-Ranges": "bytes",
	} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
	part := s.do(t, request{path: path + "?ticket=" + ticket, header: map[string]string{"Range": "bytes=2-4"}})
	if part.StatusCode != 206 || part.body != "234" {
		t.Errorf("a range: %d %q", part.StatusCode, part.body)
	}
	for _, wrong := range []string{path, path + "?ticket=x", path + "x?ticket=" + ticket, "/api/v1/rooms/1.x/files/" + id + "?ticket=" + ticket} {
		wantProblem(t, wrong, s.do(t, request{path: wrong, as: "anna"}), 404)
	}
	if strings.Contains(s.log.String(), ticket) {
		t.Error("the ticket is in the log")
	}
}

// TestSharedFileIsNoPage sends what would be a page, under names that would
// break out of a header.
func TestSharedFileIsNoPage(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan").ID
	for i, name := range []string{"evil.html", "a\"; x=\"b.svg", "a\r\nSet-Cookie: x=1", "ü€.png"} {
		s.files.kept[room+" f"] = keptFile{Parcel: Parcel{Name: name}, body: "<script>alert(1)</script>"}
		got := s.do(t, request{path: "/api/v1/rooms/" + room + "/files/f?ticket=" + ticket})
		if got.StatusCode != 200 || got.Header.Get("Content-Type") != "application/octet-stream" || got.Header.Get("Set-Cookie") != "" ||
			!strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment; filename=\"") ||
			strings.Count(got.Header.Get("Content-Disposition"), `"`) != 2 {
			t.Errorf("%d: %+v", i, got.Header)
		}
	}
	s.files.kept[room+" f"] = keptFile{Parcel: Parcel{Name: "a.png"}, kind: "image/png"}
	if got := s.do(t, request{path: "/api/v1/rooms/" + room + "/files/f?ticket=" + ticket}); got.Header.Get("Content-Type") != "image/png" {
		t.Errorf("a picture comes as %q", got.Header.Get("Content-Type"))
	}
}

func TestSharedFileIsRefused(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan").ID
	for err, status := range map[error]int{
		ErrMayNot: 403, ErrFileSize: 413, ErrFilesFull: 507, ErrFilesBusy: 429, ErrNotLive: 404, ErrNotHere: 404,
		io.ErrUnexpectedEOF: 400, fmt.Errorf("a broken disk"): 500, //nolint:perfsprint // any error
	} {
		s.files.err = err
		a := s.sendFile(t, room, "?name=a", "text", nil)
		wantProblem(t, err.Error(), a, status)
		if (status == 429) != (a.Header.Get("Retry-After") != "") {
			t.Errorf("%v: retry after %q", err, a.Header.Get("Retry-After"))
		}
	}
	s.files.err = nil
	wantProblem(t, "no ticket", s.sendFile(t, room, "?name=a", "text", map[string]string{"Plenum-Ticket": ""}), 403)
	wantProblem(t, "another site", s.sendFile(t, room, "", "text", map[string]string{"Sec-Fetch-Site": "cross-site"}), 403)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/rooms/"+room+"/files", io.MultiReader(bytes.NewReader([]byte("x"))))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Plenum-Ticket", ticket)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != http.StatusLengthRequired {
		t.Errorf("without a length: %d", resp.StatusCode)
	}
	off := newTestServer(t, func(_ *Config, d *Deps) { d.Files = nil })
	wantProblem(t, "files are off", off.sendFile(t, room, "", "text", nil), 404)
	wantProblem(t, "files are off", off.do(t, request{path: "/api/v1/rooms/" + room + "/files/f?ticket=" + ticket}), 404)
}

// TestUploadGivenUp breaks the connection half way.
func TestUploadGivenUp(t *testing.T) {
	s := newTestServer(t, nil)
	room := s.reserve(t, "Plan").ID
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(conn, "POST /api/v1/rooms/%s/files?name=a HTTP/1.1\r\nHost: x\r\nPlenum-Ticket: %s\r\nContent-Length: 100\r\n\r\nhalf", room, ticket)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(s.log.String(), room+"/files"); time.Sleep(time.Millisecond) { // the interval of a poll
		if time.Now().After(deadline) {
			t.Fatal("the request never ended")
		}
	}
	if len(s.files.kept) != 0 || strings.Contains(s.log.String(), `"level":"ERROR"`) {
		t.Errorf("kept %v; %s", s.files.kept, s.log.String())
	}
}

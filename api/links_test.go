package api

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"plenum/recording"
	"plenum/rooms"
)

// library shows a real library as the API wants it.
type library struct{ *recording.Library }

func (l library) Get(id string) (Recording, error) {
	m, err := l.Library.Get(id)
	return Recording{ID: m.ID, Room: m.Room, CreatorID: m.CreatorID, Manifest: m}, err
}

func (l library) List(recording.Filter) ([]Recording, error) { return nil, nil }

func (l library) SetHold(id string, hold bool) (Recording, error) {
	_, err := l.Library.SetHold(id, hold)
	if err != nil {
		return Recording{}, err
	}
	return l.Get(id)
}

// The ids of the recordings in a shelf: anna's, ben's.
const (
	annas = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
	bens  = "01BX5ZZKBKACTAV9WEVGEMMVRZ"
)

const (
	secret = "SECRET" // in every file that somebody may not read
	track  = "p01-microphone-01.webm"
)

// shelf serves a library with a recording of anna's and one of ben's.
func shelf(t *testing.T) (*testServer, string) {
	t.Helper()
	s := newTestServer(t, nil)
	dir := t.TempDir()
	for id, creator := range map[string]int64{annas: s.anna.ID, bens: s.ben.ID} {
		write := func(name, text string) {
			if err := os.WriteFile(filepath.Join(dir, id, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Mkdir(filepath.Join(dir, id), 0o700); err != nil {
			t.Fatal(err)
		}
		m := recording.Manifest{
			Version: 1, ID: id, Room: "1.r", Title: "Weekly / sync", CreatorID: creator, State: recording.StateReady,
			T0:           time.Date(2026, 11, 22, 6, 20, 0, 0, time.UTC),
			Participants: []recording.Participant{{ID: "p1", Name: "../Ann"}, {ID: "p2", Name: "../ann"}},
		}
		for i, p := range []string{"p1", "p2"} {
			name := fmt.Sprintf("p0%d-microphone-01.webm", i+1)
			m.Tracks = append(m.Tracks, recording.Track{
				ID: "x", Participant: p, Source: "microphone", Codec: "opus", Path: name, State: recording.TrackFinal, SHA256: "ab",
			})
			write(name, secret+" "+id+" "+name)
		}
		m.Tracks = append(m.Tracks, recording.Track{ID: "x", Participant: "p1", Path: "open.webm", State: recording.TrackFinal})
		text, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		write("manifest.json", string(text))
		write("events.ndjson", secret+"\n")
		write("hidden.webm", secret)
		write("open.webm", "SECRET")
	}
	lib, err := recording.Open(t.Context(), recording.Config{Dir: dir}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lib.Close(t.Context()) })
	s.api.deps.Recordings = library{lib}
	return s, dir
}

// sign asks for a link as anna and returns its path and query.
func sign(t *testing.T, s *testServer, body string) *url.URL {
	t.Helper()
	a := s.do(t, request{
		method: "POST", path: "/api/v1/recordings/" + annas + "/links", as: "anna", body: body,
		header: map[string]string{"Content-Type": "application/json"},
	})
	if a.StatusCode != 201 {
		t.Fatalf("%s: %d %q", body, a.StatusCode, a.body)
	}
	u, err := url.Parse(decode[linkBody](t, a).URL)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		t.Fatalf("link %v, %v", u, err)
	}
	return u
}

func TestLinks(t *testing.T) {
	s, dir := shelf(t)
	one := sign(t, s, `{"file":"`+track+`"}`)
	all := sign(t, s, `{"expires_in":120}`)
	get := func(path, link string) answer {
		return s.do(t, request{path: "/api/v1/recordings/" + path + "?link=" + link})
	}
	oneLink, allLink := one.Query().Get("link"), all.Query().Get("link")
	if a := s.do(t, request{path: one.RequestURI()}); a.StatusCode != 200 || a.body != secret+" "+annas+" "+track {
		t.Fatalf("a link to a file: %d %q", a.StatusCode, a.body)
	}
	if a := s.do(t, request{path: all.RequestURI()}); a.StatusCode != 200 || !strings.HasPrefix(a.body, "PK") {
		t.Fatalf("a link to all: %d", a.StatusCode)
	}
	if a := get(annas+"/files/p02-microphone-01.webm", allLink); a.StatusCode != 200 {
		t.Errorf("a link to all, for one: %d", a.StatusCode)
	}
	flipped := []byte(oneLink)
	flipped[20] ^= 1
	foreign := s.api.signLink(grant{recording: bens, expires: s.clock().Add(time.Hour), maker: s.anna.ID})
	s2 := newTestServer(t, nil)
	s2.api.deps.HostKey = []byte("another server's key, 32 bytes!!")
	for name, tt := range map[string]struct {
		path, link string
		status     int
	}{
		"another file":             {annas + "/files/p02-microphone-01.webm", oneLink, 404},
		"the archive":              {annas + "/archive.zip", oneLink, 404},
		"another recording":        {bens + "/files/" + track, oneLink, 404},
		"another recording's all":  {annas + "/archive.zip", foreign, 404},
		"a file that is none":      {annas + "/files/events.ndjson", allLink, 404},
		"forged":                   {annas + "/files/" + track, string(flipped), 403},
		"of another server":        {annas + "/files/" + track, s2.api.signLink(grant{recording: annas, expires: s.clock().Add(time.Hour), maker: s.anna.ID}), 403},
		"empty":                    {annas + "/files/" + track, "", 403},
		"too short":                {annas + "/files/" + track, "AQ", 403},
		"cut":                      {annas + "/files/" + track, oneLink[:len(oneLink)-4], 403},
		"longer":                   {annas + "/files/" + track, oneLink + "AAAA", 403},
		"expired":                  {annas + "/files/" + track, s.api.signLink(grant{recording: annas, expires: s.clock(), maker: s.anna.ID}), 403},
		"for what isn't there":     {annas + "/files/" + track + ".bak", allLink, 404},
		"its manifest":             {annas, allLink, 401},
		"a link in place of login": {annas + "/links", allLink, 405},
	} {
		if a := get(tt.path, tt.link); a.StatusCode != tt.status || strings.Contains(a.body, secret) {
			t.Errorf("%s: %d %q, want %d", name, a.StatusCode, a.body, tt.status)
		}
	}
	if a := s.do(t, request{path: "/api/v1/recordings/" + annas + "/files/" + track + "?link=" + string(flipped), as: "anna"}); a.StatusCode != 403 {
		t.Errorf("a forged link with a login: %d", a.StatusCode)
	}
	for _, bad := range []string{
		`{"expires_in":59}`, `{"expires_in":604801}`, `{"expires_in":-1}`, `{"expires_in":"1h"}`, `{"scope":"x"}`,
	} {
		a := s.do(t, request{method: "POST", path: "/api/v1/recordings/" + annas + "/links", as: "anna", body: bad, header: map[string]string{"Content-Type": "application/json"}})
		wantProblem(t, bad, a, 400)
	}
	s.pass(119 * time.Second)
	if a := s.do(t, request{path: all.RequestURI()}); a.StatusCode != 200 {
		t.Errorf("a second before its end: %d", a.StatusCode)
	}
	s.pass(time.Second)
	wantProblem(t, "at its end", s.do(t, request{path: all.RequestURI()}), 403)
	if a := s.do(t, request{path: one.RequestURI()}); a.StatusCode != 200 {
		t.Errorf("the other holds for an hour: %d", a.StatusCode)
	}
	if a := s.do(t, request{method: "DELETE", path: "/api/v1/recordings/" + annas, as: "anna"}); a.StatusCode != 204 {
		t.Fatalf("delete: %d %q", a.StatusCode, a.body)
	}
	wantProblem(t, "deleted", s.do(t, request{path: one.RequestURI()}), 404)
	if left, _ := filepath.Glob(dir + "/*" + annas + "*"); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

// TestLinksEndWithTheirMakersRights makes links and takes from their makers
// what they made them by.
func TestLinksEndWithTheirMakersRights(t *testing.T) {
	path := "/api/v1/recordings/" + annas + "/links"
	for name, tt := range map[string]struct {
		maker string
		end   func(t *testing.T, s *testServer, token int64) error
		ends  bool
	}{
		"disabled": {"anna", func(_ *testing.T, s *testServer, _ int64) error {
			return s.changeAnna(func(u *rooms.User) { u.Disabled = true })
		}, true},
		"an admin no more": {"admin", func(t *testing.T, s *testServer, _ int64) error {
			u := s.admin
			u.Role = rooms.Host
			return s.store.UpdateUser(t.Context(), u)
		}, true},
		"removed": {"admin", func(t *testing.T, s *testServer, _ int64) error {
			return s.store.DeleteUser(t.Context(), s.admin.ID)
		}, true},
		"token revoked": {"token", func(t *testing.T, s *testServer, token int64) error {
			return s.store.DeleteToken(t.Context(), token, 0)
		}, true},
		"token expired": {"token", func(_ *testing.T, s *testServer, _ int64) error {
			s.pass(31 * time.Minute)
			return nil
		}, true},
		"another password": {"anna", func(_ *testing.T, s *testServer, _ int64) error {
			return s.changeAnna(func(u *rooms.User) { u.PasswordHash += "x" })
		}, false},
		"another's token": {"anna", func(t *testing.T, s *testServer, token int64) error {
			return s.store.DeleteToken(t.Context(), token, 0)
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := shelf(t)
			token := decode[struct {
				ID    int64
				Token string
			}](t, s.post(t, "anna", "/api/v1/tokens",
				`{"name":"t","scopes":["write"],"expires_at":"`+timestamp(s.clock().Add(30*time.Minute))+`"}`))
			r := request{method: "POST", path: path, as: tt.maker, body: `{"file":"` + track + `"}`, header: map[string]string{"Content-Type": "application/json"}}
			if tt.maker == "token" {
				r.as, r.header["Authorization"] = "", "Bearer "+token.Token
			}
			link, err := url.Parse(decode[linkBody](t, s.do(t, r)).URL)
			if err != nil {
				t.Fatal(err)
			}
			get := func() answer { return s.do(t, request{path: link.RequestURI()}) }
			if a := get(); a.StatusCode != 200 {
				t.Fatalf("before: %d %s", a.StatusCode, a.body)
			}
			login := rooms.Login{User: rooms.User{ID: grantOf(t, s, link).maker}, TokenID: grantOf(t, s, link).token, Signed: true, Creator: s.anna.ID}
			gone, cancel := s.revoked.Watch(login)
			defer cancel()
			if err := tt.end(t, s, token.ID); err != nil {
				t.Fatal(err)
			}
			if !tt.ends {
				if a := get(); a.StatusCode != 200 {
					t.Errorf("after: %d %s", a.StatusCode, a.body)
				}
				return
			}
			wantProblem(t, "after", get(), 403)
			select {
			case <-gone: // as for a download in the middle
			case <-time.After(10 * time.Second):
				t.Error("a download goes on")
			}
		})
	}
}

func grantOf(t *testing.T, s *testServer, link *url.URL) grant {
	t.Helper()
	g, ok := s.api.readLink(link.Query().Get("link"))
	if !ok {
		t.Fatalf("%s is no link", link)
	}
	return g
}

// TestLinksOfTheFirstVersion did not say who made them.
func TestLinksOfTheFirstVersion(t *testing.T) {
	s, _ := shelf(t)
	b := binary.BigEndian.AppendUint64([]byte{1}, uint64(s.clock().Add(time.Hour).Unix()))
	b = append(b, annas+"\x00"...)
	old := base64.RawURLEncoding.EncodeToString(append(b, s.api.linkSum(b)...))
	wantProblem(t, "version 1", s.do(t, request{path: "/api/v1/recordings/" + annas + "/archive.zip?link=" + old}), 403)
}

// Whatever is asked for in whatever way: who may not read gets no byte.
func TestNeverAByte(t *testing.T) {
	s, dir := shelf(t)
	// A file that became a link: out of the library, to another recording, to its neighbour.
	for _, target := range []string{"/etc/passwd", "../" + bens + "/hidden.webm", "hidden.webm", "../" + annas + "/open.webm"} {
		path := filepath.Join(dir, annas, "open.webm")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		wantProblem(t, "a link to "+target, s.do(t, request{path: "/api/v1/recordings/" + annas + "/files/open.webm", as: "anna"}), 404)
	}
	base := "/api/v1/recordings/" + annas
	var paths []string
	for _, file := range []string{
		"events.ndjson", "manifest.json", "hidden.webm", ".", "..", "%2e%2e", "..%2f" + bens + "%2f" + track, "..%5c" + bens + "%5c" + track,
		"%2Fetc%2Fpasswd", track + "%00", track + "%00.webm", "%00", ".%2F" + track, track + "%2F", track + "%2F..%2Fhidden.webm",
		strings.ToUpper(track), track + "%20", track + ".", track + "::$DATA", "%252e%252e%252fhidden.webm", "..%c0%afhidden.webm",
	} {
		paths = append(paths, base+"/files/"+file)
	}
	for _, path := range append(paths, base+"/files/../hidden.webm", base+"/files/", base+"/../"+bens+"/files/"+track, base+"%2f..%2f"+bens+"/files/"+track,
		"/api/v1/recordings/..%2f"+bens+"/files/"+track, "/api/v1/recordings/"+strings.ToLower(annas)+"/files/"+track) {
		a := s.do(t, request{path: path, as: "anna"})
		if a.StatusCode == 200 || strings.Contains(a.body, secret) || strings.Contains(a.body, "root:") {
			t.Errorf("%s: %d %q", path, a.StatusCode, a.body)
		}
	}
	for _, path := range []string{base + "/files/" + track, base + "/archive.zip", base} {
		for who, status := range map[string]int{"": 401, "ben": 404} {
			a := s.do(t, request{path: path, as: who})
			if a.StatusCode != status || strings.Contains(a.body, secret) || strings.Contains(a.body, "PK") {
				t.Errorf("%s as %q: %d %q", path, who, a.StatusCode, a.body)
			}
		}
	}
}

func TestArchive(t *testing.T) {
	s, dir := shelf(t)
	path := "/api/v1/recordings/" + annas + "/archive.zip"
	if head := s.do(t, request{method: "HEAD", path: path, as: "anna"}); head.StatusCode != 200 || head.body != "" {
		t.Errorf("HEAD: %d", head.StatusCode)
	}
	a := s.do(t, request{path: path, as: "anna"})
	if got := a.Header.Get("Content-Disposition"); a.Header.Get("Content-Type") != "application/zip" || !strings.HasPrefix(got, `attachment; filename="Weekly - sync`) {
		t.Errorf("%s, %s", a.Header.Get("Content-Type"), got)
	}
	z, err := zip.NewReader(bytes.NewReader([]byte(a.body)), int64(len(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	const folder = "Weekly - sync – 2026-11-22 06.20/"
	got := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r) // checks the sum
		name, ok := strings.CutPrefix(f.Name, folder)
		if err != nil || !ok || f.Method != zip.Store || strings.ContainsAny(name, `/\`) {
			t.Errorf("%q: %v", f.Name, err)
		}
		got[name] = string(text)
	}
	for name, want := range map[string]string{
		"-Ann – microphone.webm":     secret + " " + annas + " " + track,
		"-ann – microphone (2).webm": secret + " " + annas + " p02-microphone-01.webm",
	} {
		if got[name] != want {
			t.Errorf("%s holds %q of %v", name, got[name], got)
		}
	}
	var m recording.Manifest
	if err := json.Unmarshal([]byte(got["manifest.json"]), &m); err != nil || m.ID != annas || len(got) != 5 {
		t.Errorf("%d files, manifest %+v, %v", len(got), m, err)
	}
	if !strings.Contains(got["SHA256SUMS"], "ab  -Ann – microphone.webm\n") {
		t.Errorf("sums %q", got["SHA256SUMS"])
	}

	// A file that is gone: the ZIP must not look whole.
	if err := os.Remove(filepath.Join(dir, annas, track)); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth("anna", annaPassword)
	res, err := http.DefaultClient.Do(req)
	if err == nil {
		_, err = io.ReadAll(res.Body)
		res.Body.Close()
	}
	if err == nil {
		t.Error("a ZIP without one of its files ended well")
	}
}

package login_test

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"plenum/test/program"
)

// revokedWithin is how long a login may live on whose user was disabled.
const revokedWithin = 10 * time.Second // the bar is one; a busy machine takes longer

// TestDisablingEndsSockets disables a user by a command beside the server, and
// wants the sockets of the user's page to end, and no others.
func TestDisablingEndsSockets(t *testing.T) {
	path, data := program.Build(t), t.TempDir()
	s := program.StartOn(t, path, data, "--log-level", "warn")
	call := func(method, path, body string) string {
		t.Helper()
		answer, err := s.Call(t, method, path, body)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	call(http.MethodPost, "/api/v1/users", `{"username":"anna","password":"four plain words"}`)
	room := call(http.MethodPost, "/api/v1/rooms", `{"duration":60}`)
	_, rest, _ := strings.Cut(room, `"id":"`)
	id, _, _ := strings.Cut(rest, `"`)

	login, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/api/v1/session",
		strings.NewReader(`{"username":"anna","password":"four plain words"}`))
	if err != nil {
		t.Fatal(err)
	}
	login.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(login)
	if err != nil {
		t.Fatal(err)
	}
	if res.Body.Close(); len(res.Cookies()) != 1 {
		t.Fatalf("log in: %d", res.StatusCode)
	}
	page := http.Header{"Cookie": {res.Cookies()[0].Name + "=" + res.Cookies()[0].Value}, "Origin": {s.URL}}
	dial := func(path string, header http.Header, protocols ...string) <-chan websocket.StatusCode {
		t.Helper()
		conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+path,
			&websocket.DialOptions{HTTPHeader: header, Subprotocols: protocols})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
		ended := make(chan websocket.StatusCode, 1)
		go func() {
			for {
				if _, _, err := conn.Read(t.Context()); err != nil {
					ended <- websocket.CloseStatus(err)
					return
				}
			}
		}()
		return ended
	}
	attendant := dial("/attendance/?my_id=anna", page)
	meeting := dial("/api/v1/rooms/"+id+"/ws", page, "plenum.v1")
	stranger := dial("/attendance/?my_id=bo", nil)

	began := time.Now()
	disable := exec.CommandContext(t.Context(), path, "user", "disable", "anna", "--data", data)
	if out, err := disable.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, ended := range map[string]<-chan websocket.StatusCode{"attendance": attendant, "meeting": meeting} {
		select {
		case code := <-ended:
			t.Logf("%s: closed with %d, %v after the command began", name, code, time.Since(began))
		case <-time.After(revokedWithin):
			t.Errorf("the socket of the %s lives on", name)
		}
	}
	select {
	case <-stranger:
		t.Error("a socket that nobody logged in for ended too")
	default:
	}
	if log := call(http.MethodGet, "/api/v1/audit?action=changeUser&object=anna", ""); !strings.Contains(log, `"command line"`) {
		t.Errorf("the command is not in the audit log: %s", log)
	}
}

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// newToken makes a token of the admin's.
func newToken(t *testing.T, url, scopes string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/v1/tokens",
		strings.NewReader(`{"name":"cli","scopes":`+scopes+`}`))
	if err != nil {
		t.Fatal(err)
	}
	req.SetBasicAuth(adminName, "of this test")
	req.Header.Set("Content-Type", "application/json")
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var made struct {
		Token string `json:"token"`
	}
	if err := json.NewDecoder(res.Body).Decode(&made); err != nil || made.Token == "" {
		t.Fatalf("make a token: %d, %v", res.StatusCode, err)
	}
	return made.Token
}

// TestRoomCommands walks a room through its life, on a whole server.
func TestRoomCommands(t *testing.T) {
	url := serveLive(t)
	t.Setenv("PLENUM_SERVER", url)
	t.Setenv("PLENUM_TOKEN", newToken(t, url, `["read","write"]`))
	must := func(args ...string) string {
		t.Helper()
		out, err := command(t, "", append([]string{"room"}, args...)...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out
	}
	read := func(text string) room {
		t.Helper()
		var r room
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return r
	}
	start := time.Now().Add(48 * time.Hour).Truncate(time.Second)
	ahead := []string{
		"reserve", "Weekly\nplan", "--start", start.Format(time.RFC3339), "--duration", "45",
		"--timezone", "Asia/Kolkata", "--capacity", "12", "--key", "once", "--json",
	}
	made := read(must(ahead...))
	if !made.Start.Equal(start) || made.Duration != 45 || made.Capacity != 12 || made.Timezone != "Asia/Kolkata" {
		t.Errorf("reserved %+v", made)
	}
	if again := read(must(ahead...)); again.ID != made.ID {
		t.Errorf("the same key reserved %s and %s", made.ID, again.ID)
	}
	now := must("reserve")
	id := regexp.MustCompile(`(?m)^Room +(\S+)$`).FindStringSubmatch(now)
	if id == nil || !strings.Contains(now, "For guests    "+url+"/meeting/"+id[1]+"/\n") || !regexp.MustCompile(`(?m)^For hosts +\S+#host=`).MatchString(now) ||
		!regexp.MustCompile(`(?m)^State +open$`).MatchString(now) {
		t.Fatalf("reserve:\n%s", now)
	}

	list := must("list")
	row := fmt.Sprintf(`(?m)^%s +%s IST +45 +ahead +0 +admin +Weekly plan$`,
		regexp.QuoteMeta(made.ID), start.In(time.FixedZone("", 19800)).Format("2006-01-02 15:04"))
	if !regexp.MustCompile(row).MatchString(list) || strings.Count(list, "\n") != 3 {
		t.Errorf("list has no %s:\n%s", row, list)
	}
	if one := must("list", "--limit", "1"); strings.Count(one, "\n") != 2 {
		t.Errorf("list of one:\n%s", one)
	}
	var page struct {
		Rooms []room `json:"rooms"`
	}
	if err := json.Unmarshal([]byte(must("list", "--limit", "0", "--state", "all", "--json")), &page); err != nil || len(page.Rooms) != 2 {
		t.Errorf("list as JSON: %d rooms, %v", len(page.Rooms), err)
	}

	longer := read(must("extend", made.ID, "15", "--json"))
	if !longer.End.Equal(made.End.Add(15 * time.Minute)) {
		t.Errorf("extended to %v", longer.End)
	}
	if shown := must("show", url+made.MeetingURL); !strings.Contains(shown, "12") || !strings.Contains(shown, "Weekly plan") {
		t.Errorf("show:\n%s", shown)
	}
	if out := must("cancel", made.ID, id[1]); strings.Count(out, "\n") != 2 {
		t.Errorf("cancel: %q", out)
	}
	if gone := must("show", made.ID); !regexp.MustCompile(`(?m)^State +cancelled$`).MatchString(gone) {
		t.Errorf("after cancel:\n%s", gone)
	}
	if ended := must("list", "--state", "ended"); strings.Count(ended, "cancelled") != 2 {
		t.Errorf("ended rooms:\n%s", ended)
	}

	// The server's words reach the caller.
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no such room":  {[]string{"show", "1.none"}, "room 1.none: the server answers 404: there is nothing here"},
		"extend it":     {[]string{"extend", made.ID, "15"}, "the server answers 409: the room is over or was cancelled"},
		"too long":      {[]string{"reserve", "--duration", "9999"}, "the server answers 400: duration must be"},
		"odd zone":      {[]string{"reserve", "--timezone", "Mars/Base"}, "the server answers 400: timezone"},
		"wrong token":   {[]string{"list", "--token", "plenum_x"}, "the server answers 401: the token is wrong"},
		"weak token":    {[]string{"cancel", "1.x", "--token", newToken(t, url, `["read"]`)}, "403: this token lacks the scope write"},
		"no time":       {[]string{"reserve", "--start", "tomorrow"}, "--start"},
		"negative":      {[]string{"list", "--limit=-1"}, "--limit -1"},
		"one of two":    {[]string{"cancel", "1.a", "1.b"}, "room 1.b: the server answers 404"},
		"no state":      {[]string{"list", "--state", "soon"}, "--state"},
		"not a server":  {[]string{"list", "--server", "localhost:8007"}, "is no address"},
		"nobody there":  {[]string{"list", "--server", "http://127.0.0.1:1"}, "ask the server: "},
		"token missing": {[]string{"list", "--token", ""}, errNoToken.Error()},
	} {
		if out, err := command(t, "", append([]string{"room"}, tt.args...)...); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q\n%s", name, err, tt.want, out)
		}
	}
}

// TestRoomCommandsMeetOthers meets what is no Plenum, and what sends elsewhere.
func TestRoomCommandsMeetOthers(t *testing.T) {
	stranger := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the token went to %s", r.Host)
	}))
	defer stranger.Close()
	odd := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("state") {
		case "open":
			http.Redirect(w, r, stranger.URL, http.StatusFound)
		case "ended":
			w.WriteHeader(http.StatusTeapot)
		default:
			_, _ = io.WriteString(w, "<html>")
		}
	}))
	defer odd.Close()
	for state, want := range map[string]string{
		"open": "redirects to " + stranger.URL, "ended": "is no Plenum", "all": "read the answer",
	} {
		if _, err := command(t, "", "room", "list", "--state", state, "--server", odd.URL, "--token", "x"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", state, err, want)
		}
	}
}

package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"plenum/rooms"
)

func described(t *testing.T) *description {
	t.Helper()
	d, err := describe()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDescriptionHasEveryRoute holds openapi.yaml and the routes to each other.
func TestDescriptionHasEveryRoute(t *testing.T) {
	s := newTestServer(t, nil)
	served := map[string]bool{}
	for _, r := range s.api.echo.Routes() {
		if !strings.HasPrefix(r.Path, "/api/") || r.Method == http.MethodHead {
			continue
		}
		parts := strings.Split(r.Path, "/")
		for i, part := range parts {
			if name, isParam := strings.CutPrefix(part, ":"); isParam {
				parts[i] = "{" + name + "}"
			}
		}
		served[r.Method+" "+strings.Join(parts, "/")] = true
	}
	ids := map[string]bool{}
	for _, path := range described(t).Paths {
		for _, o := range path.Value.Operations() {
			route := o.Name + " " + path.Name
			if !served[route] {
				t.Errorf("%s is described but not served", route)
			}
			delete(served, route)
			if ids[o.Value.ID] || o.Value.ID == "" || o.Value.Summary == "" {
				t.Errorf("%s: operationId %q and summary %q must be its own", route, o.Value.ID, o.Value.Summary)
			}
			ids[o.Value.ID] = true
			for _, p := range slices.Concat(path.Value.Parameters, o.Value.Parameters) {
				if p.Name == "" || (p.In == "path") != strings.Contains(path.Name, "{"+p.Name+"}") {
					t.Errorf("%s: parameter %+v has no place in the path", route, p)
				}
			}
		}
	}
	for _, route := range slices.Sorted(maps.Keys(served)) {
		t.Errorf("%s is served but not described", route)
	}
}

// TestDescriptionIsWhole looks for references to nothing, and for keys without
// a value: the rest of a text that was cut at its comma.
func TestDescriptionIsWhole(t *testing.T) {
	var file yaml.Node
	if err := yaml.Unmarshal(openAPI, &file); err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := file.Decode(&whole); err != nil {
		t.Fatal(err)
	}
	var walk func(*yaml.Node)
	walk = func(node *yaml.Node) {
		for i, child := range node.Content {
			if node.Kind == yaml.MappingNode && i%2 == 1 {
				key := node.Content[i-1]
				if child.Tag == "!!null" {
					t.Errorf("line %d: %q has no value", key.Line, key.Value)
				}
				if key.Value == "$ref" && lookUp(whole, child.Value) == nil {
					t.Errorf("line %d: there is no %s", key.Line, child.Value)
				}
			}
			walk(child)
		}
	}
	walk(&file)
}

// lookUp follows a reference within a file.
func lookUp(file map[string]any, ref string) any {
	var at any = file
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		fields, _ := at.(map[string]any)
		at = fields[part]
	}
	return at
}

// TestAccess asks every route as every role, for own and foreign things: the
// table is the description's x-access.
func TestAccess(t *testing.T) {
	s := newTestServer(t, nil)
	for _, who := range []string{"admin", "anna", "ben"} { // so that nobody waits for the throttle
		s.do(t, request{path: "/api/v1/session", as: who})
	}
	d := described(t)
	for _, path := range d.Paths {
		for _, o := range path.Value.Operations() {
			access := o.Value.Access
			for role, tt := range map[string]struct {
				as     string
				status int
			}{
				"anonymous": {"", access.Anonymous}, "own": {"anna", access.Own},
				"foreign": {"ben", access.Foreign}, "admin": {"admin", access.Admin},
			} {
				name := fmt.Sprintf("%s %s as %s", o.Name, path.Name, role)
				r := request{method: o.Name, path: s.example(t, path.Name), as: tt.as, header: map[string]string{}}
				if o.Value.Body != nil {
					r.header["Content-Type"] = "application/json"
					r.body = exampleBody(t, o.Value)
				}
				a := s.do(t, r)
				if a.StatusCode != tt.status {
					t.Errorf("%s: %d %q, want %d", name, a.StatusCode, a.body, tt.status)
				}
				if !slices.ContainsFunc(o.Value.Responses, func(r named[response]) bool { return r.Name == strconv.Itoa(a.StatusCode) }) {
					t.Errorf("%s: answer %d is not described", name, a.StatusCode)
				}
			}
		}
	}
}

// TestOtherSitesMayNotAct refuses every acting route to pages of other sites.
func TestOtherSitesMayNotAct(t *testing.T) {
	s := newTestServer(t, nil)
	for _, path := range described(t).Paths {
		for _, o := range path.Value.Operations() {
			if o.Name == http.MethodGet {
				continue
			}
			a := s.do(t, request{method: o.Name, path: s.example(t, path.Name), as: "admin", body: "{}", header: map[string]string{
				"Sec-Fetch-Site": "cross-site", "Content-Type": "application/json",
			}})
			wantProblem(t, o.Name+" "+path.Name, a, http.StatusForbidden)
		}
	}
}

// exampleLink is the id of a link to every room of example.
const exampleLink = "QUJDREVGR0g"

// example fills a path with things of anna's that are made for this call.
func (s *testServer) example(t *testing.T, path string) string {
	t.Helper()
	fill := map[string]func() string{
		"room": func() string {
			id := s.reserve(t, "Weekly").ID
			s.meetings.enter(id, Participant{ID: "p1", Name: "Zoë", Role: "guest", Connected: true})
			s.recordAll(id, "anna") // so that who follows it hears something
			link := rooms.Link{ID: exampleLink, Role: rooms.LinkHost, Maker: "anna", CreatedAt: s.clock()}
			if err := s.store.CreateLink(t.Context(), id, link); err != nil {
				t.Fatal(err)
			}
			return id
		},
		"link":        func() string { return exampleLink },
		"participant": func() string { return "p1" },
		"recording": func() string {
			id := "01J" + strconv.FormatInt(time.Now().UnixNano(), 36)
			s.recordings.add(id, "1.x", s.anna.ID)
			return id
		},
		"job":  func() string { return "J" },
		"file": func() string { return derivedFile },
		"channel": func() string {
			s.attendants.list = []Attendant{{ChannelName: "a!b", Details: map[string]string{"my_id": "bob"}}}
			return "a!b"
		},
		"token": func() string {
			token, err := s.store.CreateToken(t.Context(), rooms.Token{
				UserID: s.anna.ID, Name: "x", Hash: []byte(time.Now().String()), CreatedAt: s.clock(),
			})
			if err != nil {
				t.Fatal(err)
			}
			return strconv.FormatInt(token.ID, 10)
		},
		"webhook": func() string {
			s.dropWebhooks(t) // a user may have so many only
			return strconv.FormatInt(s.addWebhook(t).ID, 10)
		},
		"delivery": func() string {
			hooks, err := s.store.Webhooks(t.Context(), s.anna.ID)
			if err != nil {
				t.Fatal(err)
			}
			return strconv.FormatInt(s.deadDelivery(t, hooks[len(hooks)-1].ID).ID, 10)
		},
		"user": func() string {
			user, err := s.store.CreateUser(t.Context(), rooms.User{
				Name: "u" + strconv.FormatInt(time.Now().UnixNano(), 36), Role: rooms.Host, CreatedAt: s.clock(),
			})
			if err != nil {
				t.Fatal(err)
			}
			return strconv.FormatInt(user.ID, 10)
		},
	}
	for _, name := range slices.Sorted(maps.Keys(fill)) {
		if name == "delivery" {
			continue
		}
		if strings.Contains(path, "{"+name+"}") {
			path = strings.ReplaceAll(path, "{"+name+"}", fill[name]())
		}
	}
	if strings.Contains(path, "{delivery}") { // of the webhook made above
		path = strings.ReplaceAll(path, "{delivery}", fill["delivery"]())
	}
	if strings.Contains(path, "{") {
		t.Fatalf("the test knows no example for %s", path)
	}
	return path
}

func exampleBody(t *testing.T, o *operation) string {
	t.Helper()
	if file, is := o.Body.Content["application/octet-stream"]; is {
		return file.Example.Value
	}
	node := o.Body.Content["application/json"].Example
	var example any
	if err := node.Decode(&example); err != nil || example == nil {
		t.Fatalf("%s has no example of its body (%v)", o.ID, err)
	}
	text, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestDescriptionIsServed(t *testing.T) {
	s := newTestServer(t, nil)
	file := s.do(t, request{path: "/api/v1/openapi.yaml"})
	if file.StatusCode != 200 || file.body != string(openAPI) || file.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("the file: %d %s", file.StatusCode, file.Header.Get("Content-Type"))
	}
	page := s.do(t, request{path: "/docs/api"})
	if page.StatusCode != 200 || !strings.HasPrefix(page.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("the page: %d %s", page.StatusCode, page.Header.Get("Content-Type"))
	}
	for _, path := range described(t).Paths {
		for _, o := range path.Value.Operations() {
			if !strings.Contains(page.body, `<section id="`+o.Value.ID+`">`) {
				t.Errorf("the page says nothing of %s", o.Value.ID)
			}
		}
	}
	for _, bad := range []string{"<script", "<style", "style=", "http://", "https://"} {
		if strings.Contains(page.body, bad) {
			t.Errorf("the page has %q, which its policy forbids or which is not ours", bad)
		}
	}
	if style := s.do(t, request{path: "/docs/api.css"}); style.StatusCode != 200 || style.Header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the style: %d %s", style.StatusCode, style.Header.Get("Content-Type"))
	}
}

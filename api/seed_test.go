package api

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"plenum/rooms"
)

func TestReserveRoom(t *testing.T) {
	s := newTestServer(t, nil)
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	jsonBody := map[string]string{"Content-Type": "application/json; charset=utf-8"}
	long := strings.Repeat("d", rooms.MaxDescription)
	for name, tt := range map[string]struct {
		request
		minutes            int
		start, description string
	}{
		"as documented":      {request{path: "?duration=60&timezone=Asia%2FKolkata"}, 60, "2018-04-03T17:44:21.276+05:30", ""},
		"quoted zone":        {request{path: `?duration=60&timezone=%22Asia%2FKolkata%22`}, 60, "2018-04-03T17:44:21.276+05:30", ""},
		"single quotes":      {request{path: `?duration=60&timezone='Europe/London'`}, 60, "2018-04-03T13:14:21.276+01:00", ""},
		"UTC by default":     {request{path: "?duration=1"}, 1, "2018-04-03T12:14:21.276Z", ""},
		"a whole day":        {request{path: "?duration=1440&description=day"}, 1440, "2018-04-03T12:14:21.276Z", "day"},
		"blanks round it":    {request{path: "?duration=+60+"}, 60, "2018-04-03T12:14:21.276Z", ""},
		"plus sign":          {request{path: "?duration=%2B60"}, 60, "2018-04-03T12:14:21.276Z", ""},
		"last one wins":      {request{path: "?duration=x&duration=5&duration=7"}, 7, "2018-04-03T12:14:21.276Z", ""},
		"unknown parameters": {request{path: "?duration=7&nonsense=1"}, 7, "2018-04-03T12:14:21.276Z", ""},
		"HTML":               {request{path: queryOf("duration", "7", "description", "<script>alert(1)</script>")}, 7, "2018-04-03T12:14:21.276Z", "<script>alert(1)</script>"},
		"2 KiB description":  {request{path: queryOf("duration", "7", "description", long)}, 7, "2018-04-03T12:14:21.276Z", long},
		"other scripts":      {request{path: queryOf("duration", "7", "description", "Встреча 𝄞\nzwei")}, 7, "2018-04-03T12:14:21.276Z", "Встреча 𝄞\nzwei"},
		"POST query":         {request{method: "POST", path: "?duration=7"}, 7, "2018-04-03T12:14:21.276Z", ""},
		"POST form":          {request{method: "POST", header: form, body: "duration=7&timezone=UTC&description=a+b"}, 7, "2018-04-03T12:14:21.276Z", "a b"},
		"body over query":    {request{method: "POST", path: "?duration=9", header: form, body: "duration=7"}, 7, "2018-04-03T12:14:21.276Z", ""},
		"POST JSON":          {request{method: "POST", header: jsonBody, body: `{"duration":7,"timezone":"Asia/Kathmandu","description":null}`}, 7, "2018-04-03T17:59:21.276+05:45", ""},
		"JSON text":          {request{method: "POST", header: jsonBody, body: `{"duration":"7"}`}, 7, "2018-04-03T12:14:21.276Z", ""},
		"POST multipart": {request{
			method: "POST", header: map[string]string{"Content-Type": "multipart/form-data; boundary=x"},
			body: "--x\r\nContent-Disposition: form-data; name=\"duration\"\r\n\r\n7\r\n--x--\r\n",
		}, 7, "2018-04-03T12:14:21.276Z", ""},
	} {
		tt.path, tt.as = "/reserve_room/"+tt.path, "anna"
		a := s.do(t, tt.request)
		if a.StatusCode != http.StatusOK || a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v %q", name, a.StatusCode, a.Header, a.body)
			continue
		}
		got := decode[map[string]any](t, a)
		keys := slices.Sorted(maps.Keys(got))
		if want := []string{"creator", "description", "duration", "host_url", "meeting_url", "start_date"}; !slices.Equal(keys, want) {
			t.Errorf("%s: keys %v, want %v", name, keys, want)
		}
		if got["duration"] != float64(tt.minutes) || got["start_date"] != tt.start || got["description"] != tt.description || got["creator"] != "anna" {
			t.Errorf("%s: %v", name, got)
		}
		checkReservedURLs(t, s, name, got)
	}
}

func checkReservedURLs(t *testing.T, s *testServer, name string, got map[string]any) {
	t.Helper()
	meeting, _ := got["meeting_url"].(string)
	match := regexp.MustCompile(`^/meeting/(2\.[0-9a-f-]{36})/$`).FindStringSubmatch(meeting)
	if match == nil {
		t.Errorf("%s: meeting_url %q", name, meeting)
		return
	}
	host, _ := got["host_url"].(string)
	token, ok := strings.CutPrefix(host, meeting+"#host=")
	if !ok || !rooms.CheckHostToken([]byte("key"), match[1], token) {
		t.Errorf("%s: host_url %q", name, host)
	}
	if a := s.do(t, request{path: meeting}); a.StatusCode != http.StatusOK {
		t.Errorf("%s: the meeting's page answers %d", name, a.StatusCode)
	}
}

func TestReserveRoomRefuses(t *testing.T) {
	s := newTestServer(t, nil)
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	jsonBody := map[string]string{"Content-Type": "application/json"}
	for name, tt := range map[string]struct {
		request
		status int
		about  string
	}{
		"nothing":             {request{}, 400, "duration is required"},
		"blank":               {request{path: "?duration="}, 400, "duration"},
		"fraction":            {request{path: "?duration=60.5"}, 400, "duration"},
		"negative":            {request{path: "?duration=-1"}, 400, "duration"},
		"zero":                {request{path: "?duration=0"}, 400, "duration"},
		"a minute too long":   {request{path: "?duration=1441"}, 400, "duration"},
		"exponent":            {request{path: "?duration=1e9"}, 400, "duration"},
		"huge":                {request{path: "?duration=99999999999999999999999"}, 400, "duration"},
		"not a number":        {request{path: "?duration=NaN"}, 400, "duration"},
		"hex":                 {request{path: "?duration=0x10"}, 400, "duration"},
		"injection":           {request{path: queryOf("duration", "1; DROP TABLE rooms")}, 400, "duration"},
		"zero byte":           {request{path: "?duration=60%00"}, 400, "duration"},
		"blank zone":          {request{path: "?duration=60&timezone="}, 400, "timezone"},
		"made-up zone":        {request{path: "?duration=60&timezone=Mars/Olympus"}, 400, "timezone"},
		"zone up the tree":    {request{path: "?duration=60&timezone=../../etc/passwd"}, 400, "timezone"},
		"our own zone":        {request{path: "?duration=60&timezone=Local"}, 400, "timezone"},
		"one quote":           {request{path: `?duration=60&timezone=%22UTC`}, 400, "timezone"},
		"twice quoted":        {request{path: `?duration=60&timezone=%22%22UTC%22%22`}, 400, "timezone"},
		"3 KiB description":   {request{path: queryOf("duration", "60", "description", strings.Repeat("d", 3<<10))}, 400, "description"},
		"control characters":  {request{path: queryOf("duration", "60", "description", "a\x1b[31mb")}, 400, "description"},
		"broken UTF-8":        {request{path: "?duration=60&description=%ff%fe"}, 400, "description"},
		"broken escape":       {request{path: "?duration=60&description=%zz"}, 400, "query"},
		"semicolons":          {request{path: "?duration=60;timezone=UTC"}, 400, "query"},
		"JSON in pieces":      {request{method: "POST", header: jsonBody, body: `{"duration":`}, 400, "malformed"},
		"JSON list":           {request{method: "POST", header: jsonBody, body: `[60]`}, 400, "malformed"},
		"two JSON objects":    {request{method: "POST", header: jsonBody, body: `{"duration":60}{}`}, 400, "one JSON object"},
		"JSON fraction":       {request{method: "POST", header: jsonBody, body: `{"duration":60.5}`}, 400, "duration"},
		"JSON exponent":       {request{method: "POST", header: jsonBody, body: `{"duration":6e1}`}, 400, "duration"},
		"JSON object":         {request{method: "POST", header: jsonBody, body: `{"duration":{}}`}, 400, "duration"},
		"broken form":         {request{method: "POST", header: form, body: `duration=%zz`}, 400, "malformed"},
		"multipart no parts":  {request{method: "POST", header: map[string]string{"Content-Type": "multipart/form-data"}, body: "x"}, 400, "malformed"},
		"XML":                 {request{method: "POST", header: map[string]string{"Content-Type": "text/xml"}, body: `<a/>`}, 415, "form or as JSON"},
		"no such media type":  {request{method: "POST", header: map[string]string{"Content-Type": ";;"}, body: `x`}, 415, "Content-Type"},
		"endless form":        {request{method: "POST", header: form, body: "duration=60&x=" + strings.Repeat("x", maxBody)}, 413, "bytes"},
		"endless JSON":        {request{method: "POST", header: jsonBody, body: `{"x":"` + strings.Repeat("x", maxBody)}, 413, "bytes"},
		"cross-site GET":      {request{path: "?duration=60", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403, "other sites"},
		"same-site POST":      {request{method: "POST", path: "?duration=60", header: map[string]string{"Sec-Fetch-Site": "same-site"}}, 403, "other sites"},
		"foreign origin":      {request{method: "POST", path: "?duration=60", header: map[string]string{"Origin": "https://evil.example"}}, 403, "other sites"},
		"foreign GET origin":  {request{path: "?duration=60", header: map[string]string{"Origin": "https://evil.example"}}, 403, "other sites"},
		"origin of a sandbox": {request{path: "?duration=60", header: map[string]string{"Origin": "null"}}, 403, "other sites"},
		"another method":      {request{method: "PUT", path: "?duration=60"}, 405, "method"},
	} {
		tt.path, tt.as = "/reserve_room/"+tt.path, "anna"
		wantError(t, name, s.do(t, tt.request), tt.status, tt.about)
	}
	if n := s.countRooms(t); n != 0 {
		t.Errorf("%d rooms were reserved by refused requests", n)
	}
}

// TestSeedRoutesAskForPassword holds both acting routes and the list to the
// seed's 401: before any look at the parameters, with an empty body.
func TestSeedRoutesAskForPassword(t *testing.T) {
	basic := func(text string) map[string]string {
		return map[string]string{"Authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(text))}
	}
	for name, header := range map[string]map[string]string{
		"no password":    nil,
		"wrong password": basic("anna:anna"),
		"cut at colon":   basic("anna:anna"),
		"unknown user":   basic("nobody:" + annaPassword),
		"no colon":       basic("anna"),
		"empty":          basic(""),
		"not base64":     {"Authorization": "Basic !!!"},
		"bearer":         {"Authorization": "Bearer " + annaPassword},
		"no scheme":      {"Authorization": annaPassword},
		"zero byte":      basic("anna\x00:" + annaPassword),
		"injection":      basic("' OR 1=1 --:x"),
	} {
		s := newTestServer(t, nil) // a new one each, so that the throttle has no part in it
		for _, path := range []string{"/reserve_room/", "/reserve_room/?duration=60", "/notify_ws/a!b/", "/online_attendants/"} {
			for _, method := range []string{"GET", "POST"} {
				if path == "/online_attendants/" && method == "POST" {
					continue
				}
				a := s.do(t, request{method: method, path: path, header: header})
				if a.StatusCode != 401 || a.body != "" || a.Header.Get("WWW-Authenticate") != `Basic realm="meeting-room"` {
					t.Errorf("%s: %s %s: %d %q %q", name, method, path, a.StatusCode, a.body, a.Header.Get("WWW-Authenticate"))
				}
				if strings.Contains(a.body, "<html") {
					t.Errorf("%s: %s answers with a page", name, path)
				}
				s.pass(time.Hour) // past the throttle's wait
			}
		}
		if n := s.countRooms(t); n != 0 {
			t.Errorf("%s: %d rooms were reserved", name, n)
		}
	}
}

func TestBasicSchemeInAnyCase(t *testing.T) {
	s := newTestServer(t, nil)
	token := base64.StdEncoding.EncodeToString([]byte("ANNA:" + annaPassword))
	for _, scheme := range []string{"Basic", "basic", "BASIC"} {
		a := s.do(t, request{path: "/reserve_room/?duration=60", header: map[string]string{"Authorization": scheme + " " + token}})
		if a.StatusCode != 200 || !strings.Contains(a.body, `"creator":"anna"`) {
			t.Errorf("%s: %d %q", scheme, a.StatusCode, a.body)
		}
	}
}

func TestReserveRoomFromOwnPage(t *testing.T) {
	s := newTestServer(t, nil)
	for name, header := range map[string]map[string]string{
		"no browser":  nil,
		"address bar": {"Sec-Fetch-Site": "none"},
		"own page":    {"Sec-Fetch-Site": "same-origin", "Origin": s.URL},
		"old browser": {"Origin": s.URL},
	} {
		if a := s.do(t, request{path: "/reserve_room/?duration=60", as: "anna", header: header}); a.StatusCode != 200 {
			t.Errorf("%s: %d %q", name, a.StatusCode, a.body)
		}
	}
}

// TestHeadDoesNotAct sends HEAD where GET acts.
func TestHeadDoesNotAct(t *testing.T) {
	s := newTestServer(t, nil)
	s.attendants.list = []Attendant{{ChannelName: "a!b"}}
	for _, path := range []string{"/reserve_room/?duration=60", "/notify_ws/a!b/?info=hey"} {
		a := s.do(t, request{method: "HEAD", path: path, as: "anna"})
		if a.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(a.Header.Get("Allow"), "GET") {
			t.Errorf("HEAD %s: %d, Allow %q", path, a.StatusCode, a.Header.Get("Allow"))
		}
	}
	if n := s.countRooms(t); n != 0 {
		t.Errorf("HEAD reserved %d rooms", n)
	}
	if got := s.attendants.pushedTo("a!b"); len(got) != 0 {
		t.Errorf("HEAD pushed %q", got)
	}
}

func TestAddsMissingSlash(t *testing.T) {
	s := newTestServer(t, nil)
	for from, to := range map[string]string{
		"/reserve_room?duration=60&timezone=Asia%2FKolkata": "/reserve_room/?duration=60&timezone=Asia%2FKolkata",
		"/meeting/1.abc":       "/meeting/1.abc/",
		"/meeting/1.abc?a=b":   "/meeting/1.abc/?a=b",
		"/online_attendants":   "/online_attendants/",
		"/notify_ws/a%21b?i=x": "/notify_ws/a%21b/?i=x",
		"/attendance?my_id=b":  "/attendance/?my_id=b",
		"/admin":               "/admin/",
	} {
		for _, method := range []string{"GET", "HEAD"} {
			a := s.do(t, request{method: method, path: from})
			if a.StatusCode != http.StatusMovedPermanently || a.Header.Get("Location") != to {
				t.Errorf("%s %s: %d to %q, want 301 to %q", method, from, a.StatusCode, a.Header.Get("Location"), to)
			}
		}
	}
	if n := s.countRooms(t); n != 0 {
		t.Errorf("a redirect reserved %d rooms", n)
	}
}

func TestOnlineAttendants(t *testing.T) {
	here := []Attendant{
		{ChannelName: "plenum.socket.AbCdEfGhIj!KlMnOpQrSt", IP: "192.0.2.7", Port: 4711, Details: map[string]string{"my_id": "peter"}},
		{ChannelName: "plenum.socket.aaaaaaaaaa!bbbbbbbbbb", IP: "2001:db8::1", Port: 1, User: "anna"},
	}
	const full = `[{"port":4711,"channel_name":"plenum.socket.AbCdEfGhIj!KlMnOpQrSt","ip":"192.0.2.7","user":"","details":{"my_id":"peter"}},` +
		`{"port":1,"channel_name":"plenum.socket.aaaaaaaaaa!bbbbbbbbbb","ip":"2001:db8::1","user":"anna","details":{}}]`
	hidden := regexp.MustCompile(`"ip":"[^"]*"`).ReplaceAllString(regexp.MustCompile(`"port":\d+`).ReplaceAllString(full, `"port":0`), `"ip":""`)
	for name, tt := range map[string]struct {
		list   []Attendant
		public bool
		as     string
		status int
		want   string
	}{
		"nobody online":     {nil, false, "admin", 200, "[]"},
		"admin":             {here, false, "admin", 200, full},
		"host":              {here, false, "anna", 200, hidden},
		"nobody asks":       {here, false, "", 401, ""},
		"legacy, anonymous": {here, true, "", 200, full},
		"legacy, host":      {here, true, "anna", 200, full},
	} {
		s := newTestServer(t, func(c *Config, _ *Deps) { c.PublicAttendants = tt.public })
		s.attendants.list = tt.list
		a := s.do(t, request{path: "/online_attendants/", as: tt.as})
		if a.StatusCode != tt.status || strings.TrimSpace(a.body) != tt.want {
			t.Errorf("%s: %d %s, want %d %s", name, a.StatusCode, a.body, tt.status, tt.want)
		}
		if tt.status == 200 && a.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: Content-Type %q", name, a.Header.Get("Content-Type"))
		}
	}
}

func TestNotify(t *testing.T) {
	const channel = "plenum.socket.AbCdEfGhIj!KlMnOpQrSt"
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for name, tt := range map[string]struct {
		request
		status int
		body   string // empty: a JSON error about info
		pushed string
	}{
		"as documented":   {request{path: channel + "/?info=hey%20man"}, 200, `{"info":"hey man"}`, "hey man"},
		"escaped":         {request{path: "plenum.socket.AbCdEfGhIj%21KlMnOpQrSt/?info=hey"}, 200, `{"info":"hey"}`, "hey"},
		"all parameters":  {request{path: channel + "/?info=a&b=c&info=d"}, 200, `{"b":"c","info":"d"}`, "d"},
		"HTML":            {request{path: channel + "/" + queryOf("info", "<b>&</b>")}, 200, `{"info":"\u003cb\u003e\u0026\u003c/b\u003e"}`, "<b>&</b>"},
		"POST form":       {request{method: "POST", path: channel + "/", header: form, body: "info=hey"}, 200, `{"info":"hey"}`, "hey"},
		"POST JSON":       {request{method: "POST", path: channel + "/", header: map[string]string{"Content-Type": "application/json"}, body: `{"info":"{\"a\":1}"}`}, 200, `{"info":"{\"a\":1}"}`, `{"a":1}`},
		"offline":         {request{path: "plenum.socket.AAAAAAAAAA!AAAAAAAAAA/?info=hey"}, 404, "OFFLINE", ""},
		"hostile channel": {request{path: "..%2f..%2fetc%2fpasswd/?info=hey"}, 404, "OFFLINE", ""},
		"nothing to say":  {request{path: channel + "/"}, 400, "", ""},
		"blank":           {request{path: channel + "/?info="}, 400, "", ""},
		"broken UTF-8":    {request{path: channel + "/?info=%ff"}, 400, "", ""},
		"too much":        {request{path: channel + "/?info=" + strings.Repeat("x", maxBody+1)}, 400, "", ""},
		"other site": {request{
			path: channel + "/?info=hey", header: map[string]string{"Sec-Fetch-Site": "cross-site"},
		}, 403, "", ""},
	} {
		s := newTestServer(t, nil)
		s.attendants.list = []Attendant{{ChannelName: channel}}
		tt.path, tt.as = "/notify_ws/"+tt.path, "anna"
		a := s.do(t, tt.request)
		if a.StatusCode != tt.status || (tt.body != "" && strings.TrimSpace(a.body) != tt.body) {
			t.Errorf("%s: %d %q, want %d %q", name, a.StatusCode, a.body, tt.status, tt.body)
		}
		if tt.body == "" && !strings.Contains(a.body, `"error":`) {
			t.Errorf("%s: %q is no JSON error", name, a.body)
		}
		if strings.Contains(a.Header.Get("Content-Type"), "html") {
			t.Errorf("%s: pushed text is answered as HTML", name)
		}
		if got := strings.Join(s.attendants.pushedTo(channel), "|"); got != tt.pushed {
			t.Errorf("%s: pushed %q, want %q", name, got, tt.pushed)
		}
	}
}

func TestAttendance(t *testing.T) {
	s := newTestServer(t, func(c *Config, _ *Deps) { c.AttendanceOrigins = []string{"https://other.example"} })
	own := http.Header{"Origin": {s.URL}, "Cookie": {s.logIn(t, "anna", annaPassword)}}
	foreign := own.Clone()
	foreign.Set("Origin", "https://other.example")
	for name, tt := range map[string]struct {
		path    string
		header  http.Header
		details map[string]string
		user    string
	}{
		"as documented":   {"/attendance/?my_id=bob", nil, map[string]string{"my_id": "bob"}, ""},
		"nothing":         {"/attendance/", nil, map[string]string{}, ""},
		"first counts":    {"/attendance/?a=1&a=2&b=&c=x", nil, map[string]string{"a": "1", "c": "x"}, ""},
		"hostile":         {"/attendance/" + queryOf("<b>", "' OR 1=1"), nil, map[string]string{"<b>": "' OR 1=1"}, ""},
		"own page":        {"/attendance/", own, map[string]string{}, "anna"},
		"another's page":  {"/attendance/", foreign, map[string]string{}, ""},
		"cookie, no page": {"/attendance/", http.Header{"Cookie": own["Cookie"]}, map[string]string{}, ""},
	} {
		text, _, err := s.dial(t, tt.path, tt.header)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got Attendant
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(got.Details, tt.details) || got.User != tt.user || got.IP != "127.0.0.1" || got.Port == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, tt := range map[string]struct {
		path   string
		status int
	}{
		"broken query": {"/attendance/?a=%zz", 400},
		"broken UTF-8": {"/attendance/?a=%ff", 400},
		"long value":   {"/attendance/?a=" + strings.Repeat("x", longestDetail+1), 400},
		"many values":  {"/attendance/?" + manyParameters(mostDetails+1), 400},
	} {
		if _, res, err := s.dial(t, tt.path, nil); err == nil || res == nil || res.StatusCode != tt.status {
			t.Errorf("%s: %v, %v, want status %d", name, res, err, tt.status)
		}
	}
	wantError(t, "no socket", s.do(t, request{path: "/attendance/"}), http.StatusUpgradeRequired, "WebSocket")
}

func manyParameters(n int) string {
	var all []string
	for i := range n {
		all = append(all, strings.Repeat("a", i+1)+"=1")
	}
	return strings.Join(all, "&")
}

// TestSeedTime holds the seed's form of times, which drops zero fractions.
func TestSeedTime(t *testing.T) {
	at := time.Date(2018, 4, 3, 17, 44, 21, 0, time.FixedZone("", 19_800))
	for want, got := range map[string]string{
		"2018-04-03T17:44:21+05:30":     seedTime(at),
		"2018-04-03T17:44:21.007+05:30": seedTime(at.Add(7 * time.Millisecond)),
		"2018-04-03T12:14:21Z":          seedTime(at.UTC()),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// FuzzReservation feeds queries to the reservation; it must never break, and
// never reserve what the domain would refuse.
func FuzzReservation(f *testing.F) {
	for _, q := range []string{
		"duration=60", "duration=+60+&timezone=%22Asia%2FKolkata%22", "duration=1e9", "duration=-1&timezone=../../etc", "%zz", "a;b",
		"duration=60&description=%ff", "duration=60&timezone=%22",
	} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/reserve_room/", nil)
		r.URL.RawQuery = q
		params, err := seedParams(r)
		if err != nil {
			return
		}
		wanted, err := seedReservation(params)
		if err != nil {
			return
		}
		room, err := wanted.Reserve(rooms.User{ID: 1}, time.Unix(0, 0))
		if err == nil && (room.Duration < time.Minute || room.Duration > 24*time.Hour || len(room.Description) > rooms.MaxDescription) {
			t.Errorf("%q reserved %+v", q, room)
		}
	})
}

package api

import (
	"bytes"
	"encoding/csv"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

// personBody is one who was in a room, however often.
type personBody struct {
	Name        string   `json:"name"`
	User        string   `json:"user,omitempty"`
	Role        string   `json:"role"`
	FirstJoined string   `json:"first_joined"`
	LastLeft    string   `json:"last_left,omitempty"`
	Minutes     float64  `json:"minutes"`
	Visits      []string `json:"visits"`
}

// visitBody is one visit to a room. Left is missing while it lasts.
type visitBody struct {
	ID            string  `json:"id"`
	Participant   string  `json:"participant"`
	Name          string  `json:"name"`
	User          string  `json:"user,omitempty"`
	Role          string  `json:"role"`
	Joined        string  `json:"joined"`
	MediaUp       string  `json:"media_up,omitempty"`
	Left          string  `json:"left,omitempty"`
	Reason        string  `json:"reason,omitempty"`
	Minutes       float64 `json:"minutes"`
	Interruptions int     `json:"interruptions"`
	AwaySeconds   float64 `json:"away_seconds"`
}

// attendanceReport handles GET /api/v1/rooms/<room id>/attendance.
func (s *Server) attendanceReport(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	visits, err := s.deps.Store.Visits(c.Request().Context(), room.ID)
	if err != nil {
		return err
	}
	now := s.cfg.Now()
	body := struct {
		Room        string       `json:"room"`
		Title       string       `json:"title"`
		Timezone    string       `json:"timezone"`
		Start       string       `json:"start"`
		End         string       `json:"end"`
		GeneratedAt string       `json:"generated_at"`
		People      []personBody `json:"people"`
		Visits      []visitBody  `json:"visits"`
	}{
		room.ID, titleOf(room), room.Timezone, timestamp(room.Start), timestamp(room.End), timestamp(now),
		[]personBody{},
		[]visitBody{},
	}
	for _, p := range rooms.People(visits, now) {
		row := personBody{
			Name: p.Name, User: p.User, Role: p.Role, FirstJoined: timestamp(p.First), LastLeft: maybeTimestamp(p.Last),
			Minutes: minutes(p.Present),
		}
		for _, v := range p.Visits {
			row.Visits = append(row.Visits, v.ID)
		}
		body.People = append(body.People, row)
	}
	for _, v := range visits {
		body.Visits = append(body.Visits, visitBody{
			ID: v.ID, Participant: v.Participant, Name: v.Name, User: v.UserName, Role: v.Role, Joined: timestamp(v.Joined),
			MediaUp: maybeTimestamp(v.MediaUp), Left: maybeTimestamp(v.Left), Reason: v.Reason,
			Minutes: minutes(v.Length(now)), Interruptions: v.Interruptions, AwaySeconds: v.Away.Seconds(),
		})
	}
	return c.JSON(http.StatusOK, body)
}

func maybeTimestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return timestamp(t)
}

// minutes are rounded to hundredths.
func minutes(d time.Duration) float64 { return math.Round(d.Minutes()*100) / 100 }

// attendanceColumns head the CSV file.
var attendanceColumns = []string{
	"person", "name", "user", "role", "participant", "joined", "media_up", "left", "reason", "minutes",
	"interruptions", "total_minutes",
}

// attendanceCSV handles GET /api/v1/rooms/<room id>/attendance.csv: a row per
// visit, those of one person together, times local to the room's zone.
func (s *Server) attendanceCSV(c echo.Context) error {
	room, err := s.managedRoom(c)
	if err != nil {
		return err
	}
	values, err := query(c.Request())
	if err != nil {
		return err
	}
	visits, err := s.deps.Store.Visits(c.Request().Context(), room.ID)
	if err != nil {
		return err
	}
	zone, err := rooms.Zone(room.Timezone)
	if err != nil {
		zone = time.UTC // a zone that this server does not know any more
	}
	var text bytes.Buffer
	if values.Get("bom") == "1" {
		text.WriteString("\uFEFF")
	}
	if err := writeAttendance(&text, rooms.People(visits, s.cfg.Now()), zone, s.cfg.Now()); err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, disposition("attachment", titleOf(room)+" attendance.csv"))
	return c.Blob(http.StatusOK, "text/csv; charset=utf-8; header=present", text.Bytes())
}

// writeAttendance writes CSV (RFC 4180).
func writeAttendance(to *bytes.Buffer, people []rooms.Person, zone *time.Location, now time.Time) error {
	w := csv.NewWriter(to)
	w.UseCRLF = true
	rows := [][]string{attendanceColumns}
	at := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(zone).Format("2006-01-02T15:04:05.000Z07:00")
	}
	for i, p := range people {
		for _, v := range p.Visits {
			rows = append(rows, []string{
				strconv.Itoa(i + 1), cell(v.Name), cell(v.UserName), cell(v.Role), cell(v.Participant),
				at(v.Joined), at(v.MediaUp), at(v.Left), cell(v.Reason), fixed(v.Length(now)),
				strconv.Itoa(v.Interruptions), fixed(p.Present),
			})
		}
	}
	return w.WriteAll(rows)
}

func fixed(d time.Duration) string { return strconv.FormatFloat(d.Minutes(), 'f', 2, 64) }

// cell keeps a spreadsheet from taking a text for a formula: what would begin
// one gets an apostrophe in front, as OWASP advises. Characters that don't show
// are looked through. Line ends become \n; CSV writes them as it must.
func cell(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	if strings.HasPrefix(text, "\t") || strings.HasPrefix(text, "\n") {
		return "'" + text
	}
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			continue
		}
		if strings.ContainsRune("=+-@＝＋－＠", r) { // some read the wide ones as the plain
			return "'" + text
		}
		break
	}
	return text
}

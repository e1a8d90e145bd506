package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

type roomCmd struct {
	Reserve roomReserveCmd `cmd:"" help:"Reserve a room on a running server."`
	List    roomListCmd    `cmd:"" help:"List rooms, newest start first."`
	Show    roomShowCmd    `cmd:"" help:"Show one room, with its links."`
	Extend  roomExtendCmd  `cmd:"" help:"Move the end of a room."`
	Cancel  roomCancelCmd  `cmd:"" help:"Cancel rooms. Who is in one is sent off."`
}

// output is how a command prints what it got.
type output struct {
	JSON bool `help:"Print the server's JSON instead of a table." name:"json" env:"-"`
}

// room is as much of a room as the tables show.
type room struct {
	ID      string `json:"id"`
	Title   string `json:"title"`
	Creator struct {
		Name string `json:"name"`
	} `json:"creator"`
	Start        time.Time `json:"start"`
	End          time.Time `json:"end"`
	Duration     int       `json:"duration"` // minutes
	Timezone     string    `json:"timezone"`
	Capacity     int       `json:"capacity"`
	Cancelled    bool      `json:"cancelled"`
	MeetingURL   string    `json:"meeting_url"`
	HostURL      string    `json:"host_url"`
	Participants int       `json:"participants"`
	Recording    bool      `json:"recording"`
}

// state says in a word where the room is in its life.
func (r room) state(now time.Time) string {
	switch {
	case r.Cancelled:
		return "cancelled"
	case !now.Before(r.End):
		return "over"
	case now.Before(r.Start):
		return "ahead"
	}
	return "open"
}

// local is a time as the room's own clock shows it.
func (r room) local(t time.Time) string {
	if zone, err := time.LoadLocation(r.Timezone); err == nil {
		t = t.In(zone)
	}
	return t.Format("2006-01-02 15:04 MST")
}

// roomID takes a room's id, or the URL of its meeting.
func roomID(text string) string {
	if _, after, ok := strings.Cut(text, "/meeting/"); ok {
		text, _, _ = strings.Cut(after, "/")
	}
	return text
}

func roomPath(text string) string { return "/api/v1/rooms/" + url.PathEscape(roomID(text)) }

// print prints a room that the server sent.
func (o output) print(out io.Writer, server string, body []byte) error {
	if o.JSON {
		_, err := out.Write(body)
		return err
	}
	var r room
	if err := json.Unmarshal(body, &r); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	server = strings.TrimSuffix(server, "/")
	most := "the server's limit"
	if r.Capacity > 0 {
		most = strconv.Itoa(r.Capacity)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range [][2]string{
		{"Room", r.ID},
		{"Title", oneLine(r.Title)},
		{"State", r.state(time.Now())},
		{"Start", r.local(r.Start)},
		{"End", r.local(r.End)},
		{"Creator", r.Creator.Name},
		{"Participants", fmt.Sprintf("%d of at most %s", r.Participants, most)},
		{"For guests", server + r.MeetingURL},
		{"For hosts", server + r.HostURL},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	return table.Flush()
}

// oneLine keeps what somebody typed from breaking a table or a terminal.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 }), " ")
}

type roomReserveCmd struct {
	remote
	output
	Description string     `arg:"" optional:"" help:"The meeting's title."`
	Start       *time.Time `help:"When it starts, such as 2026-03-29T10:00:00+02:00; now when left out." env:"-" placeholder:"TIME"`
	Duration    int        `help:"Minutes; 60 without --end." env:"-" placeholder:"MINUTES"`
	End         *time.Time `help:"When it ends, instead of --duration." env:"-" placeholder:"TIME"`
	Timezone    string     `help:"Time zone it is planned in, such as Europe/Berlin." default:"UTC" env:"-"`
	Capacity    int        `help:"Most participants at once; 0 is the server's own limit." env:"-"`
	Key         string     `help:"Repeating the command with the same key within 24 hours reserves once." env:"-"`
}

// Run reserves a room and prints it.
func (c *roomReserveCmd) Run(ctx context.Context, term terminal) error {
	if c.Duration == 0 && c.End == nil {
		c.Duration = 60
	}
	body := struct {
		Start       *time.Time `json:"start,omitempty"`
		Duration    int        `json:"duration,omitempty"`
		End         *time.Time `json:"end,omitempty"`
		Timezone    string     `json:"timezone"`
		Description string     `json:"description"`
		Capacity    int        `json:"capacity"`
	}{c.Start, c.Duration, c.End, c.Timezone, c.Description, c.Capacity}
	var header []string
	if c.Key != "" {
		header = []string{"Idempotency-Key", c.Key}
	}
	made, err := c.call(ctx, http.MethodPost, "/api/v1/rooms", body, header...)
	if err != nil {
		return err
	}
	return c.print(term.out, c.Server, made)
}

type roomListCmd struct {
	remote
	output
	State string `help:"open rooms are running or still to come, ended ones are over." enum:"open,ended,all" default:"open" env:"-"`
	Limit int    `help:"Most rooms to list; 0 for all." default:"50" env:"-"`
}

// mostOnPage is how many rooms the server lists at once.
const mostOnPage = 500

// Run lists rooms, page by page.
func (c *roomListCmd) Run(ctx context.Context, term terminal) error {
	if c.Limit < 0 {
		return fmt.Errorf("--limit %d: want 0 or more", c.Limit)
	}
	list := []json.RawMessage{}
	for after := ""; ; {
		query := url.Values{"limit": {strconv.Itoa(mostOnPage)}}
		if c.Limit > 0 {
			query.Set("limit", strconv.Itoa(min(mostOnPage, c.Limit-len(list))))
		}
		if c.State != "all" {
			query.Set("state", c.State)
		}
		if after != "" {
			query.Set("after", after)
		}
		body, err := c.call(ctx, http.MethodGet, "/api/v1/rooms?"+query.Encode(), nil)
		if err != nil {
			return err
		}
		var page struct {
			Rooms []json.RawMessage `json:"rooms"`
			Next  string            `json:"next"`
		}
		if err := json.Unmarshal(body, &page); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		list = append(list, page.Rooms...)
		if after = page.Next; after == "" || c.Limit > 0 && len(list) >= c.Limit {
			return c.printAll(term.out, list)
		}
	}
}

// printAll prints the rooms of a list.
func (o output) printAll(out io.Writer, list []json.RawMessage) error {
	if o.JSON {
		return json.NewEncoder(out).Encode(map[string]any{"rooms": list})
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ROOM\tSTART\tMINUTES\tSTATE\tIN IT\tCREATOR\tTITLE")
	now := time.Now()
	for _, text := range list {
		var r room
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\t%d\t%s\t%s\n",
			r.ID, r.local(r.Start), r.Duration, r.state(now), r.Participants, r.Creator.Name, oneLine(r.Title))
	}
	return table.Flush()
}

type roomShowCmd struct {
	remote
	output
	Room string `arg:"" help:"The room's id, or its meeting's URL."`
}

// Run shows one room.
func (c *roomShowCmd) Run(ctx context.Context, term terminal) error {
	body, err := c.call(ctx, http.MethodGet, roomPath(c.Room), nil)
	if err != nil {
		return fmt.Errorf("room %s: %w", roomID(c.Room), err)
	}
	return c.print(term.out, c.Server, body)
}

type roomExtendCmd struct {
	remote
	output
	Room    string `arg:"" help:"The room's id, or its meeting's URL."`
	Minutes int    `arg:"" help:"How many minutes longer."`
}

// Run moves the end of a room.
func (c *roomExtendCmd) Run(ctx context.Context, term terminal) error {
	body, err := c.call(ctx, http.MethodPost, roomPath(c.Room)+"/extend", map[string]int{"minutes": c.Minutes})
	if err != nil {
		return fmt.Errorf("room %s: %w", roomID(c.Room), err)
	}
	return c.print(term.out, c.Server, body)
}

type roomCancelCmd struct {
	remote
	Room []string `arg:"" help:"Ids of rooms, or URLs of their meetings."`
}

// Run cancels rooms, as many as it can, and fails unless all are.
func (c *roomCancelCmd) Run(ctx context.Context, term terminal) error {
	var failed []error
	for _, name := range c.Room {
		if _, err := c.call(ctx, http.MethodDelete, roomPath(name), nil); err != nil {
			failed = append(failed, fmt.Errorf("room %s: %w", roomID(name), err))
			continue
		}
		fmt.Fprintf(term.out, "%s is cancelled, or was over.\n", roomID(name))
	}
	return errors.Join(failed...)
}

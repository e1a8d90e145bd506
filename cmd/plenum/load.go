package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"plenum/load"
)

type loadCmd struct {
	URL      string `help:"Server to load." default:"http://127.0.0.1:8007" name:"url"`
	User     string `help:"User who reserves the room and ends it." default:"admin"`
	Password string `help:"The user's password; PLENUM_PASSWORD keeps it out of the process list."`
	Meeting  string `help:"Meeting to join, instead of reserving one." placeholder:"URL"`
	Insecure bool   `help:"Accept any TLS certificate."`

	Publishers  int           `help:"Participants with camera and microphone." default:"1"`
	Subscribers int           `help:"Participants who only watch." default:"10"`
	Microphones bool          `help:"Give subscribers an open microphone, into which they are silent."`
	Blind       bool          `help:"Let publishers watch nobody."`
	Speaking    int           `help:"Publishers who speak at a time, in turns." default:"2"`
	View        int           `help:"Publishers a participant sees at a time." default:"9"`
	ViewTurn    time.Duration `help:"Time after which a participant sees the next ones; 0 for never." default:"10s"`
	Tile        int           `help:"Height of each tile in pixels; it picks the layer." default:"180"`
	Seats       int           `help:"Seats of a participant." default:"9"`
	Layers      int           `help:"Encodings of a camera: 1, or 3 for simulcast." enum:"1,3" default:"3"`
	Bitrate     []int         `help:"Bitrate of each encoding in kbit/s, smallest first (150,500,1500)." placeholder:"KBIT"`
	FPS         int           `help:"Frames a second." default:"15" name:"fps"`

	Duration time.Duration `help:"How long to measure, once all have joined." default:"30s"`
	Ramp     rate          `help:"Joins a second." default:"50/s"`
	Sample   int           `help:"Every so many-th viewer decrypts its packets and measures latency; the others only count." default:"10"`
	JSON     string        `help:"Write the result to this file too; - for standard output instead of the table." name:"json" placeholder:"FILE"`
}

// rate is a number a second, written 50/s or 50.
type rate float64

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *rate) UnmarshalText(text []byte) error {
	number, err := strconv.ParseFloat(strings.TrimSuffix(string(text), "/s"), 64)
	if err != nil || !(number > 0 && number <= 1000) {
		return fmt.Errorf("%q: want a number up to 1000, such as 50/s", text)
	}
	*r = rate(number)
	return nil
}

// Run makes the load until it is over or ctx ends, and prints what it measured.
func (c *loadCmd) Run(ctx context.Context, term terminal) error {
	rep, err := load.Run(ctx, load.Config{
		URL: c.URL, User: c.User, Password: c.Password, Meeting: c.Meeting, Insecure: c.Insecure,
		Publishers: c.Publishers, Subscribers: c.Subscribers, Microphones: c.Microphones, Blind: c.Blind,
		Speaking: c.Speaking, View: c.View, ViewTurn: c.ViewTurn, Tile: c.Tile, Seats: c.Seats,
		Layers: c.Layers, Bitrates: c.Bitrate, FPS: c.FPS,
		Duration: c.Duration, Ramp: float64(c.Ramp), Sample: c.Sample,
	}, slog.New(slog.NewTextHandler(term.err, nil)))
	if err != nil {
		return fmt.Errorf("load %s: %w", c.URL, err)
	}
	if c.JSON == "" {
		return rep.WriteTable(term.out)
	}
	data, err := json.MarshalIndent(rep, "", "  ")
	if err != nil {
		return err
	}
	data = append(data, '\n')
	if c.JSON == "-" {
		_, err = term.out.Write(data)
		return err
	}
	if err := os.WriteFile(c.JSON, data, 0o644); err != nil { //nolint:gosec // a result, no secret
		return fmt.Errorf("write the result: %w", err)
	}
	return rep.WriteTable(term.out)
}

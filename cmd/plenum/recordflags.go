package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"plenum/recording"
)

// recordingFlags say how much is recorded and how long it is kept.
type recordingFlags struct {
	Keep        period   `help:"Delete recordings this long after their end, such as 90d or 12h; 0 keeps them." default:"0" placeholder:"TIME"`
	MaxSize     byteSize `help:"A recording is finished at this size, such as 20GB; 0 is no limit." default:"0" placeholder:"SIZE"`
	MaxLength   period   `help:"A recording is finished after this time, such as 8h; 0 is no limit." default:"0" placeholder:"TIME"`
	MaxRoomSize byteSize `help:"How much the recordings of one room may hold; 0 is no limit." default:"0" placeholder:"SIZE"`
	MaxUserSize byteSize `help:"How much the recordings of one user's rooms may hold; 0 is no limit." default:"0" placeholder:"SIZE"`
	FFmpeg      string   `help:"Program that makes pictures of recordings; off uses none." name:"ffmpeg" placeholder:"PATH"`
}

// apply puts what the flags say into a configuration.
func (f recordingFlags) apply(c *recording.Config) {
	c.Keep = time.Duration(f.Keep)
	c.Quota = recording.Quota{
		Bytes: int64(f.MaxSize), Length: time.Duration(f.MaxLength), RoomBytes: int64(f.MaxRoomSize), UserBytes: int64(f.MaxUserSize),
	}
}

// period is a time written as Go does, or in days: 90d.
type period time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *period) UnmarshalText(text []byte) error {
	const longest = 100 * 365 // days
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n < 0 || n > longest {
			return fmt.Errorf("%q: want up to %d days, such as 90d", text, longest)
		}
		*p = period(time.Duration(n) * 24 * time.Hour)
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil || d < 0 {
		return fmt.Errorf("%q: want a time such as 90d, 12h or 30m", text)
	}
	*p = period(d)
	return nil
}

// byteSize is a size, written 500MB, 20GB, 20GiB or as a plain number.
type byteSize int64

// units are what a size may end in, longer ones first.
var units = []struct {
	name string
	of   int64
}{
	{"KiB", 1 << 10},
	{"MiB", 1 << 20},
	{"GiB", 1 << 30},
	{"TiB", 1 << 40},
	{"KB", 1e3},
	{"MB", 1e6},
	{"GB", 1e9},
	{"TB", 1e12},
	{"B", 1},
	{"", 1},
}

var errSize = errors.New("want a size such as 500MB or 20GiB")

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *byteSize) UnmarshalText(text []byte) error {
	for _, u := range units {
		number, ok := strings.CutSuffix(string(text), u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n < 0 || n > (1<<62)/u.of {
			return fmt.Errorf("%q: %w", text, errSize)
		}
		*b = byteSize(n * u.of)
		return nil
	}
	return fmt.Errorf("%q: %w", text, errSize)
}

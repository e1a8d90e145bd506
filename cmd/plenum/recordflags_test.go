package main

import (
	"testing"
	"time"
)

func TestRecordingFlags(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0": 0, "90d": 90 * 24 * time.Hour, "12h": 12 * time.Hour, "1h30m": 90 * time.Minute, "0d": 0,
		"-1h": -1, "d": -1, "1.5d": -1, "-3d": -1, "36501d": -1, "x": -1, "": -1,
	} {
		var p period
		if err := p.UnmarshalText([]byte(text)); (err != nil) != (want < 0) || err == nil && time.Duration(p) != want {
			t.Errorf("period %q: %v, %v", text, time.Duration(p), err)
		}
	}
	for text, want := range map[string]int64{
		"0": 0, "17": 17, "5B": 5, "500MB": 500e6, "20GB": 20e9, "20GiB": 20 << 30, "1 TiB": 1 << 40, "2KiB": 2048,
		"-1": -1, "1.5GB": -1, "GB": -1, "9999999999TB": -1, "5PB": -1, "": -1,
	} {
		var b byteSize
		if err := b.UnmarshalText([]byte(text)); (err != nil) != (want < 0) || err == nil && int64(b) != want {
			t.Errorf("size %q: %d, %v", text, b, err)
		}
	}
	c, err := parse(t, "--recording-keep", "90d", "--recording-max-size", "20GB", "--recording-max-length", "8h",
		"--recording-max-room-size", "1TB", "--recording-max-user-size", "2TB")
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.settings()
	q := s.recording.Quota
	if err != nil || s.recording.Keep != 90*24*time.Hour || q.Bytes != 20e9 || q.Length != 8*time.Hour ||
		q.RoomBytes != 1e12 || q.UserBytes != 2e12 {
		t.Errorf("%+v, %v", s.recording, err)
	}
}

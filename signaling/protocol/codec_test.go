package protocol

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMarshal(t *testing.T) {
	for want, msg := range map[string]any{
		`{"type":"leave"}`:                            Leave{},
		`{"type":"end"}`:                              EndMeeting{},
		`{"type":"chat","id":3,"text":"hi"}`:          SendChat{Request: Request{ID: 3}, Text: "hi"},
		`{"type":"view","id":3,"tiles":[]}`:           SetView{Request: Request{ID: 3}, View: View{Tiles: []Tile{}}},
		`{"type":"recording","seq":2,"on":false}`:     Recording{Seq: 2},
		`{"type":"floor","participants":["p1","p2"]}`: Floor{Participants: []string{"p1", "p2"}},
	} {
		got, err := Marshal(msg)
		if err != nil || string(got) != want {
			t.Errorf("Marshal(%+v) = %s, %v, want %s", msg, got, err, want)
		}
	}
	if _, err := Marshal(Tile{}); !errors.Is(err, ErrUnknownType) {
		t.Errorf("Marshal of no message: %v", err)
	}
}

func TestDecodeClient(t *testing.T) {
	for name, tt := range map[string]struct {
		data string
		want any // nil for an error
		id   int
	}{
		"with an id":          {`{"type":"chat","id":3,"text":"hi"}`, SendChat{Request: Request{ID: 3}, Text: "hi"}, 3},
		"unknown fields":      {`{"type":"seated","epoch":4,"mood":"fine"}`, Seated{Epoch: 4}, 0},
		"unknown type":        {`{"type":"dance","id":3}`, nil, 3},
		"of the server":       {`{"type":"joined","id":3}`, nil, 3},
		"id is no number":     {`{"type":"chat","id":"3","text":"hi"}`, nil, 0},
		"id is a fraction":    {`{"type":"chat","id":1.5,"text":"hi"}`, nil, 0},
		"id where none is":    {`{"type":"leave","id":"x"}`, Leave{}, 0},
		"bad field":           {`{"type":"chat","id":3,"text":[]}`, nil, 3},
		"no type":             {`{}`, nil, 0},
		"null":                {`null`, nil, 0},
		"two values":          {`{"type":"leave"}{"type":"leave"}`, nil, 0},
		"not UTF-8":           {"{\"type\":\"chat\",\"text\":\"\xc3\"}", nil, 0},
		"empty":               {``, nil, 0},
		"more than an int64":  {`{"type":"seated","epoch":9223372036854775808}`, nil, 0},
		"epoch is a fraction": {`{"type":"seated","epoch":0.5}`, nil, 0},
	} {
		got, id, err := DecodeClient([]byte(tt.data))
		if (err != nil) != (tt.want == nil) || id != tt.id {
			t.Errorf("%s: id %d, %v", name, id, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryMessageComesBack(t *testing.T) {
	for name, msg := range ServerMessages() {
		data, err := Marshal(msg)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeServer(data); err != nil || !cmp.Equal(msg, got) {
			t.Errorf("%s came back as %+v, %v", name, got, err)
		}
	}
	for name, msg := range ClientMessages() {
		data, err := Marshal(msg)
		if err != nil {
			t.Fatal(err)
		}
		if got, _, err := DecodeClient(data); err != nil || !cmp.Equal(msg, got) {
			t.Errorf("%s came back as %+v, %v", name, got, err)
		}
	}
}

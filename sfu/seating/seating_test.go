package seating

import (
	"slices"
	"testing"
)

func cam(id uint32) Occupant    { return Occupant{Participant: id} }
func screen(id uint32) Occupant { return Occupant{Participant: id, Screen: true} }

func tiles(os ...Occupant) []Tile {
	var ts []Tile
	for _, o := range os {
		ts = append(ts, Tile{o, 180})
	}
	return ts
}

// people publish: 1 to 5 camera and microphone, 6 only a microphone, 7 nothing,
// 8 camera and screen, 9 only screen sound.
var people = map[uint32]Offer{
	1: {Camera: true, Microphone: true}, 2: {Camera: true, Microphone: true},
	3: {Camera: true, Microphone: true}, 4: {Camera: true, Microphone: true},
	5: {Camera: true, Microphone: true}, 6: {Microphone: true}, 7: {},
	8: {Camera: true, Screen: true}, 9: {ScreenAudio: true},
}

func TestWanted(t *testing.T) {
	for name, tt := range map[string]struct {
		room Room
		want []Occupant
	}{
		"nothing asked for":    {Room{Self: 1}, nil},
		"the view in order":    {Room{Self: 1, Tiles: tiles(cam(3), cam(2))}, []Occupant{cam(3), cam(2)}},
		"never oneself":        {Room{Self: 1, Tiles: tiles(cam(1), screen(1), cam(2)), Floor: []uint32{1}}, []Occupant{cam(2)}},
		"never twice":          {Room{Self: 1, Tiles: tiles(cam(2), cam(2)), Floor: []uint32{2, 2}}, []Occupant{cam(2)}},
		"screens, floor, view": {Room{Self: 1, Tiles: tiles(cam(2), cam(3), screen(8)), Floor: []uint32{5, 3}}, []Occupant{screen(8), cam(5), cam(3), cam(2)}},
		"screen and camera":    {Room{Self: 1, Tiles: tiles(cam(8), screen(8))}, []Occupant{screen(8), cam(8)}},
		"a screen's sound":     {Room{Self: 1, Tiles: tiles(screen(9))}, []Occupant{screen(9)}},
		"only a microphone":    {Room{Self: 1, Tiles: tiles(cam(6))}, []Occupant{cam(6)}},
		"nothing published":    {Room{Self: 1, Tiles: tiles(cam(7), screen(7), screen(2), cam(99)), Floor: []uint32{7, 99}}, nil},
		"muted on the floor":   {Room{Self: 1, Floor: []uint32{8, 2}}, []Occupant{cam(2)}},
		"muted, but in view":   {Room{Self: 1, Floor: []uint32{8, 2}, Tiles: tiles(cam(8))}, []Occupant{cam(2), cam(8)}},
		"participant zero":     {Room{Self: 1, Tiles: tiles(cam(0), screen(0)), Floor: []uint32{0}}, nil},
		"a small room":         {Room{Self: 1, Tiles: tiles(cam(5)), Floor: []uint32{3}, SmallRoom: true}, []Occupant{cam(3), cam(5), cam(2), cam(4), cam(6)}},
	} {
		tt.room.Publishing = people
		if got := Wanted(tt.room); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestAssign(t *testing.T) {
	free := Occupant{}
	for name, tt := range map[string]struct {
		seats, wanted, want []Occupant
	}{
		"no seats":                 {nil, []Occupant{cam(1)}, []Occupant{}},
		"nobody":                   {[]Occupant{free, free}, nil, []Occupant{free, free}},
		"in order":                 {[]Occupant{free, free, free}, []Occupant{cam(2), cam(1)}, []Occupant{cam(2), cam(1), free}},
		"keeps the seat":           {[]Occupant{cam(1), cam(2)}, []Occupant{cam(2), cam(1)}, []Occupant{cam(1), cam(2)}},
		"a free seat first":        {[]Occupant{cam(1), free}, []Occupant{cam(2)}, []Occupant{cam(1), cam(2)}},
		"then an unwanted one's":   {[]Occupant{cam(1), cam(2)}, []Occupant{cam(3), cam(2)}, []Occupant{cam(3), cam(2)}},
		"unwanted, still there":    {[]Occupant{cam(1), cam(2)}, []Occupant{cam(1)}, []Occupant{cam(1), cam(2)}},
		"unwanted, gone":           {[]Occupant{cam(7), screen(2), cam(99)}, nil, []Occupant{free, free, free}},
		"gone, seat taken":         {[]Occupant{cam(1), cam(7)}, []Occupant{cam(2)}, []Occupant{cam(1), cam(2)}},
		"too many wanted":          {[]Occupant{cam(3), cam(4)}, []Occupant{cam(1), cam(2), cam(3)}, []Occupant{cam(1), cam(2)}},
		"the late one moves not":   {[]Occupant{cam(3), cam(2)}, []Occupant{cam(1), cam(2), cam(3)}, []Occupant{cam(1), cam(2)}},
		"wanted twice":             {[]Occupant{free, free}, []Occupant{cam(1), cam(1), cam(2)}, []Occupant{cam(1), cam(2)}},
		"nobody is wanted":         {[]Occupant{free, free}, []Occupant{free, cam(2)}, []Occupant{cam(2), free}},
		"seated twice":             {[]Occupant{cam(1), cam(1)}, []Occupant{cam(1)}, []Occupant{cam(1), free}},
		"camera and screen differ": {[]Occupant{cam(8), free}, []Occupant{screen(8), cam(8)}, []Occupant{cam(8), screen(8)}},
	} {
		before := slices.Clone(tt.seats)
		if got := Assign(tt.seats, tt.wanted, people); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
		if !slices.Equal(tt.seats, before) {
			t.Errorf("%s: the old seats were written to", name)
		}
	}
}

func TestPickLayer(t *testing.T) {
	three := []Layer{{180, true}, {360, true}, {720, true}}
	for name, tt := range map[string]struct {
		layers          []Layer
		height, current int
		want            int
	}{
		"no layers":                  {nil, 360, -1, -1},
		"none live":                  {[]Layer{{180, false}}, 100, 0, -1},
		"just fills":                 {three, 360, -1, 1},
		"within the slack":           {three, 414, -1, 1},
		"beyond the slack":           {three, 415, -1, 2},
		"a thumbnail":                {three, 90, -1, 0},
		"no height":                  {three, 0, -1, 0},
		"larger than all":            {three, 2160, -1, 2},
		"the largest is gone":        {[]Layer{{180, true}, {360, true}, {720, false}}, 720, -1, 1},
		"the fitting one is gone":    {[]Layer{{180, true}, {360, false}, {720, true}}, 300, -1, 2},
		"only one live":              {[]Layer{{180, false}, {360, true}, {720, false}}, 90, -1, 1},
		"stays, a bit too small":     {three, 460, 1, 1},
		"leaves, too small":          {three, 470, 1, 2},
		"stays, smaller barely fits": {three, 400, 2, 2},
		"leaves, smaller fits":       {three, 360, 2, 1},
		"current is gone":            {[]Layer{{180, true}, {360, false}, {720, true}}, 460, 1, 2},
		"current is no layer":        {three, 360, 7, 1},
		"two steps down":             {three, 90, 2, 0},
		"two steps up":               {three, 720, 0, 2},
		"sizes unknown yet":          {[]Layer{{0, true}, {0, true}}, 180, -1, 1},
	} {
		if got := PickLayer(tt.layers, tt.height, tt.current); got != tt.want {
			t.Errorf("%s: layer %d, want %d", name, got, tt.want)
		}
	}
}

// A tile that is dragged to and fro across a threshold does not switch each time.
func TestPickLayerDoesNotDance(t *testing.T) {
	layers := []Layer{{180, true}, {360, true}, {720, true}}
	current, switches := -1, 0
	for i := range 100 {
		height := 395 + i%2*50 // 395, 445: either side of 414
		if next := PickLayer(layers, height, current); next != current {
			current = next
			switches++
		}
	}
	if switches > 2 {
		t.Errorf("%d switches", switches)
	}
}

// decode turns fuzz bytes into a room of at most 30 people and its seats.
func decode(data []byte) (room Room, seats []Occupant) {
	room = Room{Self: 1, Publishing: map[uint32]Offer{}}
	for i, b := range data {
		o := Occupant{Participant: uint32(b % 30), Screen: b >= 128}
		switch i % 4 {
		case 0:
			room.Tiles = append(room.Tiles, Tile{o, int(b)})
		case 1:
			room.Floor = append(room.Floor, o.Participant)
		case 2:
			room.Publishing[o.Participant] = Offer{b&32 != 0, b&64 != 0, b&128 != 0, b&16 != 0}
		default:
			seats = append(seats, o)
		}
	}
	room.SmallRoom = len(data)%2 == 0
	return room, seats
}

// FuzzSeating holds what every seating must be.
func FuzzSeating(f *testing.F) {
	f.Add([]byte{2, 3, 0xE2, 4, 130, 2, 0xE3, 2, 5, 5, 0xE5, 3})
	f.Add([]byte{2, 2, 0x62, 7, 3, 3, 0x63, 7, 4, 4, 0x64, 131})
	f.Fuzz(func(t *testing.T, data []byte) {
		room, seats := decode(data)
		wanted := Wanted(room)
		for i, o := range wanted {
			if o.Free() || o.Participant == room.Self || !room.Publishing[o.Participant].gives(o) {
				t.Fatalf("%v is wanted", o)
			}
			if slices.Contains(wanted[:i], o) {
				t.Fatalf("%v is wanted twice", o)
			}
		}
		next := Assign(seats, wanted, room.Publishing)
		if len(next) != len(seats) {
			t.Fatalf("%d seats became %d", len(seats), len(next))
		}
		must := wanted[:min(len(wanted), len(seats))]
		newcomers, moved := 0, 0
		for _, o := range must {
			if !slices.Contains(next, o) {
				t.Fatalf("%v is wanted, there is a seat, and it stands: %v", o, next)
			}
			was := slices.Index(seats, o)
			if was < 0 {
				newcomers++
			} else if next[was] != o {
				t.Fatalf("%v sat on %d and was moved: %v", o, was, next)
			}
		}
		for i, o := range next {
			switch {
			case o.Free():
			case slices.Contains(next[:i], o):
				t.Fatalf("%v sits twice: %v", o, next)
			case !slices.Contains(must, o) && (seats[i] != o || !room.Publishing[o.Participant].gives(o)):
				t.Fatalf("%v sits on %d for no reason", o, i)
			}
			if o != seats[i] && !o.Free() {
				moved++
			}
		}
		if moved != newcomers {
			t.Fatalf("%d seats changed hands for %d newcomers", moved, newcomers)
		}
		// Nobody loses a seat while another stands free for the newcomer.
		lostSeat := slices.ContainsFunc(seats, func(o Occupant) bool {
			return !o.Free() && room.Publishing[o.Participant].gives(o) && !slices.Contains(next, o)
		})
		if lostSeat && slices.Contains(next, Occupant{}) {
			t.Fatalf("a seat was taken while one is free: %v, %v", seats, next)
		}
		if again := Assign(next, wanted, room.Publishing); !slices.Equal(again, next) {
			t.Fatalf("assigning again moved people: %v, %v", next, again)
		}
	})
}

func FuzzPickLayer(f *testing.F) {
	f.Add([]byte{18, 164, 200}, 40, 1)
	f.Fuzz(func(t *testing.T, data []byte, height, current int) {
		height = height & 0xFFF
		var layers []Layer
		anyLive, size := false, 0
		for _, b := range data[:min(len(data), 4)] {
			size += int(b&0x7F) * 10
			layers = append(layers, Layer{size, b >= 128})
			anyLive = anyLive || b >= 128
		}
		got := PickLayer(layers, height, current)
		if (got >= 0) != anyLive || got >= 0 && !layers[got].Live {
			t.Fatalf("layer %d of %v", got, layers)
		}
		if again := PickLayer(layers, height, got); again != got {
			t.Fatalf("layer %d, then %d of %v", got, again, layers)
		}
		if fresh := PickLayer(layers, height, -1); got != fresh && got != current {
			t.Fatalf("layer %d is neither the current %d nor the best %d", got, current, fresh)
		}
	})
}

func BenchmarkAssign(b *testing.B) {
	room := Room{Self: 1, Publishing: map[uint32]Offer{}}
	for id := range uint32(50) {
		room.Publishing[id] = Offer{Camera: true, Microphone: true}
		room.Tiles = append(room.Tiles, Tile{cam(id), 180})
	}
	room.Floor = []uint32{40, 30, 20}
	seats := make([]Occupant, 49)
	b.ReportAllocs()
	for b.Loop() {
		seats = Assign(seats, Wanted(room), room.Publishing)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "ns/subscriber")
}

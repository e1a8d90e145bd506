package signaling

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"plenum/recording"
	"plenum/rooms"
	"plenum/sfu"
)

// diary notes what was called, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.lines...)
}

// fakeMedia answers every offer with "answer to <offer>".
type fakeMedia struct {
	diary
	mu    sync.Mutex
	rooms []*fakeRoom
	hold  chan struct{} // when set, a join waits for it to close
	early bool          // tell seats before Join returns
}

func (f *fakeMedia) NewRoom(id string, obs sfu.Observer) MediaRoom {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.note("open %s", id)
	r := &fakeRoom{media: f, id: id, obs: obs}
	f.rooms = append(f.rooms, r)
	return r
}

// opened returns the first room that was opened.
func (f *fakeMedia) opened() *fakeRoom {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rooms[0]
}

type fakeRoom struct {
	media *fakeMedia
	id    string
	obs   sfu.Observer
	mu    sync.Mutex
	taps  int
}

func (r *fakeRoom) Join(_ context.Context, e sfu.Entry) (MediaParticipant, string, error) {
	if r.media.hold != nil {
		<-r.media.hold
	}
	switch e.Offer {
	case "bad":
		return nil, "", fmt.Errorf("%w: no m-lines", sfu.ErrBadOffer)
	case "broken":
		return nil, "", errors.New("out of ports")
	}
	r.media.note("join %s %d", e.ID, e.Number)
	if r.media.early {
		r.obs.SeatsChanged(e.ID, 1, []sfu.SeatRow{{}})
	}
	return &fakeParticipant{room: r, id: e.ID}, "answer to " + e.Offer, nil
}

func (r *fakeRoom) Close() { r.media.note("close %s", r.id) }

func (r *fakeRoom) Tap(sfu.Tap) func() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taps++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.taps--
	}
}

func (r *fakeRoom) tapped() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taps
}

func (r *fakeRoom) RequestKeyframe(string, sfu.Source, int) {}

type fakeParticipant struct {
	room *fakeRoom
	id   string
}

func (p *fakeParticipant) Reoffer(_ context.Context, offer string, _ map[string]sfu.Source) (string, error) {
	if offer == "bad" {
		return "", sfu.ErrBadOffer
	}
	return "answer to " + offer, nil
}

func (p *fakeParticipant) SetView(tiles []sfu.Tile) { p.room.media.note("view %s %v", p.id, tiles) }

func (p *fakeParticipant) SetSource(s sfu.Source, on, muted bool) {
	p.room.media.note("source %s %s on=%v muted=%v", p.id, s, on, muted)
}
func (p *fakeParticipant) AckSeats(epoch int64) { p.room.media.note("seated %s %d", p.id, epoch) }
func (p *fakeParticipant) Pause(paused bool)    { p.room.media.note("pause %s %v", p.id, paused) }
func (p *fakeParticipant) Bar(barred bool)      { p.room.media.note("bar %s %v", p.id, barred) }
func (p *fakeParticipant) Leave()               { p.room.media.note("leave %s", p.id) }

// fakeRecorders starts fakeRecorders, or fails with err.
type fakeRecorders struct {
	diary
	err   error
	hold  chan struct{} // when set, Start waits for it to close
	ended chan func(string)
	alarm chan func(recording.Alarm)
}

func newFakeRecorders() *fakeRecorders {
	return &fakeRecorders{
		ended: make(chan func(string), 10), alarm: make(chan func(recording.Alarm), 10),
	}
}

func (f *fakeRecorders) Start(
	_ context.Context, info recording.Info, media recording.Media, ended func(string),
) (Recorder, error) {
	f.note("start %s by %s", info.Title, info.StartedBy)
	if f.hold != nil {
		<-f.hold
	}
	if f.err != nil {
		return nil, f.err
	}
	stop := media.Tap(nil)
	f.ended <- ended
	f.alarm <- info.Alarm
	return &fakeRecorder{diary: &f.diary, stop: stop}, nil
}

type fakeRecorder struct {
	*diary
	stop func()
}

func (r *fakeRecorder) ID() string { return "01J" }

func (r *fakeRecorder) StartedAt() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

func (r *fakeRecorder) Participant(id, name string) { r.note("participant %s %s", id, name) }
func (r *fakeRecorder) Left(id string)              { r.note("left %s", id) }

func (r *fakeRecorder) Told(participant string) { r.note("told %s", participant) }

func (r *fakeRecorder) Answer(participant string, accept bool) {
	r.note("answer %s %v", participant, accept)
}

func (r *fakeRecorder) Chat(participant, name, text string) {
	r.note("chat %s %s %s", participant, name, text)
}

func (r *fakeRecorder) Source(participant string, s sfu.Source, on, muted bool) {
	r.note("source %s %s on=%v muted=%v", participant, s, on, muted)
}

func (r *fakeRecorder) Pause(by string)  { r.note("pause by %s", by) }
func (r *fakeRecorder) Resume(by string) { r.note("resume by %s", by) }

func (r *fakeRecorder) Stop(_ context.Context, reason string) (recording.Manifest, error) {
	r.stop()
	r.note("stop %s", reason)
	return recording.Manifest{}, nil
}

// fakeStore notes the rooms that were ended.
type fakeStore struct {
	diary
	linkBook
	err error
}

// linkBook knows which links were revoked alone.
type linkBook struct{ revoked sync.Map }

func (b *linkBook) UseLink(_ context.Context, _, id string, _ time.Time) error {
	if why, revoked := b.revoked.Load(id); revoked {
		err, _ := why.(error)
		return err
	}
	return nil
}

func (s *fakeStore) SetRoomEnd(_ context.Context, id string, _ time.Time) error {
	if s.err != nil {
		return s.err
	}
	s.note("end %s", id)
	return nil
}

// fakeLedger keeps what it is told.
type fakeLedger struct {
	mu     sync.Mutex
	events []rooms.Event
}

func (l *fakeLedger) Record(e rooms.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, e)
}

func (l *fakeLedger) read() []rooms.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]rooms.Event(nil), l.events...)
}

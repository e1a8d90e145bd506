package signaling

import (
	"context"
	"time"

	"plenum/recording"
	"plenum/sfu"
)

// Media makes the media side of rooms; SFU adapts *sfu.SFU to it.
type Media interface {
	NewRoom(id string, obs sfu.Observer) MediaRoom
}

// MediaRoom is the media side of one room.
type MediaRoom interface {
	recording.Media
	Join(ctx context.Context, e sfu.Entry) (p MediaParticipant, answer string, err error)
	Close()
}

// MediaParticipant is the media side of one participant.
type MediaParticipant interface {
	Reoffer(ctx context.Context, offer string, sources map[string]sfu.Source) (answer string, err error)
	SetView(tiles []sfu.Tile)
	SetSource(s sfu.Source, on, muted bool)
	AckSeats(epoch int64)
	Pause(paused bool)
	Bar(barred bool)
	Leave()
}

// Recorders starts recordings; Library adapts *recording.Library to it.
type Recorders interface {
	Start(ctx context.Context, info recording.Info, media recording.Media, ended func(reason string)) (Recorder, error)
}

// Recorder is one running recording.
type Recorder interface {
	ID() string
	StartedAt() time.Time
	Participant(id, name string)
	Left(id string)
	Chat(participant, name, text string)
	Told(participant string)
	Answer(participant string, accept bool)
	Source(participant string, s sfu.Source, on, muted bool)
	Pause(by string)
	Resume(by string)
	Stop(ctx context.Context, reason string) (recording.Manifest, error)
}

// SFU lets a Hub use s.
func SFU(s *sfu.SFU) Media { return mediaPlane{s} }

type mediaPlane struct{ sfu *sfu.SFU }

func (m mediaPlane) NewRoom(id string, obs sfu.Observer) MediaRoom {
	return mediaRoom{m.sfu.NewRoom(id, obs)}
}

type mediaRoom struct{ *sfu.Room }

func (r mediaRoom) Join(ctx context.Context, e sfu.Entry) (MediaParticipant, string, error) {
	p, answer, err := r.Room.Join(ctx, e)
	if err != nil {
		return nil, "", err // not a nil *sfu.Participant in an interface
	}
	return p, answer, nil
}

// Library lets a Hub record with l.
func Library(l *recording.Library) Recorders { return recorders{l} }

type recorders struct{ library *recording.Library }

func (r recorders) Start(
	ctx context.Context, info recording.Info, media recording.Media, ended func(string),
) (Recorder, error) {
	rec, err := r.library.Start(ctx, info, media, ended)
	if err != nil {
		return nil, err
	}
	return rec, nil
}

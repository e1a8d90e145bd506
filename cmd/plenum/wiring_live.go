package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"plenum/api"
	"plenum/recording"
	"plenum/rooms/files"
	"plenum/rooms/meeting"
	"plenum/sfu"
	"plenum/sfu/ice"
	"plenum/signaling"
	"plenum/signaling/protocol"
)

// openLive starts media, meetings, attendants and recordings.
func openLive(ctx context.Context, cfg settings, p parts) (*live, error) {
	cfg.recording.Audit = func(e recording.Entry) { noteRecording(p.audit, e) }
	library, err := recording.Open(ctx, cfg.recording, p.log)
	if err != nil {
		return nil, fmt.Errorf("open recordings: %w", err)
	}
	shared, err := files.Open(cfg.files)
	if err != nil {
		return nil, errors.Join(err, library.Close(ctx))
	}
	finding := func() {}
	if cfg.stun != "" {
		finder := ice.NewFinder(cfg.stun, p.log)
		cfg.sfu.Found = finder.Addrs
		finding = inBackground(ctx, finder.Run)
	}
	media, err := sfu.New(cfg.sfu, p.log)
	if err != nil {
		finding()
		return nil, errors.Join(fmt.Errorf("open media ports: %w", err), library.Close(ctx))
	}
	work, err := startJobs(ctx, cfg, library, media, p.log)
	if err != nil {
		finding()
		return nil, errors.Join(err, library.Close(ctx), media.Close())
	}
	turn, err := openRelay(cfg.relay, media, p.log)
	if err != nil {
		work.stop()
		finding()
		return nil, errors.Join(err, media.Close(), library.Close(ctx))
	}
	hub := signaling.NewHub(signaling.Config{
		EndGrace: cfg.endGrace, Files: shared, Links: p.links, Audit: p.audit.Note,
	}, signaling.SFU(media), signaling.Library(library), p.hostKey, p.store, p.ledger, p.log)
	register := signaling.NewAttendants(signaling.AttendantsConfig{}, p.log)
	countLive(p.metrics, hub, register)
	p.metrics.MustRegister(newMediaMetrics(media.Stats))
	lately := newFigures(media.Figures, time.Now)
	stopFigures := inBackground(ctx, lately.Run)
	now := &live{
		trials:     trials{media},
		figures:    lately,
		meetings:   meetings{hub},
		attendants: attendants{register},
		recordings: recordings{library},
		jobs:       work.manager,
		close: func(ctx context.Context) error {
			// Meetings first: their recorders stop with the reason "shutdown".
			work.stop()
			stopFigures()
			err := errors.Join(hub.Close(ctx), register.Close(ctx), library.Close(ctx), media.Close())
			if turn != nil {
				err = errors.Join(err, turn.Close())
			}
			finding()
			return err
		},
	}
	if shared != nil {
		now.files = sharedFiles{hub}
	}
	if turn != nil {
		now.relay = relays{server: turn, host: cfg.relayHost, announced: media.Announced}
		promauto.With(p.metrics).NewGaugeFunc(prometheus.GaugeOpts{
			Name: "plenum_turn_allocations", Help: "Allocations of the built-in TURN server.",
		}, func() float64 { return float64(turn.Allocations()) })
		promauto.With(p.metrics).NewCounterFunc(prometheus.CounterOpts{
			Name: "plenum_turn_refused_total", Help: "Packets and connections without credentials that the TURN server turned away unread.",
		}, func() float64 { return float64(turn.Refused()) })
	}
	return now, nil
}

// inBackground runs f until the returned function is called, which waits for it.
func inBackground(ctx context.Context, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f(ctx) // it ends only when told to
	}()
	return func() {
		cancel()
		<-done
	}
}

// countLive publishes how much is live.
func countLive(registry *prometheus.Registry, hub *signaling.Hub, register *signaling.Attendants) {
	auto := promauto.With(registry)
	gauge := func(name, help string, value func() int) {
		auto.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return float64(value()) })
	}
	gauge("plenum_rooms_live", "Rooms with somebody in them.", func() int { rooms, _ := hub.Count(); return rooms })
	gauge("plenum_meeting_sockets", "Open WebSockets of meetings.", func() int { _, sockets := hub.Count(); return sockets })
	gauge("plenum_attendants_online", "Attendants online.", func() int { return register.Count() })
}

// meetings shows a Hub as the API wants it.
type meetings struct{ *signaling.Hub }

// Live returns who is in a room.
func (m meetings) Live(roomID string) (api.Live, bool) {
	snap, ok := m.Hub.Live(roomID)
	if !ok {
		return api.Live{}, false
	}
	live := api.Live{Recording: snap.Recording.On, Locked: snap.Room.Locked}
	for _, p := range snap.Participants {
		live.Participants = append(live.Participants, participant(p))
	}
	for _, w := range snap.Lobby {
		live.Waiting = append(live.Waiting, api.Waiter{
			ID: w.ID, Name: w.Name, Role: string(w.Role), Reason: string(w.Reason), Since: w.Since, Connected: w.Connected,
		})
	}
	return live, true
}

func participant(p meeting.Participant) api.Participant {
	out := api.Participant{ID: p.ID, Name: p.Name, Role: string(p.Role), JoinedAt: p.JoinedAt, Connected: p.Connected, Hand: p.Hand}
	for _, s := range p.Sources {
		out.Sources = append(out.Sources, api.Source{Source: string(s.Source), Muted: s.Muted})
	}
	return out
}

// Moderate does what a host in the meeting could do.
func (m meetings) Moderate(roomID, by, action, participant string) error {
	order := protocol.Moderate{Action: protocol.Action(action), Participant: participant}
	switch action {
	case "make_speaker":
		order.Action, order.Role = protocol.SetRole, protocol.Speaker
	case "make_audience":
		order.Action, order.Role = protocol.SetRole, protocol.Audience
	}
	err := m.Hub.Moderate(roomID, by, order)
	return ofMeeting(err, participant)
}

// Lock keeps new guests out, or lets them in again.
func (m meetings) Lock(roomID string, on bool) error { return ofMeeting(m.Hub.Lock(roomID, on), "") }

// Announce shows a text to those in a room.
func (m meetings) Announce(roomID, from, text, participant string) ([]api.Delivery, error) {
	all, err := m.Hub.Announce(roomID, from, text, participant)
	return all, ofMeeting(err, participant)
}

// ofMeeting puts an error of a Hub about a participant, or about everybody, into
// the API's terms.
func ofMeeting(err error, participant string) error {
	notLive := errors.Is(err, signaling.ErrNotLive)
	switch {
	case errors.Is(err, signaling.ErrNotHere), notLive && participant != "":
		return api.ErrNotHere
	case notLive:
		return api.ErrNotLive
	case errors.Is(err, signaling.ErrNoPlace):
		return api.ErrNoPlace
	}
	return err
}

// attendants shows the register as the API wants it.
type attendants struct{ *signaling.Attendants }

// Push sends a text to one attendant.
func (a attendants) Push(ctx context.Context, channelName, text string) error {
	err := a.Attendants.Push(ctx, channelName, text)
	if errors.Is(err, signaling.ErrOffline) {
		return fmt.Errorf("push to %q: %w", channelName, api.ErrOffline)
	}
	return err
}

// recordings shows the library as the API wants it.
type recordings struct{ *recording.Library }

// List returns what the filter lets through, newest first.
func (r recordings) List(f recording.Filter) ([]api.Recording, error) {
	list, err := r.Library.List(f)
	if err != nil {
		return nil, err
	}
	all := make([]api.Recording, len(list))
	for i, m := range list {
		all[i] = recordingOf(m)
	}
	return all, nil
}

// Get returns one recording.
func (r recordings) Get(id string) (api.Recording, error) {
	m, err := r.Library.Get(id)
	if err != nil {
		return api.Recording{}, err
	}
	return recordingOf(m), nil
}

// SetHold puts a recording on legal hold or takes it off.
func (r recordings) SetHold(id string, hold bool) (api.Recording, error) {
	m, err := r.Library.SetHold(id, hold)
	if err != nil {
		return api.Recording{}, err
	}
	return recordingOf(m), nil
}

func recordingOf(m recording.Manifest) api.Recording {
	return api.Recording{ID: m.ID, Room: m.Room, CreatorID: m.CreatorID, Manifest: m}
}

var (
	_ api.Meetings   = meetings{}
	_ api.Attendants = attendants{}
	_ api.Recordings = recordings{}
)

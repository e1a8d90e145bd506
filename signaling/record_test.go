package signaling

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plenum/recording"
	"plenum/sfu"
	"plenum/sfu/packet"
	"plenum/signaling/protocol"
)

func startRecording(c *client) {
	c.t.Helper()
	c.send(protocol.Record{Request: protocol.Request{ID: 5}, On: true})
	await(c, func(r protocol.Recording) bool { return r.ID != "" })
}

func TestRecord(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.host()
	ann.send(protocol.Publish{Source: protocol.Microphone, On: true, Muted: true})
	expect[protocol.Roster](ann)
	ann.send(protocol.Record{On: true})
	ann.send(protocol.Record{On: true}) // is on already
	if got := expect[protocol.Recording](ann); got.Seq != 3 || !got.On || got.By != "Ann" || got.ID != "" || got.StartedAt == "" {
		t.Errorf("first word of the recording: %+v", got)
	}
	if got := expect[protocol.Recording](ann); got.Seq != 4 || got.ID != "01J" || got.StartedAt != "2026-03-01T12:00:00.000Z" {
		t.Errorf("second word of the recording: %+v", got)
	}
	bo := h.join("Bo")
	if !bo.me.Recording.On || bo.me.Recording.ID != "01J" {
		t.Errorf("recording at a late joiner: %+v", bo.me.Recording)
	}
	bo.send(protocol.Publish{Source: protocol.Camera, On: true})
	bo.saw("p2", func(p protocol.Participant) bool { return len(p.Sources) == 1 })
	bo.send(protocol.Leave{})
	ann.sawLeave("p2")
	ann.send(protocol.Record{On: false})
	if got := expect[protocol.Recording](ann); got.On || got.By != "Ann" || got.ID != "" || got.Notice != "" {
		t.Errorf("end of the recording: %+v", got)
	}
	ann.send(protocol.Record{On: false}) // is off already
	settles(t, &h.rec.diary, "stop host")
	want := []string{
		"start Plans by Ann", "participant p1 Ann", "told p1", "source p1 microphone on=true muted=true",
		"participant p2 Bo", "told p2", "source p2 camera on=true muted=false", "left p2", "stop host",
	}
	if diff := cmp.Diff(want, h.rec.read()); diff != "" {
		t.Errorf("what the recorder was told (-want +got):\n%s", diff)
	}
}

func TestRecordingIsToldBeforeItStarts(t *testing.T) {
	h := newHarness(t, Config{})
	h.rec.hold = make(chan struct{})
	ann, bo := h.host(), h.join("Bo")
	ann.send(protocol.Record{On: true})
	for _, c := range []*client{ann, bo} {
		await(c, func(r protocol.Recording) bool { return r.On })
	}
	if n := h.media.opened().tapped(); n != 0 {
		t.Error("media is tapped before the recorder has started")
	}
	close(h.rec.hold)
	await(bo, func(r protocol.Recording) bool { return r.ID != "" })
}

func TestRecordingStoppedWhileStarting(t *testing.T) {
	h := newHarness(t, Config{})
	h.rec.hold = make(chan struct{})
	ann := h.host()
	ann.send(protocol.Record{On: true})
	ann.send(protocol.Record{On: false})
	await(ann, func(r protocol.Recording) bool { return !r.On })
	close(h.rec.hold)
	settles(t, &h.rec.diary, "stop host")
	if n := h.media.opened().tapped(); n != 0 {
		t.Error("media is tapped after everybody was told that it is not")
	}
	ann.send(protocol.SendChat{Text: "hi"})
	if got := expect[protocol.Chat](ann); got.Seq != 4 { // join, on, off, chat
		t.Errorf("chat is event %d, want 4", got.Seq)
	}
}

func TestRoomEndsWhileRecordingStarts(t *testing.T) {
	h := newHarness(t, Config{})
	h.rec.hold = make(chan struct{})
	ann := h.host()
	ann.send(protocol.Record{On: true})
	expect[protocol.Recording](ann)
	h.hub.EndRoom(t.Context(), "1.r")
	close(h.rec.hold)
	settles(t, &h.rec.diary, "stop ended")
}

func TestTapIsCutBeforeTheEndIsTold(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.host()
	startRecording(ann)
	room := h.media.opened()
	if n := room.tapped(); n != 1 {
		t.Fatalf("%d taps while recording, want 1", n)
	}
	ann.send(protocol.Record{On: false})
	await(ann, func(r protocol.Recording) bool { return !r.On })
	if n := room.tapped(); n != 0 {
		t.Error("media is tapped after everybody was told that it is not")
	}
	startRecording(ann) // another one, while the first may still be finishing
	if n := room.tapped(); n != 1 {
		t.Errorf("%d taps in the second recording, want 1", n)
	}
}

func TestRecordingThatCantStart(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		want string
	}{
		"no space": {recording.ErrNoSpace, "disk space"},
		"quota":    {recording.ErrQuota, "used up"},
		"other":    {errors.New("no such folder /x"), "could not be started"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHarness(t, Config{})
			h.rec.err = tt.err
			ann, bo := h.host(), h.join("Bo")
			ann.send(protocol.Record{Request: protocol.Request{ID: 5}, On: true})
			for _, c := range []*client{ann, bo} {
				await(c, func(r protocol.Recording) bool { return r.On })
				if got := expect[protocol.Recording](c); got.On || !strings.Contains(got.Notice, tt.want) {
					t.Errorf("recording: %+v", got)
				}
			}
			ann.refused(5, protocol.RecordFailed)
		})
	}
}

func TestRecorderEndsByItself(t *testing.T) {
	codes := map[string]protocol.RecordingNotice{"disk_full": "disk_full", "slow_disk": "slow_disk", "quota": "limit", "panic": "problem"}
	for reason, want := range map[string]string{"disk_full": "disk is full", "slow_disk": "too slow", "quota": "limit", "panic": "a problem"} {
		t.Run(reason, func(t *testing.T) {
			h := newHarness(t, Config{})
			ann := h.host()
			startRecording(ann)
			ended := <-h.rec.ended
			ended(reason)
			if got := expect[protocol.Recording](ann); got.On || !strings.Contains(got.Notice, want) || got.NoticeCode != codes[reason] || got.By != "" {
				t.Errorf("recording: %+v", got)
			}
			settles(t, &h.rec.diary, "stop "+reason)
			ended(reason) // changes nothing
			ann.send(protocol.SendChat{Text: "hi"})
			expect[protocol.Chat](ann)
			if n := len(slices.DeleteFunc(h.rec.read(), func(l string) bool { return !strings.HasPrefix(l, "stop") })); n != 1 {
				t.Errorf("stopped %d times", n)
			}
		})
	}
}

func TestConsent(t *testing.T) {
	h := newHarness(t, Config{})
	ann, bo := h.host(), h.join("Bo")
	bo.send(protocol.Publish{Source: protocol.Microphone, On: true})
	bo.saw("p2", func(p protocol.Participant) bool { return len(p.Sources) == 1 })
	startRecording(ann)
	bo.send(protocol.Consent{Accept: false})
	settles(t, &h.rec.diary, "answer p2 false")
	bo.send(protocol.Consent{Accept: true})
	settles(t, &h.rec.diary, "answer p2 true")
	settles(t, &h.rec.diary, "source p2 microphone on=true muted=false")
	bo.send(protocol.Consent{Accept: false})
	ann.send(protocol.Record{On: false})
	settles(t, &h.rec.diary, "stop host")
	startRecording(ann) // the no holds
	lines := h.rec.read()
	at := slices.Index(lines, "stop host")
	if rest := lines[at:]; !slices.Contains(rest, "told p2") || !slices.Contains(rest, "answer p2 false") {
		t.Errorf("the next recording was told %q", rest)
	}
}

func TestRecordingAlarms(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.host()
	startRecording(ann)
	alarm := <-h.rec.alarm
	silent := recording.Alarm{Kind: recording.AlarmSilent, On: true, Participant: "p1", Source: sfu.Microphone}
	slow := recording.Alarm{Kind: recording.AlarmSlowDisk, On: true}
	for _, step := range []struct {
		alarm recording.Alarm
		on    bool
		want  string
		code  protocol.RecordingWarning
		names int
	}{
		{silent, true, "heard of Ann", "silent", 1},
		{slow, true, "too slow", "slow_disk", 0},
		{slow, false, "heard of Ann", "silent", 1},
		{silent, false, "", "", 0},
	} {
		step.alarm.On = step.on
		alarm(step.alarm)
		if got := expect[protocol.Recording](ann); !got.On || got.ID != "01J" || !strings.Contains(got.Warning, step.want) ||
			(got.Warning == "") != (step.want == "") || got.WarningCode != step.code || len(got.Silent) != step.names {
			t.Errorf("%+v: %+v", step.alarm, got)
		}
	}
	ann.send(protocol.Record{On: false})
	expect[protocol.Recording](ann)
	alarm(silent) // too late
	ann.send(protocol.SendChat{Text: "hi"})
	expect[protocol.Chat](ann)
}

func TestTapGate(t *testing.T) {
	media := &fakeRoom{media: &fakeMedia{}}
	g := &tapGate{Media: media}
	first, second := g.Tap(nil), g.Tap(nil)
	first()
	first()
	if n := media.tapped(); n != 1 {
		t.Errorf("%d taps after one of two stopped, want 1", n)
	}
	g.close()
	second()
	g.Tap(nil)()
	if n := media.tapped(); n != 0 {
		t.Errorf("%d taps after close, want 0", n)
	}
	g.RequestKeyframe("p1", sfu.Camera, 0) // goes through
}

// noted counts what a tap hears of each source.
type noted map[sfu.Source]int

func (n noted) Packet(s sfu.Stream, p *packet.Packet) {
	n[s.Source]++
	p.Release()
}

func (n noted) Report(s sfu.Stream, _ sfu.SenderReport) { n[s.Source]++ }

// TestVoiceHearsMicrophonesOnly feeds every source to what stands between
// media and the recorder of a room that is recorded by voice.
func TestVoiceHearsMicrophonesOnly(t *testing.T) {
	pool := &packet.Pool{}
	heard := noted{}
	tap := microphones{heard}
	for _, source := range []sfu.Source{sfu.Microphone, sfu.Camera, sfu.Screen, sfu.ScreenAudio} {
		tap.Packet(sfu.Stream{Source: source}, pool.Get())
		tap.Report(sfu.Stream{Source: source}, sfu.SenderReport{})
	}
	if diff := cmp.Diff(noted{sfu.Microphone: 2}, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	if n := pool.Outstanding(); n != 0 {
		t.Errorf("%d packets were never released", n)
	}
}

func TestRecordingPauses(t *testing.T) {
	h := newHarness(t, Config{})
	ann := h.host()
	ann.send(protocol.Record{On: true, Paused: true}) // there is none
	startRecording(ann)
	bo := h.join("Bo")
	bo.send(protocol.Record{Request: protocol.Request{ID: 9}, On: true, Paused: true})
	if got := expect[protocol.Error](bo); got.Code != protocol.Forbidden {
		t.Errorf("a guest who pauses: %+v", got)
	}
	ann.send(protocol.Record{On: true, Paused: true})
	ann.send(protocol.Record{On: true, Paused: true}) // pauses already
	await(bo, func(r protocol.Recording) bool { return r.On && r.Paused && r.PausedBy == "Ann" && r.ID == "01J" })
	if cy := h.join("Cy"); !cy.me.Recording.Paused || cy.me.Recording.PausedBy != "Ann" {
		t.Errorf("a pause at a late joiner: %+v", cy.me.Recording)
	}
	ann.send(protocol.Record{On: true})
	await(bo, func(r protocol.Recording) bool { return r.On && !r.Paused && r.PausedBy == "Ann" })
	ann.send(protocol.Record{On: true, Paused: true})
	ann.send(protocol.Record{On: false})
	await(bo, func(r protocol.Recording) bool { return !r.On && !r.Paused })
	settles(t, &h.rec.diary, "stop host")
	want := []string{
		"start Plans by Ann", "participant p1 Ann", "told p1", "participant p2 Bo", "told p2", "pause by Ann",
		"participant p3 Cy", "told p3", "resume by Ann", "pause by Ann", "stop host",
	}
	if diff := cmp.Diff(want, h.rec.read()); diff != "" {
		t.Errorf("what the recorder was told (-want +got):\n%s", diff)
	}
}

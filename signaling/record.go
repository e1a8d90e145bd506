package signaling

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"plenum/recording"
	"plenum/rooms"
	"plenum/rooms/meeting"
	"plenum/sfu"
	"plenum/sfu/packet"
	"plenum/signaling/protocol"
)

// recordingRun is one recording of a room, from the moment everybody is told.
// The room's goroutine owns it.
type recordingRun struct {
	media    *tapGate
	by       string
	voice    bool     // microphones only
	paused   bool     // a host has had it pause
	recorder Recorder // nil until it has started
	reason   string   // why it stopped; empty while it runs
	alarms   []recording.Alarm
}

// recorder returns the recorder to be told what happens, or nil.
func (r *liveRoom) recorder() Recorder {
	if r.recording == nil {
		return nil
	}
	return r.recording.recorder
}

// records reports whether a source is part of the recording.
func (run *recordingRun) records(source sfu.Source) bool {
	return !run.voice || source == sfu.Microphone
}

func (r *liveRoom) record(session *session, socket *socket, m protocol.Record) error {
	action := "record.stop"
	switch {
	case m.On && m.Paused:
		action = "record.pause"
	case m.On && r.recording != nil && r.recording.paused:
		action = "record.resume"
	case m.On:
		action = "record.start"
	}
	return r.asHost(session, socket, "record the meeting", action, func(p meeting.Participant) error {
		switch {
		case m.On && r.info.Rules.Recording == rooms.RecordOff:
			return refusal{code: protocol.Forbidden, message: "This room is never recorded."}
		case m.On && m.Paused && r.recording == nil:
			// It has just stopped, which everybody hears of.
		case m.On && r.recording != nil:
			r.pauseRecording(m.Paused, p.Name)
		case m.On:
			r.startRecording(p.Name, func(why refusal) {
				if session.socket == socket {
					socket.answer(protocol.Error{Re: m.ID, Code: why.code, Message: why.message})
				}
			})
		case !m.On:
			r.stopRecording("host", p.Name, meeting.Remark{})
		}
		return nil
	})
}

// pauseRecording has the running recording pause or go on: nothing is written
// from here on, then everybody is told; before anything is written again, too.
func (r *liveRoom) pauseRecording(paused bool, by string) {
	run := r.recording
	if run.paused == paused {
		return
	}
	run.paused = paused
	if paused && run.recorder != nil {
		run.recorder.Pause(by)
	}
	r.broadcast(r.meeting.RecordingPaused(paused, by))
	if !paused && run.recorder != nil {
		run.recorder.Resume(by)
	}
	r.log.Info("recording paused or resumed", "paused", paused, "by", by)
}

// recordByPolicy brings the recording in line with what the room's policy says
// now: begins the one of an automatic room with the first participant, and
// ends one that records more than it may.
func (r *liveRoom) recordByPolicy() {
	policy := r.info.Rules.Recording
	notice := remark(protocol.NoticePolicy, "Recording stopped: this room is recorded differently now.")
	switch {
	case r.recording != nil && policy == rooms.RecordOff,
		r.recording != nil && policy == rooms.RecordVoice && !r.recording.voice:
		r.stopRecording("policy", "", notice)
	case policy == rooms.RecordAutomatic && r.recording == nil && !r.autoBegun && len(r.meeting.Roster()) > 0:
		r.autoBegun = true
		r.hub.audit(rooms.AuditEntry{
			Kind: rooms.ActorServer, Action: "meeting.record.start", Object: r.info.ID, Outcome: rooms.OutcomeOK,
		})
		r.startRecording("", func(refusal) {}) // everybody reads why it failed
	}
}

// startRecording tells everybody, then starts the recorder beside the room's
// goroutine. Refuse hears of a failure.
func (r *liveRoom) startRecording(by string, refuse func(refusal)) {
	voice := r.info.Rules.Recording == rooms.RecordVoice
	run := &recordingRun{media: &tapGate{Media: r.media, voice: voice}, by: by, voice: voice}
	r.recording = run
	r.broadcast(r.meeting.RecordingStarted(time.Now(), by, ""))
	info := recording.Info{Room: r.info.ID, Title: roomTitle(r.info), CreatorID: r.info.CreatorID, StartedBy: by, AskConsent: true}
	info.Alarm = func(a recording.Alarm) {
		r.in.call(func() { r.recorderAlarm(run, a) })
	}
	ended := func(reason string) {
		r.in.call(func() { r.recorderEnded(run, reason) })
	}
	r.hub.wg.Go(func() {
		rec, err := r.hub.rec.Start(r.ctx, info, run.media, ended)
		if !r.in.call(func() { r.recordingStarted(run, rec, err, refuse) }) && err == nil {
			r.stopRecorder(rec, run.reason) // the room has closed; it set the reason before
		}
	})
}

func (r *liveRoom) recordingStarted(run *recordingRun, rec Recorder, err error, refuse func(refusal)) {
	if err != nil {
		r.log.Error("recording not started", "err", err)
		notice := notBegunNotice(err)
		if r.recording == run {
			r.stopRecording("failed", "", notice)
		}
		refuse(refusal{code: protocol.RecordFailed, message: notice.Text})
		return
	}
	run.recorder = rec
	if r.recording != run { // stopped meanwhile
		r.finishRecording(run)
		return
	}
	pause := r.meeting.Recording()
	if run.paused { // while it was being started
		rec.Pause(pause.PausedBy)
	}
	for _, p := range r.meeting.Roster() {
		rec.Participant(p.ID, p.Name)
	}
	for _, s := range r.tokens {
		if s.socket != nil { // they have been told, before it began
			r.toldOfRecording(s)
		}
	}
	r.log.Info("recording started", "recording", rec.ID(), "by", run.by)
	r.broadcast(r.meeting.RecordingStarted(rec.StartedAt(), run.by, rec.ID()))
	if run.paused {
		r.broadcast(r.meeting.RecordingPaused(true, pause.PausedBy))
	}
}

// toldOfRecording has the recorder record somebody who knows of it from here on.
// Who declined before is only noted.
func (r *liveRoom) toldOfRecording(s *session) {
	rec := r.recorder()
	p, ok := r.meeting.Participant(s.id)
	if rec == nil || !ok {
		return
	}
	rec.Told(s.id)
	if s.declined {
		rec.Answer(s.id, false)
	}
	for _, source := range p.Sources {
		if r.recording.records(sfu.Source(source.Source)) {
			rec.Source(p.ID, sfu.Source(source.Source), true, source.Muted)
		}
	}
}

// consent takes a participant's answer to being recorded. It holds for this
// recording and, if it is a no, for those that follow in this meeting.
func (r *liveRoom) consent(session *session, socket *socket, accept bool) error {
	return r.as(session, socket, func() error {
		session.declined = !accept
		rec := r.recorder()
		if rec == nil {
			return nil
		}
		r.log.Info("recording answered", "participant", session.id, "accept", accept)
		rec.Answer(session.id, accept)
		if p, ok := r.meeting.Participant(session.id); ok && accept {
			for _, source := range p.Sources {
				if r.recording.records(sfu.Source(source.Source)) {
					rec.Source(p.ID, sfu.Source(source.Source), true, source.Muted)
				}
			}
		}
		return nil
	})
}

// recorderAlarm tells everybody what is wrong with the recording, or no longer is.
func (r *liveRoom) recorderAlarm(run *recordingRun, a recording.Alarm) {
	if r.recording != run {
		return
	}
	begun := a
	begun.On = true
	run.alarms = slices.DeleteFunc(run.alarms, func(x recording.Alarm) bool { return x == begun })
	if a.On {
		run.alarms = append(run.alarms, a)
	}
	r.broadcast(r.meeting.RecordingWarned(r.warning(run.alarms)))
}

// warning is the sentence for the worst of what is wrong.
func (r *liveRoom) warning(alarms []recording.Alarm) meeting.Remark {
	var silent []string
	for _, a := range alarms {
		switch a.Kind {
		case recording.AlarmSlowDisk:
			return remark(protocol.WarnSlowDisk, "The server's disk is too slow: parts of the recording are missing.")
		case recording.AlarmDiskLow:
			return remark(protocol.WarnDiskLow, "The server's disk is almost full: the recording will stop soon.")
		case recording.AlarmSilent:
			if p, ok := r.meeting.Participant(a.Participant); ok {
				silent = append(silent, p.Name)
			}
		}
	}
	if len(silent) == 0 {
		return meeting.Remark{}
	}
	about := remark(protocol.WarnSilent, "Nothing is heard of "+strings.Join(silent, ", ")+": the recording of this microphone is silent.")
	about.Silent = strings.Join(silent, "\n") // a name has one line
	return about
}

// remark puts a code and its sentence together.
func remark[T ~string](code T, text string) meeting.Remark {
	return meeting.Remark{Code: string(code), Text: text}
}

// notBegunNotice is what everybody reads when a recording could not be started.
func notBegunNotice(err error) meeting.Remark {
	switch {
	case errors.Is(err, recording.ErrNoSpace):
		return remark(protocol.NoticeDiskFull, "There is not enough disk space to record.")
	case errors.Is(err, recording.ErrQuota):
		return remark(protocol.NoticeQuota, "The space for recordings is used up; delete some first.")
	}
	return remark(protocol.NoticeNotBegun, "The recording could not be started.")
}

// recorderEnded hears that the recorder has stopped by itself.
func (r *liveRoom) recorderEnded(run *recordingRun, reason string) {
	if r.recording != run {
		return
	}
	r.log.Warn("recording stopped by itself", "reason", reason)
	r.stopRecording(reason, "", endedNotice(reason))
}

// stopRecording stops the running recording, if any: first nothing is written
// any more, then everybody is told, then the files are finished.
func (r *liveRoom) stopRecording(reason, by string, notice meeting.Remark) {
	run := r.recording
	if run == nil {
		return
	}
	r.recording = nil
	run.reason = reason
	run.media.close()
	r.broadcast(r.meeting.RecordingStopped(by, notice))
	if run.recorder != nil {
		r.finishRecording(run)
	}
}

func (r *liveRoom) finishRecording(run *recordingRun) {
	rec, reason := run.recorder, run.reason
	r.hub.wg.Go(func() { r.stopRecorder(rec, reason) })
}

// stopRecorder finishes a recording's files, which takes a while.
func (r *liveRoom) stopRecorder(rec Recorder, reason string) {
	if _, err := rec.Stop(r.ctx, reason); err != nil {
		r.log.Error("recording not finished", "recording", rec.ID(), "err", err)
		return
	}
	r.log.Info("recording finished", "recording", rec.ID(), "reason", reason)
}

// endedNotice is the sentence that everybody reads when a recorder stopped by itself.
func endedNotice(reason string) meeting.Remark {
	switch reason {
	case "disk_full", "no_space":
		return remark(protocol.NoticeDiskFull, "Recording stopped: the server's disk is full.")
	case "quota":
		return remark(protocol.NoticeLimit, "Recording stopped: it reached the limit of length or size.")
	case "slow_disk":
		return remark(protocol.NoticeSlowDisk, "Recording stopped: the server's disk is too slow.")
	}
	return remark(protocol.NoticeUntold, "Recording stopped because of a problem on the server.")
}

// tapGate is a room's media that can be cut off from a recorder at once,
// whatever the recorder is doing.
type tapGate struct {
	recording.Media
	voice bool // lets microphones through only

	mu     sync.Mutex // guards the rest
	closed bool
	stops  []func()
}

// Tap feeds t until the returned function or close is called.
func (g *tapGate) Tap(t sfu.Tap) func() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return func() {}
	}
	if g.voice {
		t = microphones{t}
	}
	stop := sync.OnceFunc(g.Media.Tap(t))
	g.stops = append(g.stops, stop)
	return stop
}

// microphones is a tap that hears microphones only.
type microphones struct{ sfu.Tap }

// Packet implements sfu.Tap.
func (m microphones) Packet(s sfu.Stream, p *packet.Packet) {
	if s.Source != sfu.Microphone {
		p.Release()
		return
	}
	m.Tap.Packet(s, p)
}

// Report implements sfu.Tap.
func (m microphones) Report(s sfu.Stream, sr sfu.SenderReport) {
	if s.Source == sfu.Microphone {
		m.Tap.Report(s, sr)
	}
}

// close stops all taps; when it returns, none is called any more.
func (g *tapGate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, stop := range g.stops {
		stop()
	}
}

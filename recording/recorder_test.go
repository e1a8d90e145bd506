package recording

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"plenum/sfu"
)

// checkGaps compares gaps with want, to 150 ms.
func checkGaps(t *testing.T, tr Track, want ...Gap) {
	t.Helper()
	ok := len(tr.Gaps) == len(want)
	for i := 0; ok && i < len(want); i++ {
		g, w := tr.Gaps[i], want[i]
		ok = g.Reason == w.Reason && near(us(g.FromUS), us(w.FromUS), 150*time.Millisecond) &&
			near(us(g.ToUS), us(w.ToUS), 150*time.Millisecond)
	}
	if !ok {
		t.Errorf("%s: gaps %+v, want %+v", tr.Path, tr.Gaps, want)
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func gap(from, to float64, why Reason) Gap {
	return Gap{FromUS: int64(from * 1e6), ToUS: int64(to * 1e6), Reason: why}
}

// Two people, one mutes and unmutes, one turns the camera off and on, and at the
// end everything is off: the acceptance of the whole.
func TestMeeting(t *testing.T) {
	dir := t.TempDir()
	video, sound := load(t, bars), load(t, tone)
	var man Manifest
	var annMic, annCam, boMic, boCam *publisher
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		r.Participant("p1", "Ann")
		r.Participant("p2", "Bo")
		annMic, annCam = m.publish(sound, "p1", sfu.Microphone, 0), m.publish(video, "p1", sfu.Camera, 0)
		play(2*time.Second, annMic, annCam)
		boMic, boCam = m.publish(sound, "p2", sfu.Microphone, 0), m.publish(video, "p2", sfu.Camera, 0)
		all := []*publisher{annMic, annCam, boMic, boCam}
		play(3*time.Second, all...)
		r.Source("p1", sfu.Microphone, true, true) // 5 s; its packets keep coming, and must not be kept
		play(3*time.Second, all...)
		r.Source("p1", sfu.Camera, false, false) // 8 s
		annCam.silent = true
		play(time.Second, all...)
		r.Source("p1", sfu.Microphone, true, false) // 9 s
		play(3*time.Second, all...)
		r.Source("p1", sfu.Camera, true, false) // 12 s
		annCam.silent = false
		play(3*time.Second, all...)
		r.Source("p2", sfu.Microphone, false, false) // 15 s
		boMic.silent = true
		play(time.Second, all...)
		r.Source("p2", sfu.Camera, false, false) // 16 s
		boCam.silent = true
		play(4*time.Second, all...)
		man = stop(t, m, l, r) // 20 s
	})
	if got := us(man.DurationUS); !near(got, 20*time.Second, 50*time.Millisecond) || man.StopReason != "host" {
		t.Errorf("the recording lasted %v, stopped for %q", got, man.StopReason)
	}
	for _, tt := range []struct {
		p          *publisher
		start, end float64
		gaps       []Gap
	}{
		{annMic, 0, 20, []Gap{gap(5, 9, GapMute)}},
		{annCam, 0, 20, []Gap{gap(8, 12, GapOff)}},
		{boMic, 2, 20, []Gap{gap(15, 20, GapOff)}},
		{boCam, 2, 16, nil},
	} {
		tr := trackOf(t, man, tt.p.stream.Participant, tt.p.stream.Source)
		path := pathOf(dir, man, tr)
		begin, length := us(tr.StartUS), us(tr.DurationUS)
		if !near(begin, seconds(tt.start), 150*time.Millisecond) || !near(begin+length, seconds(tt.end), 150*time.Millisecond) {
			t.Errorf("%s: from %v for %v", tr.Path, begin, length)
		}
		checkGaps(t, tr, tt.gaps...)
		if got := accept(t, path); !near(got, length, 20*time.Millisecond) {
			t.Errorf("%s: ffprobe says %v, the manifest %v", tr.Path, got, length)
		}
		validate(t, path)
		frames := readBack(t, path, tt.p)
		for _, f := range frames {
			made := tt.p.begin.Sub(man.T0) + time.Duration(f.number)*tt.p.clip.step + tt.p.delay
			if at := begin + f.at; f.number >= 0 && !near(at, made, 40*time.Millisecond) {
				t.Errorf("%s: frame %d is at %v, was made at %v", tr.Path, f.number, at, made)
				break
			}
			if at := begin + f.at; f.number >= 0 && len(tr.Gaps) > 0 && at > us(tr.Gaps[0].FromUS) && at < us(tr.Gaps[0].ToUS) {
				t.Errorf("%s: a frame at %v lies in %+v", tr.Path, at, tr.Gaps[0])
				break
			}
		}
		if tr.State != TrackFinal || tr.Stats.Frames == 0 || len(tr.SHA256) != 64 {
			t.Errorf("%+v", tr)
		}
	}
	wav := tool(t, "ffmpeg", "-v", "error", "-i", pathOf(dir, man, trackOf(t, man, "p1", sfu.Microphone)),
		"-f", "s16le", "-ac", "1", "-ar", "48000", "-")
	if got := time.Duration(len(wav)/2) * time.Second / 48000; !near(got, 20*time.Second, 300*time.Millisecond) {
		t.Errorf("decoded sound lasts %v", got)
	}
	cam := trackOf(t, man, "p1", sfu.Camera)
	for _, at := range []float64{3.5, 6.5, 14.5, 18.5} { // in the recording; the clip began with it
		inFile := time.Duration(at*1e9) - us(cam.StartUS)
		if got := second(t, pathOf(dir, man, cam), inFile); got != int(at) {
			t.Errorf("seek to %vs shows second %d", at, got)
		}
	}
	checkMux(t, dir, man, trackOf(t, man, "p2", sfu.Microphone), trackOf(t, man, "p2", sfu.Camera))
}

// checkMux puts voice and picture together the way docs/recording.md says.
func checkMux(t *testing.T, dir string, man Manifest, mic, cam Track) {
	t.Helper()
	offset := func(tr Track) string { return fmt.Sprintf("%.6f", us(tr.StartUS).Seconds()) }
	out := filepath.Join(dir, "p02.webm")
	tool(t, "ffmpeg", "-v", "error", "-itsoffset", offset(mic), "-i", pathOf(dir, man, mic),
		"-itsoffset", offset(cam), "-i", pathOf(dir, man, cam), "-map", "1:v", "-map", "0:a", "-c", "copy", out)
	if got := accept(t, out); !near(got, us(mic.StartUS+mic.DurationUS), 100*time.Millisecond) {
		t.Errorf("voice and picture together last %v", got)
	}
}

// A simulcast camera whose best layer dies and comes back.
func TestLayers(t *testing.T) {
	dir := t.TempDir()
	small, big := load(t, bars), load(t, bigBars)
	var man Manifest
	var low, high *publisher
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		r.Participant("p1", "Ann")
		low, high = m.publish(small, "p1", sfu.Camera, 0), m.publish(big, "p1", sfu.Camera, 1)
		play(5*time.Second, low, high)
		high.silent = true
		play(10*time.Second, low, high) // 15 s
		high.silent = false
		play(10*time.Second, low, high) // 25 s
		man = stop(t, m, l, r)
		seen := map[int]bool{}
		for _, a := range m.asks {
			seen[a.layer] = true
		}
		if !seen[0] || !seen[1] {
			t.Errorf("keyframes asked: %v", m.asks)
		}
	})
	tr := trackOf(t, man, "p1", sfu.Camera)
	var story []string
	for _, f := range readBack(t, pathOf(dir, man, tr), low, high) {
		now := fmt.Sprintf("layer %d", f.from.stream.Layer)
		if len(story) == 0 || story[len(story)-1] != now {
			story = append(story, now)
			at := us(tr.StartUS) + f.at
			for i, want := range []time.Duration{0, 5500 * time.Millisecond, 20500 * time.Millisecond} {
				if i == len(story)-1 && !near(at, want, 1100*time.Millisecond) {
					t.Errorf("%s from %v on, want about %v", now, at, want)
				}
			}
		}
	}
	if got := fmt.Sprint(story); got != "[layer 1 layer 0 layer 1]" {
		t.Errorf("recorded %s", got)
	}
	if tr.Width != 192 || tr.Height != 144 {
		t.Errorf("size %dx%d", tr.Width, tr.Height)
	}
	if got := accept(t, pathOf(dir, man, tr)); !near(got, us(tr.DurationUS), 20*time.Millisecond) {
		t.Errorf("ffprobe says %v, the manifest %v", got, us(tr.DurationUS))
	}
	if got := second(t, pathOf(dir, man, tr), 22500*time.Millisecond-us(tr.StartUS)); got != 22 {
		t.Errorf("seek to 22.5s shows second %d", got)
	}
}

// How long the picture stands when the best layer stops, by what the senders do.
func TestFallsQuickly(t *testing.T) {
	small, big := load(t, bars), load(t, bigBars)
	for name, tt := range map[string]struct {
		delay   time.Duration // of the network, one way
		silent  time.Duration // how long the best layer is
		most    time.Duration // the picture may stand
		changes int
	}{
		"near":         {20 * time.Millisecond, 8 * time.Second, 500 * time.Millisecond, 2},
		"far":          {100 * time.Millisecond, 8 * time.Second, 700 * time.Millisecond, 2},
		"only hiccups": {20 * time.Millisecond, 200 * time.Millisecond, 250 * time.Millisecond, 0},
		// It is back before the other's keyframe is there: nothing is changed.
		"back in time": {100 * time.Millisecond, 320 * time.Millisecond, 400 * time.Millisecond, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			var man Manifest
			var low, high *publisher
			synctest.Test(t, func(t *testing.T) {
				m, l, r := start(t, dir)
				low, high = m.publish(small, "p1", sfu.Camera, 0), m.publish(big, "p1", sfu.Camera, 1)
				low.delay, high.delay, high.stalls = tt.delay, tt.delay, tt.changes == 0
				m.heeds = []*publisher{low, high}
				play(3330*time.Millisecond, low, high)
				high.silent = true
				play(tt.silent, low, high)
				high.silent = false
				play(14*time.Second-tt.silent, low, high)
				man = stop(t, m, l, r)
			})
			tr := trackOf(t, man, "p1", sfu.Camera)
			changes, longest := 0, time.Duration(0)
			frames := readBack(t, pathOf(dir, man, tr), low, high)
			for i := 1; i < len(frames); i++ {
				longest = max(longest, frames[i].at-frames[i-1].at)
				if frames[i].from != frames[i-1].from {
					changes++
				}
			}
			if changes != tt.changes || longest > tt.most {
				t.Errorf("%d changes, the picture stands for %v; want %d, %v at most", changes, longest, tt.changes, tt.most)
			}
		})
	}
}

func TestLossWaitsForKeyframe(t *testing.T) {
	dir := t.TempDir()
	video, sound := load(t, bars), load(t, tone)
	var man Manifest
	var cam, mic *publisher
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		r.Participant("p1", "Ann")
		cam, mic = m.publish(video, "p1", sfu.Camera, 0), m.publish(sound, "p1", sfu.Microphone, 0)
		play(3100*time.Millisecond, cam, mic)
		lost := 0
		cam.drop = func(int64) bool { lost++; return lost <= 1 }
		miss := 0
		mic.drop = func(int64) bool { miss++; return miss <= 10 }
		asked := len(m.asks)
		play(5*time.Second, cam, mic)
		man = stop(t, m, l, r)
		if len(m.asks) <= asked {
			t.Error("no keyframe was asked for")
		}
	})
	tr := trackOf(t, man, "p1", sfu.Camera)
	readBack(t, pathOf(dir, man, tr), cam)
	checkGaps(t, tr, gap(3.1, 4.02, GapLoss))
	if tr.Stats.Lost != 1 || tr.Stats.DroppedFrames == 0 || tr.Stats.KeyframeRequests == 0 {
		t.Errorf("stats %+v", tr.Stats)
	}
	tr = trackOf(t, man, "p1", sfu.Microphone)
	checkGaps(t, tr, gap(3.1, 3.3, GapLoss))
	fake := 0
	for _, f := range readBack(t, pathOf(dir, man, tr), mic) {
		if f.number < 0 {
			fake++
		}
	}
	if fake != 10 {
		t.Errorf("%d silent frames for 10 lost", fake)
	}
}

// A source that sends nothing though it is on, and then goes on.
func TestPauseWithoutAWord(t *testing.T) {
	dir := t.TempDir()
	sound := load(t, tone)
	var man Manifest
	var mic *publisher
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		mic = m.publish(sound, "p1", sfu.Microphone, 0)
		play(3*time.Second, mic)
		mic.silent = true
		play(8*time.Second, mic)
		mic.silent = false
		mic.seq += 3 // some were dropped on the way
		play(3*time.Second, mic)
		man = stop(t, m, l, r)
	})
	tr := trackOf(t, man, "p1", sfu.Microphone)
	checkGaps(t, tr, gap(3, 11, GapPause))
	if got := us(tr.DurationUS); !near(got, 14*time.Second, 100*time.Millisecond) {
		t.Errorf("lasts %v", got)
	}
	readBack(t, pathOf(dir, man, tr), mic)
	accept(t, pathOf(dir, man, tr))
}

// One leaves early, and comes back under the same id.
func TestLeaves(t *testing.T) {
	dir := t.TempDir()
	sound := load(t, tone)
	for name, back := range map[string]bool{"for good": false, "and comes back": true} {
		var man Manifest
		synctest.Test(t, func(t *testing.T) {
			m, l, r := start(t, dir)
			r.Participant("p1", "Ann")
			mic := m.publish(sound, "p1", sfu.Microphone, 0)
			play(4*time.Second, mic)
			r.Left("p1")
			mic.silent = true
			play(4*time.Second, mic)
			if back {
				r.Participant("p1", "Ann")
				r.Source("p1", sfu.Microphone, true, false)
				mic.silent = false
			}
			play(2*time.Second, mic)
			man = stop(t, m, l, r)
		})
		tr, ann := trackOf(t, man, "p1", sfu.Microphone), man.Participants[0]
		want, sessions := 4*time.Second, 1
		if back {
			want, sessions = 10*time.Second, 2
			checkGaps(t, tr, gap(4, 8, GapOff))
		} else {
			checkGaps(t, tr)
		}
		if got := us(tr.DurationUS); !near(got, want, 100*time.Millisecond) || len(ann.Sessions) != sessions {
			t.Errorf("%s: lasts %v, sessions %+v", name, got, ann.Sessions)
		}
		if got := us(ann.Sessions[0].LeaveUS); !near(got, 4*time.Second, 50*time.Millisecond) {
			t.Errorf("%s: left at %v", name, got)
		}
	}
}

// A page that is loaded anew sends with another SSRC.
func TestNewSSRC(t *testing.T) {
	dir := t.TempDir()
	video := load(t, bars)
	var man Manifest
	var first, then *publisher
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		first = m.publish(video, "p1", sfu.Screen, 0)
		play(3*time.Second, first)
		then = m.publish(video, "p1", sfu.Screen, 0)
		then.stream.SSRC, then.offset, then.seq = 99, 5, 0
		play(3*time.Second, then)
		man = stop(t, m, l, r)
	})
	tr := trackOf(t, man, "p1", sfu.Screen)
	frames := readBack(t, pathOf(dir, man, tr), first, then)
	if got := us(tr.DurationUS); !near(got, 6*time.Second, 100*time.Millisecond) || len(man.Tracks) != 1 || len(frames) < 145 {
		t.Errorf("%d tracks, %d frames, %v", len(man.Tracks), len(frames), got)
	}
}

func TestNothingCame(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		r.Participant("p1", "Ann")
		r.Source("p1", sfu.Camera, true, false)
		play(2 * time.Second)
		man := stop(t, m, l, r)
		if len(man.Tracks) != 0 || !near(us(man.DurationUS), 2*time.Second, 50*time.Millisecond) {
			t.Errorf("%+v", man)
		}
		if _, err := os.Stat(dir + "/" + man.ID + "/" + manifestName); err != nil {
			t.Error(err)
		}
	})
}

// What was said before the recording began, and came late, is not squeezed
// into its first milliseconds.
func TestSoundFromBeforeTheStart(t *testing.T) {
	dir := t.TempDir()
	sound := load(t, tone)
	var man Manifest
	var mic *publisher
	synctest.Test(t, func(t *testing.T) {
		m, l, r := start(t, dir)
		mic = m.publish(sound, "p1", sfu.Microphone, 0)
		mic.begin = mic.begin.Add(-200 * time.Millisecond) // its first ten packets arrive in one burst
		play(2*time.Second, mic)
		man = stop(t, m, l, r)
	})
	frames := readBack(t, pathOf(dir, man, trackOf(t, man, "p1", sfu.Microphone)), mic)
	for i := 1; i < len(frames); i++ {
		if d := frames[i].at - frames[i-1].at; d < 19*time.Millisecond || d > 21*time.Millisecond {
			t.Errorf("frame %d comes %v after the one before", i, d)
		}
	}
	if len(frames) < 90 {
		t.Errorf("%d frames", len(frames))
	}
}

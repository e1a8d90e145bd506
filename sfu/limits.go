package sfu

import (
	"sync"
	"time"

	"plenum/sfu/police"
)

// What one participant may send. An honest browser stays far below: six
// encodings of camera and screen come to some 10 Mbit/s and 1500 packets a
// second, two sources of sound to 200 packets.
var (
	pictureBytes   = police.Limit{PerSecond: 2_500_000, Burst: 2_500_000} // 20 Mbit/s, headers included
	picturePackets = police.Limit{PerSecond: 4000, Burst: 4000}
	soundBytes     = police.Limit{PerSecond: 100_000, Burst: 100_000}
	soundPackets   = police.Limit{PerSecond: 400, Burst: 400}
)

// What a subscriber may ask for on one seat. What is beyond is dropped: it is
// the publisher, and everybody else who watches, who pays for a keyframe.
var (
	keyframesWanted = police.Limit{PerSecond: 0.5, Burst: 6}
	packetsWanted   = police.Limit{PerSecond: 500, Burst: 1000} // numbers in NACKs
	linkReports     = police.Limit{PerSecond: 200, Burst: 200}  // transport-wide feedback, of the whole connection
)

// maxHeader is the longest RTP header taken, extensions included, in bytes. A
// browser's is below 60; the largest sensible one, with an AV1 dependency
// descriptor of a whole template structure, is below 300.
const maxHeader = 400

// An uplink holds what one participant sends to the limits.
type uplink struct {
	mu             sync.Mutex // guards what follows
	pictures       police.Bucket
	picturePackets police.Bucket
	sound          police.Bucket
	soundPackets   police.Bucket
	reports        police.Bucket
}

// admit reports whether a packet of so many bytes may pass. Sound is counted
// on its own, so that a flood of pictures leaves the voice alone.
func (u *uplink) admit(video bool, bytes int, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if video {
		return u.picturePackets.Take(1, picturePackets, now) && u.pictures.Take(float64(bytes), pictureBytes, now)
	}
	return u.soundPackets.Take(1, soundPackets, now) && u.sound.Take(float64(bytes), soundBytes, now)
}

// admitReport reports whether one more link report may be taken.
func (u *uplink) admitReport(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.reports.Take(1, linkReports, now)
}

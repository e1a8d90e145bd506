package plain

import (
	"io"

	"github.com/pion/transport/v4/packetio"
)

// rtcpWaiting is how many bytes of RTCP wait for their reader at most; Pion's
// own default.
const rtcpWaiting = 100_000

// MaxStreams is how many SSRCs a client may send on. A browser needs two for
// each of six encodings, and new ones when it renegotiates.
const MaxStreams = 64

// RTCPPerSeat is how many more it may name in RTCP for each seat: sound,
// picture and its RTX, and one to spare.
const RTCPPerSeat = 4

// buffer makes the queue of one incoming stream. It is called once for each
// SSRC, declared or not, so this is where a client that changes SSRC without
// end is cut off: every one of them costs memory until the connection ends.
func (c *Conn) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	count, most := &c.rtcpStreams, int64(MaxStreams+RTCPPerSeat*c.maxSeats)
	if kind == packetio.RTPBufferPacket {
		count, most = &c.rtpStreams, MaxStreams
	}
	if count.Add(1) == most+1 {
		c.CutOff("too many streams")
	}
	if kind == packetio.RTPBufferPacket {
		return newQueue(c.factory.buffers, c.factory.overrun)
	}
	b := packetio.NewBuffer()
	b.SetLimitSize(rtcpWaiting)
	return b
}

package plain

import (
	"io"

	"github.com/pion/transport/v4/packetio"
)

// rtcpWaiting is how many bytes of RTCP wait for their reader at most; Pion's
// own default.
const rtcpWaiting = 100_000

// maxStreams is how many SSRCs a client may send on. A browser needs two for
// each of six encodings, and new ones when it renegotiates.
const maxStreams = 64

// rtcpPerSeat is how many more it may name in RTCP for each seat: sound,
// picture and its RTX, and one to spare.
const rtcpPerSeat = 4

// buffer makes the queue of one incoming stream. It is called once for each
// SSRC, declared or not, so this is where a client that changes SSRC without
// end is cut off: every one of them costs memory until the connection ends.
func (c *conn) buffer(kind packetio.BufferPacketType, _ uint32) io.ReadWriteCloser {
	count, most := &c.rtcpStreams, int64(maxStreams+rtcpPerSeat*c.maxSeats)
	if kind == packetio.RTPBufferPacket {
		count, most = &c.rtpStreams, maxStreams
	}
	if count.Add(1) == most+1 && c.enter() {
		c.log.Warn("connection cut off", "reason", "too many streams")
		go func() { // not here: this is one of the connection's own goroutines
			defer c.readers.Done()
			_ = c.pc.Close()
		}()
	}
	if kind == packetio.RTPBufferPacket {
		return newQueue(c.factory.buffers, c.factory.overrun)
	}
	b := packetio.NewBuffer()
	b.SetLimitSize(rtcpWaiting)
	return b
}

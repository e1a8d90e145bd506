package plain

import (
	"slices"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"plenum/sfu/bandwidth"
)

func TestUnpackFeedback(t *testing.T) {
	const small, large, none = rtcp.TypeTCCPacketReceivedSmallDelta, rtcp.TypeTCCPacketReceivedLargeDelta, rtcp.TypeTCCPacketNotReceived
	at := func(us int64) bandwidth.Arrival {
		return bandwidth.Arrival{Received: true, At: 2*64*time.Millisecond + time.Duration(us)*time.Microsecond}
	}
	for name, tt := range map[string]struct {
		count  uint16
		chunks []rtcp.PacketStatusChunk
		deltas []int64
		want   []bandwidth.Arrival
	}{
		"a run": {
			3,
			[]rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: small, RunLength: 3}},
			[]int64{250, 500, 0},
			[]bandwidth.Arrival{at(250), at(750), at(750)},
		},
		"lost between, one back in time": {
			4,
			[]rtcp.PacketStatusChunk{
				&rtcp.StatusVectorChunk{SymbolList: []uint16{small, none, large, small, none, none, none}},
			},
			[]int64{1000, -500, 250},
			[]bandwidth.Arrival{at(1000), {}, at(500), at(750)},
		},
		"fewer deltas than it says": {
			3,
			[]rtcp.PacketStatusChunk{&rtcp.RunLengthChunk{PacketStatusSymbol: small, RunLength: 8191}},
			[]int64{250},
			[]bandwidth.Arrival{at(250), {}, {}},
		},
	} {
		f := &rtcp.TransportLayerCC{
			BaseSequenceNumber: 65535, ReferenceTime: 2, PacketStatusCount: tt.count, PacketChunks: tt.chunks,
		}
		for _, d := range tt.deltas {
			f.RecvDeltas = append(f.RecvDeltas, &rtcp.RecvDelta{Delta: d})
		}
		for i := range tt.want {
			tt.want[i].Number = uint16(65535 + i)
		}
		if got := unpack(nil, f); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
}

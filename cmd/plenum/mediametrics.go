package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"plenum/sfu"
)

// mediaMetric is one number of the media plane as Prometheus sees it.
type mediaMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(sfu.Stats) float64
}

// mediaMetrics publishes what the media plane counts. All numbers of a scrape
// are of one snapshot.
type mediaMetrics struct {
	stats   func() sfu.Stats
	metrics []mediaMetric
}

func newMediaMetrics(stats func() sfu.Stats) *mediaMetrics {
	m := &mediaMetrics{stats: stats}
	add := func(kind prometheus.ValueType, name, help string, value func(sfu.Stats) float64) {
		m.metrics = append(m.metrics, mediaMetric{prometheus.NewDesc("plenum_media_"+name, help, nil, nil), kind, value})
	}
	count := func(name, help string, value func(sfu.Stats) uint64) {
		add(prometheus.CounterValue, name, help, func(s sfu.Stats) float64 { return float64(value(s)) })
	}
	count("packets_received_total", "RTP packets read, repaired ones included.", func(s sfu.Stats) uint64 { return s.Received })
	count("packets_malformed_total", "Packets dropped because their payload could not be parsed.", func(s sfu.Stats) uint64 { return s.Malformed })
	count("packets_overrun_total", "Packets dropped unread because the server did not keep up.",
		func(s sfu.Stats) uint64 { return s.Overrun })
	count("packets_policed_total", "Packets dropped because a participant sent more than any may.",
		func(s sfu.Stats) uint64 { return s.Policed })
	count("feedback_policed_total", "RTCP dropped because a subscriber asked for more than any may.",
		func(s sfu.Stats) uint64 { return s.PolicedReports })
	count("keyframe_requests_unanswered_total", "Keyframes asked of publishers who had not answered many requests before.",
		func(s sfu.Stats) uint64 { return s.Unanswered })
	count("packets_duplicate_total", "Packets that had arrived before.", func(s sfu.Stats) uint64 { return s.Duplicate })
	count("packets_barred_total", "Packets dropped because their sender may not publish.", func(s sfu.Stats) uint64 { return s.Barred })
	count("packets_forwarded_total", "Packets written to seats.", func(s sfu.Stats) uint64 { return s.Forwarded })
	count("forwarded_bytes_total", "Payload bytes written to seats.", func(s sfu.Stats) uint64 { return s.ForwardedBytes })
	count("packets_nacked_total", "Packets asked of publishers again.", func(s sfu.Stats) uint64 { return s.Nacked })
	count("packets_resent_total", "Packets sent to subscribers again.", func(s sfu.Stats) uint64 { return s.Resent })
	count("packets_refused_total", "Packets subscribers asked for that were not sent again.", func(s sfu.Stats) uint64 { return s.Refused })
	count("keyframe_requests_total", "Keyframes asked of publishers.", func(s sfu.Stats) uint64 { return s.Keyframes })
	count("seat_switches_total", "Times a seat began to show another source or layer.", func(s sfu.Stats) uint64 { return s.Switches })
	count("padding_bytes_total", "Bytes of padding sent to find out what links carry.", func(s sfu.Stats) uint64 { return s.Padded })
	gauge := func(name, help string, value func(sfu.Stats) float64) { add(prometheus.GaugeValue, name, help, value) }
	gauge("links_estimated", "Subscribers whose link is estimated.", func(s sfu.Stats) float64 { return float64(s.Estimated) })
	gauge("links_estimated_bits", "What those links carry together, in bit/s.", func(s sfu.Stats) float64 { return float64(s.EstimatedBits) })
	gauge("pictures_held_back", "Pictures that get less than their tiles ask for, for want of bandwidth.", func(s sfu.Stats) float64 { return float64(s.HeldBack) })
	gauge("packets_outstanding", "Packets held in rings, queues and flight.", func(s sfu.Stats) float64 { return float64(s.Outstanding) })
	m.fast(count, gauge)
	gauge("rooms", "Rooms with media.", func(s sfu.Stats) float64 { return float64(s.Rooms) })
	gauge("participants", "Participants with media.", func(s sfu.Stats) float64 { return float64(s.Participants) })
	return m
}

// fast adds what the fast transport counts.
func (m *mediaMetrics) fast(
	count func(name, help string, value func(sfu.Stats) uint64), gauge func(name, help string, value func(sfu.Stats) float64),
) {
	gauge("connections_fast", "Connections whose media goes past the WebRTC library.",
		func(s sfu.Stats) float64 { return float64(s.Fast.Fast) })
	gauge("connections_plain", "Connections whose media goes through the WebRTC library although the fast path is on.",
		func(s sfu.Stats) float64 { return float64(s.Fast.Plain) })
	count("fast_datagrams_total", "Datagrams read.", func(s sfu.Stats) uint64 { return s.Fast.Received })
	count("fast_forged_total", "Packets that failed authentication.", func(s sfu.Stats) uint64 { return s.Fast.Forged })
	count("fast_replayed_total", "Packets seen before, or too old to tell.", func(s sfu.Stats) uint64 { return s.Fast.Replayed })
	count("fast_malformed_total", "Packets that could not be parsed.", func(s sfu.Stats) uint64 { return s.Fast.Malformed })
	count("fast_truncated_total", "Datagrams larger than any packet.", func(s sfu.Stats) uint64 { return s.Fast.Truncated })
	count("fast_overrun_total", "Datagrams for ICE and DTLS that found their queue full.",
		func(s sfu.Stats) uint64 { return s.Fast.Overrun })
	count("fast_unknown_total", "Packets of no stream that was negotiated.", func(s sfu.Stats) uint64 { return s.Fast.Unknown })
	count("fast_sent_total", "Packets handed to the kernel.", func(s sfu.Stats) uint64 { return s.Fast.Sent })
	count("fast_runs_total", "Runs of packets to one destination they made up.", func(s sfu.Stats) uint64 { return s.Fast.Runs })
	count("fast_calls_total", "System calls that took.", func(s sfu.Stats) uint64 { return s.Fast.Calls })
	count("fast_dropped_total", "Packets there was no room for on their way out.", func(s sfu.Stats) uint64 { return s.Fast.Dropped })
	count("fast_refused_total", "Destinations whose route takes no runs.", func(s sfu.Stats) uint64 { return s.Fast.Refused })
	count("fast_barred_total", "Packets under keys that were not the sender's; always 0.", func(s sfu.Stats) uint64 { return s.Fast.Barred })
}

// Describe says what there is.
func (m *mediaMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, metric := range m.metrics {
		to <- metric.desc
	}
}

// Collect says how much there is now.
func (m *mediaMetrics) Collect(to chan<- prometheus.Metric) {
	stats := m.stats()
	for _, metric := range m.metrics {
		to <- prometheus.MustNewConstMetric(metric.desc, metric.kind, metric.value(stats))
	}
}

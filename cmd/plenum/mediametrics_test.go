package main

import (
	"reflect"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"plenum/sfu"
)

// TestMediaMetricsAreComplete gives every number of sfu.Stats a value of its
// own and looks for each in what Prometheus gets.
func TestMediaMetricsAreComplete(t *testing.T) {
	var stats sfu.Stats
	var want []float64
	fields := reflect.ValueOf(&stats).Elem()
	for i := range fields.NumField() {
		value := reflect.ValueOf(i + 100)
		fields.Field(i).Set(value.Convert(fields.Field(i).Type()))
		want = append(want, float64(i+100))
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newMediaMetrics(func() sfu.Stats { return stats }))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, family := range families {
		for _, m := range family.GetMetric() {
			got = append(got, m.GetCounter().GetValue()+m.GetGauge().GetValue())
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("published %v, want every field of sfu.Stats once: %v", got, want)
	}
}

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
	var number func(fields reflect.Value)
	number = func(fields reflect.Value) {
		for _, f := range fields.Fields() {
			if f.Kind() == reflect.Struct {
				number(f)
				continue
			}
			want = append(want, float64(len(want)+100))
			f.Set(reflect.ValueOf(len(want) + 99).Convert(f.Type()))
		}
	}
	number(reflect.ValueOf(&stats).Elem())
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

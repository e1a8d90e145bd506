package webhook

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"plenum/rooms"
)

func TestJudge(t *testing.T) {
	now := time.Now()
	w := New(Config{Node: "n"}, nil, slog.New(slog.DiscardHandler))
	for name, tt := range map[string]struct {
		attempts int
		age      time.Duration
		outcome  outcome
		state    rooms.DeliveryState
		min, max time.Duration // until the next attempt
	}{
		"taken":             {0, 0, outcome{status: 204}, rooms.DeliveryDelivered, 0, 0},
		"taken at last":     {99, 48 * time.Hour, outcome{status: 200}, rooms.DeliveryDelivered, 0, 0},
		"first failure":     {0, 0, outcome{status: 500}, rooms.DeliveryPending, 750 * time.Millisecond, time.Second},
		"fifth failure":     {4, time.Minute, outcome{}, rooms.DeliveryPending, 2142 * time.Millisecond, 2857 * time.Millisecond},
		"hundredth failure": {99, 23 * time.Hour, outcome{}, rooms.DeliveryPending, 450 * time.Second, 600 * time.Second},
		"too old":           {99, 24 * time.Hour, outcome{}, rooms.DeliveryDead, 0, 0},
		"asked to wait":     {0, 0, outcome{status: 429, after: time.Minute}, rooms.DeliveryPending, time.Minute, time.Minute},
		"asked too much":    {0, 0, outcome{status: 503, after: time.Hour * 99}, rooms.DeliveryPending, 600 * time.Second, 600 * time.Second},
	} {
		got := w.judge(rooms.Delivery{Attempts: tt.attempts, QueuedAt: now.Add(-tt.age)}, tt.outcome, now)
		wait := time.Duration(0)
		if !got.NextAt.IsZero() {
			wait = got.NextAt.Sub(now)
		}
		if got.State != tt.state || wait < tt.min || wait > tt.max || got.Attempts != tt.attempts+1 {
			t.Errorf("%s: %s after %v, want %s after %v to %v", name, got.State, wait, tt.state, tt.min, tt.max)
		}
	}
}

func TestBackoffIsBounded(t *testing.T) {
	for failures := 1; failures < 200; failures++ {
		for _, random := range []float64{0, 0.5, 0.999} {
			if got := backoff(failures, time.Second, 10*time.Minute, random); got < 750*time.Millisecond || got > 10*time.Minute {
				t.Fatalf("after %d failures %v", failures, got)
			}
		}
	}
}

func ExampleSign() {
	key, _ := rooms.WebhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	fmt.Println(Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, []byte(`{"test": 2432232314}`)))
	// Output: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
}

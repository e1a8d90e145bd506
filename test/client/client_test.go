package client

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

const (
	password = "correct horse battery"
	patience = 30 * time.Second
)

// serve builds and starts a server, and returns a client of it who is logged in.
func serve(t *testing.T) *ClientWithResponses {
	t.Helper()
	program := filepath.Join(t.TempDir(), "plenum")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/plenum")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, out)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	var log bytes.Buffer
	cmd := exec.Command(program, "serve", "--listen", address, "--data", t.TempDir(), "--media-udp", "127.0.0.1:0", "--media-tcp", "off")
	cmd.Env = append(os.Environ(), "PLENUM_ADMIN_PASSWORD="+password)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("the server said:\n%s", &log)
		}
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if res, err := http.Get("http://" + address + "/readyz"); err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the server does not get ready")
		}
	}
	c, err := NewClientWithResponses("http://"+address, WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.SetBasicAuth("admin", password)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestReservation reserves, lists, extends, changes and cancels with nothing but
// what the generator made of the description.
func TestReservation(t *testing.T) {
	c, ctx := serve(t), t.Context()
	minutes, zone, title, key := 60, "Europe/Berlin", "Weekly", "once"
	start := time.Now().Add(24 * time.Hour).Truncate(time.Second).UTC()
	wanted := Reservation{Start: &start, Duration: &minutes, Timezone: &zone, Description: &title}
	made, err := c.CreateRoomWithResponse(ctx, &CreateRoomParams{IdempotencyKey: &key}, wanted)
	if err != nil || made.JSON201 == nil {
		t.Fatalf("reserve: %v, %s %s", err, made.Status(), made.Body)
	}
	room := *made.JSON201
	if !room.Start.Equal(start) || !room.End.Equal(start.Add(time.Hour)) || room.Duration != 60 || room.Title != title || room.MeetingUrl == "" {
		t.Errorf("reserved %+v", room)
	}
	again, err := c.CreateRoomWithResponse(ctx, &CreateRoomParams{IdempotencyKey: &key}, wanted)
	if err != nil || again.JSON201 == nil || again.JSON201.Id != room.Id {
		t.Errorf("reserve again: %v, %s", err, again.Body)
	}

	open := ListRoomsParamsState("open")
	list, err := c.ListRoomsWithResponse(ctx, &ListRoomsParams{State: &open})
	if err != nil || list.JSON200 == nil || len(list.JSON200.Rooms) != 1 || list.JSON200.Rooms[0].Id != room.Id {
		t.Fatalf("list: %v, %s", err, list.Body)
	}

	etag := made.HTTPResponse.Header.Get("ETag")
	longer, err := c.ExtendRoomWithResponse(ctx, room.Id, &ExtendRoomParams{IfMatch: &etag}, ExtendRoomJSONRequestBody{Minutes: 15})
	if err != nil || longer.JSON200 == nil || !longer.JSON200.End.Equal(room.End.Add(15*time.Minute)) {
		t.Fatalf("extend: %v, %s", err, longer.Body)
	}
	stale, err := c.ExtendRoomWithResponse(ctx, room.Id, &ExtendRoomParams{IfMatch: &etag}, ExtendRoomJSONRequestBody{Minutes: 15})
	if err != nil || stale.ApplicationproblemJSON412 == nil || stale.ApplicationproblemJSON412.Detail == "" {
		t.Errorf("extend another version: %v, %s", err, stale.Body)
	}

	gone, err := c.CancelRoomWithResponse(ctx, room.Id, nil)
	if err != nil || gone.StatusCode() != http.StatusNoContent {
		t.Fatalf("cancel: %v, %s", err, gone.Body)
	}
	shown, err := c.ShowRoomWithResponse(ctx, room.Id)
	if err != nil || shown.JSON200 == nil || !shown.JSON200.Cancelled {
		t.Errorf("after the cancellation: %v, %s", err, shown.Body)
	}
	unknown, err := c.ShowRoomWithResponse(ctx, "1.nothing")
	if err != nil || unknown.ApplicationproblemJSON404 == nil || unknown.ApplicationproblemJSON404.Status != http.StatusNotFound {
		t.Errorf("a room that is not: %v, %s", err, unknown.Body)
	}
}

// TestPush pushes to nobody, and says so.
func TestPush(t *testing.T) {
	c := serve(t)
	var body PushManyJSONRequestBody
	body.Info = "hey man"
	body.To.Channel = new("nobody!here")
	pushed, err := c.PushManyWithResponse(t.Context(), nil, body)
	if err != nil || pushed.JSON200 == nil {
		t.Fatalf("push: %v, %s", err, pushed.Body)
	}
	if got := *pushed.JSON200; got.Gone != 1 || len(got.Recipients) != 1 || got.Recipients[0].Recipient != "nobody!here" {
		t.Errorf("pushed: %+v", got)
	}
	users, err := c.ListUsersWithResponse(t.Context())
	if err != nil || users.JSON200 == nil || !slices.ContainsFunc(users.JSON200.Users, func(u User) bool { return u.Name == "admin" }) {
		t.Errorf("users: %v, %s", err, users.Body)
	}
}

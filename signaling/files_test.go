package signaling

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plenum/rooms"
	"plenum/rooms/files"
	"plenum/signaling/protocol"
)

// sharingHarness is a hub whose people share files of up to 1000 bytes.
func sharingHarness(t *testing.T) (h *harness, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "shared")
	store, err := files.Open(files.Config{Dir: dir, MaxSize: 1000, RoomSize: 1500, Free: func(string) (int64, error) { return 1 << 40, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return newHarness(t, Config{Files: store, Links: testLinks(t)}), dir
}

func (h *harness) share(ticket, name, to, text string) (string, error) {
	return h.hub.ShareFile(h.t.Context(), h.room.ID, ticket, Parcel{Name: name, To: to, Size: int64(len(text)), Body: strings.NewReader(text)})
}

// read returns a file as who has the ticket gets it.
func (h *harness) read(ticket, id string) (SharedFile, string, error) {
	f, err := h.hub.OpenFile(h.room.ID, ticket, id)
	if err != nil {
		return f, "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	return f, string(text), err
}

func ticketOf(c *client) string {
	c.t.Helper()
	if c.me.Files == nil {
		c.t.Fatal("no word of files in joined")
	}
	return c.me.Files.Ticket
}

func TestShareFile(t *testing.T) {
	h, dir := sharingHarness(t)
	ann, bo, cy := h.host(), h.join("Bo"), h.join("Cy")
	startRecording(ann)
	if ann.me.Files.MaxSize != 1000 || ticketOf(ann) == ticketOf(bo) || ticketOf(ann) == ann.me.ResumeToken {
		t.Errorf("terms: %+v, %+v", ann.me.Files, bo.me.Files)
	}
	id, err := h.share(ticketOf(ann), "../../\u202eplan.png", "", "\x89PNG\r\n\x1a\n and so on")
	if err != nil {
		t.Fatal(err)
	}
	line := await[protocol.Chat](bo, nil)
	if f := line.File; f == nil || *f != (protocol.SharedFile{ID: id, Name: "plan.png", Size: 18, Picture: true}) || line.Text != "" || line.From != "p1" {
		t.Errorf("the line: %+v, its file %+v", line, f)
	}
	f, text, err := h.read(ticketOf(bo), id)
	if err != nil || f.Name != "plan.png" || f.Type != "image/png" || text != "\x89PNG\r\n\x1a\n and so on" {
		t.Errorf("read: %+v %q, %v", f, text, err)
	}
	late := h.join("Dora")
	if len(late.me.Chat) != 1 || late.me.Chat[0].File == nil {
		t.Errorf("who comes later is told %+v", late.me.Chat)
	}
	if _, _, err := h.read(ticketOf(late), id); err != nil {
		t.Errorf("who comes later: %v", err)
	}
	private, err := h.share(ticketOf(ann), "pay.txt", "p2", "1000")
	if err != nil {
		t.Fatal(err)
	}
	if got := await[protocol.Direct](bo, nil); got.File == nil || got.File.ID != private || got.File.Picture {
		t.Errorf("the private line: %+v", got)
	}
	for name, ticket := range map[string]string{"Ann": ticketOf(ann), "Bo": ticketOf(bo)} {
		if _, text, err := h.read(ticket, private); err != nil || text != "1000" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for name, ticket := range map[string]string{"Cy": ticketOf(cy), "nobody": "", "a resume token": ann.me.ResumeToken} {
		if _, _, err := h.read(ticket, private); !errors.Is(err, rooms.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	settles(t, &h.rec.diary, "chat p1 Ann 📎 plan.png")
	if lines := strings.Join(h.rec.read(), "\n"); strings.Contains(lines, "pay.txt") {
		t.Errorf("the recorder was told %s", lines)
	}
	bo.send(protocol.Leave{})
	ann.sawLeave("p2")
	if _, _, err := h.read(ticketOf(bo), id); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("who has left: %v", err)
	}
	h.hub.EndRoom(t.Context(), h.room.ID)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left on disk after the end: %v, %v", left, err)
	}
	if _, _, err := h.read(ticketOf(ann), id); !errors.Is(err, rooms.ErrNotFound) {
		t.Errorf("after the end: %v", err)
	}
}

func TestShareFileIsRefused(t *testing.T) {
	h, dir := sharingHarness(t)
	h.room.Rules.Audience = rooms.AudienceRules{NoChat: true}
	token, _, err := h.hub.cfg.Links.Sign(h.room, rooms.Link{Role: rooms.LinkAudience})
	if err != nil {
		t.Fatal(err)
	}
	ann, mute := h.host(), h.joinWith("Cy", token)
	for name, tt := range map[string]struct {
		ticket, to, text string
		want             error
	}{
		"no ticket":          {"", "", "x", ErrTicket},
		"a wrong ticket":     {"x", "", "x", ErrTicket},
		"who may not chat":   {ticketOf(mute), "", "x", ErrMayNot},
		"to nobody":          {ticketOf(ann), "p9", "x", ErrNotHere},
		"to oneself":         {ticketOf(ann), "p1", "x", ErrMayNot},
		"to who has no chat": {ticketOf(ann), "p2", "x", ErrMayNot},
		"too large":          {ticketOf(ann), "", strings.Repeat("x", 1001), files.ErrTooLarge},
	} {
		if _, err := h.share(tt.ticket, "a", tt.to, tt.text); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if _, err := h.share(ticketOf(ann), "a", "", strings.Repeat("x", 1000)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.share(ticketOf(ann), "b", "", strings.Repeat("x", 501)); !errors.Is(err, files.ErrQuota) {
		t.Errorf("beyond the quota: %v", err)
	}
	if _, err := h.hub.ShareFile(t.Context(), "1.nowhere", ticketOf(ann), Parcel{}); !errors.Is(err, ErrNotLive) {
		t.Errorf("in another room: %v", err)
	}
	var busy error
	for range sharedBurst {
		_, busy = h.share(ticketOf(ann), "c", "", "x")
	}
	if !errors.Is(busy, ErrBusy) {
		t.Errorf("many in a row: %v", busy)
	}
	_ = dir
}

// TestUploadBreaksOff gives up a file half way, and ends the meeting during one.
func TestUploadBreaksOff(t *testing.T) {
	h, dir := sharingHarness(t)
	ann := h.host()
	broken := errors.New("the line broke")
	_, err := h.hub.ShareFile(t.Context(), h.room.ID, ticketOf(ann), Parcel{Name: "a", Size: 10, Body: io.MultiReader(strings.NewReader("123"), failing{broken})})
	if !errors.Is(err, broken) {
		t.Errorf("given up: %v", err)
	}
	if n := filesIn(t, dir); n != 0 {
		t.Errorf("%d files are left of it", n)
	}
	body, feed := io.Pipe()
	done := make(chan error, 1)
	ctx := context.WithoutCancel(t.Context())
	go func() {
		_, err := h.hub.ShareFile(ctx, h.room.ID, ann.me.Files.Ticket, Parcel{Name: "a", Size: 10, Body: body})
		body.CloseWithError(err)
		done <- err
	}()
	if _, err := io.WriteString(feed, "123"); err != nil {
		t.Fatal(err)
	}
	h.hub.EndRoom(t.Context(), h.room.ID)
	_, _ = io.WriteString(feed, "4567890") // read or not, it is too late
	if err := <-done; !errors.Is(err, files.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
	if n := filesIn(t, dir); n != 0 {
		t.Errorf("%d files are left after the end", n)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func filesIn(t *testing.T, dir string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestNoSharing looks at a server on which files are turned off.
func TestNoSharing(t *testing.T) {
	h := newHarness(t, Config{})
	if ann := h.host(); ann.me.Files != nil {
		t.Errorf("terms: %+v", ann.me.Files)
	}
	if _, err := h.share("", "a", "", "x"); !errors.Is(err, ErrTicket) {
		t.Errorf("shared: %v", err)
	}
}

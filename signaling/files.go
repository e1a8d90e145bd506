package signaling

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/time/rate"

	"plenum/rooms"
	"plenum/rooms/files"
	"plenum/rooms/meeting"
	"plenum/signaling/protocol"
)

// Why a file is not taken or given, beside what package files says.
var (
	// ErrTicket is returned for a ticket that nobody in the room has.
	ErrTicket = errors.New("nobody in the meeting has this ticket")
	// ErrMayNot is returned to those who may not chat, or not with this one.
	ErrMayNot = errors.New("the participant may not do this")
	// ErrBusy is returned to who sends too many files at once.
	ErrBusy = errors.New("too many files at once")
)

// A participant may send this many files at once, then one per sharedEvery,
// and mostUploads side by side.
const (
	sharedBurst = 10
	sharedEvery = 2 * time.Second
	mostUploads = 3
)

// Parcel is a file that somebody sends.
type Parcel struct {
	Name string // as the sender's system calls it
	To   string // the participant who alone gets it; empty for everybody
	Size int64  // bytes
	Body io.Reader
}

// SharedFile is one that somebody may read.
type SharedFile struct {
	*os.File        // the caller closes it
	Name     string // fit for any system
	Type     string // its media type if it is a picture that is safe to show, else empty
	At       time.Time
}

// sharing is what a live room knows of its files. The room's goroutine owns it.
type sharing struct {
	room  *files.Room // nil when files are not shared
	files map[string]shared
}

// shared is one file and who may read it.
type shared struct {
	meeting.File
	kind     string // media type of a picture, else empty
	from, to string // to is empty for everybody
	at       time.Time
}

func newSharing(store *files.Store) sharing {
	if store == nil {
		return sharing{}
	}
	return sharing{room: store.NewRoom(), files: map[string]shared{}}
}

// uploading is what a session has on its way.
type uploading struct {
	ticket string
	limit  *rate.Limiter
	now    int
}

func newUploading(ticket string) uploading {
	return uploading{ticket: ticket, limit: rate.NewLimiter(rate.Every(sharedEvery), sharedBurst)}
}

// fileTerms is what a participant must know to share files, or nil.
func (r *liveRoom) fileTerms(s *session) *protocol.FileTerms {
	if r.sharing.room == nil {
		return nil
	}
	return &protocol.FileTerms{Ticket: s.uploads.ticket, MaxSize: r.hub.cfg.Files.MaxSize()}
}

// holder returns who has a ticket and is in the meeting, or nil.
func (r *liveRoom) holder(ticket string) *session {
	for _, s := range r.sessions {
		if subtle.ConstantTimeCompare([]byte(s.uploads.ticket), []byte(ticket)) == 1 && s.state.Load() == sessionIn {
			return s
		}
	}
	return nil
}

// ShareFile takes a file from who holds the ticket and tells those whom it is
// for. Nothing of it is left when it returns an error: one of package files,
// ErrNotLive, ErrTicket, ErrMayNot, ErrNotHere, ErrBusy, or that of the body.
func (h *Hub) ShareFile(ctx context.Context, roomID, ticket string, p Parcel) (id string, err error) {
	live := h.lookup(roomID)
	if live == nil {
		return "", ErrNotLive
	}
	var who *session
	err = ErrNotLive
	live.do(func() { who, err = live.beginShare(ticket, p) })
	if err != nil {
		return "", err
	}
	defer live.do(func() { who.uploads.now-- })
	upload, err := live.sharing.room.Begin(p.Size) // the room itself never changes
	if err != nil {
		return "", err
	}
	defer upload.Cancel()
	if _, err := io.Copy(upload, p.Body); err != nil {
		return "", fmt.Errorf("take a file: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	file, err := upload.Commit()
	if err != nil {
		return "", err
	}
	err = ErrNotLive
	live.do(func() { err = live.share(who, p, file) })
	if err != nil {
		live.sharing.room.Remove(file.ID)
		return "", err
	}
	return file.ID, nil
}

// beginShare says whether somebody may send a file now.
func (r *liveRoom) beginShare(ticket string, p Parcel) (*session, error) {
	s := r.holder(ticket)
	switch {
	case s == nil || r.sharing.room == nil:
		return nil, ErrTicket
	case !r.meeting.May(s.id, meeting.MayChat):
		return nil, ErrMayNot
	case s.uploads.now >= mostUploads || !s.uploads.limit.Allow():
		return nil, ErrBusy
	}
	if p.To != "" {
		if err := fileError(r.meeting.Reaches(s.id, p.To)); err != nil {
			return nil, err
		}
	}
	s.uploads.now++
	return s, nil
}

// share tells of a file that is whole. What was true when it began need not be
// so any more.
func (r *liveRoom) share(s *session, p Parcel, f files.File) error {
	if r.sessions[s.id] != s || s.state.Load() != sessionIn {
		return ErrTicket
	}
	entry := shared{
		File: meeting.File{ID: f.ID, Name: files.CleanName(p.Name), Size: f.Size, Picture: f.Type != ""},
		kind: f.Type, from: s.id, to: p.To, at: time.Now(),
	}
	r.sharing.files[f.ID] = entry
	err := r.say(s, p.To, "", &entry.File)
	if err != nil {
		delete(r.sharing.files, f.ID)
		if _, refused := errors.AsType[refusal](err); refused {
			return ErrMayNot
		}
		return err
	}
	row, _ := r.meeting.Participant(s.id)
	r.log.Info("file shared", "by", s.id, "bytes", f.Size, "private", p.To != "")
	r.audit(s, row, "file", nil, map[string]string{"file": f.ID, "bytes": fmt.Sprint(f.Size)})
	return nil
}

// OpenFile returns a file to who holds the ticket and may read it. It returns
// rooms.ErrNotFound for all else.
func (h *Hub) OpenFile(roomID, ticket, id string) (SharedFile, error) {
	live := h.lookup(roomID)
	if live == nil {
		return SharedFile{}, rooms.ErrNotFound
	}
	var entry shared
	may := false
	live.do(func() {
		s := live.holder(ticket)
		if s == nil {
			return
		}
		entry, may = live.sharing.files[id]
		may = may && (entry.to == "" || entry.to == s.id || entry.from == s.id)
	})
	if !may {
		return SharedFile{}, rooms.ErrNotFound
	}
	f, err := live.sharing.room.Open(id)
	if errors.Is(err, files.ErrNotFound) {
		return SharedFile{}, rooms.ErrNotFound
	}
	if err != nil {
		return SharedFile{}, err
	}
	return SharedFile{File: f, Name: entry.Name, Type: entry.kind, At: entry.at}, nil
}

// fileError puts what Reaches says into the terms of files.
func fileError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, meeting.ErrAbsent):
		return ErrNotHere
	}
	return ErrMayNot
}

// closeFiles deletes what was shared in this life of the room.
func (r *liveRoom) closeFiles() {
	if r.sharing.room == nil {
		return
	}
	if err := r.sharing.room.Close(); err != nil {
		r.log.Error("shared files not deleted", "err", err)
	}
}

// Package rooms is the domain: reservations, users and their rights. It knows
// no HTTP, no RTP and no SQL; packages sqlite and postgres keep it.
package rooms

import (
	"context"
	"errors"
	"net/netip"
	"time"
)

// Errors a caller acts on.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
	ErrInvalid  = errors.New("invalid")
	// ErrStale says that what was to be changed has changed since it was read.
	ErrStale = errors.New("changed meanwhile")
	// ErrOver says that a room is over or was cancelled, ErrBegun that its
	// meeting has begun: neither can be undone.
	ErrOver  = errors.New("the room is over")
	ErrBegun = errors.New("the meeting has begun")
	// ErrInUse says that something can't be deleted because other things need it.
	ErrInUse = errors.New("in use")
	// ErrKeyReused says that a request key was used for another request.
	ErrKeyReused = errors.New("the request key belongs to another request")
	// ErrUnavailable says that the store can't be reached or does not answer in
	// time. Trying again later helps. Whether a write was done is not known.
	ErrUnavailable = errors.New("the store is unavailable")
)

// Role is what a user may do on this server.
type Role string

// The roles of users. An admin sees and does everything; a host reserves rooms
// and owns them.
const (
	Admin Role = "admin"
	Host  Role = "host"
)

// A User reserves rooms.
type User struct {
	ID           int64
	Name         string // unique, compared without case
	PasswordHash string // argon2id, PHC string
	Role         Role
	Disabled     bool
	AllowFrom    []netip.Prefix // addresses the user may call from; empty is everywhere
	CreatedAt    time.Time
}

// A Room is a reserved meeting place with a start and an end.
type Room struct {
	// ID is "<creator id>.<uuid4>", the room's part of its URL.
	ID          string
	CreatorID   int64
	CreatorName string // filled on reading
	Description string
	Timezone    string // IANA name
	Start       time.Time
	// Duration is what was reserved; End is when the room really ends, earlier
	// than Start+Duration when it was ended by hand or cancelled.
	Duration  time.Duration
	End       time.Time
	Capacity  int  // most participants at once; 0 is the server's own limit
	Cancelled bool // its End may lie before its Start
	Rules     Rules
	Version   int64
	CreatedAt time.Time
}

// Open reports whether the room can be entered at now.
func (r Room) Open(now time.Time) bool { return !now.Before(r.Start) && now.Before(r.End) }

// RoomFilter narrows a listing. Zero fields narrow nothing.
type RoomFilter struct {
	CreatorID int64
	OpenAt    time.Time // only rooms open or still to come at this instant
	EndedAt   time.Time // only rooms that have ended by this instant
	From      time.Time // only rooms that start at this instant or later
	Before    time.Time // only rooms that start before this instant
	After     string    // keyset: the Cursor of the page before
	Limit     int       // default 50, most 500
}

// A Store keeps users, rooms and the server's secrets. Nothing is acknowledged
// before it is committed. Times are UTC, to the millisecond.
type Store interface {
	// CreateUser stores u and returns it with its ID. ErrExists if the name is taken.
	CreateUser(ctx context.Context, u User) (User, error)
	UserByName(ctx context.Context, name string) (User, error)
	UserByID(ctx context.Context, id int64) (User, error)
	Users(ctx context.Context) ([]User, error)
	// UpdateUser replaces everything but ID, Name and CreatedAt.
	UpdateUser(ctx context.Context, u User) error
	// DeleteUser deletes a user and its tokens. ErrInUse if it has ever
	// reserved a room.
	DeleteUser(ctx context.Context, id int64) error

	// CreateToken stores t and returns it with its ID.
	CreateToken(ctx context.Context, t Token) (Token, error)
	// TokenByHash finds a token, expired or not.
	TokenByHash(ctx context.Context, hash []byte) (Token, error)
	// Tokens lists the tokens of a user, or with 0 of all users, by id.
	Tokens(ctx context.Context, userID int64) ([]Token, error)
	// DeleteToken deletes a token of a user, or with 0 of any user.
	DeleteToken(ctx context.Context, id, userID int64) error

	// CreateRoom stores r as version 1.
	CreateRoom(ctx context.Context, r Room) error
	// CreateRoomOnce does the same unless the key has made a room already: then
	// it returns that one as it now is, or ErrKeyReused if the digests differ.
	// Keys that ended before r was made are forgotten.
	CreateRoomOnce(ctx context.Context, r Room, key RequestKey) (Room, error)
	RoomByID(ctx context.Context, id string) (Room, error)
	// Rooms lists newest start first, and the cursor of the next page ("" at the end).
	Rooms(ctx context.Context, f RoomFilter) (rooms []Room, next string, err error)
	// RoomByKey returns the room that the key has made, ErrNotFound if it has
	// made none that is remembered at now, or ErrKeyReused.
	RoomByKey(ctx context.Context, key RequestKey, now time.Time) (Room, error)
	// UpdateRoom replaces description, times, capacity, rules and cancellation of
	// the room whose version is still r.Version, and returns it as the next version.
	// ErrStale if the version is another.
	UpdateRoom(ctx context.Context, r Room) (Room, error)
	// SetRoomEnd moves a room's end, whatever its version, which is counted up.
	SetRoomEnd(ctx context.Context, id string, end time.Time) error

	// AppendAudit adds entries to the audit log, all or none; the store gives
	// their ids.
	AppendAudit(ctx context.Context, entries []AuditEntry) error
	// Audit lists the newest entries first, and whether there are more.
	Audit(ctx context.Context, f AuditFilter) (page []AuditEntry, more bool, err error)
	// PruneAudit forgets what happened before that instant, and says how much.
	PruneAudit(ctx context.Context, before time.Time) (int64, error)

	// Secret returns the named secret, made of 32 random bytes at the first call.
	Secret(ctx context.Context, name string) ([]byte, error)

	AnswerStore
	LinkStore
	EventStore
	WebhookStore

	Ping(ctx context.Context) error
	Close() error
}

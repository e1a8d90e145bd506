package rooms

import "time"

// An AuditEntry is one line of the audit log: who did what to what, from
// where, and how it went. It holds no password, token or passcode.
type AuditEntry struct {
	ID      int64 // rises; the store gives it
	At      time.Time
	Kind    ActorKind
	ActorID string // the user's or participant's id; empty for nobody
	Actor   string // the name
	Address string // the caller's, or empty
	Action  string // an operation of the API, or one of the meeting's such as "meeting.mute"
	Object  string // what it was done to, such as a room's id
	Outcome Outcome
	Details map[string]string // what else there is to know, by name
}

// ActorKind says what an actor is.
type ActorKind string

// The kinds of actors.
const (
	ActorUser        ActorKind = "user"        // logged in with a password
	ActorToken       ActorKind = "token"       // a program with a user's token
	ActorParticipant ActorKind = "participant" // somebody in a meeting
	ActorNobody      ActorKind = "nobody"      // not logged in
	ActorServer      ActorKind = "server"      // Plenum itself
)

// Outcome says how an action went.
type Outcome string

// The outcomes.
const (
	OutcomeOK        Outcome = "ok"
	OutcomeRefused   Outcome = "refused"   // the actor may not, or asked for what can't be
	OutcomeThrottled Outcome = "throttled" // too many tries
	OutcomeFailed    Outcome = "failed"    // our fault
)

// AuditFilter narrows a listing of the audit log. Zero fields narrow nothing.
type AuditFilter struct {
	Actor  string    // a name, whatever its case
	Action string    // exactly, or what stands before a dot when it ends with one
	Object string    // exactly
	From   time.Time // at this instant or later
	Before time.Time // before this instant
	After  int64     // keyset: the id of the last entry of the page before
	Limit  int       // default 50, most 500
}

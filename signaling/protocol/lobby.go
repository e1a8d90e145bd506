package protocol

// What concerns the lobby, where those wait whom a host must admit.

// SetLobby has guests wait until a host admits them, or lets in all who wait
// and those who come. Hosts only. Its type on the wire is "lobby".
type SetLobby struct {
	Request
	On bool `json:"on"`
}

// WaitReason is why somebody waits in the lobby.
type WaitReason string

// The closed list of reasons.
const (
	WaitLobby    WaitReason = "lobby"     // guests of this room do
	WaitSentBack WaitReason = "sent_back" // a host sent the participant out of the meeting
)

// WaitingRoom is what who waits may know of the room.
type WaitingRoom struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	EndsAt string `json:"ends_at"`
}

// Waiting answers Join or Resume of who must be admitted first, and tells each
// change of it. Joined follows when a host admits, then nothing of the lobby
// any more. A page that was in the meeting sends Join with a fresh offer on the
// same socket; it keeps its place.
type Waiting struct {
	Re int `json:"re,omitempty"`
	// ResumeToken takes the place up again when the socket breaks.
	ResumeToken string      `json:"resume_token"`
	Name        string      `json:"name"`
	Reason      WaitReason  `json:"reason"`
	Room        WaitingRoom `json:"room"`
	// OfferWanted is set when Join must come again, with the offer of a fresh
	// connection: the one before is closed.
	OfferWanted bool `json:"offer_wanted"`
	// HostPresent is set while somebody is in the meeting who can admit.
	HostPresent bool `json:"host_present"`
	// Now is the server's clock, RFC 3339 with milliseconds, UTC.
	Now string `json:"now"`
}

// Waiter is one row of the lobby.
type Waiter struct {
	// ID is what "admit" and "deny" name.
	ID     string     `json:"id"`
	Name   string     `json:"name"`
	Role   Role       `json:"role"`
	Reason WaitReason `json:"reason"`
	// Since is RFC 3339 with milliseconds, UTC.
	Since string `json:"since"`
	// Connected is false while the connection is interrupted.
	Connected bool `json:"connected"`
}

// LobbyList is who waits, in the order they came; hosts only. It replaces the
// one before. Its type on the wire is "lobby".
type LobbyList struct {
	Waiting []Waiter `json:"waiting"`
}

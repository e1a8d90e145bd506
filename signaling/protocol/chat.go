package protocol

// What people write and send to each other.

// SendChat sends a text of 1 to 4000 characters to everybody in the room, or to
// one participant alone. Its type on the wire is "chat".
type SendChat struct {
	Request
	Text string `json:"text"`
	// To is the participant who alone reads it, beside the sender.
	To string `json:"to,omitempty"`
}

// SharedFile is a file that somebody sent.
type SharedFile struct {
	// ID names it in its address.
	ID   string `json:"id"`
	Name string `json:"name"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Picture is set when it is a PNG, JPEG, GIF or WebP, which may be shown.
	Picture bool `json:"picture"`
}

// FileTerms says how files are shared in this meeting.
type FileTerms struct {
	// Ticket lets this participant send files, and read those sent to all or
	// to them, while the session lasts.
	Ticket string `json:"ticket"`
	// MaxSize is the most bytes of one file.
	MaxSize int64 `json:"max_size"`
}

// ChatMessage is one line of the room's chat.
type ChatMessage struct {
	// From is the sender's participant id, who may have left since.
	From string `json:"from"`
	Name string `json:"name"`
	// Text is empty beside a file.
	Text string `json:"text"`
	// At is RFC 3339 with milliseconds, UTC.
	At   string      `json:"at"`
	File *SharedFile `json:"file,omitempty"`
}

// Chat is a numbered event: somebody wrote to everybody.
type Chat struct {
	Seq int64 `json:"seq"`
	ChatMessage
}

// Direct is a line from one participant to another. Only the two get it. It is
// no event of the room: each participant's are numbered for themselves.
type Direct struct {
	// Number is 1 for the participant's first, and rises by one with each.
	Number int64 `json:"number"`
	ChatMessage
	To     string `json:"to"`
	ToName string `json:"to_name"`
}

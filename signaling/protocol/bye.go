package protocol

// ByeReason is why the server closes a session.
type ByeReason string

// The closed list of reasons.
const (
	ByeLeft     ByeReason = "left"     // the page asked to leave
	ByeEnded    ByeReason = "ended"    // the meeting's time is over, or its host ended it
	ByeReplaced ByeReason = "replaced" // the session was resumed on another socket
	ByeShutdown ByeReason = "shutdown" // the server restarts; rejoin in a moment
	ByeSlow     ByeReason = "slow"     // the page did not read its messages; resume is possible
	ByeRemoved  ByeReason = "removed"  // a host removed the participant
	ByeDenied   ByeReason = "denied"   // a host did not let the participant in
	ByeRevoked  ByeReason = "revoked"  // the link or the login it came by holds no more
	ByeKicked   ByeReason = "violated" // too many messages were refused, or no join came
)

// Bye is the last message on a socket.
type Bye struct {
	Reason  ByeReason `json:"reason"`
	Message string    `json:"message"`
}

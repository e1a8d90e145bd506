package signaling

import (
	"time"

	"github.com/coder/websocket"

	"plenum/rooms"
	"plenum/signaling/protocol"
)

// farewell is how a socket ends: a Bye, then a close frame.
type farewell struct {
	reason  protocol.ByeReason
	code    websocket.StatusCode
	message string
}

// The farewells. Close code 1000 tells that taking up the session again is of
// no use.
var (
	byeLeft     = farewell{protocol.ByeLeft, websocket.StatusNormalClosure, "You have left the meeting."}
	byeEnded    = farewell{protocol.ByeEnded, websocket.StatusNormalClosure, "The meeting has ended."}
	byeReplaced = farewell{protocol.ByeReplaced, websocket.StatusNormalClosure, "The session goes on in another connection."}
	byeRemoved  = farewell{protocol.ByeRemoved, websocket.StatusNormalClosure, "A host removed you from the meeting."}
	byeDenied   = farewell{protocol.ByeDenied, websocket.StatusNormalClosure, "A host did not let you in."}
	byeRevoked  = farewell{protocol.ByeRevoked, websocket.StatusNormalClosure, "The link or login you came by is not valid any more."}
	byeShutdown = farewell{protocol.ByeShutdown, websocket.StatusServiceRestart, "The server is restarting. Join again in a moment."}
	byeSlow     = farewell{protocol.ByeSlow, websocket.StatusTryAgainLater, "The connection could not keep up with the meeting."}
	byeIdle     = farewell{protocol.ByeKicked, websocket.StatusPolicyViolation, "No join or resume came in time."}
	byeViolated = farewell{protocol.ByeKicked, websocket.StatusPolicyViolation, "Too many messages were refused."}
)

// why is the farewell in the words of the ledger.
func (f farewell) why() string {
	switch f.reason {
	case protocol.ByeRemoved, protocol.ByeDenied:
		return rooms.ReasonRemoved
	case protocol.ByeRevoked:
		return rooms.ReasonRevoked
	case protocol.ByeEnded:
		return rooms.ReasonEnded
	case protocol.ByeShutdown:
		return rooms.ReasonShutdown
	case protocol.ByeLeft, protocol.ByeReplaced:
		return rooms.ReasonLeft
	case protocol.ByeSlow, protocol.ByeKicked:
		return rooms.ReasonLost
	}
	return rooms.ReasonLeft
}

func (f farewell) bye() protocol.Bye { return protocol.Bye{Reason: f.reason, Message: f.message} }

// refusal is why a message is refused; the page gets it as an Error.
type refusal struct {
	code       protocol.ErrorCode
	message    string
	retryAfter time.Duration // zero says nothing
	opensAt    time.Time     // zero says nothing
}

// answer is the refusal of the message with that id.
func (r refusal) answer(id int) protocol.Error {
	return protocol.Error{
		Re: id, Code: r.code, Message: r.message, RetryAfter: seconds(r.retryAfter), OpensAt: stamp(r.opensAt),
	}
}

func (r refusal) Error() string { return string(r.code) + ": " + r.message }

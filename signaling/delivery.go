package signaling

// An Outcome says what became of a text for one recipient.
type Outcome string

// The outcomes.
const (
	Delivered Outcome = "delivered"  // it is on its way on an open connection
	QueueFull Outcome = "queue_full" // the recipient does not read, and is disconnected
	Gone      Outcome = "gone"       // the recipient is not connected
)

// A Delivery is what became of a text for one recipient: an attendant, named by
// its channel name, or a participant, named by its id.
type Delivery struct {
	Recipient string
	Outcome   Outcome
}

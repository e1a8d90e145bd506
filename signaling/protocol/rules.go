package protocol

// RecordingPolicy says how a room is recorded.
type RecordingPolicy string

// The closed list of recording policies.
const (
	RecordManual    RecordingPolicy = "manual"    // hosts start and stop
	RecordAutomatic RecordingPolicy = "automatic" // begins with the first who enters
	RecordVoice     RecordingPolicy = "voice"     // as manual, microphones only
	RecordOff       RecordingPolicy = "off"       // never
)

// AudienceRight is something the audience of a room may do.
type AudienceRight string

// The closed list of rights.
const (
	AudienceChat     AudienceRight = "chat"
	AudienceHand     AudienceRight = "hand"
	AudienceReaction AudienceRight = "reaction"
)

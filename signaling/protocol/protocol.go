// Package protocol holds the messages of the plenum.v1 WebSocket protocol.
//
// Every message is one JSON object whose "type" names the Go struct below in
// snake case. The TypeScript types in static/src/client are generated from
// these structs and docs/protocol.md shows one example of each, so a change
// here changes all three.
package protocol

//go:generate sh -c "go run ./tsgen > ../../static/src/client/protocol.gen.ts"

// Version is the WebSocket subprotocol both sides must agree on.
const Version = "plenum.v1"

// Source is one thing a participant publishes.
type Source string

// The sources of a participant, in the order of the send-only m-lines of an offer.
const (
	Microphone  Source = "microphone"
	Camera      Source = "camera"
	Screen      Source = "screen"
	ScreenAudio Source = "screen_audio"
)

// Role says what a participant may do in a room.
type Role string

// The roles of this version. A host may record, extend, lock and end the
// meeting, and moderate. A speaker publishes. The audience does not, and does
// what else the room allows it.
const (
	Host     Role = "host"
	Speaker  Role = "speaker"
	Audience Role = "audience"
)

// Tile is one thing a page wants to see.
type Tile struct {
	// Participant is the id of the one to be seen.
	Participant string `json:"participant"`
	// Source is "camera" or "screen".
	Source Source `json:"source"`
	// Height is the tile's height in device pixels; it picks the layer.
	Height int `json:"height"`
}

// View is what a page wants to see, most wanted first. Tiles that are not in
// it get no video; whoever is audible is heard all the same.
type View struct {
	Tiles []Tile `json:"tiles"`
}

// Messages from the page to the server. Each may carry an "id" (see Request).

// Request is what every message to the server may carry beside its own fields.
type Request struct {
	// ID is echoed as "re" in the answer or error to this message.
	ID int `json:"id,omitempty"`
}

// Join is the first message on a new socket. It is answered by Joined or Error.
type Join struct {
	Request
	// Name is shown to the others: 1 to 64 characters.
	Name string `json:"name"`
	// Token is the host or join token from the meeting URL's fragment, if any. A
	// wrong one is refused.
	Token string `json:"token,omitempty"`
	// Passcode is the room's, asked for with "passcode_needed". Holders of a
	// token need none.
	Passcode string `json:"passcode,omitempty"`
	// Device is a random text that the page keeps in this browser: who was
	// removed does not come back by loading the page again. At most 64 characters.
	Device string `json:"device,omitempty"`
	// Offer is the page's SDP offer, as docs/protocol.md wants it.
	Offer string `json:"offer"`
	// Sources names the send-only m-lines: mid to source.
	Sources map[string]Source `json:"sources"`
	// View is what the page wants to see from the start.
	View View `json:"view"`
}

// Resume is the first message on a socket that takes up a session whose last
// socket broke. It is answered by Resumed, then the missed events; or by Error
// with code "resume_expired", after which the page joins anew.
type Resume struct {
	Request
	// Token is the resume token of Joined.
	Token string `json:"token"`
	// After is the number of the last event the page has seen.
	After int64 `json:"after"`
	// Attempt counts the page's attempts to resume this session, from 1. An
	// attempt that arrives after a later one, from a socket long given up, does
	// not take the session away from it.
	Attempt int `json:"attempt,omitempty"`
	// DirectAfter is the number of the last Direct the page has seen.
	DirectAfter int64 `json:"direct_after,omitempty"`
}

// Offer re-offers on the running session, for more seats or an ICE restart.
// It is answered by Answer.
type Offer struct {
	Request
	Offer string `json:"offer"`
	// Sources is as in Join.
	Sources map[string]Source `json:"sources"`
}

// SetView replaces the session's view. Its type on the wire is "view".
type SetView struct {
	Request
	View
}

// Publish says what one source does now. A source that is off has no picture
// or sound; a muted one has a device behind it that is not heard.
type Publish struct {
	Request
	Source Source `json:"source"`
	On     bool   `json:"on"`
	Muted  bool   `json:"muted"`
}

// Seated tells that the page has cleared every seat that changed up to Epoch,
// so that the server may put other pictures there. See Seats.
type Seated struct {
	Epoch int64 `json:"epoch"`
}

// Record starts or stops the room's recording, or has it pause. Hosts only.
type Record struct {
	Request
	On bool `json:"on"`
	// Paused, with On, has the running recording pause; On without it has it go on.
	Paused bool `json:"paused,omitempty"`
}

// Consent answers to being recorded. Who does not accept is not recorded, and
// what has been recorded of them is thrown away. Without an answer, staying is
// one. It may come before a recording begins, and be changed.
type Consent struct {
	Request
	Accept bool `json:"accept"`
}

// EndMeeting ends the meeting for everybody and gives the room back. Hosts only.
type EndMeeting struct {
	Request
}

// Hand raises or lowers the page's own hand.
type Hand struct {
	Request
	Up bool `json:"up"`
}

// Spotlight shows a participant large to everybody, or no longer. Hosts only.
type Spotlight struct {
	Request
	Participant string `json:"participant"`
	On          bool   `json:"on"`
}

// Emoji is one of the pictures to react with.
type Emoji string

// The closed list of reactions.
const (
	ThumbsUp   Emoji = "👍"
	Heart      Emoji = "❤️"
	Applause   Emoji = "👏"
	Laughter   Emoji = "😂"
	Surprise   Emoji = "😮"
	Party      Emoji = "🎉"
	Thinking   Emoji = "🤔"
	ThumbsDown Emoji = "👎"
)

// React shows an emoji to everybody for a moment. What comes too fast is
// dropped without a word. Its type on the wire is "reaction".
type React struct {
	Request
	Emoji Emoji `json:"emoji"`
}

// Action is what a host does to participants.
type Action string

// The closed list of actions.
const (
	Mute        Action = "mute"          // mutes the participant's microphone
	MuteAll     Action = "mute_all"      // mutes everybody but the host who asks
	AskToUnmute Action = "ask_to_unmute" // the page asks; nothing changes by itself
	StopCamera  Action = "stop_camera"
	StopScreen  Action = "stop_screen" // with its sound
	LowerHand   Action = "lower_hand"
	MakeHost    Action = "make_host" // for this session
	Remove      Action = "remove"    // bye with "removed"; the session can't be resumed
	SetRole     Action = "set_role"  // to the role given, for this session
	HandOver    Action = "hand_over" // makes a host, and the host who asks a speaker
	Admit       Action = "admit"     // lets in who waits in the lobby
	AdmitAll    Action = "admit_all" // everybody there, as far as the room's capacity goes
	Deny        Action = "deny"      // bye with "denied" to who waits
	SendToLobby Action = "send_to_lobby"
)

// Moderate acts on another participant, or on who waits in the lobby. Hosts only.
type Moderate struct {
	Request
	Action Action `json:"action"`
	// Participant is the one concerned, or the id in the lobby; absent with
	// "mute_all" and "admit_all".
	Participant string `json:"participant,omitempty"`
	// Role is the new role, with "set_role" only.
	Role Role `json:"role,omitempty"`
	// Ban, with "remove" and "deny", refuses the link and the browser of the one
	// concerned as well, while the room is reserved.
	Ban bool `json:"ban,omitempty"`
}

// Lock keeps guests out who are not in the meeting, or lets them in again.
// Hosts only.
type Lock struct {
	Request
	On bool `json:"on"`
}

// Extend moves the meeting's end. Hosts only.
type Extend struct {
	Request
	// Minutes is 15, 30 or 60.
	Minutes int `json:"minutes"`
}

// Leave ends the session at once: nobody sees "reconnecting".
type Leave struct{}

// Messages from the server to the page. Those with a Seq are the room's
// numbered events, which a resumed session receives without a gap.

// SourceState is what one source of a participant does.
type SourceState struct {
	Source Source `json:"source"`
	// Muted is set while a microphone is on but not heard.
	Muted bool `json:"muted"`
}

// Participant is one row of the roster.
type Participant struct {
	ID string `json:"id"`
	// Number is the CSRC of the packets this participant's seats carry.
	Number uint32 `json:"number"`
	Name   string `json:"name"`
	Role   Role   `json:"role"`
	// Sources lists the sources that are on.
	Sources []SourceState `json:"sources"`
	// Connected is false while the participant's connection is interrupted.
	Connected bool `json:"connected"`
	// JoinedAt is RFC 3339 with milliseconds, UTC.
	JoinedAt string `json:"joined_at"`
	// Hand is set while the hand is up: the lower the number, the earlier it
	// went up.
	Hand int64 `json:"hand,omitempty"`
	// Spotlight is set while a host shows the participant large to everybody:
	// the lower the number, the longer. At most four are.
	Spotlight int64 `json:"spotlight,omitempty"`
}

// RoomState is what everybody may know about the room.
type RoomState struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// EndsAt is RFC 3339, UTC; the meeting ends for everybody then, or at ClosesAt.
	EndsAt string `json:"ends_at"`
	// ClosesAt is when a meeting that may run over ends for everybody. From
	// EndsAt on nobody gets in any more.
	ClosesAt string `json:"closes_at,omitempty"`
	// Locked is set while no guest gets in who is not in.
	Locked bool `json:"locked"`
	// Lobby is set while guests wait until a host admits them.
	Lobby bool `json:"lobby"`
	// RecordingPolicy says how the room is recorded.
	RecordingPolicy RecordingPolicy `json:"recording_policy"`
	// AudienceMay lists what the audience may do.
	AudienceMay []AudienceRight `json:"audience_may"`
}

// Seat is one row of a session's seat table.
type Seat struct {
	// Seat is the index of the seat: the n-th receive-only audio m-line of the
	// offer and the n-th receive-only video m-line belong to seat n.
	Seat int `json:"seat"`
	// Participant sits here; empty for a free seat.
	Participant string `json:"participant,omitempty"`
	// Source is "camera" (with its microphone) or "screen" (with its audio).
	Source Source `json:"source,omitempty"`
	// Video is set while the server forwards the source's picture to this seat.
	Video bool `json:"video"`
	// Undecodable is set when there is a picture, but in a format that this page
	// did not offer to receive, so that nothing is forwarded.
	Undecodable bool `json:"undecodable,omitempty"`
	// From is the RTP timestamp of the first frame that shows this participant.
	// The page shows no frame of this seat before it. It is absent until the
	// first frame has been sent.
	From *uint32 `json:"from,omitempty"`
}

// Joined answers Join.
type Joined struct {
	Re          int       `json:"re,omitempty"`
	Participant string    `json:"participant"`
	ResumeToken string    `json:"resume_token"`
	Role        Role      `json:"role"`
	Answer      string    `json:"answer"`
	Room        RoomState `json:"room"`
	// Roster is the participants, in order of joining; in a crowd the first of
	// them and the page's own, and RosterPage messages follow.
	Roster []Participant `json:"roster"`
	// RosterMore is how many rows follow.
	RosterMore int            `json:"roster_more,omitempty"`
	Recording  RecordingState `json:"recording"`
	Chat       []ChatMessage  `json:"chat"`
	// Files is there when people may share files.
	Files *FileTerms `json:"files,omitempty"`
	// Seq is the number of the last event that the rest of Joined accounts for.
	Seq int64 `json:"seq"`
	// Now is the server's clock, RFC 3339 with milliseconds, UTC.
	Now string `json:"now"`
}

// RosterPage follows Joined in a crowd: more rows of the roster as of Joined's
// Seq. The last one has no More.
type RosterPage struct {
	Rows []Participant `json:"rows"`
	// More is how many rows follow.
	More int `json:"more,omitempty"`
}

// Resumed answers Resume. The missed events follow.
type Resumed struct {
	Re  int    `json:"re,omitempty"`
	Now string `json:"now"`
}

// Answer answers Offer.
type Answer struct {
	Re     int    `json:"re,omitempty"`
	Answer string `json:"answer"`
}

// Roster is a numbered event: the rows that came or changed, and who left.
type Roster struct {
	Seq     int64         `json:"seq"`
	Changed []Participant `json:"changed"`
	Left    []string      `json:"left"`
}

// Seats is the whole seat table of this session. When a seat's participant or
// source differs from the table before, the page hides what the seat shows,
// then sends Seated with this Epoch; the server forwards the new picture only
// after that, so no picture ever stands under another's name.
type Seats struct {
	Epoch int64  `json:"epoch"`
	Seats []Seat `json:"seats"`
}

// Floor lists who is audible now, loudest first. It replaces the one before.
type Floor struct {
	Participants []string `json:"participants"`
}

// Encodings tells a page how many of a source's simulcast encodings are
// wanted, counted from the smallest. The page stops sending the others, and
// sends them again at once when they are wanted again. Before the first of
// these, all are wanted. It has no number, and is repeated on resuming.
type Encodings struct {
	// Source is "camera" or "screen".
	Source Source `json:"source"`
	Layers int    `json:"layers"`
}

// VideoCodec names a format of pictures.
type VideoCodec string

// The formats of pictures.
const (
	VP8  VideoCodec = "vp8"
	H264 VideoCodec = "h264"
	VP9  VideoCodec = "vp9"
	AV1  VideoCodec = "av1"
)

// SourceCodec tells a page in which of the formats that the answer agreed on it
// should send a source from now on: one that everybody who is there can decode.
// Before the first of these it is VP8 if that was offered. It has no number, and
// is repeated on resuming. Its type on the wire is "codec".
type SourceCodec struct {
	// Source is "camera" or "screen".
	Source Source     `json:"source"`
	Codec  VideoCodec `json:"codec"`
}

// Reaction is how often one emoji came since the last Reactions.
type Reaction struct {
	Emoji Emoji `json:"emoji"`
	Count int   `json:"count"`
	// Participants are those over whose tiles it is shown: the latest, at most 20.
	Participants []string `json:"participants"`
}

// Reactions tells of the emojis that came in the last moment. It has no
// number: a page that was away has missed nothing.
type Reactions struct {
	Reactions []Reaction `json:"reactions"`
}

// Moderated tells a page what a host did to its participant. The page does the
// same at once: it mutes the microphone, or turns camera or screen off.
type Moderated struct {
	Action Action `json:"action"`
	// By is the host's name.
	By string `json:"by"`
	// Role is the new role, with "set_role" and "hand_over".
	Role Role `json:"role,omitempty"`
}

// Announcement is a text from somebody who looks after the room, who need not
// be in it. It has no number: who was away does not get it later.
type Announcement struct {
	// From is the sender's user name.
	From string `json:"from"`
	// Text is 1 to 1000 characters.
	Text string `json:"text"`
	// At is RFC 3339 with milliseconds, UTC.
	At string `json:"at"`
	// Private is set when nobody else got it.
	Private bool `json:"private"`
}

// Recording is a numbered event: recording started or stopped.
type Recording struct {
	Seq int64 `json:"seq"`
	RecordingState
}

// Room is a numbered event: the room's title, end or lock changed.
type Room struct {
	Seq int64 `json:"seq"`
	RoomState
}

// ErrorCode is why the server refused a message.
type ErrorCode string

// The closed list of error codes.
const (
	BadMessage     ErrorCode = "bad_message"     // not JSON, unknown type, or a field out of bounds
	NotJoined      ErrorCode = "not_joined"      // the first message must be join or resume
	Forbidden      ErrorCode = "forbidden"       // the role may not do this
	ResumeExpired  ErrorCode = "resume_expired"  // the session is gone: join anew
	BadOffer       ErrorCode = "bad_offer"       // the SDP can't be answered
	TooMany        ErrorCode = "too_many"        // messages come faster than the limit
	RecordFailed   ErrorCode = "record_failed"   // the recording can't start; Message says why
	RoomFull       ErrorCode = "room_full"       // the room holds no more participants
	RoomLocked     ErrorCode = "room_locked"     // a host has locked the room
	NotHere        ErrorCode = "not_here"        // no participant has this id, for instance not any more
	TooLong        ErrorCode = "too_long"        // the meeting would last longer than 24 hours
	NotOpen        ErrorCode = "not_open"        // the room opens later; OpensAt says when
	PasscodeNeeded ErrorCode = "passcode_needed" // join again with the room's passcode
	PasscodeWrong  ErrorCode = "passcode_wrong"  // RetryAfter may say how long to wait
	LinkExpired    ErrorCode = "link_expired"    // the link's time is over, or it was revoked
	StillWaiting   ErrorCode = "waiting"         // a host must admit first
	Internal       ErrorCode = "internal"        // our fault; the log has it
)

// Error answers a message that was refused. Message is a sentence for people.
type Error struct {
	Re      int       `json:"re,omitempty"`
	Code    ErrorCode `json:"code"`
	Message string    `json:"message"`
	// RetryAfter is how long to wait before the next try, in seconds.
	RetryAfter int `json:"retry_after,omitempty"`
	// OpensAt is RFC 3339 with milliseconds, UTC; with "not_open" only.
	OpensAt string `json:"opens_at,omitempty"`
}

package protocol

// ClientMessages lists a zero value of every message to the server by its type.
func ClientMessages() map[string]any {
	return map[string]any{
		"join": Join{}, "resume": Resume{}, "offer": Offer{}, "view": SetView{}, "publish": Publish{},
		"seated": Seated{}, "chat": SendChat{}, "record": Record{}, "end": EndMeeting{}, "leave": Leave{},
		"hand": Hand{}, "reaction": React{}, "moderate": Moderate{}, "lock": Lock{}, "extend": Extend{},
		"lobby": SetLobby{}, "consent": Consent{}, "spotlight": Spotlight{},
	}
}

// ServerMessages lists a zero value of every message to the page by its type.
func ServerMessages() map[string]any {
	return map[string]any{
		"joined": Joined{}, "resumed": Resumed{}, "answer": Answer{}, "roster": Roster{}, "seats": Seats{},
		"floor": Floor{}, "chat": Chat{}, "recording": Recording{}, "room": Room{}, "error": Error{}, "bye": Bye{},
		"reactions": Reactions{}, "moderated": Moderated{}, "waiting": Waiting{}, "lobby": LobbyList{},
		"roster_page": RosterPage{}, "encodings": Encodings{}, "announcement": Announcement{}, "direct": Direct{},
		"codec": SourceCodec{},
	}
}

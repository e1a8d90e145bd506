package protocol

// RecordingWarning is what is wrong with a running recording.
type RecordingWarning string

// The closed list of warnings.
const (
	WarnSlowDisk RecordingWarning = "slow_disk" // parts are missing
	WarnDiskLow  RecordingWarning = "disk_low"  // it will stop soon
	WarnSilent   RecordingWarning = "silent"    // unmuted microphones of which nothing is heard
)

// RecordingNotice is why a recording stopped though nobody asked for it.
type RecordingNotice string

// The closed list of notices.
const (
	NoticeDiskFull RecordingNotice = "disk_full" // the server's disk is full
	NoticeLimit    RecordingNotice = "limit"     // it is as long or large as it may be
	NoticeQuota    RecordingNotice = "quota"     // the space for recordings is used up, so it did not start
	NoticeSlowDisk RecordingNotice = "slow_disk" // the server's disk is too slow
	NoticePolicy   RecordingNotice = "policy"    // the room is recorded differently now
	NoticeNotBegun RecordingNotice = "not_begun" // it could not be started
	NoticeUntold   RecordingNotice = "problem"   // something else on the server
)

// RecordingState says whether the room is being recorded.
type RecordingState struct {
	On bool `json:"on"`
	// ID names the recording while it runs. It follows in a second event: the
	// first comes before anything is written.
	ID string `json:"id,omitempty"`
	// StartedAt is RFC 3339 with milliseconds, UTC.
	StartedAt string `json:"started_at,omitempty"`
	// By is the name of who started or stopped it.
	By string `json:"by,omitempty"`
	// Paused tells that a host has had the recording pause: nothing is recorded
	// until it goes on.
	Paused bool `json:"paused,omitempty"`
	// PausedBy is the name of who paused it or had it go on, last.
	PausedBy string `json:"paused_by,omitempty"`
	// Notice is a sentence when it stopped for a reason of its own, such as a full disk.
	Notice string `json:"notice,omitempty"`
	// NoticeCode says the same for a page with words of its own.
	NoticeCode RecordingNotice `json:"notice_code,omitempty"`
	// Warning is a sentence while something is wrong with the running recording,
	// such as an unmuted microphone of which nothing is heard.
	Warning string `json:"warning,omitempty"`
	// WarningCode says the same for a page with words of its own.
	WarningCode RecordingWarning `json:"warning_code,omitempty"`
	// Silent names those of whom nothing is heard, with "silent".
	Silent []string `json:"silent,omitempty"`
}

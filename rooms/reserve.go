package rooms

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are known on machines without a zone database
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Limits of a reservation.
const (
	MinMinutes     = 1
	MaxMinutes     = 24 * 60
	MaxDescription = 2 << 10 // bytes
	MaxCapacity    = 500     // participants at once
	MaxAhead       = 2 * 366 * 24 * time.Hour

	// startSlack lets a start be what was now when the request was written.
	startSlack = time.Minute
)

// A FieldError says what is wrong with one field. It wraps ErrInvalid.
type FieldError struct {
	Field   string // the field's name in the API
	Problem string // a sentence for whoever sent it, without the field's name
}

func (e *FieldError) Error() string { return e.Field + " " + e.Problem }

// Unwrap makes errors.Is(err, ErrInvalid) true.
func (e *FieldError) Unwrap() error { return ErrInvalid }

// A Reservation is a checked request for a room. Its zero fields mean now, a
// length given by the other of Minutes and End, and the server's own capacity.
type Reservation struct {
	Start       time.Time
	Minutes     int
	End         time.Time
	Timezone    string // IANA name
	Description string
	Capacity    int
	Rules       RulesChange `json:",omitzero"` // requests without it keep their digest
}

// Validate returns a *FieldError for the first field that can't be reserved,
// whenever it is.
func (r Reservation) Validate() error {
	if r.End.IsZero() {
		if err := validateMinutes("duration", r.Minutes); err != nil {
			return err
		}
	} else if r.Minutes != 0 {
		return &FieldError{"end", "can't stand beside duration"}
	}
	if _, err := Zone(r.Timezone); err != nil {
		return err
	}
	if err := validateDescription(r.Description); err != nil {
		return err
	}
	return validateCapacity(r.Capacity)
}

// Reserve makes the room that r asks for. It stores nothing.
func (r Reservation) Reserve(creator User, now time.Time) (Room, error) {
	if err := r.Validate(); err != nil {
		return Room{}, err
	}
	now = now.UTC().Truncate(time.Millisecond)
	start := now
	if !r.Start.IsZero() {
		start = r.Start.UTC().Truncate(time.Millisecond)
		if err := validateStart(start, now); err != nil {
			return Room{}, err
		}
	}
	end := start.Add(time.Duration(r.Minutes) * time.Minute)
	if !r.End.IsZero() {
		end = r.End.UTC().Truncate(time.Millisecond)
		if err := validateLength("end", start, end); err != nil {
			return Room{}, err
		}
	}
	rules, err := Rules{Recording: RecordManual, GuestRole: GuestSpeaker}.Changed(r.Rules)
	if err != nil {
		return Room{}, err
	}
	return Room{
		ID:          NewRoomID(creator.ID),
		CreatorID:   creator.ID,
		CreatorName: creator.Name,
		Description: r.Description,
		Timezone:    r.Timezone,
		Start:       start,
		Duration:    end.Sub(start),
		End:         end,
		Capacity:    r.Capacity,
		Rules:       rules,
		Version:     1,
		CreatedAt:   now,
	}, nil
}

// NewRoomID returns a room id nobody can guess: "<creator id>.<uuid4>".
func NewRoomID(creatorID int64) string {
	return strconv.FormatInt(creatorID, 10) + "." + uuid.NewString()
}

// zoneName is the shape of an IANA zone name: at most three parts, no dots.
var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$`)

// notZones are files beside the zones in a system's zone database.
var notZones = map[string]bool{"Local": true, "localtime": true, "posixrules": true, "Factory": true}

// Zone returns the IANA time zone of that name, or a *FieldError.
func Zone(name string) (*time.Location, error) {
	bad := &FieldError{"timezone", "must be an IANA time zone such as Europe/Berlin"}
	if len(name) > 64 || !zoneName.MatchString(name) || notZones[name] ||
		strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") {
		return nil, bad
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, bad
	}
	return zone, nil
}

func validateDescription(text string) error {
	if len(text) > MaxDescription {
		return &FieldError{"description", fmt.Sprintf("must be at most %d bytes long", MaxDescription)}
	}
	if !utf8.ValidString(text) {
		return &FieldError{"description", "must be valid UTF-8"}
	}
	for _, r := range text {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return &FieldError{"description", "must not hold control characters"}
		}
	}
	return nil
}

func validateMinutes(field string, minutes int) error {
	if minutes < MinMinutes || minutes > MaxMinutes {
		return &FieldError{field, fmt.Sprintf("must be %d to %d minutes", MinMinutes, MaxMinutes)}
	}
	return nil
}

func validateStart(start, now time.Time) error {
	if start.Before(now.Add(-startSlack)) {
		return &FieldError{"start", "must not be in the past"}
	}
	if start.After(now.Add(MaxAhead)) {
		return &FieldError{"start", "must be within two years"}
	}
	return nil
}

func validateLength(field string, start, end time.Time) error {
	if length := end.Sub(start); length < MinMinutes*time.Minute || length > MaxMinutes*time.Minute {
		return &FieldError{field, fmt.Sprintf("must be %d to %d minutes after the start", MinMinutes, MaxMinutes)}
	}
	return nil
}

func validateCapacity(n int) error {
	if n < 0 || n > MaxCapacity {
		return &FieldError{"capacity", fmt.Sprintf("must be 1 to %d, or 0 for the server's own limit", MaxCapacity)}
	}
	return nil
}

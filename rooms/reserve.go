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
)

// A FieldError says what is wrong with one field. It wraps ErrInvalid.
type FieldError struct {
	Field   string // the field's name in the API
	Problem string // a sentence for whoever sent it, without the field's name
}

func (e *FieldError) Error() string { return e.Field + " " + e.Problem }

// Unwrap makes errors.Is(err, ErrInvalid) true.
func (e *FieldError) Unwrap() error { return ErrInvalid }

// A Reservation is a checked request for a room.
type Reservation struct {
	Minutes     int
	Timezone    string // IANA name
	Description string
}

// Validate returns a *FieldError for the first field that can't be reserved.
func (r Reservation) Validate() error {
	if r.Minutes < MinMinutes || r.Minutes > MaxMinutes {
		return &FieldError{"duration", fmt.Sprintf("must be %d to %d minutes", MinMinutes, MaxMinutes)}
	}
	if _, err := Zone(r.Timezone); err != nil {
		return err
	}
	return validateDescription(r.Description)
}

// Reserve makes the room that r asks for, starting at now. It stores nothing.
func (r Reservation) Reserve(creator User, now time.Time) (Room, error) {
	if err := r.Validate(); err != nil {
		return Room{}, err
	}
	start := now.UTC().Truncate(time.Millisecond)
	duration := time.Duration(r.Minutes) * time.Minute
	return Room{
		ID:          NewRoomID(creator.ID),
		CreatorID:   creator.ID,
		CreatorName: creator.Name,
		Description: r.Description,
		Timezone:    r.Timezone,
		Start:       start,
		Duration:    duration,
		End:         start.Add(duration),
		CreatedAt:   start,
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

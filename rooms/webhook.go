package rooms

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// ErrTooMany says that a user has as many of something as it may have.
var ErrTooMany = errors.New("too many")

// Bounds of webhooks.
const (
	MaxWebhooks       = 20   // of one user
	MaxWebhookURL     = 2048 // bytes
	MaxWebhookName    = 100  // characters
	webhookSecretMark = "whsec_"
)

// WebhookPing is the kind of a test delivery, which is about no room.
const WebhookPing EventKind = "webhook.ping"

// A Webhook is an address that wants to be told of events.
type Webhook struct {
	ID        int64
	UserID    int64
	UserName  string // filled on reading
	Name      string // what people call it; may be empty
	URL       string
	Secret    string      // signs what is sent: "whsec_" and base64
	Kinds     []EventKind // empty is all
	AllRooms  bool        // of all users; counts while its user is an admin
	Active    bool        // nothing is queued or sent while it is not
	CreatedAt time.Time
}

// NewWebhookSecret returns 32 random bytes as a Standard Webhooks secret.
func NewWebhookSecret() string {
	raw := make([]byte, 32)
	rand.Read(raw) // never fails
	return webhookSecretMark + base64.StdEncoding.EncodeToString(raw)
}

// WebhookKey returns the bytes that a secret stands for.
func WebhookKey(secret string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, webhookSecretMark))
}

// Validate returns a *FieldError for the first field that can't be. Plain HTTP
// is for insecure ones only. Which addresses are called is not decided here:
// a name's addresses may change.
func (w Webhook) Validate(insecure bool) error {
	if utf8.RuneCountInString(w.Name) > MaxWebhookName || !utf8.ValidString(w.Name) ||
		strings.ContainsFunc(w.Name, unicode.IsControl) {
		return &FieldError{"name", "must be at most 100 characters, none of them control characters"}
	}
	for i, k := range w.Kinds {
		if !KnownKind(k) || slices.Contains(w.Kinds[:i], k) {
			return &FieldError{"events", "must be kinds of events, each once"}
		}
	}
	return validateWebhookURL(w.URL, insecure)
}

func validateWebhookURL(text string, insecure bool) error {
	u, err := url.Parse(text)
	switch {
	case err != nil, len(text) > MaxWebhookURL, u.Hostname() == "", u.Opaque != "", strings.ContainsFunc(text, notInURL):
		return &FieldError{"url", "must be an address such as https://example.org/hook, at most 2048 bytes long"}
	case u.User != nil:
		return &FieldError{"url", "must not hold a password: check the signature instead"}
	case u.Fragment != "":
		return &FieldError{"url", "must not have a fragment"}
	case u.Scheme == "http" && insecure, u.Scheme == "https":
		return nil
	case u.Scheme == "http":
		return &FieldError{"url", "must begin with https; the server allows http with --webhook-allow-insecure"}
	}
	return &FieldError{"url", "must begin with https"}
}

func notInURL(r rune) bool { return r <= ' ' || r >= 0x7f }

// Wants reports whether the webhook is told of events of that kind.
func (w Webhook) Wants(kind EventKind) bool {
	return len(w.Kinds) == 0 || slices.Contains(w.Kinds, kind)
}

// DeliveryState is how far a delivery has got.
type DeliveryState string

// The states of a delivery. Pending ones wait for their turn or for the next
// attempt; of one room's, only the oldest is tried. Dead ones were given up.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryDead      DeliveryState = "dead"
)

// A Delivery is one event on its way to one webhook.
type Delivery struct {
	ID        int64
	WebhookID int64
	Event     Event // of kind WebhookPing: only ID, Kind and At
	State     DeliveryState
	QueuedAt  time.Time
	Attempts  int
	LastAt    time.Time // of the last attempt; zero: none yet
	NextAt    time.Time // of the next attempt; zero: none to come, or others come first
	Status    int       // of the last answer; 0: there was none
	Problem   string    // why the last attempt failed
}

// A DueDelivery is a delivery whose time has come.
type DueDelivery struct {
	Delivery

	URL    string
	Secret string
}

// A DeliveryFilter picks a page of a webhook's deliveries, newest first.
type DeliveryFilter struct {
	WebhookID int64
	State     DeliveryState // empty is all
	Before    int64         // only ids below this one; 0 is no bound
	Limit     int           // default DefaultEvents, most MostEvents
}

// PageSize returns how many deliveries the filter asks for.
func (f DeliveryFilter) PageSize() int { return EventFilter{Limit: f.Limit}.PageSize() }

// A WebhookStore keeps webhooks and what is on its way to them.
type WebhookStore interface {
	// CreateWebhook stores w and returns it with its ID. ErrTooMany if its user
	// has MaxWebhooks already.
	CreateWebhook(ctx context.Context, w Webhook) (Webhook, error)
	WebhookByID(ctx context.Context, id int64) (Webhook, error)
	// Webhooks lists the webhooks of a user, or with 0 of all users, by id.
	Webhooks(ctx context.Context, userID int64) ([]Webhook, error)
	// UpdateWebhook replaces name, URL, secret, kinds, rooms and activity.
	UpdateWebhook(ctx context.Context, w Webhook) error
	// DeleteWebhook deletes a webhook and its deliveries.
	DeleteWebhook(ctx context.Context, id int64) error

	// QueuePing queues a test delivery, whatever the webhook wants.
	QueuePing(ctx context.Context, webhookID int64, ping Event) (Delivery, error)
	// Deliveries lists a page, newest first.
	Deliveries(ctx context.Context, f DeliveryFilter) ([]Delivery, error)
	// Redeliver queues a dead delivery again, behind those of its room that
	// wait. ErrNotFound if the webhook has no such delivery, ErrStale if it is
	// not dead.
	Redeliver(ctx context.Context, webhookID, deliveryID int64, now time.Time) (Delivery, error)
	// DueDeliveries returns what may be sent at now: of each webhook and room
	// the oldest that is pending, if its time has come, and of each webhook at
	// most each. Next is when more becomes due; zero: nothing waits.
	DueDeliveries(ctx context.Context, now time.Time, each int) (due []DueDelivery, next time.Time, err error)
	// FinishAttempt stores the outcome of an attempt: State, Attempts, LastAt,
	// NextAt, Status and Problem. Once it is delivered or dead, the next of its
	// room is due.
	FinishAttempt(ctx context.Context, d Delivery) error
	// PruneDeliveries deletes up to limit deliveries that ended before then,
	// and returns how many.
	PruneDeliveries(ctx context.Context, before time.Time, limit int) (int, error)

	// Lease gives holder what name stands for until ttl has passed, or lets it
	// go with a ttl of 0. It reports false while somebody else has it.
	Lease(ctx context.Context, name, holder string, ttl time.Duration) (bool, error)
}

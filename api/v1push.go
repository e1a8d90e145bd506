package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
	"plenum/signaling"
)

// How many recipients an answer lists.
const (
	fewRecipients  = 100 // unless asked otherwise
	mostRecipients = 1000
)

// longestAnnouncement is the most characters people in a meeting are shown.
const longestAnnouncement = 1000

// pushBody asks for a push.
type pushBody struct {
	To   pushTarget      `json:"to"`
	Info json.RawMessage `json:"info"`
}

// pushTarget says whom a push is for; exactly one field is set.
type pushTarget struct {
	Channel     string            `json:"channel"`
	Details     map[string]string `json:"details"`
	Room        string            `json:"room"`
	Participant string            `json:"participant"` // with room: this one alone
	All         bool              `json:"all"`
}

// check says what is wrong with a target.
func (t pushTarget) check() error {
	named := 0
	for _, one := range []bool{t.Channel != "", len(t.Details) > 0, t.Room != "", t.All} {
		if one {
			named++
		}
	}
	switch {
	case named != 1:
		return &rooms.FieldError{Field: "to", Problem: "must name exactly one of channel, details, room and all"}
	case t.Participant != "" && t.Room == "":
		return &rooms.FieldError{Field: "to.participant", Problem: "is somebody in a room: name the room too"}
	case len(t.Details) > mostDetails:
		return &rooms.FieldError{Field: "to.details", Problem: fmt.Sprintf("must be at most %d", mostDetails)}
	}
	return nil
}

// pushedBody tells what became of a push.
type pushedBody struct {
	Delivered  int            `json:"delivered"`
	QueueFull  int            `json:"queue_full"`
	Gone       int            `json:"gone"`
	Recipients []deliveryBody `json:"recipients"`
	More       int            `json:"more"` // recipients that are counted but not listed
}

type deliveryBody struct {
	Recipient string            `json:"recipient"`
	Result    signaling.Outcome `json:"result"`
}

// pushed counts deliveries and lists as many as limit allows, those first that
// went wrong.
func pushed(all []Delivery, limit int) pushedBody {
	body := pushedBody{Recipients: []deliveryBody{}}
	count := map[signaling.Outcome]*int{
		signaling.Delivered: &body.Delivered, signaling.QueueFull: &body.QueueFull, signaling.Gone: &body.Gone,
	}
	for _, d := range all {
		*count[d.Outcome]++
	}
	for _, arrived := range []bool{false, true} {
		for _, d := range all {
			if (d.Outcome == signaling.Delivered) == arrived && len(body.Recipients) < limit {
				body.Recipients = append(body.Recipients, deliveryBody{d.Recipient, d.Outcome})
			}
		}
	}
	body.More = len(all) - len(body.Recipients)
	return body
}

// pushMany handles POST /api/v1/push.
func (s *Server) pushMany(c echo.Context) error {
	limit, err := recipientsWanted(c)
	if err != nil {
		return err
	}
	body, err := readJSON[pushBody](c)
	if err != nil {
		return err
	}
	if err := body.To.check(); err != nil {
		return err
	}
	text, err := pushText(body.Info)
	if err != nil {
		return err
	}
	send, err := s.sender(c, body.To, text)
	if err != nil {
		return err
	}
	all, err := s.pushOnce(c, body.To, string(body.Info), send)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, pushed(all, limit))
}

// sender returns what sends text to a target, if the caller may. Everybody who
// has a login may push to attendants whom a channel name or details single out,
// as ever; everybody's sockets at once are for admins, and a room is for those
// who may manage it.
func (s *Server) sender(c echo.Context, to pushTarget, text string) (func() ([]Delivery, error), error) {
	switch {
	case to.Room != "":
		room, err := s.roomFor(c, to.Room)
		if err != nil {
			return nil, err
		}
		return s.announcer(c, room, to.Participant, text)
	case to.All && callOf(c).user.Role != rooms.Admin:
		return nil, refuse(http.StatusForbidden, "pushing to everybody is for admins")
	}
	return func() ([]Delivery, error) {
		return s.deps.Attendants.Send(AttendantTarget{ChannelName: to.Channel, Details: to.Details, All: to.All}, text), nil
	}, nil
}

// announcer returns what shows text to those in a room, or to one of them.
// Nobody being in the room is no failure: it has no recipients.
func (s *Server) announcer(c echo.Context, room rooms.Room, participant, text string) (func() ([]Delivery, error), error) {
	switch {
	case strings.TrimSpace(text) == "":
		return nil, &rooms.FieldError{Field: "info", Problem: "is required: a text for people to read"}
	case utf8.RuneCountInString(text) > longestAnnouncement:
		return nil, &rooms.FieldError{
			Field: "info", Problem: fmt.Sprintf("must be at most %d characters long for people in a meeting", longestAnnouncement),
		}
	}
	from := callOf(c).user.Name
	return func() ([]Delivery, error) {
		all, err := s.deps.Meetings.Announce(room.ID, from, text, participant)
		if errors.Is(err, ErrNotLive) && participant == "" {
			return nil, nil
		}
		return all, err
	}, nil
}

// pushText reads what is pushed: a text as it is, anything else as its JSON.
func pushText(info json.RawMessage) (string, error) {
	var text string
	if len(info) == 0 || bytes.Equal(info, []byte("null")) {
		return "", &rooms.FieldError{Field: "info", Problem: "is required: a text, or JSON to push as it is"}
	}
	if info[0] != '"' {
		var compact bytes.Buffer
		if err := json.Compact(&compact, info); err != nil {
			return "", bodyProblem(err)
		}
		return compact.String(), nil
	}
	if err := json.Unmarshal(info, &text); err != nil {
		return "", bodyProblem(err)
	}
	return text, pushable(text)
}

// recipientsWanted reads the query's limit.
func recipientsWanted(c echo.Context) (int, error) {
	values, err := query(c.Request())
	if err != nil {
		return 0, err
	}
	text := values.Get("limit")
	if text == "" {
		return fewRecipients, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 0 || limit > mostRecipients {
		return 0, &rooms.FieldError{Field: "limit", Problem: fmt.Sprintf("must be 0 to %d", mostRecipients)}
	}
	return limit, nil
}

// logPush notes who pushed to whom, never what.
func (s *Server) logPush(c echo.Context, to pushTarget, all []Delivery) {
	target := "channel"
	switch {
	case len(to.Details) > 0:
		target = "details"
	case to.Room != "":
		target = "room"
	case to.All:
		target = "all"
	}
	delivered := len(slices.DeleteFunc(slices.Clone(all), func(d Delivery) bool { return d.Outcome != signaling.Delivered }))
	s.log.Info("pushed", "user", callOf(c).user.Name, "target", target, "room", to.Room,
		"recipients", len(all), "delivered", delivered)
}

// pushOnce sends, and notes it, unless the request's Idempotency-Key has sent
// the same before; then it returns what came of it that time.
func (s *Server) pushOnce(
	c echo.Context, to pushTarget, info string, send func() ([]Delivery, error),
) ([]Delivery, error) {
	noted := func() ([]Delivery, error) {
		all, err := send()
		if err == nil {
			s.logPush(c, to, all)
		}
		return all, err
	}
	name := c.Request().Header.Get("Idempotency-Key")
	if name == "" {
		return noted()
	}
	if !requestKey.MatchString(name) {
		return nil, &rooms.FieldError{Field: "Idempotency-Key", Problem: "must be 1 to 255 visible ASCII characters"}
	}
	target, err := json.Marshal(to)
	if err != nil {
		return nil, fmt.Errorf("digest of a push: %w", err)
	}
	return s.pushes.once(c.Request().Context(), callOf(c).user.ID, name, string(target)+"\n"+info, s.cfg.Now(), noted)
}

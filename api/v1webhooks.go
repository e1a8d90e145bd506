package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"plenum/rooms"
)

func (s *Server) webhookRoutes() {
	s.get("/api/v1/webhooks", s.listWebhooks, s.signedIn)
	s.creatingSecret("/api/v1/webhooks", s.createWebhook, s.signedIn, s.inPerson)
	s.get("/api/v1/webhooks/:webhook", s.showWebhook, s.signedIn)
	s.echo.PATCH("/api/v1/webhooks/:webhook", s.changeWebhook, s.signedIn, s.inPerson)
	s.echo.DELETE("/api/v1/webhooks/:webhook", s.deleteWebhook, s.signedIn)
	s.creatingSecret("/api/v1/webhooks/:webhook/secret", s.renewWebhookSecret, s.signedIn, s.inPerson)
	s.creating("/api/v1/webhooks/:webhook/ping", s.pingWebhook, s.signedIn)
	s.get("/api/v1/webhooks/:webhook/deliveries", s.listDeliveries, s.signedIn)
	s.creating("/api/v1/webhooks/:webhook/deliveries/:delivery/redeliver", s.redeliver, s.signedIn)
}

// webhookBody is a webhook without its secret.
type webhookBody struct {
	ID        int64             `json:"id"`
	Name      string            `json:"name"`
	User      creatorBody       `json:"user"`
	URL       string            `json:"url"`
	Events    []rooms.EventKind `json:"events"` // empty: all
	Rooms     string            `json:"rooms"`  // own or all
	Active    bool              `json:"active"`
	CreatedAt string            `json:"created_at"`
}

// secretBody is a webhook whose secret is new.
type secretBody struct {
	webhookBody

	Secret string `json:"secret"`
}

// Which rooms a webhook is told of.
const (
	ownRooms = "own"
	allRooms = "all"
)

func webhookBodyOf(w rooms.Webhook) webhookBody {
	body := webhookBody{
		ID: w.ID, Name: w.Name, User: creatorBody{w.UserID, w.UserName}, URL: w.URL, Events: w.Kinds, Rooms: ownRooms,
		Active: w.Active, CreatedAt: timestamp(w.CreatedAt),
	}
	if body.Events == nil {
		body.Events = []rooms.EventKind{}
	}
	if w.AllRooms {
		body.Rooms = allRooms
	}
	return body
}

// webhookChange is what a request says about a webhook. Nil fields stay.
type webhookChange struct {
	Name   *string            `json:"name"`
	URL    *string            `json:"url"`
	Events *[]rooms.EventKind `json:"events"`
	Rooms  *string            `json:"rooms"`
	Active *bool              `json:"active"`
}

// apply changes w as the caller wants, if it may.
func (ch webhookChange) apply(s *Server, c echo.Context, w *rooms.Webhook) error {
	if ch.Name != nil {
		w.Name = *ch.Name
	}
	if ch.URL != nil {
		w.URL = *ch.URL
	}
	if ch.Events != nil {
		w.Kinds = *ch.Events
	}
	if ch.Active != nil {
		w.Active = *ch.Active
	}
	if ch.Rooms != nil {
		if *ch.Rooms != ownRooms && *ch.Rooms != allRooms {
			return &rooms.FieldError{Field: "rooms", Problem: "must be own or all"}
		}
		if *ch.Rooms == allRooms && callOf(c).user.Role != rooms.Admin {
			return refuse(http.StatusForbidden, "only admins are told of all rooms")
		}
		w.AllRooms = *ch.Rooms == allRooms
	}
	if err := s.deps.Webhooks.CheckURL(w.URL); err != nil {
		return err
	}
	return w.Validate(true) // CheckURL knows whether http is allowed
}

// ownWebhook returns the webhook of the path if the caller may see it.
func (s *Server) ownWebhook(c echo.Context) (rooms.Webhook, error) {
	id, err := idOf(c, "webhook")
	if err != nil {
		return rooms.Webhook{}, err
	}
	w, err := s.deps.Store.WebhookByID(c.Request().Context(), id)
	if err != nil {
		return rooms.Webhook{}, err
	}
	if !callOf(c).user.MayManage(w.UserID) {
		return rooms.Webhook{}, errNotFound
	}
	return w, nil
}

// listWebhooks handles GET /api/v1/webhooks.
func (s *Server) listWebhooks(c echo.Context) error {
	all, err := s.deps.Store.Webhooks(c.Request().Context(), whoseTokens(c))
	if err != nil {
		return err
	}
	list := []webhookBody{}
	for _, w := range all {
		list = append(list, webhookBodyOf(w))
	}
	return c.JSON(http.StatusOK, map[string]any{"webhooks": list})
}

// createWebhook handles POST /api/v1/webhooks. Its secret is in this answer only.
func (s *Server) createWebhook(c echo.Context) error {
	body, err := readJSON[webhookChange](c)
	if err != nil {
		return err
	}
	user := callOf(c).user
	w := rooms.Webhook{
		UserID: user.ID, UserName: user.Name, Secret: rooms.NewWebhookSecret(), Active: true,
		CreatedAt: s.cfg.Now().UTC().Truncate(time.Millisecond),
	}
	if err := body.apply(s, c, &w); err != nil {
		return err
	}
	w, err = s.deps.Store.CreateWebhook(c.Request().Context(), w)
	if err != nil {
		return err
	}
	s.logWebhook(c, "webhook created", w)
	c.Response().Header().Set(echo.HeaderLocation, "/api/v1/webhooks/"+strconv.FormatInt(w.ID, 10))
	return c.JSON(http.StatusCreated, secretBody{webhookBodyOf(w), w.Secret})
}

// logWebhook says who did what, without the address, which may hold a secret.
func (s *Server) logWebhook(c echo.Context, what string, w rooms.Webhook) {
	//nolint:sloglint // the callers' messages are constant
	s.log.Info(what, "user", callOf(c).user.Name, "webhook", w.ID, "owner", w.UserName, "address", callOf(c).from.addr)
}

// showWebhook handles GET /api/v1/webhooks/<id>.
func (s *Server) showWebhook(c echo.Context) error {
	w, err := s.ownWebhook(c)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, webhookBodyOf(w))
}

// changeWebhook handles PATCH /api/v1/webhooks/<id>.
func (s *Server) changeWebhook(c echo.Context) error {
	w, err := s.ownWebhook(c)
	if err != nil {
		return err
	}
	body, err := readJSON[webhookChange](c)
	if err != nil {
		return err
	}
	if err := body.apply(s, c, &w); err != nil {
		return err
	}
	if err := s.deps.Store.UpdateWebhook(c.Request().Context(), w); err != nil {
		return err
	}
	s.deps.Webhooks.Wake()
	s.logWebhook(c, "webhook changed", w)
	return c.JSON(http.StatusOK, webhookBodyOf(w))
}

// deleteWebhook handles DELETE /api/v1/webhooks/<id>.
func (s *Server) deleteWebhook(c echo.Context) error {
	w, err := s.ownWebhook(c)
	if err != nil {
		return err
	}
	if err := s.deps.Store.DeleteWebhook(c.Request().Context(), w.ID); err != nil {
		return err
	}
	s.logWebhook(c, "webhook deleted", w)
	return c.NoContent(http.StatusNoContent)
}

// renewWebhookSecret handles POST /api/v1/webhooks/<id>/secret. The old one
// counts no longer.
func (s *Server) renewWebhookSecret(c echo.Context) error {
	w, err := s.ownWebhook(c)
	if err != nil {
		return err
	}
	w.Secret = rooms.NewWebhookSecret()
	if err := s.deps.Store.UpdateWebhook(c.Request().Context(), w); err != nil {
		return err
	}
	s.logWebhook(c, "webhook secret renewed", w)
	return c.JSON(http.StatusOK, secretBody{webhookBodyOf(w), w.Secret})
}

// webhookDeliveryBody is one delivery. Room and seq are missing for a test.
type webhookDeliveryBody struct {
	ID       int64               `json:"id"`
	Event    string              `json:"event"` // its id, which is sent as webhook-id
	Type     rooms.EventKind     `json:"type"`
	Room     string              `json:"room,omitempty"`
	Seq      int64               `json:"seq,omitempty"`
	State    rooms.DeliveryState `json:"state"`
	QueuedAt string              `json:"queued_at"`
	Attempts int                 `json:"attempts"`
	LastAt   string              `json:"last_at,omitempty"`
	NextAt   string              `json:"next_at,omitempty"`
	Status   int                 `json:"status,omitempty"`
	Problem  string              `json:"problem,omitempty"`
}

func deliveryBodyOf(d rooms.Delivery) webhookDeliveryBody {
	return webhookDeliveryBody{
		ID: d.ID, Event: d.Event.ID, Type: d.Event.Kind, Room: d.Event.Room, Seq: d.Event.Seq, State: d.State,
		QueuedAt: timestamp(d.QueuedAt), Attempts: d.Attempts, LastAt: maybeTimestamp(d.LastAt),
		NextAt: maybeTimestamp(d.NextAt), Status: d.Status, Problem: d.Problem,
	}
}

// pingWebhook handles POST /api/v1/webhooks/<id>/ping.
func (s *Server) pingWebhook(c echo.Context) error {
	w, err := s.ownWebhook(c)
	if err != nil {
		return err
	}
	if !w.Active {
		return refuse(http.StatusConflict, "the webhook is not active")
	}
	ping := rooms.NewEvent("", rooms.WebhookPing, s.cfg.Now())
	d, err := s.deps.Store.QueuePing(c.Request().Context(), w.ID, ping)
	if err != nil {
		return err
	}
	s.deps.Webhooks.Wake()
	return c.JSON(http.StatusAccepted, deliveryBodyOf(d))
}

// listDeliveries handles GET /api/v1/webhooks/<id>/deliveries.
func (s *Server) listDeliveries(c echo.Context) error {
	w, err := s.ownWebhook(c)
	if err != nil {
		return err
	}
	filter, err := deliveryFilter(c, w)
	if err != nil {
		return err
	}
	page, err := s.deps.Store.Deliveries(c.Request().Context(), filter)
	if err != nil {
		return err
	}
	body := struct {
		Deliveries []webhookDeliveryBody `json:"deliveries"`
		Next       int64                 `json:"next"` // the before of the next page; 0 at the end
	}{Deliveries: []webhookDeliveryBody{}}
	for _, d := range page {
		body.Deliveries = append(body.Deliveries, deliveryBodyOf(d))
	}
	if len(page) == filter.PageSize() {
		body.Next = page[len(page)-1].ID
	}
	return c.JSON(http.StatusOK, body)
}

func deliveryFilter(c echo.Context, w rooms.Webhook) (rooms.DeliveryFilter, error) {
	filter := rooms.DeliveryFilter{WebhookID: w.ID}
	values, err := query(c.Request())
	if err != nil {
		return filter, err
	}
	switch state := rooms.DeliveryState(values.Get("state")); state {
	case "", rooms.DeliveryPending, rooms.DeliveryDelivered, rooms.DeliveryDead:
		filter.State = state
	default:
		return filter, &rooms.FieldError{Field: "state", Problem: "must be pending, delivered or dead"}
	}
	if text := values.Get("before"); text != "" {
		if filter.Before, err = strconv.ParseInt(text, 10, 64); err != nil || filter.Before < 1 {
			return filter, &rooms.FieldError{Field: "before", Problem: "must be the next of the page before"}
		}
	}
	if text := values.Get("limit"); text != "" {
		if filter.Limit, err = strconv.Atoi(text); err != nil || filter.Limit < 1 || filter.Limit > rooms.MostEvents {
			return filter, &rooms.FieldError{Field: "limit", Problem: "must be 1 to " + strconv.Itoa(rooms.MostEvents)}
		}
	}
	return filter, nil
}

// redeliver handles POST /api/v1/webhooks/<id>/deliveries/<id>/redeliver.
func (s *Server) redeliver(c echo.Context) error {
	w, err := s.ownWebhook(c)
	if err != nil {
		return err
	}
	id, err := idOf(c, "delivery")
	if err != nil {
		return err
	}
	d, err := s.deps.Store.Redeliver(c.Request().Context(), w.ID, id, s.cfg.Now())
	if err != nil {
		return err
	}
	s.deps.Webhooks.Wake()
	s.logWebhook(c, "delivery queued again", w)
	return c.JSON(http.StatusAccepted, deliveryBodyOf(d))
}

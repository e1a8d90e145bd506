package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// answerLimit bounds the answers to our few HTTP requests.
const answerLimit = 8 << 20

// A target is the meeting the load goes to.
type target struct {
	base     *url.URL // the server, without a path
	room     string
	reserved bool // by us, so we end it
}

func (t target) socketURL() string { return t.at("/api/v1/rooms/" + url.PathEscape(t.room) + "/ws") }

func (t target) meetingURL() string { return t.at("/meeting/" + url.PathEscape(t.room) + "/") }

func (t target) at(path string) string { return t.base.JoinPath(path).String() }

// parseTarget reads the server's address and, if one is given, a meeting's.
func parseTarget(server, meeting string) (target, error) {
	base, err := parseServer(server)
	if err != nil {
		return target{}, err
	}
	if meeting == "" {
		return target{base: base}, nil
	}
	u, err := base.Parse(meeting)
	if err != nil {
		return target{}, fmt.Errorf("meeting URL: %w", err)
	}
	before, room, ok := strings.Cut(u.Path, "/meeting/")
	room = strings.Trim(room, "/")
	if !ok || room == "" || strings.Contains(room, "/") {
		return target{}, fmt.Errorf("meeting URL %q: want …/meeting/ROOM/", meeting)
	}
	if u, err = parseServer(u.Scheme + "://" + u.Host + before); err != nil {
		return target{}, err
	}
	return target{base: u, room: room}, nil
}

func parseServer(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("server URL: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("server URL %q: want http://HOST:PORT or https://HOST", text)
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}, nil
}

// localAddress returns the address of this machine from which the server is reached.
func (t target) localAddress(ctx context.Context) (netip.Addr, error) {
	port := t.base.Port()
	if port == "" {
		port = t.base.Scheme // net knows both names
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", net.JoinHostPort(t.base.Hostname(), port)) // sends nothing
	if err != nil {
		return netip.Addr{}, fmt.Errorf("find the way to the server: %w", err)
	}
	defer conn.Close()
	addr, err := netip.ParseAddrPort(conn.LocalAddr().String())
	return addr.Addr().Unmap().WithZone(""), err
}

// reserve makes a room for the load and returns it.
func (r *runner) reserve(ctx context.Context, lasts time.Duration) error {
	query := url.Values{
		"duration": {strconv.Itoa(int(lasts/time.Minute) + 1)}, "timezone": {"UTC"}, "description": {"plenum load"},
	}
	data, err := r.request(ctx, http.MethodGet, "/reserve_room/?"+query.Encode())
	if err != nil {
		return fmt.Errorf("reserve a room: %w", err)
	}
	var body struct {
		MeetingURL string `json:"meeting_url"`
	}
	if err := json.Unmarshal(data, &body); err != nil || body.MeetingURL == "" {
		return errors.Join(errors.New("reserve a room: the server's answer has no meeting_url"), err)
	}
	made, err := parseTarget(r.target.base.String(), body.MeetingURL)
	if err != nil {
		return fmt.Errorf("reserve a room: %w", err)
	}
	r.target.room, r.target.reserved = made.room, true
	return nil
}

// release ends the room that reserve made.
func (r *runner) release(ctx context.Context) error {
	if !r.target.reserved {
		return nil
	}
	_, err := r.request(ctx, http.MethodPost, "/api/v1/rooms/"+url.PathEscape(r.target.room)+"/end")
	if err != nil {
		return fmt.Errorf("end the room: %w", err)
	}
	return nil
}

// request does one HTTP request with the given credentials, if any.
func (r *runner) request(ctx context.Context, method, path string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	u, err := r.target.base.Parse(strings.TrimSuffix(r.target.base.Path, "/") + path)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), nil)
	if err != nil {
		return nil, err
	}
	if r.cfg.User != "" {
		req.SetBasicAuth(r.cfg.User, r.cfg.Password)
	}
	res, err := r.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, answerLimit))
	if err != nil {
		return nil, err
	}
	switch {
	case res.StatusCode == http.StatusUnauthorized:
		return nil, errors.New("the server refuses this user and password")
	case res.StatusCode >= 300:
		return nil, fmt.Errorf("%s answered %s", u.Path, res.Status)
	}
	return data, nil
}

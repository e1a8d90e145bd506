package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"plenum/api"
	"plenum/recording"
	"plenum/rooms"
	"plenum/rooms/files"
	"plenum/sfu"
	"plenum/sfu/ice/relay"
	"plenum/signaling"
	"plenum/static"
)

type serveCmd struct {
	data
	Listen                 string        `help:"Address for HTTP, host:port." default:":8007"`
	MediaUDP               string        `help:"Address for media over UDP, host:port." default:":7882" name:"media-udp"`
	MediaTCP               string        `help:"Address for media over TCP, host:port, or off." default:":7881" name:"media-tcp"`
	ExternalIP             []string      `help:"Address at which browsers reach this machine, when it is not its own; repeatable." name:"external-ip" placeholder:"IP"`
	CongestionControl      string        `help:"Lower the pictures of who has a narrow link: on, or off." enum:"on,off" default:"on"`
	VideoCodecs            []string      `help:"Formats of pictures, best first, such as vp9,vp8: of those that everybody in a room can decode, the first is used. vp8, h264, vp9, av1." default:"vp8"`
	FastPath               string        `help:"Carry media past the WebRTC library where that is cheaper: auto, or off." enum:"auto,off" default:"auto"`
	MediaShards            int           `help:"Sockets that read media on each address; 0 is one per core." default:"0" placeholder:"N"`
	MediaLoopback          string        `help:"Offer media on loopback too: on, off, or auto (on without --external-ip)." enum:"auto,on,off" default:"auto"`
	TrustedProxies         []string      `help:"Addresses and CIDRs of proxies whose X-Forwarded-For counts; repeatable." placeholder:"CIDR"`
	LegacyPublicAttendants bool          `help:"Answer /online_attendants/ without a password, addresses included."`
	AttendanceOrigins      []string      `help:"Other site whose pages may connect to /attendance/, such as https://app.example.org, or * for every site; repeatable." placeholder:"ORIGIN"`
	ICEServers             string        `help:"JSON list of STUN and TURN URLs, or of objects with urls, username and credential." name:"ice-servers" default:"[]" placeholder:"JSON"`
	EndGrace               time.Duration `help:"How long a running meeting may run over its end; nobody new gets in meanwhile." default:"0s"`
	AuditKeep              int           `help:"Days the audit log is kept; 0 is for ever." default:"180" placeholder:"DAYS"`
	LinkKey                uint8         `help:"Number of the key that signs join links. One more makes a new key; links of two before hold no more." default:"1" placeholder:"N"`
	relayFlags
	tlsFlags
	Recording recordingFlags `embed:"" prefix:"recording-"`
	Files     filesFlags     `embed:"" prefix:"files-"`
	LogFormat string         `help:"How to log: text or json." enum:"text,json" default:"text"`
	Pprof     string         `help:"Loopback address on which to answer /debug/pprof/, for profiles." placeholder:"HOST:PORT"`
	LogLevel  string         `help:"What to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	booksFlags
}

// maxShards bounds --media-shards; no machine gains from more.
const maxShards = 256

// settings is what the flags say once they are checked.
type settings struct {
	api       api.Config
	sfu       sfu.Config
	recording recording.Config
	files     files.Config
	books     booksConfig
	ffmpeg    string // its name or path; empty for the one installed, "off" for none
	relay     relay.Config
	relayHost string
	stun      string
	endGrace  time.Duration
}

// mostGrace bounds how long a meeting may run over its end.
const mostGrace = 2 * time.Hour

func (c *serveCmd) settings() (settings, error) {
	var s settings
	err := c.check()
	if err != nil {
		return s, err
	}
	if err := c.checkRelay(c.TLS); err != nil {
		return s, err
	}
	if s.api.TrustedProxies, err = rooms.ParsePrefixes(c.TrustedProxies); err != nil {
		return s, fmt.Errorf("--trusted-proxies: %w", err)
	}
	if s.api.ICEServers, err = parseICEServers(c.ICEServers); err != nil {
		return s, fmt.Errorf("--ice-servers: %w", err)
	}
	if c.EndGrace < 0 || c.EndGrace > mostGrace {
		return s, fmt.Errorf("--end-grace: must be 0 to %v", mostGrace)
	}
	if c.AuditKeep < 0 || c.LinkKey == 0 {
		return s, errors.New("--audit-keep must not be negative, --link-key must be 1 to 255")
	}
	s.endGrace, s.api.EndGrace = c.EndGrace, c.EndGrace
	s.api.PublicAttendants = c.LegacyPublicAttendants
	if s.api.AttendanceOrigins, err = parseOrigins(c.AttendanceOrigins); err != nil {
		return s, fmt.Errorf("--attendance-origins: %w", err)
	}
	if c.MediaShards < 0 || c.MediaShards > maxShards {
		return s, fmt.Errorf("--media-shards: %d is not between 0 and %d", c.MediaShards, maxShards)
	}
	s.sfu = sfu.Config{
		UDP: c.MediaUDP, TCP: c.MediaTCP, Unbounded: c.CongestionControl == "off",
		Plain: c.FastPath == "off", Shards: c.MediaShards,
	}
	if s.sfu.VideoCodecs, err = parseVideoCodecs(c.VideoCodecs); err != nil {
		return s, fmt.Errorf("--video-codecs: %w", err)
	}
	for _, codec := range s.sfu.VideoCodecs {
		s.api.VideoCodecs = append(s.api.VideoCodecs, string(codec))
	}
	for _, text := range c.ExternalIP {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return s, fmt.Errorf("--external-ip: %w", err)
		}
		s.sfu.ExternalIPs = append(s.sfu.ExternalIPs, addr)
	}
	s.sfu.Loopback = c.MediaLoopback == "on" || (c.MediaLoopback == "auto" && len(c.ExternalIP) == 0)
	if s.books, err = c.booksFlags.settings(); err != nil {
		return s, err
	}
	s.relay, s.relayHost, s.stun = c.relayConfig(), c.TurnHost, c.StunServer
	s.recording.Dir = filepath.Join(c.Data, "recordings")
	c.Recording.apply(&s.recording)
	s.ffmpeg = c.Recording.FFmpeg
	s.files = c.Files.config(c.Data)
	return s, nil
}

// parseVideoCodecs checks a list of formats of pictures.
func parseVideoCodecs(names []string) (codecs []sfu.Codec, err error) {
	for _, name := range names {
		c := sfu.Codec(strings.ToLower(strings.TrimSpace(name)))
		switch c {
		case sfu.VP8, sfu.H264, sfu.VP9, sfu.AV1:
		default:
			return nil, fmt.Errorf("%q is none of vp8, h264, vp9, av1", name)
		}
		if slices.Contains(codecs, c) {
			return nil, fmt.Errorf("%s is there twice", c)
		}
		codecs = append(codecs, c)
	}
	if len(codecs) == 0 {
		return nil, errors.New("at least one is needed")
	}
	return codecs, nil
}

// parseOrigins checks that texts are origins as browsers send them, or *.
func parseOrigins(texts []string) ([]string, error) {
	for _, text := range texts {
		u, err := url.Parse(text)
		if text != "*" && (err != nil || u.Host == "" || u.Scheme+"://"+u.Host != text || strings.ToLower(text) != text) {
			return nil, fmt.Errorf("%q is no origin such as https://app.example.org", text)
		}
	}
	return texts, nil
}

// Run serves until ctx ends.
func (c *serveCmd) Run(ctx context.Context, term terminal) error {
	return c.serve(ctx, term, openLive)
}

// A live is what happens now: media, meetings, attendants, recordings.
type live struct {
	meetings   api.Meetings
	attendants api.Attendants
	recordings api.Recordings
	jobs       api.Jobs
	relay      api.Relay // nil without one
	trials     api.Trials
	figures    api.Figures
	files      api.Files                   // nil when people share none
	close      func(context.Context) error // ends meetings, finishes recordings, closes ports, and waits
}

// opener starts what is live.
type opener func(ctx context.Context, cfg settings, parts parts) (*live, error)

// parts is what live things stand on.
type parts struct {
	store   rooms.Store
	ledger  signaling.Ledger
	hostKey []byte
	links   rooms.LinkKeys
	audit   *rooms.AuditLog
	metrics *prometheus.Registry
	log     *slog.Logger
}

func (c *serveCmd) serve(ctx context.Context, term terminal, open opener) (err error) {
	cfg, err := c.settings()
	if err != nil {
		return err
	}
	log := c.logger(term.err)
	secure, err := c.tlsFlags.open(filepath.Join(c.Data, "tls"), c.ExternalIP, log)
	if err != nil {
		return err
	}
	store, err := c.data.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	hostKey, err := store.Secret(ctx, "host-token")
	if err != nil {
		return err
	}
	if cfg.relay.Secret, err = store.Secret(ctx, "turn"); err != nil {
		return err
	}
	cfg.relay.Certificates = secure.config
	links, err := rooms.NewLinkKeys(ctx, store, c.LinkKey)
	if err != nil {
		return err
	}
	stopProfiles, err := serveProfiles(ctx, c.Pprof, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfiles()) }()
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))

	// Listen before media starts: a second server fails here, and touches nothing.
	doors, err := openDoors(ctx, c.Listen, c.HTTPRedirect, secure, log)
	if err != nil {
		return err
	}
	node, err := nodeID(c.Data)
	if err != nil {
		return errors.Join(err, doors.close())
	}
	records := keepRecords(ctx, store, time.Duration(c.AuditKeep)*24*time.Hour, log)
	defer records.close() // after everything that writes to it
	books := openBooks(ctx, cfg.books, node, store, metrics, log)
	defer books.close()
	now, err := open(ctx, cfg, parts{store, books.ledger, hostKey, links, records.audit, metrics, log})
	if err != nil {
		return errors.Join(err, doors.close())
	}
	handler := api.New(cfg.api, api.Deps{ //nolint:contextcheck // each call has its request's
		Store: store, Auth: rooms.NewAuthenticator(store, rooms.NewHasher(rooms.HashCost{}), nil), HostKey: hostKey,
		Links: links, Audit: records.audit, Revoked: records.revoked,
		Meetings: now.meetings, Attendants: now.attendants, Recordings: now.recordings,
		Figures: now.figures,
		Ledger:  books.ledger, Webhooks: books.worker, Jobs: now.jobs, Relay: now.relay, Trials: now.trials, Files: now.files,
		Pages: static.Dist(), Metrics: metrics,
	}, log)
	// Only now, when nothing else can fail: a password is shown once.
	first, err := firstAdmin(ctx, store)
	if err == nil {
		err = printBanner(term.out, doors, first)
	}
	if err != nil {
		return errors.Join(err, doors.close(), now.close(ctx))
	}
	return serveHTTP(ctx, doors, handler, now, log)
}

func (c *serveCmd) logger(out io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo // kong has checked it
	}
	options := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// adminName is the user that the first start makes.
const adminName = "admin"

// admin is what the banner says about the first user.
type admin struct {
	made     bool   // by this start
	password string // to be shown; empty if the operator chose it
}

// firstAdmin makes an admin where there is none.
func firstAdmin(ctx context.Context, store rooms.Store) (admin, error) {
	users, err := store.Users(ctx)
	if err != nil || slices.ContainsFunc(users, func(u rooms.User) bool { return u.Role == rooms.Admin }) {
		return admin{}, err
	}
	chosen := os.Getenv("PLENUM_ADMIN_PASSWORD")
	text := chosen
	if chosen == "" {
		text = newPassword()
	}
	if err := addUser(ctx, store, adminName, text, rooms.Admin, nil); err != nil {
		return admin{}, fmt.Errorf("make the first user: %w", err)
	}
	if chosen != "" {
		return admin{made: true}, nil
	}
	return admin{made: true, password: text}, nil
}

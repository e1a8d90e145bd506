package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"plenum/api"
	"plenum/sfu"
	"plenum/sfu/ice/relay"
)

// relayFlags say how browsers find a way in where networks are difficult.
type relayFlags struct {
	TurnUDP    string `help:"Address of the built-in TURN server over UDP, host:port such as :3478, or off." default:"off" name:"turn-udp"`
	TurnTCP    string `help:"Address of the built-in TURN server over TCP, host:port, or off." default:"off" name:"turn-tcp"`
	TurnTLS    string `help:"Address of the built-in TURN server over TLS, host:port such as :5349, or off; uses the certificate of --tls." default:"off" name:"turn-tls"`
	TurnHost   string `help:"Name by which browsers reach the built-in TURN server; default: the name in the page's address." name:"turn-host" placeholder:"NAME"`
	StunServer string `help:"STUN server that is asked, in the background, for the address at which browsers see this machine." name:"stun-server" placeholder:"HOST:PORT"`
}

// checkRelay finds what does not go together.
func (f relayFlags) checkRelay(tlsMode string) error {
	if f.TurnTLS != relay.Off && tlsMode == "off" {
		return errors.New("--turn-tls needs --tls, whose certificate it uses")
	}
	for name, address := range map[string]string{
		"--turn-udp": f.TurnUDP, "--turn-tcp": f.TurnTCP, "--turn-tls": f.TurnTLS, "--stun-server": f.StunServer,
	} {
		if address == relay.Off || address == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (f relayFlags) relayConfig() relay.Config {
	return relay.Config{UDP: f.TurnUDP, TCP: f.TurnTCP, TLS: f.TurnTLS}
}

// openRelay starts the relay, if there is to be one; nil if not.
func openRelay(cfg relay.Config, media *sfu.SFU, log *slog.Logger) (*relay.Server, error) {
	if !cfg.Enabled() {
		return nil, nil //nolint:nilnil // no relay is a choice
	}
	cfg.Peers = media.MediaAddrs()
	cfg.Announced = media.Announced
	return relay.New(cfg, log)
}

// relays shows a relay as the API wants it.
type relays struct {
	server    *relay.Server
	host      string              // what the operator calls this machine; empty for what the page calls it
	announced func() []netip.Addr // stands in where neither is known
}

// ICEServers lists the relay's addresses with new credentials.
func (r relays) ICEServers(host string) ([]api.ICEServer, time.Duration) {
	if r.host != "" {
		host = r.host
	}
	if known := r.announced(); host == "" && len(known) > 0 {
		host = known[0].String()
	}
	if host == "" {
		return nil, 0
	}
	now := time.Now()
	credentials := r.server.Issue(now)
	var servers []api.ICEServer
	for _, url := range r.server.URLs(host) {
		servers = append(servers, api.ICEServer{URLs: url, Username: credentials.Username, Credential: credentials.Password})
	}
	return servers, credentials.Expires.Sub(now)
}

// trials shows the media plane as the API wants it.
type trials struct{ media *sfu.SFU }

// Trial answers the offer of a connection test.
func (p trials) Trial(ctx context.Context, offer string) (string, error) {
	answer, err := p.media.Trial(ctx, offer)
	switch {
	case errors.Is(err, sfu.ErrBusy):
		err = fmt.Errorf("%w: %w", api.ErrTrials, err)
	case errors.Is(err, sfu.ErrBadOffer):
		err = fmt.Errorf("%w: %w", api.ErrOffer, err)
	}
	return answer, err
}

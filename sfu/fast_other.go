//go:build !linux

package sfu

import (
	"github.com/pion/logging"

	"plenum/sfu/packet"
)

// openFast falls back to Pion: the fast transport is made of Linux's system calls.
func openFast(cfg Config, pool *packet.Pool, log logging.LoggerFactory) (media, error) {
	return openPlain(cfg, pool, log)
}

package plain

import (
	"fmt"
	"sync"
	"time"

	"github.com/pion/transport/v4/stdnet"
)

// networkFor is how long one look at the machine's interfaces serves: long
// against a rush of joins, each of which would ask the kernel for the list and
// keep it, short against an address that comes or goes.
const networkFor = 5 * time.Second

// network is what connections know of the machine's interfaces. They share it.
type network struct {
	mu    sync.Mutex // guards what follows
	net   *stdnet.Net
	until time.Time
}

// current returns the interfaces, looked up again when the last look is old.
func (n *network) current(now time.Time) (*stdnet.Net, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.net != nil && now.Before(n.until) {
		return n.net, nil
	}
	fresh, err := stdnet.NewNet() // a new one: the old one is read without a lock
	if err != nil {
		return nil, fmt.Errorf("list the network interfaces: %w", err)
	}
	n.net, n.until = fresh, now.Add(networkFor)
	return fresh, nil
}

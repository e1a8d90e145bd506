package relay

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// quota counts allocations and bytes.
type quota struct {
	cfg Config

	mu        sync.Mutex // guards what follows
	total     int
	users     map[string]*user
	addresses map[netip.Addr]int
}

// user is one credential with allocations.
type user struct {
	allocations int
	up, down    *rate.Limiter // bytes
}

// burst is how many bytes may pass at once beyond the rate: a keyframe or two.
const burst = 1 << 20

func newQuota(cfg Config) *quota {
	return &quota{cfg: cfg, users: map[string]*user{}, addresses: map[netip.Addr]int{}}
}

// allows reports whether a user may have one more allocation.
func (q *quota) allows(name, _ string, from net.Addr) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.total >= q.cfg.Most || q.addresses[hostOf(from)] >= q.cfg.PerAddress {
		return false
	}
	u := q.users[name]
	return u == nil || u.allocations < q.cfg.PerUser
}

func (q *quota) began(name string, from net.Addr) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total++
	q.addresses[hostOf(from)]++
	q.userLocked(name).allocations++
}

func (q *quota) ended(name string, from net.Addr) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.total--
	host := hostOf(from)
	if q.addresses[host]--; q.addresses[host] <= 0 {
		delete(q.addresses, host)
	}
	u := q.userLocked(name)
	if u.allocations--; u.allocations <= 0 {
		delete(q.users, name)
	}
}

// has reports whether an address has an allocation.
func (q *quota) has(host netip.Addr) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.addresses[host] > 0
}

func (q *quota) count() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.total
}

func (q *quota) user(name string) *user {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.userLocked(name)
}

func (q *quota) userLocked(name string) *user {
	u := q.users[name]
	if u == nil {
		perSecond := rate.Limit(q.cfg.Bitrate) / 8
		u = &user{up: rate.NewLimiter(perSecond, burst), down: rate.NewLimiter(perSecond, burst)}
		q.users[name] = u
	}
	return u
}

// passes reports whether so many bytes are within the user's rate.
func passes(l *rate.Limiter, bytes int) bool { return l.AllowN(time.Now(), bytes) }

// hostOf is a client's address without its port; the zero Addr when it has none.
func hostOf(from net.Addr) netip.Addr {
	ap, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

package relay

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"
)

// Lifetime is how long credentials open new allocations.
const Lifetime = time.Hour

// refreshFor is how much longer they keep an allocation that they have opened:
// a meeting may last, and browsers refresh with what they began with.
const refreshFor = 24 * time.Hour

// skew is how far a clock of another server that signs with the same secret
// may be ahead.
const skew = time.Minute

// Credentials open the relay to one page.
type Credentials struct {
	Username string // when they end, in Unix seconds, and a random part
	Password string
	Expires  time.Time
}

// Issue makes new credentials that hold for Lifetime.
func (s *Server) Issue(now time.Time) Credentials {
	ends := now.Add(Lifetime).Truncate(time.Second)
	username := strconv.FormatInt(ends.Unix(), 10) + ":" + rand.Text()
	return Credentials{Username: username, Password: s.password(username), Expires: ends}
}

func (s *Server) password(username string) string {
	mac := hmac.New(sha256.New, s.cfg.Secret)
	mac.Write([]byte("turn " + username)) // never fails
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// authenticate returns the key that a request must be signed with.
func (s *Server) authenticate(request *turn.RequestAttributes) (user string, key []byte, ok bool) {
	if !valid(request.Username, request.Method, time.Now()) {
		return "", nil, false
	}
	return request.Username, turn.GenerateAuthKey(request.Username, request.Realm, s.password(request.Username)), true
}

// valid reports whether the time in a username allows a request now.
func valid(username string, method stun.Method, now time.Time) bool {
	text, _, found := strings.Cut(username, ":")
	seconds, err := strconv.ParseInt(text, 10, 64)
	if !found || err != nil {
		return false
	}
	ends := time.Unix(seconds, 0)
	if ends.After(now.Add(Lifetime + skew)) {
		return false
	}
	if method != stun.MethodAllocate {
		ends = ends.Add(refreshFor)
	}
	return now.Before(ends)
}

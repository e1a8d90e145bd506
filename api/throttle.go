package api

import (
	"net/netip"
	"strings"

	"plenum/rooms/throttle"
)

// Patience of the login throttle. A name from everywhere is allowed more
// failures than a name from one address, so that a guesser can't lock a user
// out easily.
const (
	failuresPerPair    = 5
	failuresPerAddress = 30
	failuresPerName    = 100
)

// loginGuess names the three things a login counts against, and their limits.
func loginGuess(from netip.Addr, name string) throttle.Guess {
	name = strings.ToLower(name)
	if len(name) > 64 {
		name = name[:64]
	}
	address := throttle.Address(from)
	return throttle.Guess{
		{Name: "pair " + address + " " + name, Limit: failuresPerPair},
		{Name: "address " + address, Limit: failuresPerAddress},
		{Name: "name " + name, Limit: failuresPerName},
	}
}

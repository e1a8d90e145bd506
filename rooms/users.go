package rooms

import (
	"fmt"
	"net/netip"
	"regexp"
)

// userName leaves out the colon, which Basic auth can't carry in a name, and
// everything that reads differently on two screens.
var userName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$`)

// ValidateUserName returns a *FieldError if nobody may be called that.
func ValidateUserName(name string) error {
	if !userName.MatchString(name) {
		return &FieldError{"username", "must be 1 to 64 letters, digits or . _ @ + -, and start with a letter or digit"}
	}
	return nil
}

// ValidateRole returns a *FieldError if there is no such role.
func ValidateRole(role Role) error {
	if role != Admin && role != Host {
		return &FieldError{"role", "must be admin or host"}
	}
	return nil
}

// MayCallFrom reports whether the user may call from this address.
func (u User) MayCallFrom(addr netip.Addr) bool {
	if len(u.AllowFrom) == 0 {
		return true
	}
	addr = addr.Unmap().WithZone("")
	for _, p := range u.AllowFrom {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// MayManage reports whether the user may see, end and read back what belongs
// to creatorID.
func (u User) MayManage(creatorID int64) bool {
	return u.Role == Admin || u.ID == creatorID
}

// ParsePrefixes reads addresses and CIDRs; an address stands for itself alone.
func ParsePrefixes(texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			addr, addrErr := netip.ParseAddr(text)
			if addrErr != nil {
				return nil, &FieldError{"address", fmt.Sprintf("%q must be an IP address or a CIDR such as 10.0.0.0/8", text)}
			}
			addr = addr.Unmap().WithZone("")
			p = netip.PrefixFrom(addr, addr.BitLen())
		}
		all = append(all, p.Masked())
	}
	return all, nil
}

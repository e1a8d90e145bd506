package rooms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// hostLabel keeps host tokens apart from anything else signed with the
// same key.
const hostLabel = "plenum host token\x00"

// HostToken returns the token that makes whoever presents it a host of the
// room: HMAC-SHA256 of the room's id, base64url without padding.
func HostToken(key []byte, roomID string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(hostLabel))
	mac.Write([]byte(roomID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckHostToken reports whether token is the room's host token. Its time does
// not depend on where a wrong token differs. An empty key matches nothing.
func CheckHostToken(key []byte, roomID, token string) bool {
	return len(key) > 0 && hmac.Equal([]byte(token), []byte(HostToken(key, roomID)))
}

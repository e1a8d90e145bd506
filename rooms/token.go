package rooms

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// HostToken returns the token that makes its holder host of one room. It
// travels in a URL's fragment, so no server log sees it.
func HostToken(key []byte, roomID string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("host\x00" + roomID))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckHostToken reports whether token is the room's host token. It takes the
// same time whatever the token holds.
func CheckHostToken(key []byte, roomID, token string) bool {
	return hmac.Equal([]byte(HostToken(key, roomID)), []byte(token))
}

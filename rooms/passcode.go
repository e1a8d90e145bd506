package rooms

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// passcodeRounds makes one check cost about two milliseconds: everybody who
// joins costs one, so it must stay far below a password's. What keeps guessers
// off a short passcode is the throttle; the hash keeps it out of backups.
const passcodeRounds = 20_000

// passcodeMark begins what HashPasscode returns (PBKDF2, RFC 8018).
const passcodeMark = "$pbkdf2-sha256$" //nolint:gosec // the name of a method, no secret //nolint:gosec // how a hash begins

// HashPasscode returns what is stored of a room's passcode.
func HashPasscode(text string) string {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("%s%d$%s$%s", passcodeMark, passcodeRounds,
		b64.EncodeToString(salt), b64.EncodeToString(passcodeSum(text, salt, passcodeRounds)))
}

// CheckPasscode reports whether text is the passcode that hash was made of.
// Nothing matches a hash that can't be read.
func CheckPasscode(hash, text string) bool {
	parts := strings.Split(strings.TrimPrefix(hash, passcodeMark), "$")
	if !strings.HasPrefix(hash, passcodeMark) || len(parts) != 3 {
		return false
	}
	var rounds int
	if _, err := fmt.Sscanf(parts[0], "%d", &rounds); err != nil || rounds < 1 || rounds > 1_000_000 {
		return false
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[1])
	want, sumErr := base64.RawStdEncoding.DecodeString(parts[2])
	if saltErr != nil || sumErr != nil || len(want) != sha256.Size {
		return false
	}
	return hmac.Equal(want, passcodeSum(text, salt, rounds))
}

func passcodeSum(text string, salt []byte, rounds int) []byte {
	sum, err := pbkdf2.Key(sha256.New, text, salt, rounds, sha256.Size)
	if err != nil {
		panic("rooms: " + err.Error()) // only in FIPS mode with a short salt, and ours is 16 bytes
	}
	return sum
}

// Package keyset cuts listings of rooms into pages, the same way in every
// store: newest start first, and by id where starts are the same.
package keyset

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"plenum/rooms"
)

// Page sizes of a listing of rooms.
const (
	defaultPage = 50
	largestPage = 500
)

// Limit returns how many rooms a page holds when wanted are asked for.
func Limit(wanted int) int {
	if wanted <= 0 {
		return defaultPage
	}
	return min(wanted, largestPage)
}

// Cut returns the first limit rooms, and the cursor of the next page when
// there are more than that. A store reads one room too many to know.
func Cut(page []rooms.Room, limit int) (cut []rooms.Room, next string) {
	if len(page) <= limit {
		return page, ""
	}
	last := page[limit-1]
	text := strconv.FormatInt(last.Start.UnixMilli(), 10) + " " + last.ID
	return page[:limit], base64.RawURLEncoding.EncodeToString([]byte(text))
}

// Parse returns the start and the id of the last room before the page that
// cursor names, or a *rooms.FieldError.
func Parse(cursor string) (start time.Time, id string, err error) {
	bad := &rooms.FieldError{Field: "after", Problem: "must be the cursor of the page before"}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return time.Time{}, "", bad
	}
	ms, id, found := strings.Cut(string(text), " ")
	unix, err := strconv.ParseInt(ms, 10, 64)
	if err != nil || !found {
		return time.Time{}, "", bad
	}
	return time.UnixMilli(unix).UTC(), id, nil
}

package signaling

import (
	"fmt"
	"net/url"
	"slices"
	"unicode/utf8"
)

// Bounds of what an attendant may tell about itself.
const (
	maxDetails     = 20
	maxDetailBytes = 2 << 10 // keys and values together
)

// ParseDetails reads what an attendant tells about itself in its query: blank
// values are dropped, and of a repeated key the first that is left counts. Its
// error may be shown.
func ParseDetails(query url.Values) (map[string]string, error) {
	details := map[string]string{}
	size := 0
	for key, values := range query {
		at := slices.IndexFunc(values, func(v string) bool { return v != "" })
		if at < 0 {
			continue
		}
		value := values[at]
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return nil, fmt.Errorf("parameter %q is not UTF-8", key)
		}
		details[key] = value
		size += len(key) + len(value)
	}
	if len(details) > maxDetails {
		return nil, fmt.Errorf("more than %d parameters", maxDetails)
	}
	if size > maxDetailBytes {
		return nil, fmt.Errorf("parameters of more than %d bytes", maxDetailBytes)
	}
	return details, nil
}

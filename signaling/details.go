package signaling

import (
	"fmt"
	"net/url"
	"unicode/utf8"
)

// Bounds of what an attendant may tell about itself.
const (
	maxDetails     = 20
	maxDetailBytes = 2 << 10 // keys and values together
)

// ParseDetails reads what an attendant tells about itself in its query: of a
// repeated key the first value, and no blank ones. Its error may be shown.
func ParseDetails(query url.Values) (map[string]string, error) {
	details := map[string]string{}
	size := 0
	for key, values := range query {
		if len(values) == 0 || values[0] == "" {
			continue
		}
		if !utf8.ValidString(key) || !utf8.ValidString(values[0]) {
			return nil, fmt.Errorf("parameter %q is not UTF-8", key)
		}
		details[key] = values[0]
		size += len(key) + len(values[0])
	}
	if len(details) > maxDetails {
		return nil, fmt.Errorf("more than %d parameters", maxDetails)
	}
	if size > maxDetailBytes {
		return nil, fmt.Errorf("parameters of more than %d bytes", maxDetailBytes)
	}
	return details, nil
}

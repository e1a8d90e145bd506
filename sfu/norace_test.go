//go:build !race

package sfu

import "time"

// shortDay is how long TestADay runs unless told otherwise.
const shortDay = 6 * time.Hour

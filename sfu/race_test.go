//go:build race

package sfu

import "time"

// shortDay is how long TestADay runs unless told otherwise: the race detector
// makes it ten times slower.
const shortDay = time.Hour

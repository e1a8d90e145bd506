//go:build !live

package main

import (
	"context"
	"errors"
)

// errNoMedia is returned by builds without the media plane.
var errNoMedia = errors.New("this build has no media plane")

// openLive starts media, meetings, attendants and recordings.
func openLive(context.Context, settings, parts) (*live, error) { return nil, errNoMedia }

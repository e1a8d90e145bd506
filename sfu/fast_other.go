//go:build !linux

package sfu

// openFast falls back to Pion: the fast transport is made of Linux's system calls.
func openFast(b below) (media, error) { return openPlain(b) }

// Package static carries the built page inside the binary.
package static

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns what the page's build left in static/dist. Without a build it
// holds nothing but a placeholder, and the server says so in words.
func Dist() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic("static: " + err.Error()) // the path is a constant: it can't fail
	}
	return sub
}

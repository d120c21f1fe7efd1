// Package web is the console as built files, embedded into the centre's program. The api package serves
// them. Rule that must never break: the package builds without a built console; FS then has no index.html.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// FS returns the built console: index.html and assets at its root.
func FS() fs.FS {
	sub, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the path is a constant and valid
	}
	return sub
}

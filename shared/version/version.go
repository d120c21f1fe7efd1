// Package version holds what the build stamps into both programs.
package version

// Version and Commit are set by the linker.
var (
	Version = "0.1.0-dev"
	Commit  = "unknown"
)

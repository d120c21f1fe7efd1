// Package version holds what the build stamps into both programs, and puts versions in order.
package version

// Version and Commit are set by the linker. Floor is the oldest version of the agent that reads every file
// which this one writes: a terminal that has run this version never goes back below it.
var (
	Version = "0.1.0-dev"
	Commit  = "unknown"
	Floor   = "0.1.0-0"
)

package clock

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Uptime names this start of the machine and says how long ago it was (proc(5): boot_id, uptime). It tells
// a restarted agent how much time has passed, whatever the clocks say. Empty where that is not known.
func Uptime() (boot string, since time.Duration) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", 0
	}
	text, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return "", 0
	}
	var seconds float64
	if _, err := fmt.Sscan(string(text), &seconds); err != nil {
		return "", 0
	}
	return strings.TrimSpace(string(id)), time.Duration(seconds * float64(time.Second))
}

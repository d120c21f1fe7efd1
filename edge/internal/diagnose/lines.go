package diagnose

import (
	"encoding/hex"
	"regexp"
	"strings"
	"sync"

	"github.com/fengsui/fengsui/shared/wire"
)

// The bounds of the log that is kept in memory.
const (
	maxLine  = 2 << 10
	maxBytes = 128 << 10
)

// Lines keeps the last lines of the log. Write it one line at a time, as slog does.
type Lines struct {
	mu    sync.Mutex
	list  []string
	bytes int
}

// Write implements io.Writer.
func (l *Lines) Write(p []byte) (int, error) {
	line := strings.TrimRight(string(p[:min(len(p), maxLine)]), "\n")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, line)
	l.bytes += len(line)
	drop := 0
	for drop < len(l.list) && (len(l.list)-drop > wire.MaxLogLines || l.bytes > maxBytes) {
		l.bytes -= len(l.list[drop])
		drop++
	}
	if drop > 0 {
		l.list = append([]string(nil), l.list[drop:]...)
	}
	return len(p), nil
}

// Last is the newest lines, the oldest first.
func (l *Lines) Last(n int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.list[max(0, len(l.list)-n):], "\n")
}

var (
	named  = regexp.MustCompile(`(?i)(pass(?:word|wd|phrase)?|pw|token|secret|authorization|community|api_?key|private_?key|credential|ticket)(\\?["']?\s*[=:]\s*\\?["']?)([^\s"'\\&,;}]+)`)
	inURL  = regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://)[^\s/@"']+@`)
	bearer = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]+`)
	pem    = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\z)`)
)

const hidden = "***"

// minSecret is the shortest secret that is looked for as such: a shorter one is found everywhere.
const minSecret = 4

// Redact takes out of a text what is or looks like a secret, also where it stands as hexadecimal digits.
func Redact(text string, secrets []string) string {
	for _, s := range secrets {
		if s = strings.TrimSpace(s); len(s) >= minSecret {
			text = strings.ReplaceAll(text, s, hidden)
			text = strings.ReplaceAll(text, hex.EncodeToString([]byte(s)), hidden)
		}
	}
	text = pem.ReplaceAllString(text, hidden)
	text = inURL.ReplaceAllString(text, "${1}"+hidden+"@")
	text = bearer.ReplaceAllString(text, "${1} "+hidden)
	return named.ReplaceAllString(text, "${1}${2}"+hidden)
}

package broker

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// engineLog passes on what the embedded server has to say. Its warnings and errors are ours to see, but
// one sentence at most once a minute: some come with every message of a client.
type engineLog struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	said map[string]*saying // by format
}

type saying struct {
	at time.Time
	n  uint64 // since then
}

func newEngineLog(log *slog.Logger) *engineLog {
	return &engineLog{log: log, now: time.Now, said: map[string]*saying{}}
}

func (l *engineLog) Noticef(format string, v ...any) { l.write(slog.LevelDebug, 1, format, v) }
func (l *engineLog) Warnf(format string, v ...any)   { l.say(format, v) }
func (l *engineLog) Errorf(format string, v ...any)  { l.say(format, v) }
func (l *engineLog) Fatalf(format string, v ...any)  { l.write(slog.LevelError, 1, format, v) }
func (l *engineLog) Debugf(string, ...any)           {}
func (l *engineLog) Tracef(string, ...any)           {}

func (l *engineLog) say(format string, v []any) {
	now := l.now()
	l.mu.Lock()
	s := l.said[format]
	if s == nil {
		s = &saying{}
		l.said[format] = s
	}
	s.n++
	n, loud := s.n, now.Sub(s.at) >= time.Minute
	if loud {
		s.at, s.n = now, 0
	}
	l.mu.Unlock()
	if loud {
		l.write(slog.LevelWarn, n, format, v)
	}
}

func (l *engineLog) write(level slog.Level, n uint64, format string, v []any) {
	l.log.Log(nil, level, "embedded server", "text", strings.TrimSpace(fmt.Sprintf(format, v...)), "count", n) //nolint:staticcheck // no context here
}

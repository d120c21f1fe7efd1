package broker

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/fengsui/fengsui/shared/run"
)

// engineLog passes on what the embedded server has to say. Its warnings and errors are ours to see, but
// one sentence at most once a minute: some come with every message of a client.
type engineLog struct {
	log  *slog.Logger
	now  func() time.Time
	said run.Tally[string] // by format
}

func newEngineLog(log *slog.Logger) *engineLog {
	return &engineLog{log: log, now: time.Now, said: run.Tally[string]{Every: time.Minute}}
}

func (l *engineLog) Noticef(format string, v ...any) { l.write(slog.LevelDebug, 1, format, v) }
func (l *engineLog) Warnf(format string, v ...any)   { l.say(format, v) }
func (l *engineLog) Errorf(format string, v ...any)  { l.say(format, v) }
func (l *engineLog) Fatalf(format string, v ...any)  { l.write(slog.LevelError, 1, format, v) }
func (l *engineLog) Debugf(string, ...any)           {}
func (l *engineLog) Tracef(string, ...any)           {}

func (l *engineLog) say(format string, v []any) {
	if c, loud := l.said.Add(format, "", 1, l.now()); loud {
		l.write(slog.LevelWarn, c.N, format, v)
	}
}

func (l *engineLog) write(level slog.Level, n uint64, format string, v []any) {
	l.log.Log(nil, level, "embedded server", "text", strings.TrimSpace(fmt.Sprintf(format, v...)), "count", n) //nolint:staticcheck // no context here
}

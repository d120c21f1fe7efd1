package uplink

import (
	"context"
	"time"

	"github.com/fengsui/fengsui/shared/wire"
)

// late reports whether a backlog is more than what is on the way anyway.
func late(st wire.Status) bool {
	return st.Backlog.Records > 0 && st.Time-st.Backlog.Oldest > statusEvery.Milliseconds()
}

// statusDue reports whether the status is to be told again though nothing has changed it: often while there
// is a backlog, and once when it is gone.
func (s *session) statusDue(ctx context.Context, now time.Time) bool {
	since := now.Sub(s.told)
	switch {
	case s.u.level() != wire.BudgetNormal:
		return since >= statusSparing
	case since >= statusCalm:
		return true
	case since < statusEvery:
		return false
	}
	st := s.u.o.Status(ctx)
	// Something is nearly always on the way; nothing is, sooner or later, at the moment of looking.
	if st.Disk != nil && since >= statusTrouble {
		return true // what is lost grows
	}
	return late(st) || s.behind && (st.Backlog.Records == 0 || since >= statusGone)
}

// beat probes a link that was silent with the status, and ends the session when a probe, or anything else
// that was sent, has no echo.
func (s *session) beat(ctx context.Context, now time.Time) error {
	silence := now.Sub(time.Unix(0, s.heard.Load()))
	if quiet := s.quiet.Load(); quiet != 0 && now.Sub(time.Unix(0, quiet)) > echo {
		s.u.pulse.lost(time.Unix(0, quiet).Sub(time.Unix(0, s.heard.Load())))
		return errSilent
	}
	switch {
	case s.probed.IsZero() && silence >= s.u.pulse.current():
		s.probed, s.silence = now, silence
		return s.status(ctx)
	case s.probed.IsZero():
	case silence < now.Sub(s.probed):
		s.probed = time.Time{}
		s.u.pulse.answered()
	case now.Sub(s.probed) > heartbeatAnswer:
		s.u.pulse.lost(s.silence)
		return errSilent
	}
	return nil
}

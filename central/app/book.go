package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// logged reports whether the duty log has a line of an event: what the shift took, sent, was sent, was asked and
// answered. What happens in an exercise stands in none.
func logged(e event.Event) bool {
	return e.World == "" && slices.Contains([]string{
		telemetry.AlarmAcknowledged, intake.EventReceived, intake.EventLinked, intake.EventAside, intake.EventUndone,
		report.EventSent, report.EventPhoned, report.EventReturned, report.EventAccepted, report.EventTask,
		rollcall.EventCalled, rollcall.EventAnswered, rollcall.EventVoice, rollcall.EventMissed,
	}, e.Kind)
}

// lines turns events into lines of duty logs. The source of a line begins with the room and the id of what it leads
// to, which is how the console finds it.
type lines struct {
	inbox     intake.Store
	incidents incident.Store
	reports   report.Store
	calls     rollcall.Store
}

func linesOf(db *store.DB) lines {
	return lines{store.NewIntake(db), store.NewIncidents(db), store.NewReports(db), store.NewRollcalls(db)}
}

func (l lines) of(ctx context.Context, e event.Event) ([]handover.Entry, error) {
	var list []handover.Entry
	var err error
	switch {
	case e.Kind == telemetry.AlarmAcknowledged:
		list = alarmLines(e)
	case strings.HasPrefix(e.Kind, intake.EventKind):
		list, err = l.inboxLines(ctx, e)
	case e.Kind == report.EventTask:
		list, err = l.taskLines(ctx, e)
	case strings.HasPrefix(e.Kind, report.EventKind):
		list, err = l.reportLines(ctx, e)
	default:
		list, err = l.callLines(ctx, e)
	}
	for i := range list {
		if list[i].At.IsZero() {
			list[i].At = e.At
		}
		if list[i].ByName == "" {
			list[i].By, list[i].ByName = e.Actor, e.ActorName
		}
	}
	return list, err
}

func alarmLines(e event.Event) []handover.Entry {
	a, ok := e.Data.(telemetry.Alarm)
	if !ok || a.AckedAt == nil {
		return nil
	}
	return []handover.Entry{{
		Kind: handover.Alarm, By: a.AckedBy, ByName: a.AckedByName, At: *a.AckedAt, Source: "alarm " + a.ID + " " + a.AckedAt.String(),
		Text: strings.TrimSpace(a.DeviceName + " " + a.RuleName + " " + a.AckNote),
	}}
}

// inboxLines are of the desk that has the item. What the public writes into the form waits without one, until somebody
// of the desk has done something with it.
func (l lines) inboxLines(ctx context.Context, e event.Event) ([]handover.Entry, error) {
	i, err := l.inbox.Item(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	if e.Kind == intake.EventReceived && i.Kind == intake.Public {
		return nil, nil
	}
	at := e.At.UTC().Format(time.RFC3339Nano)
	act, text, source := strings.TrimPrefix(e.Kind, intake.EventKind), first(i.Text), fmt.Sprintf("inbox %s %s", i.ID, at)
	line := handover.Entry{OrgID: i.OrgID, Kind: handover.Inbox, Party: strings.Join(strings.Fields(i.Unit+" "+i.Caller+" "+i.Post), " ")}
	switch {
	case e.Kind == intake.EventReceived:
		line.At, line.Contact, text = i.ReceivedAt, i.Phone, i.Kind.Word()+" "+i.Place+" "+i.Text
	case e.Kind == intake.EventLinked && i.IncidentID != "":
		in, err := l.incidents.Incident(ctx, i.IncidentID)
		if err != nil {
			return nil, err
		}
		if i.Opened {
			act = "opened"
		}
		text, source = in.No+" "+in.Title, fmt.Sprintf("incident %s %s", in.ID, at)
	case e.Kind == intake.EventAside && i.Reason != "":
		text += "（" + i.Reason + "）"
	}
	line.Text, line.Source = handover.Acted(act, text), source
	return []handover.Entry{line}, nil
}

// reportLines are of the desk that sends and of that which receives.
func (l lines) reportLines(ctx context.Context, e event.Event) ([]handover.Entry, error) {
	h, err := l.reports.Hop(ctx, e.Subject)
	if errs.KindOf(err) == errs.NotFound {
		return nil, nil // the event of the report as a whole: each of its ways has its own
	}
	if err != nil {
		return nil, err
	}
	act := strings.TrimPrefix(e.Kind, report.EventKind)
	source := "incident " + h.IncidentID + " " + h.ID + " " + act
	if h.ReportID != "" {
		source = "report " + h.ReportID + " " + h.ID + " " + act
	}
	text := h.Title
	switch e.Kind {
	case report.EventPhoned:
		text += "：" + h.Text
	case report.EventReturned:
		text += "：" + h.Reason
	}
	there := map[string]string{report.EventSent: "came", report.EventPhoned: "heard", report.EventReturned: "got_back", report.EventAccepted: "was_accepted"}[e.Kind]
	from, to := act, there
	if e.Kind == report.EventReturned || e.Kind == report.EventAccepted {
		from, to = there, act
	}
	return both(handover.Report, source, text, h.FromOrg, h.FromName, from, h.ToOrg, h.ToName, to), nil
}

// taskLines are of the desk that gave the task and of that which has to do it.
func (l lines) taskLines(ctx context.Context, e event.Event) ([]handover.Entry, error) {
	data, ok := e.Data.(report.Trace)
	if !ok || data.Act == "" {
		return nil, nil
	}
	t, err := l.reports.Task(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	text := t.Leader + "：" + first(t.Text)
	if why := map[report.TaskAct]string{report.ActAnswer: t.Answer, report.ActBack: t.Reason}[data.Act]; why != "" {
		text += " — " + why
	}
	giver := map[report.TaskAct]string{report.ActGive: "given", report.ActAnswer: "answered", report.ActClose: "close", report.ActBack: "back", report.ActUrge: "urge"}[data.Act]
	doer := map[report.TaskAct]string{report.ActGive: "got", report.ActTake: "take", report.ActAnswer: "answer", report.ActClose: "closed", report.ActBack: "sent_back", report.ActUrge: "urged"}[data.Act]
	return both(handover.Task, fmt.Sprintf("incident %s %s %d", t.IncidentID, t.ID, data.Version), text, t.FromOrg, t.FromName, giver, t.ToOrg, t.ToName, doer), nil
}

// both are the lines of two desks about what went between them; without an act, a desk has none.
func both(k handover.EntryKind, source, text, from, fromName, fromAct, to, toName, toAct string) []handover.Entry {
	var out []handover.Entry
	if from != "" && fromAct != "" {
		out = append(out, handover.Entry{OrgID: from, Kind: k, Party: toName, Text: handover.Acted(fromAct, text), Source: source})
	}
	if to != "" && toAct != "" && to != from {
		out = append(out, handover.Entry{OrgID: to, Kind: k, Party: fromName, Text: handover.Acted(toAct, text), Source: source})
	}
	return out
}

// callLines are of the desk that calls, and of that which answers or does not.
func (l lines) callLines(ctx context.Context, e event.Event) ([]handover.Entry, error) {
	if e.Kind == rollcall.EventCalled {
		c, err := l.calls.Call(ctx, e.Subject)
		if err != nil {
			return nil, err
		}
		var orgs []string
		for _, p := range c.Posts {
			if !slices.Contains(orgs, p.OrgName) {
				orgs = append(orgs, p.OrgName)
			}
		}
		return []handover.Entry{{OrgID: c.OrgID, Kind: handover.Roll, ByName: c.ByName, By: e.Actor, Party: strings.Join(orgs, "、"), Text: handover.Acted("called", c.Name), Source: "rollcall " + c.ID}}, nil
	}
	p, err := l.calls.Post(ctx, e.Subject)
	if err != nil {
		return nil, err
	}
	c, err := l.calls.Call(ctx, p.CallID)
	if err != nil {
		return nil, err
	}
	line := handover.Entry{OrgID: p.OrgID, Kind: handover.Roll, Party: c.OrgName, Source: fmt.Sprintf("rollcall %s %s %s", c.ID, p.ID, e.At.UTC().Format(time.RFC3339Nano))}
	switch e.Kind {
	case rollcall.EventAnswered:
		line.Text = handover.Acted("roll_answered", c.Name)
	case rollcall.EventMissed:
		line.Text = handover.Acted("missed", c.Name)
	default: // written down by who rang up
		line.OrgID, line.Party, line.Text = c.OrgID, strings.TrimSpace(p.OrgName+" "+p.ByName), handover.Acted("voice", c.Name+" "+p.Note)
	}
	return []handover.Entry{line}, nil
}

// first is the first line of a text.
func first(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

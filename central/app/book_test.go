package app

import (
	"context"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/telemetry"
)

// What the shift did in other rooms stands in the books of the desks that it concerns.
func TestOfWhatBooksHaveALine(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		at := time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
		l := linesOf(db)
		must(db.Do(ctx, func(ctx context.Context) error {
			accounts := store.NewAccounts(db)
			for _, o := range []account.Org{{ID: "city", Name: "市", Division: "320600"}, {ID: "county", ParentID: "city", Name: "县", Division: "320623"}} {
				if err := accounts.SaveOrg(ctx, o); err != nil {
					return err
				}
			}
			return l.incidents.Save(ctx, incident.Incident{ID: "i", No: "2026-0001", OrgID: "county", Division: "320623", Title: "泄漏", State: incident.Open, OccurredAt: at, OpenedAt: at, Version: 1}, 0)
		}))
		for id, item := range map[string]intake.Item{
			"call":   {Kind: intake.Call, Unit: "园区", Caller: "张某", Phone: "000-0000", Place: "化工园", Text: "有异味\n待查", IncidentID: "i", Opened: true},
			"public": {Kind: intake.Public, Text: "有烟", Reason: "重复"},
		} {
			item.ID, item.OrgID, item.Division, item.ReceivedAt, item.State, item.Version = id, "county", "320623", at, intake.Waiting, 1
			_, err := l.inbox.Add(ctx, item)
			must(err)
		}
		must(l.reports.Save(ctx, report.Report{ID: "r", IncidentID: "i", OrgID: "county", Title: "初报", Kind: report.First, State: report.Sent, CreatedAt: at, Version: 1}, 0))
		must(l.reports.SaveHop(ctx, report.Hop{ID: "hop", ReportID: "r", IncidentID: "i", Title: "初报", Kind: report.Up, FromOrg: "county", FromName: "县", ToOrg: "city", ToName: "市", Reason: "补联系人", SubmittedAt: at}))
		must(l.reports.AddInstruction(ctx, report.Instruction{ID: "in", IncidentID: "i", OrgID: "city", Leader: "吴局", At: at, Text: "查明"}))
		must(l.reports.SaveTask(ctx, report.Task{ID: "task", InstructionID: "in", IncidentID: "i", Leader: "吴局", Text: "查明", Answer: "已查明", FromOrg: "city", FromName: "市", ToOrg: "county", ToName: "县", State: report.Answered, GivenAt: at, DueAt: at, Version: 2}, 0))
		must(l.calls.AddCall(ctx, rollcall.Call{ID: "c", OrgID: "city", OrgName: "市", Division: "320600", Name: "夜查", At: at, DueAt: at, Posts: []rollcall.Post{{ID: "p", CallID: "c", OrgID: "county", OrgName: "县", Division: "320623", At: at, DueAt: at}}}))
		acked := at.Add(time.Minute)
		act := func(a report.TaskAct) report.Trace { return report.Trace{Act: a, Version: 2} }
		for _, c := range []struct {
			e    event.Event
			want []string
		}{
			{event.Event{Kind: telemetry.AlarmAcknowledged, Data: telemetry.Alarm{ID: "a", DeviceName: "甲烷", RuleName: "超限", AckedAt: &acked, AckedByName: "乙"}}, []string{" alarm  甲烷 超限"}},
			{event.Event{Kind: intake.EventReceived, Subject: "call"}, []string{"county inbox 园区 张某 received|电话 化工园 有异味\n待查"}},
			{event.Event{Kind: intake.EventLinked, Subject: "call"}, []string{"county inbox 园区 张某 opened|2026-0001 泄漏"}},
			{event.Event{Kind: intake.EventReceived, Subject: "public"}, nil},
			{event.Event{Kind: intake.EventAside, Subject: "public"}, []string{"county inbox  aside|有烟（重复）"}},
			{event.Event{Kind: report.EventSent, Subject: "hop"}, []string{"county report 市 sent|初报", "city report 县 came|初报"}},
			{event.Event{Kind: report.EventSent, Subject: "r"}, nil},
			{event.Event{Kind: report.EventReturned, Subject: "hop"}, []string{"county report 市 got_back|初报：补联系人", "city report 县 returned|初报：补联系人"}},
			{event.Event{Kind: report.EventAccepted, Subject: "hop"}, []string{"county report 市 was_accepted|初报", "city report 县 accepted|初报"}},
			{event.Event{Kind: report.EventTask, Subject: "task", Data: act(report.ActGive)}, []string{"city task 县 given|吴局：查明", "county task 市 got|吴局：查明"}},
			{event.Event{Kind: report.EventTask, Subject: "task", Data: act(report.ActTake)}, []string{"county task 市 take|吴局：查明"}},
			{event.Event{Kind: report.EventTask, Subject: "task", Data: act(report.ActAnswer)}, []string{"city task 县 answered|吴局：查明 — 已查明", "county task 市 answer|吴局：查明 — 已查明"}},
			{event.Event{Kind: rollcall.EventCalled, Subject: "c"}, []string{"city rollcall 县 called|夜查"}},
			{event.Event{Kind: rollcall.EventAnswered, Subject: "p"}, []string{"county rollcall 市 roll_answered|夜查"}},
			{event.Event{Kind: rollcall.EventMissed, Subject: "p"}, []string{"county rollcall 市 missed|夜查"}},
		} {
			c.e.At, c.e.Actor, c.e.ActorName = at, "u", "甲"
			if !logged(c.e) {
				t.Errorf("%s is not logged", c.e.Kind)
			}
			list, err := l.of(ctx, c.e)
			must(err)
			var got []string
			for _, e := range list {
				got = append(got, e.OrgID+" "+string(e.Kind)+" "+e.Party+" "+e.Text)
				if e.Source == "" || e.At.IsZero() || e.ByName == "" {
					t.Errorf("%s: %+v lacks source, time or who", c.e.Kind, e)
				}
				if _, said := e.Said(); e.Kind != handover.Alarm && (said == "" || said[0] == ':' || said == e.Text) {
					t.Errorf("%s: a document says %q", c.e.Kind, said)
				}
			}
			if len(got) != len(c.want) {
				t.Errorf("%s %s: %q", c.e.Kind, c.e.Subject, got)
				continue
			}
			for i, want := range c.want {
				if got[i] != want {
					t.Errorf("%s %s: %q, not %q", c.e.Kind, c.e.Subject, got[i], want)
				}
			}
		}
		if logged(event.Event{Kind: report.EventSent, World: "drill"}) || logged(event.Event{Kind: report.EventOpened}) {
			t.Error("an exercise, or that somebody looked, is logged")
		}
	})
}

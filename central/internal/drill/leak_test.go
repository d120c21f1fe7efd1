package drill_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
	"github.com/fengsui/fengsui/central/internal/talk"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/world"
	"github.com/fengsui/fengsui/shared/wire"
)

// radio notes what reaches a terminal.
type radio struct{ orders int }

func (r *radio) Command(context.Context, string, wire.Command) error {
	r.orders++
	return errors.New("reached a terminal")
}

// attempt is one try to get something of an exercise out of it, or something real into it. It answers what leaked.
type attempt struct {
	name string
	try  func() string
}

// TestNothingLeaksFromAnExercise plays an exercise with everything in it beside a real incident of the same name, and
// tries in writing to carry something across.
func TestNothingLeaksFromAnExercise(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := newHouse(t, db)
		draft := incident.Draft{Title: "河堤管涌", Category: "natural.flood", Place: "洋口镇海堤", Level: 4}
		actual, err := h.incidents.Open(h.officer, draft)
		h.must(err)
		d, in := h.running()
		played, err := h.incidents.Open(in, draft)
		h.must(err)
		figure, err := h.incidents.Count(in, played.ID, incident.Figure{Kind: "trapped", Value: 3, Source: "演练"})
		h.must(err)
		hop, err := h.reports.Phoned(in, played.ID, report.Call{Text: "演练报告"})
		h.must(err)
		version, err := h.reports.Begin(in, played.ID, "")
		h.must(err)
		started, err := h.responses.Activate(in, played.ID, response.Start{PlanID: h.plan.ID, Version: h.plan.Version, Level: 4, Order: "演练总指挥", Emergency: true, Why: "险情紧急，先启动后报告"})
		h.must(err)
		view, err := h.responses.View(in, played.ID)
		h.must(err)
		task := view.Tasks[0]
		letters, err := h.notices.List(in, "", page.Request{})
		h.must(err)
		if len(letters.Items) != 1 || !strings.HasPrefix(letters.Items[0].Text, world.Mark) || !strings.HasPrefix(letters.Items[0].Title, world.Mark) || letters.Items[0].State != notice.Inside {
			t.Fatalf("the message of the exercise: %+v", letters.Items)
		}
		e2, err := h.Make(h.chief, h.draft(drill.Functional))
		h.must(err)
		_, err = h.Act(h.chief, e2.ID, drill.Act{Kind: "start"})
		h.must(err)
		elsewhere := world.Into(h.officer, world.World(e2.ID))
		blind, err := h.Make(h.chief, h.draft(drill.Blind))
		h.must(err)

		colleague, _ := h.user("乙", h.county, account.RoleDuty)
		observer, observes := h.user("己", h.other, account.RoleDuty)
		_, evaluates := h.user("戊", h.other, account.RoleDuty)
		byName, secret := h.named(drill.Tabletop, h.officerID, evaluates, observes), h.named(drill.Blind, h.officerID, evaluates, observes)
		h.act(byName.ID, "start")

		ctx := h.officer
		mayor := h.chief
		terminal := &radio{}
		orders := &device.Orders{Commander: terminal}
		outputs := output.New(output.Options{Orders: orders})
		pictures := video.New(video.Options{Log: slog.New(slog.DiscardHandler)})
		papers := paper.New(paper.Options{Accounts: h.accounts})
		speech := talk.New(talk.Options{Orders: orders, Log: slog.New(slog.DiscardHandler)})
		scenes := crew.New(crew.Options{Desks: incident.Desks{Accounts: h.accounts}})
		reviews := review.New(review.Options{Store: store.NewReviews(db), Tx: db, Desks: incident.Desks{Accounts: h.accounts}, Incidents: h.incidents, Responses: h.responses, Clocks: h.clocks, Events: h.bus})
		asked, err := h.resources.Board(in, played.ID)
		h.must(err)
		if len(asked.Requests) != 1 || asked.Requests[0].IncidentID != played.ID {
			t.Fatalf("what the plan asks for inside: %+v", asked.Requests)
		}
		rumour, err := h.opinions.Add(in, played.ID, opinion.Found{Source: "微博", Text: "演练传言"})
		h.must(err)
		answer, err := h.opinions.Ask(in, played.ID, opinion.Ask{Do: "statement", Title: "回应演练传言", Entries: []string{rumour.ID}})
		h.must(err)
		statement, err := h.opinions.Draft(in, played.ID, opinion.NewStatement{Template: "rumour", Tasks: []string{answer.ID}})
		h.must(err)
		calls := rollcall.New(rollcall.Options{Accounts: h.accounts, Roster: h.roster, Clocks: h.clocks, Notices: h.notices})

		// gone is for what must not be there, barred for what must not be done.
		gone := func(err error) string {
			if errs.KindOf(err) != errs.NotFound {
				return fmt.Sprintf("answered %v", err)
			}
			return ""
		}
		barred := func(err error) string {
			if errs.KindOf(err) != errs.Denied {
				return fmt.Sprintf("answered %v", err)
			}
			return ""
		}
		none := func(n int, err error) string {
			if n != 0 || err != nil {
				return fmt.Sprintf("%d, %v", n, err)
			}
			return ""
		}
		only := func(list page.List[incident.Incident], err error, id string) string {
			if err != nil || len(list.Items) != 1 || list.Items[0].ID != id {
				return fmt.Sprintf("%+v, %v", list.Items, err)
			}
			return ""
		}
		list := []attempt{
			{"the list of incidents", func() string {
				l, err := h.incidents.List(ctx, incident.Filter{}, page.Request{})
				return only(l, err, actual.ID)
			}},
			{"the list of the city", func() string {
				l, err := h.incidents.List(mayor, incident.Filter{}, page.Request{})
				return only(l, err, actual.ID)
			}},
			{"the list of the centre itself", func() string {
				l, err := h.incidents.List(h.system, incident.Filter{}, page.Request{})
				return only(l, err, actual.ID)
			}},
			{"a search for its number", func() string {
				l, err := h.incidents.List(mayor, incident.Filter{}, page.Request{Search: played.No})
				return none(len(l.Items), err)
			}},
			{"the incident by its id", func() string { _, err := h.incidents.Get(mayor, played.ID); return gone(err) }},
			{"the room of the incident", func() string { _, err := h.incidents.Room(mayor, played.ID); return gone(err) }},
			{"the centre's own look at it", func() string { _, err := h.incidents.Get(h.system, played.ID); return gone(err) }},
			{"a change of it", func() string {
				title := "真的"
				_, err := h.incidents.Change(ctx, played.ID, incident.Change{Version: played.Version, Title: &title})
				return gone(err)
			}},
			{"grading it", func() string { _, err := h.incidents.Grade(ctx, played.ID, 1, "x"); return gone(err) }},
			{"a level of response for it", func() string { _, err := h.incidents.Respond(ctx, played.ID, 1, "x"); return gone(err) }},
			{"counting the dead of it", func() string {
				_, err := h.incidents.Count(ctx, played.ID, incident.Figure{Kind: "dead", Value: 1, Source: "x"})
				return gone(err)
			}},
			{"a line of its timeline", func() string {
				_, err := h.incidents.Write(ctx, played.ID, incident.Step{Kind: incident.Noted, Text: "x"})
				return gone(err)
			}},
			{"a line that another room writes", func() string {
				return gone(h.incidents.Record(ctx, played.ID, h.county, incident.Step{Kind: incident.Noted, Text: "x"}, nil))
			}},
			{"a line put there behind its service", func() string {
				return gone(store.NewIncidents(db).Add(h.system, incident.Step{IncidentID: played.ID, At: time.Now(), Kind: incident.Noted, Text: "x"}))
			}},
			{"a real line put into another exercise", func() string {
				return gone(store.NewIncidents(db).Add(elsewhere, incident.Step{IncidentID: actual.ID, At: time.Now(), Kind: incident.Noted, Text: "x"}))
			}},
			{"another source of it", func() string {
				_, err := h.incidents.Learn(ctx, played.ID, incident.Known{Kind: "call", Ref: "x"})
				return gone(err)
			}},
			{"merging it into a real one", func() string { _, err := h.incidents.Merge(ctx, played.ID, actual.ID); return gone(err) }},
			{"merging a real one into it", func() string { _, err := h.incidents.Merge(ctx, actual.ID, played.ID); return gone(err) }},
			{"splitting it", func() string {
				_, err := h.incidents.Split(ctx, played.ID, incident.Halves{Title: "x", Place: "x", Why: "x"})
				return gone(err)
			}},
			{"a figure of it split off a real one", func() string {
				_, err := h.incidents.Split(ctx, actual.ID, incident.Halves{Title: "x", Place: "x", Why: "x", Parts: incident.Parts{Figures: []string{figure.ID}}})
				if errs.KindOf(err) != errs.Invalid {
					return fmt.Sprintf("answered %v", err)
				}
				return ""
			}},
			{"an opinion of an expert inside", func() string {
				_, err := h.opinions.Consult(ctx, played.ID, opinion.Advice{Name: "x", Field: "x", Text: "x", How: "x"})
				return gone(err)
			}},
			{"closing it", func() string { _, err := h.incidents.Close(ctx, played.ID, incident.Closed, "x"); return gone(err) }},
			{"what is alike", func() string {
				l, err := h.incidents.Similar(ctx, played.Sketch(), actual.ID)
				return none(len(l), err)
			}},
			{"its figures", func() string { l, err := h.incidents.Figures(h.system, played.ID); return none(len(l), err) }},
			{"who knew of it", func() string { l, err := h.incidents.WhoKnew(h.system, played.ID); return none(len(l), err) }},
			{"the register of numbers", func() string {
				next, err := h.incidents.Open(ctx, incident.Draft{Title: "另一起", Category: "natural.flood", Place: "别处"})
				if err != nil || !strings.HasSuffix(next.No, "-0002") || strings.HasPrefix(played.No, "2") {
					return fmt.Sprintf("%s after %s, %s inside, %v", next.No, actual.No, played.No, err)
				}
				_, err = h.incidents.Close(ctx, next.ID, incident.Void, "误开")
				return none(0, err)
			}},
			{"a report about it", func() string { _, err := h.reports.Begin(ctx, played.ID, ""); return gone(err) }},
			{"its draft", func() string { _, err := h.reports.Get(ctx, version.ID); return gone(err) }},
			{"sending its draft", func() string {
				_, err := h.reports.Send(ctx, version.ID, report.Sending{Version: version.Version, Signer: "李", How: "oral"})
				return gone(err)
			}},
			{"discarding its draft", func() string {
				err := h.reports.Discard(ctx, version.ID)
				if _, still := h.reports.Get(in, version.ID); still != nil {
					return "it is gone"
				}
				return gone(err)
			}},
			{"its chain of reports", func() string {
				c, err := h.reports.Chain(mayor, played.ID)
				return none(len(c.Hops)+len(c.Reports), err)
			}},
			{"a telephone report of it", func() string { _, err := h.reports.Phoned(ctx, played.ID, report.Call{Text: "x"}); return gone(err) }},
			{"the desk of the city", func() string {
				v, err := h.reports.Desk(mayor)
				return none(len(v.Waiting)+len(v.Received), err)
			}},
			{"the desk of the county", func() string {
				v, err := h.reports.Desk(ctx)
				return none(len(v.Drafts)+len(v.Sent), err)
			}},
			{"opening what went up", func() string { _, err := h.reports.Open(mayor, hop.ID); return gone(err) }},
			{"accepting what went up", func() string { _, err := h.reports.Accept(mayor, hop.ID); return gone(err) }},
			{"returning what went up", func() string { _, err := h.reports.Return(mayor, hop.ID, "x"); return gone(err) }},
			{"passing it on further up", func() string { _, err := h.reports.Forward(mayor, hop.ID); return gone(err) }},
			{"an instruction about it", func() string {
				_, err := h.reports.Order(mayor, played.ID, report.NewInstruction{Leader: "市长", At: time.Now(), Text: "x", Orgs: []string{h.county.ID}, DueAt: time.Now().Add(time.Hour)})
				return gone(err)
			}},
			{"the board of what is supervised", func() string { l, err := h.reports.Board(mayor, false); return none(len(l), err) }},
			{"a judgement of it", func() string {
				_, err := h.reports.Judge(mayor, played.ID, report.NewJudgement{OrgID: h.county.ID, Fault: "late", Reason: "x", Evidence: "x"})
				return gone(err)
			}},
			{"the statistics", func() string {
				v, err := h.reports.Stats(mayor, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
				if v.Levels["4"] != 1 {
					return fmt.Sprintf("%+v, %v", v.Levels, err)
				}
				return none(0, err)
			}},
			{"an official report of it", func() string { _, err := h.reports.Paper(ctx, h.county, version.ID); return gone(err) }},
			{"the plans that are carried out", func() string { _, err := h.responses.View(mayor, played.ID); return gone(err) }},
			{"carrying a plan out for it", func() string {
				_, err := h.responses.Activate(ctx, played.ID, response.Start{PlanID: h.plan.ID, Version: h.plan.Version, Level: 4, Order: "x", Emergency: true, Why: "险情紧急，先启动后报告"})
				return gone(err)
			}},
			{"proposals for it", func() string { _, err := h.responses.Propose(ctx, played.ID); return gone(err) }},
			{"ending its response", func() string { _, err := h.responses.Shift(ctx, started.Response.ID, 0, "x", ""); return gone(err) }},
			{"its command", func() string { _, err := h.responses.Take(ctx, played.ID, response.Act{Do: "take"}); return gone(err) }},
			{"who may command it", func() string { _, err := h.responses.Commanders(ctx, played.ID); return gone(err) }},
			{"filling its seats", func() string {
				_, err := h.responses.Seat(ctx, started.Response.ID, view.Responses[0].Seats[0].ID, response.Fill{Name: "乙"})
				return gone(err)
			}},
			{"a task on the spot", func() string {
				_, err := h.responses.Order(ctx, played.ID, response.Give{ResponseID: started.Response.ID, SeatID: task.SeatID, Title: "x", DueAt: time.Now().Add(time.Hour)})
				return gone(err)
			}},
			{"its task", func() string { _, err := h.responses.Task(ctx, task.ID); return gone(err) }},
			{"a step of its task", func() string { _, err := h.responses.Do(ctx, task.ID, response.Step{Kind: "accept"}); return gone(err) }},
			{"the own tasks", func() string { l, err := h.responses.Mine(ctx); return none(len(l), err) }},
			{"the clocks of the desk", func() string {
				l, err := h.clocks.Running(mayor, "", page.Request{})
				n := 0
				for _, c := range l.Items {
					if c.Exercise != "" || c.Owner.ID == task.ID || c.Owner.ID == played.ID {
						n++
					}
				}
				return none(n, err)
			}},
			{"the clock of its task", func() string {
				_, err := h.clocks.Of(mayor, deadline.Owner{Kind: response.OwnerKind, ID: task.ID}, "task")
				return gone(err)
			}},
			{"the messages of the desk", func() string {
				l, err := h.notices.List(mayor, "", page.Request{})
				return none(len(l.Items), err)
			}},
			{"its message", func() string { _, err := h.notices.Get(mayor, letters.Items[0].ID); return gone(err) }},
			{"a text message to the phone", func() string { return none(len(h.send()), nil) }},
			{"a text message by a channel that came back", func() string {
				err := store.NewNotices(db).Hurry(h.system, "sms", time.Now())
				return none(len(h.send()), err)
			}},
			{"a message queued inside with a number", func() string {
				err := h.notices.Queue(in, notice.Order{
					Key: "x", Kind: "test", Division: "320623", Title: "x", Text: "x", Until: time.Now().Add(time.Hour), Urgent: true,
					To: []notice.Person{{ID: "p", Name: "甲", Ways: []notice.Way{{Channel: "sms", Address: "13800000001"}}}},
				})
				return none(len(h.send()), err)
			}},
			{"a test message", func() string {
				admin := world.Into(actor.WithSystem(t.Context(), "admin"), world.World(d.ID))
				_, err := h.notices.Test(admin, "sms", "13800000001", "x")
				return barred(err)
			}},
			{"a message put before the channel in the database", func() string {
				now := time.Now()
				n := letters.Items[0]
				n.State, n.NextAt, n.Ways = notice.Queued, &now, []notice.Way{{Channel: "sms", Address: "13800000001"}}
				if err := store.NewNotices(db).Save(in, n); err == nil {
					return "the database took it"
				}
				return none(len(h.send()), nil)
			}},
			{"a siren", func() string {
				_, err := outputs.Switch(in, output.Order{Device: "siren", Output: "horn", On: true, Seconds: 10})
				return barred(err)
			}},
			{"any order to a terminal", func() string {
				_, err := orders.Send(in, "edge", device.NewCommand(wire.CommandOutputSet, nil, time.Minute), time.Second)
				if terminal.orders != 0 {
					return "the terminal got it"
				}
				return barred(err)
			}},
			{"a voice at the scene", func() string {
				_, err := speech.Begin(in, talk.Wish{Listeners: []string{"siren"}, SDP: "v=0"})
				return barred(err)
			}},
			{"a real team sent from inside", func() string {
				_, err := h.resources.Send(in, asked.Requests[0].ID, []resource.Choice{{ID: "x"}}, asked.Requests[0].Edit, 30)
				return barred(err)
			}},
			{"a change of the register of teams", func() string {
				_, err := h.resources.SaveTeam(in, resource.Team{Name: "x"})
				return barred(err)
			}},
			{"what its plan asks for", func() string { _, err := h.resources.Board(mayor, played.ID); return gone(err) }},
			{"one of its requests by its id", func() string { _, err := h.resources.Propose(mayor, asked.Requests[0].ID); return gone(err) }},
			{"sending to one of its requests", func() string {
				_, err := h.resources.Send(ctx, asked.Requests[0].ID, []resource.Choice{{ID: "x"}}, asked.Requests[0].Edit, 30)
				return gone(err)
			}},
			{"asking for it by hand", func() string {
				_, err := h.resources.Ask(ctx, played.ID, resource.Ask{Kind: resource.OfTeam, What: "冲锋舟", Amount: 1})
				return gone(err)
			}},
			{"what is said of it", func() string {
				v, err := h.opinions.View(mayor, played.ID)
				if len(v.Entries)+len(v.Tasks)+len(v.Statements) > 0 {
					return "it is shown"
				}
				return gone(err)
			}},
			{"writing down what is said of it", func() string {
				_, err := h.opinions.Add(ctx, played.ID, opinion.Found{Source: "x", Text: "x"})
				return gone(err)
			}},
			{"judging what is said inside", func() string {
				_, err := h.opinions.Judge(ctx, rumour.ID, opinion.Line{Kind: "verdict", Verdict: opinion.True, Text: "x"})
				return gone(err)
			}},
			{"settling an answer of inside", func() string {
				_, err := h.opinions.Settle(ctx, answer.ID, opinion.Said, "x")
				return gone(err)
			}},
			{"the clock of its answer", func() string {
				_, err := h.clocks.Of(mayor, deadline.Owner{Kind: opinion.OwnerKind, ID: played.ID + " " + answer.ID}, "statement")
				return gone(err)
			}},
			{"its press statement", func() string { _, _, err := h.opinions.Print(ctx, statement.ID); return gone(err) }},
			{"printing its press statement inside", func() string { _, _, err := h.opinions.Print(in, statement.ID); return barred(err) }},
			{"releasing its press statement inside", func() string {
				_, err := h.opinions.Act(in, statement.ID, opinion.Act{Do: "release", Edit: statement.Edit, Note: "微博"})
				return barred(err)
			}},
			{"releasing its press statement from outside", func() string {
				_, err := h.opinions.Act(ctx, statement.ID, opinion.Act{Do: "release", Edit: statement.Edit, Note: "微博"})
				return gone(err)
			}},
			{"a press statement without its mark", func() string {
				_, err := h.opinions.Write(in, statement.ID, statement.Edit, "情况通报", "x")
				if errs.KindOf(err) != errs.Invalid || !strings.HasPrefix(statement.Title, world.Mark) {
					return fmt.Sprintf("%s, %v", statement.Title, err)
				}
				return ""
			}},
			{"an entry put there behind its service", func() string {
				return gone(store.NewOpinions(db).AddEntry(h.system, opinion.Entry{ID: "x", IncidentID: played.ID}))
			}},
			{"a review of it", func() string { _, err := reviews.View(ctx, played.ID); return gone(err) }},
			{"a lesson of it in the real plan", func() string {
				_, err := reviews.Write(in, played.ID, review.Texts{Course: "x"})
				return barred(err)
			}},
			{"a link that publishes a picture", func() string {
				_, err := pictures.Share(in, video.LinkDraft{})
				return barred(err)
			}},
			{"a message to the crew at a scene", func() string {
				_, err := scenes.Send(in, crew.Draft{Key: "x", Targets: []string{"x"}, Text: "x", Minutes: 1})
				return barred(err)
			}},
			{"a message to a crew that is withdrawn from inside", func() string { _, err := scenes.Withdraw(in, "x"); return barred(err) }},
			{"an official document", func() string {
				_, err := papers.Create(in, paper.NewPaper{Kind: paper.Brief, Content: paper.Content{Title: "x", Text: "x"}})
				return barred(err)
			}},
			{"an official document made from it", func() string { _, err := papers.Compose(in, paper.Report, version.ID); return barred(err) }},
			{"an official number", func() string { _, err := papers.TakeNumber(in, "x"); return barred(err) }},
			{"a signature", func() string {
				_, err := papers.Sign(world.Into(h.chief, world.World(d.ID)), "x", paper.Sign{Version: 1, Password: "x"})
				return barred(err)
			}},
			{"a roll-call", func() string {
				_, err := calls.Begin(world.Into(mayor, world.World(d.ID)), rollcall.Ask{Name: "x"})
				return barred(err)
			}},
			{"a real incident seen from inside", func() string { _, err := h.incidents.Get(in, actual.ID); return gone(err) }},
			{"the real list from inside", func() string {
				l, err := h.incidents.List(in, incident.Filter{}, page.Request{})
				return only(l, err, played.ID)
			}},
			{"a merge from inside into reality", func() string { _, err := h.incidents.Merge(in, played.ID, actual.ID); return gone(err) }},
			{"a plan carried out from inside for a real one", func() string {
				_, err := h.responses.Activate(in, actual.ID, response.Start{PlanID: h.plan.ID, Version: h.plan.Version, Level: 4, Order: "x", Emergency: true, Why: "险情紧急，先启动后报告"})
				return gone(err)
			}},
			{"another exercise", func() string {
				l, err := h.incidents.List(elsewhere, incident.Filter{}, page.Request{})
				if err == nil {
					_, err = h.incidents.Get(elsewhere, played.ID)
				}
				if len(l.Items) != 0 {
					return "it is listed"
				}
				return gone(err)
			}},
			{"entering without taking part", func() string { return gone(h.Enter(h.outside, d.ID, false)) }},
			{"sending a real team for what the plan asks inside", func() string {
				if asked.Orders {
					return "the board offers it"
				}
				_, err := h.resources.Send(in, asked.Requests[0].ID, []resource.Choice{{ID: "x"}}, asked.Requests[0].Edit, 0)
				return barred(err)
			}},
			{"entering as the colleague of who is named", func() string {
				if err := h.Enter(colleague, byName.ID, false); errs.KindOf(err) != errs.NotFound {
					return fmt.Sprintf("answered %v", err)
				}
				_, err := h.Inbox(colleague, byName.ID)
				return gone(err)
			}},
			{"acting as somebody who looks on", func() string {
				h.must(h.Enter(observer, byName.ID, false))
				return barred(h.Enter(observer, byName.ID, true))
			}},
			{"a blind one told to those who are named in it", func() string {
				for _, who := range []context.Context{h.officer, observer} {
					if err := h.Enter(who, secret.ID, false); errs.KindOf(err) != errs.NotFound {
						return fmt.Sprintf("answered %v", err)
					}
					if _, err := h.Get(who, secret.ID); errs.KindOf(err) != errs.NotFound {
						return fmt.Sprintf("shows %v", err)
					}
					l, err := h.List(who, "")
					if leak := none(len(slices.DeleteFunc(l, func(o drill.Drill) bool { return o.ID != secret.ID })), err); leak != "" {
						return leak
					}
				}
				return ""
			}},
			{"naming somebody whom the writer does not see", func() string {
				n := h.draft(drill.Tabletop)
				n.PlanID, n.People = "", []drill.Named{{UserID: h.chiefID, Part: drill.Plays}}
				_, err := h.Make(ctx, n)
				if errs.KindOf(err) != errs.Invalid && errs.KindOf(err) != errs.Denied {
					return fmt.Sprintf("answered %v", err)
				}
				return ""
			}},
			{"controlling from inside", func() string {
				_, err := h.Act(world.Into(h.chief, world.World(d.ID)), d.ID, drill.Act{Kind: "end"})
				return barred(err)
			}},
			{"a blind one in the list of the other leader", func() string {
				l, err := h.List(h.second, "")
				return none(len(slices.DeleteFunc(l, func(o drill.Drill) bool { return o.ID != blind.ID })), err)
			}},
			{"a blind one by its id", func() string { _, err := h.Get(h.second, blind.ID); return gone(err) }},
			{"the inbox of a blind one", func() string { _, err := h.Inbox(h.officer, blind.ID); return gone(err) }},
			{"entering a blind one", func() string { return gone(h.Enter(h.officer, blind.ID, false)) }},
			{"a blind one in the programme", func() string {
				mine, err := h.Programme(h.chief, time.Now().Year())
				h.must(err)
				theirs, err := h.Programme(h.second, time.Now().Year())
				if err != nil || mine.Rows[0].Planned != theirs.Rows[0].Planned+2 {
					return fmt.Sprintf("%+v and %+v, %v", mine.Rows, theirs.Rows, err)
				}
				return ""
			}},
			{"a blind one in the audit trail", func() string {
				l, err := h.audit.List(h.second, audit.Query{Kind: drill.EventKind})
				return none(len(slices.DeleteFunc(l.Items, func(e audit.Entry) bool { return e.Subject != blind.ID })), err)
			}},
			{"a trace in the audit trail without its mark", func() string {
				l, err := h.audit.List(mayor, audit.Query{Kind: "incident."})
				n := 0
				for _, e := range l.Items {
					if e.Subject == played.ID && !strings.Contains(string(e.Data), `"exercise":"`+d.ID) {
						n++
					}
				}
				return none(n, err)
			}},
			{"clocks that run out, and whoever they ask", func() string {
				h.ahead.Store(int64(40 * 24 * time.Hour))
				_, err := h.clocks.Turn(h.system)
				h.must(err)
				for _, text := range h.send() {
					if strings.Contains(text, task.Title) {
						return text
					}
				}
				late, err := h.responses.Task(in, task.ID)
				if err != nil || late.LateAt == nil {
					return fmt.Sprintf("inside it is not late: %v", err)
				}
				l, err := h.clocks.Breaches(mayor, time.Time{}, page.Request{})
				return none(len(slices.DeleteFunc(l.Items, func(c deadline.Clock) bool { return c.Owner.ID != task.ID && c.Owner.ID != played.ID })), err)
			}},
			{"a pause that stops the clocks of reality", func() string {
				if err := h.clocks.Rest(ctx); errs.KindOf(err) != errs.Invalid {
					return fmt.Sprintf("answered %v", err)
				}
				if _, err := h.clocks.Finish(h.system); errs.KindOf(err) != errs.Invalid {
					return fmt.Sprintf("answered %v", err)
				}
				return ""
			}},
			{"a pause that moves a real instruction, or one of another exercise", func() string {
				_, err := h.reports.Order(mayor, actual.ID, report.NewInstruction{Leader: "市长", At: time.Now(), Text: "真的", Orgs: []string{h.county.ID}, DueAt: time.Now().Add(time.Hour)})
				h.must(err)
				was, err := h.reports.Board(mayor, false)
				h.must(err)
				h.act(d.ID, "pause")
				h.ahead.Add(int64(time.Hour))
				if _, err := h.incidents.Open(elsewhere, draft); err != nil {
					return fmt.Sprintf("another exercise stands still: %v", err)
				}
				h.act(d.ID, "resume")
				now, err := h.reports.Board(mayor, false)
				if err != nil || len(now) != 1 || !now[0].DueAt.Equal(was[0].DueAt) {
					return fmt.Sprintf("%+v, %v", now, err)
				}
				return ""
			}},
			{"an end that drops real clocks, or calls somebody after it", func() string {
				running := func() int {
					l, err := h.clocks.Running(mayor, "", page.Request{})
					h.must(err)
					return len(l.Items)
				}
				was, sent := running(), len(h.send())
				h.act(d.ID, "end")
				h.ahead.Add(int64(40 * 24 * time.Hour))
				if now := running(); was == 0 || now != was {
					return fmt.Sprintf("%d real clocks became %d", was, now)
				}
				_, err := store.NewDeadlines(db).Rested(in)
				return none(len(h.send())-sent, err)
			}},
			{"a line in an exercise that has ended", func() string {
				_, err := h.incidents.Write(in, played.ID, incident.Step{Kind: incident.Noted, Text: "x"})
				if errs.KindOf(err) != errs.Conflict {
					return fmt.Sprintf("answered %v", err)
				}
				return ""
			}},
		}
		if len(list) < 50 {
			t.Errorf("only %d attempts are written", len(list))
		}
		for _, a := range list {
			if leak := a.try(); leak != "" {
				t.Errorf("%s: %s", a.name, leak)
			}
		}
		if figure.Value != 3 {
			t.Error("nothing was counted inside")
		}
	})
}

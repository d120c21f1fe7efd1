// Package reminder is which events of the duty desk become messages to people, to whom, and in which words: swaps and
// take-overs, and clocks that climb. Rule that must never break: a message is queued in the transaction of its cause,
// and what cannot be said to somebody never undoes what has happened.
package reminder

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/world"
)

// People know how somebody is reached (duty.Service).
type People interface {
	Person(ctx context.Context, id string) (duty.Person, error)
}

// Notices send (notice.Service).
type Notices interface {
	Queue(ctx context.Context, o notice.Order) error
	Ways(numbers, mails []string) []notice.Way
}

// Service listens to what is recorded.
type Service struct {
	People  People
	Notices Notices
	Log     *slog.Logger
}

// lasts is how long a message about something that has no end of its own makes sense.
const lasts = 12 * time.Hour

// OnRecord queues the messages of events, in the transaction that records them.
func (s *Service) OnRecord(ctx context.Context, list []event.Event) error {
	for _, e := range list {
		o, people := order(e)
		if len(people) == 0 {
			continue
		}
		system := world.Into(actor.WithSystem(ctx, "reminder"), e.World)
		for _, id := range people {
			p, err := s.People.Person(system, id)
			if errs.KindOf(err) == errs.NotFound {
				s.Log.WarnContext(ctx, "somebody who is to be told is not among the duty people", "person", id, "event", e.Kind)
				continue
			}
			if err != nil {
				return err
			}
			o.To = append(o.To, notice.Person{ID: p.ID, Name: p.Name, Ways: s.Notices.Ways(p.Addresses())})
		}
		if err := s.Notices.Queue(system, o); err != nil {
			return err
		}
	}
	return nil
}

// order is the message of an event, and the duty people who get it; nobody when the event is none of ours.
func order(e event.Event) (notice.Order, []string) {
	o := notice.Order{About: e.Subject, Division: e.Division, Until: e.At.Add(lasts)}
	switch data := e.Data.(type) {
	case duty.Swap:
		return ofSwap(o, e.Kind, data)
	case duty.Takeover:
		if e.Kind != duty.EventTakeover {
			return o, nil
		}
		o.Key, o.Kind, o.OrgID, o.Urgent = "takeover "+data.ID, "duty.takeover", data.OrgID, true
		o.Title, o.Text = "值班接替", fmt.Sprintf("%s起由%s接替值班，原因：%s。操作人：%s。", clock(data.At), data.ToName, data.Reason, data.ByName)
		return o, both(data.FromID, data.ToID)
	case deadline.Clock:
		if e.Kind != deadline.EventEscalated || data.Asked == nil || data.Owner.Kind == notice.LostKind {
			return o, nil
		}
		o.Key, o.Kind, o.OrgID, o.Urgent = fmt.Sprintf("deadline %s %d %d", data.ID, data.Round, data.Stage), "deadline", data.Asked.OrgID, true
		o.Division = data.Asked.Division
		o.Title = titleOf(data)
		o.Text = fmt.Sprintf("%s：%s，%s到期，至今未完成，请立即处理。", o.Title, data.Name, clock(data.DueAt))
		return o, data.Asked.People
	}
	return o, nil
}

// titleOf is what a late clock is called: by its owner, of those whose owner stands above this package by the kind.
func titleOf(c deadline.Clock) string {
	switch c.Owner.Kind {
	case handover.OwnerKind:
		return "交班超时"
	case handover.ItemKind:
		return "未办事项超时"
	case rollcall.OwnerKind:
		return "查岗未应答"
	case notice.ChannelKind:
		return "通知渠道中断"
	}
	switch c.Kind {
	case "report.phone":
		return "电话报告超时"
	case "report.written":
		return "书面报告超时"
	case "report.follow_up":
		return "续报超时"
	case "report.first":
		return "响应启动报告超时"
	case "report.final":
		return "响应终报超时"
	case "report.task":
		return "督办事项超时"
	case "report.daily":
		return "日报未报"
	case "task":
		return "应急任务超时"
	case "statement":
		return "舆情回应超时"
	case "briefing":
		return "新闻发布会超时"
	case "check_in":
		return "现场未报平安"
	case "lesson":
		return "改进事项超期"
	case "plan.assess":
		return "预案评估超期"
	case "plan.file":
		return "预案备案超期"
	case "plan.receipt":
		return "预案备案答复超期"
	}
	return "时限超时"
}

func ofSwap(o notice.Order, kind string, w duty.Swap) (notice.Order, []string) {
	what := fmt.Sprintf("%s %s", w.Cell.Day, w.CellName)
	if w.Return != nil {
		what += fmt.Sprintf("，换回 %s %s", w.Return.Day, w.ReturnName)
	}
	o.Key, o.Kind, o.OrgID, o.Title = strings.TrimPrefix(kind, duty.EventKind)+" "+w.ID, "duty.swap", w.OrgID, "换班"
	o.Until = w.StartsAt
	switch kind {
	case duty.EventSwapAsked:
		o.Text = fmt.Sprintf("%s想把 %s 换给您，请登录值班系统答复。", w.FromName, what)
		return o, []string{w.ToID}
	case duty.EventSwapAgreed:
		o.Text = fmt.Sprintf("%s同意接 %s，待批准。", w.ToName, what)
		return o, []string{w.FromID}
	case duty.EventSwapApproved:
		o.Text, o.Urgent = fmt.Sprintf("换班已批准：%s 由%s值班（原为%s）。", what, w.ToName, w.FromName), true
	case duty.EventSwapRefused:
		o.Text = fmt.Sprintf("换班未批准：%s 仍由%s值班。%s", what, w.FromName, w.Reason)
	case duty.EventSwapWithdrawn:
		o.Text, o.Urgent = fmt.Sprintf("换班已撤回：%s 仍由%s值班。", what, w.FromName), true
	default:
		return o, nil
	}
	return o, both(w.FromID, w.ToID)
}

// both is two people, where there are.
func both(a, b string) []string {
	if a == "" || a == b {
		return []string{b}
	}
	return []string{a, b}
}

// clock is a time as the messages say it: the law's clock.
func clock(t time.Time) string {
	return t.In(event.China()).Format("1月2日15:04")
}

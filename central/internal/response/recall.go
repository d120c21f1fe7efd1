package response

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/notice"
)

// recallLasts is how long a message about what one no longer does makes sense.
const recallLasts = 12 * time.Hour

// recall tells each person whose tasks were taken back, and at the end of a response those who have begun: who has
// accepted is on the way already.
func (s *Service) recall(ctx context.Context, i incident.Incident, r Response, all, void []Task, now time.Time) error {
	begun := []Task{}
	if r.Level == 0 {
		begun = slices.DeleteFunc(slices.Clone(all), func(t Task) bool { return t.State != Started })
	}
	seats, err := s.Store.Seats(ctx, r.ID)
	if err != nil {
		return err
	}
	of := func(person string, list []Task) (out []Task) {
		for _, t := range list {
			if slices.ContainsFunc(seats, func(v Seat) bool { return v.ID == t.SeatID && v.holds(person) }) {
				out = append(out, t)
			}
		}
		return out
	}
	told := map[string]bool{}
	for _, seat := range seats {
		for _, m := range seat.Members {
			back, going := of(m.PersonID, void), of(m.PersonID, begun)
			if told[m.PersonID] || len(back)+len(going) == 0 {
				continue
			}
			told[m.PersonID] = true
			o := notice.Order{
				Key: fmt.Sprintf("response void %s %d", r.ID, r.Edit), Kind: "response.void", About: r.ID, OrgID: seat.OrgID, Division: seat.OrgArea, Title: "任务收回",
				Text: incident.Cut(i.Title, 60) + "：", Urgent: true, Until: now.Add(recallLasts),
			}
			if r.Level == 0 {
				o.Title, o.Text = "响应终止", o.Text+"“"+incident.Cut(r.PlanName, 60)+"”已终止。"
			}
			if len(back) > 0 {
				o.Text += fmt.Sprintf("收回您的%d项任务（“%s”%s），不再执行。", len(back), incident.Cut(back[0].Title, 60), map[bool]string{true: "等"}[len(back) > 1])
			}
			if len(going) > 0 {
				o.Text += fmt.Sprintf("您已开始的%d项任务（“%s”%s）请收尾并反馈。", len(going), incident.Cut(going[0].Title, 60), map[bool]string{true: "等"}[len(going) > 1])
			}
			p, err := s.Roster.Person(system(ctx), m.PersonID)
			if err := s.say(ctx, o, p, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// say queues a message to one person of the roster; who is none, or none any more, is not told.
func (s *Service) say(ctx context.Context, o notice.Order, p duty.Person, err error) error {
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	o.To = []notice.Person{{ID: p.ID, Name: p.Name, Ways: s.Notices.Ways(p.Addresses())}}
	return s.Notices.Queue(system(ctx), o)
}

// tellCommand tells who was offered the command, and from whom it was taken.
func (s *Service) tellCommand(ctx context.Context, i incident.Incident, o account.Org, c, was Command, act Act, now time.Time) error {
	var user, title, text string
	switch act.Do {
	case "offer":
		user, title, text = c.OfferedTo, "移交指挥", fmt.Sprintf("%s：%s请您接任指挥，请在指挥室接受或谢绝。", incident.Cut(i.Title, 60), was.HolderName)
	case "seize":
		user, title, text = was.HolderID, "指挥已被接管", fmt.Sprintf("%s：%s %s已接管指挥。原因：%s", incident.Cut(i.Title, 60), o.Name, c.HolderName, incident.Cut(act.Why, 120))
	default:
		return nil
	}
	order := notice.Order{
		Key: fmt.Sprintf("response command %s %d", i.ID, c.Edit), Kind: "response.command", About: i.ID, OrgID: o.ID, Division: o.Division, Title: title, Text: text, Urgent: true, Until: now.Add(recallLasts),
	}
	return s.tellUser(ctx, user, order, now)
}

// tellUser tells somebody who has an account; whom the roster does not know, their desk.
func (s *Service) tellUser(ctx context.Context, user string, order notice.Order, now time.Time) error {
	p, err := s.Roster.PersonOf(system(ctx), user)
	if errs.KindOf(err) == errs.NotFound {
		return s.tellDeskOf(ctx, user, order, now)
	}
	if err == nil {
		p, err = s.Roster.Person(system(ctx), p.ID) // with numbers
	}
	return s.say(ctx, order, p, err)
}

// tellDeskOf tells those on duty at the desk of somebody whom the roster does not know.
func (s *Service) tellDeskOf(ctx context.Context, user string, order notice.Order, now time.Time) error {
	u, err := s.Desks.Accounts.User(system(ctx), user)
	if errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	n, err := s.night(ctx, now)
	if err != nil {
		return err
	}
	if to, ok := incident.Find(n.tree, u.OrgID); ok {
		_, err = s.tellDesk(ctx, n, to, order)
	}
	return err
}

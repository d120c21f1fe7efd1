package app

import (
	"context"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/channel/httpsms"
	"github.com/fengsui/fengsui/central/internal/channel/smtp"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/reminder"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/store"
	"github.com/fengsui/fengsui/shared/strict"
)

// channelsOf makes the ways to reach people, in the order in which they are tried. A new one is a line here.
func channelsOf(cfg config.Channels) ([]notice.Channel, error) {
	var out []notice.Channel
	if c := cfg.SMS; c.URL != "" {
		g, err := httpsms.New(httpsms.Options{
			URL: c.URL, Method: c.Method, Headers: c.Headers, Body: c.Body, SecretFile: c.SecretFile, CA: c.CA, Accepted: c.Accepted, Refused: c.Refused, Ref: c.Ref,
			Callback: httpsms.Callback(c.Callback),
		})
		if err != nil {
			return nil, &strict.Problem{Key: "channels.sms", Err: err}
		}
		out = append(out, notice.Channel{Name: "sms", Sender: g, PerMinute: c.PerMinute, PerDay: c.PerDay})
	}
	if c := cfg.Mail; c.Server != "" {
		r, err := smtp.New(smtp.Options{Server: c.Server, TLS: c.TLS, User: c.User, PasswordFile: c.PasswordFile, From: c.From, CA: c.CA})
		if err != nil {
			return nil, &strict.Problem{Key: "channels.mail", Err: err}
		}
		out = append(out, notice.Channel{Name: "mail", Sender: r, PerMinute: c.PerMinute, PerDay: c.PerDay})
	}
	return out, nil
}

// notices makes the messages to people; what the desk must look after is a clock of the centre's own organisation.
func (c *Centre) notices(cfg config.Config, b *base, rosters *duty.Service, clocks *deadline.Service) (*notice.Service, error) {
	channels, err := channelsOf(cfg.Channels)
	if err != nil {
		return nil, fmt.Errorf("open channels: %w", err)
	}
	log := c.log.With("component", "notices")
	s := notice.New(notice.Options{Store: store.NewNotices(b.db), Tx: b.db, Channels: channels, Desk: desk{b.accounts, clocks}, Events: b.bus, Log: log})
	told := &reminder.Service{People: rosters, Notices: s, Log: log}
	b.bus.Inside(told.OnRecord)
	return s, nil
}

// rollcalls makes the roll-calls.
func (c *Centre) rollcalls(cfg config.Config, b *base, rosters *duty.Service, clocks *deadline.Service, messages *notice.Service) *rollcall.Service {
	s := rollcall.New(rollcall.Options{
		Store: store.NewRollcalls(b.db), Tx: b.db, Roster: rosters, Accounts: b.accounts, Clocks: clocks, Notices: messages, Book: clocks.Book, Events: b.bus,
		URL: cfg.HTTP.PublicURL, ByText: cfg.Channels.SMS.Callback.From != "" && cfg.Channels.SMS.Callback.SecretFile != "", Log: c.log.With("component", "rollcalls"),
	})
	clocks.On(rollcall.OwnerKind, s.OnClock)
	messages.OnAnswer(rollcall.OwnerKind, s.AnswerByText)
	return s
}

// desk implements notice.Desk by clocks that are late from the beginning: they ring at the desk until they end.
type desk struct {
	accounts *account.Service
	clocks   *deadline.Service
}

// channelClimbs is when the next is asked about a dead channel.
const (
	channelToLeader = 15 * time.Minute
	channelAbove    = time.Hour
)

func (d desk) set(ctx context.Context, c deadline.Clock, at time.Time, then ...deadline.Stage) error {
	ctx = actor.WithSystem(ctx, "notices")
	top, err := d.accounts.TopOrg(ctx)
	if err != nil {
		return err
	}
	if c.OrgID == "" {
		c.OrgID, c.Division = top.ID, top.Division
	}
	c.Scale, c.BaseAt, c.DueAt = deadline.Counted, at, at
	c.Stages = append([]deadline.Stage{{Mark: deadline.Passed, To: deadline.Officer}}, then...)
	_, err = d.clocks.Set(ctx, c)
	return err
}

// Down implements notice.Desk.
func (d desk) Down(ctx context.Context, h notice.Health) error {
	return d.set(ctx, deadline.Clock{Owner: deadline.Owner{Kind: notice.ChannelKind, ID: h.Name}, Kind: "channel", Name: h.Name}, *h.DownSince,
		deadline.Stage{Mark: deadline.Escalated, After: strict.Duration(channelToLeader), To: deadline.Leader}, deadline.Stage{Mark: deadline.Escalated, After: strict.Duration(channelAbove), To: deadline.Above})
}

// Up implements notice.Desk.
func (d desk) Up(ctx context.Context, name string) error {
	return d.clocks.End(ctx, deadline.Owner{Kind: notice.ChannelKind, ID: name}, "channel", deadline.Met)
}

// Lost implements notice.Desk.
func (d desk) Lost(ctx context.Context, n notice.Notice) error {
	return d.set(ctx, deadline.Clock{Owner: deadline.Owner{Kind: notice.LostKind, ID: n.ID}, Kind: "lost", OrgID: n.OrgID, Division: n.Division, Name: n.Name + " · " + n.Title}, *n.FailedAt)
}

// Settled implements notice.Desk.
func (d desk) Settled(ctx context.Context, n notice.Notice) error {
	return d.clocks.End(ctx, deadline.Owner{Kind: notice.LostKind, ID: n.ID}, "lost", deadline.Met)
}

package paper

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/world"
)

// Accounts know organisations and signatures (account.Service).
type Accounts interface {
	Orgs(ctx context.Context) ([]account.Org, error)
	User(ctx context.Context, id string) (account.User, error)
	// Confirm asks for the password of the actor again.
	Confirm(ctx context.Context, password string) error
}

// Printer makes files of a document (document.Printer): the same print gives the same bytes.
type Printer interface {
	Files(p Print) (Files, error)
	// Missing are the characters of a print that no font has, each once; empty as well where there is no font.
	Missing(p Print) string
}

// Options of the service.
type Options struct {
	Store    Store
	Tx       Tx
	Accounts Accounts
	Printer  Printer
	Duty     Duty
	Desks    Desks
	Makers   map[Kind]Maker // of what other rooms have
	Events   event.Publisher
}

// Service is the use cases.
type Service struct{ Options }

// New makes a service.
func New(o Options) *Service { return &Service{o} }

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stamp() time.Time { return event.Stamp(time.Now()) }

// own is the organisation in whose name the actor writes.
func (s *Service) own(ctx context.Context, p actor.Permission) (actor.Actor, account.Org, error) {
	a, err := actor.Require(ctx, p)
	if err != nil {
		return a, account.Org{}, err
	}
	if p != actor.PaperRead {
		if err := world.Outside(ctx, "an official document"); err != nil {
			return a, account.Org{}, err
		}
	}
	system := actor.WithSystem(ctx, "paper")
	u, err := s.Accounts.User(system, a.ID)
	if err != nil {
		return a, account.Org{}, err
	}
	tree, err := s.Accounts.Orgs(system)
	if err != nil {
		return a, account.Org{}, err
	}
	i := slices.IndexFunc(tree, func(o account.Org) bool { return o.ID == u.OrgID })
	if i < 0 {
		return a, account.Org{}, errs.E(errs.NotFound, "paper.no_org", "you belong to no organisation; ask the administrator")
	}
	return a, tree[i], nil
}

// change runs fn in a transaction, records the events that it notes, and publishes them after the commit.
func (s *Service) change(ctx context.Context, o account.Org, fn func(ctx context.Context, note noter) error) error {
	return event.Change(ctx, s.Tx, s.Events, func(ctx context.Context, record func(event.Event)) error {
		note := func(kind, subject string, data trace) {
			record(event.New(ctx, kind, subject, o.Division, data))
		}
		if err := s.Store.Lock(ctx, "paper "+o.ID); err != nil {
			return err
		}
		return fn(ctx, note)
	})
}

type noter func(kind, subject string, data trace)

func (p Paper) trace() trace {
	return trace{Title: p.Content.OneLine(), Kind: p.Kind, Number: p.NumberText, SHA256: p.SumPDF}
}

func notFound() error {
	return errs.E(errs.NotFound, "paper.not_found", "there is no such document among those that you see")
}

// List finds documents: the drafts of the own organisation, and what was signed there and below.
func (s *Service) List(ctx context.Context, f Filter) (page.List[Paper], error) {
	a, o, err := s.own(ctx, actor.PaperRead)
	if err != nil {
		return page.List[Paper]{}, err
	}
	f.Search, f.Scope, f.Own = strings.TrimSpace(f.Search), a.Scope(), o.ID
	list, err := s.Store.Papers(ctx, f)
	for i := range list.Items {
		list.Items[i].Own = list.Items[i].OrgID == o.ID
	}
	return list, err
}

// Paper reads a document.
func (s *Service) Paper(ctx context.Context, id string) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperRead)
	if err != nil {
		return Paper{}, err
	}
	p, err := s.Store.Paper(ctx, id)
	if err != nil {
		return Paper{}, err
	}
	p.Own = p.OrgID == o.ID
	if !p.Own && (p.State == Draft || !a.Covers(p.Division)) {
		return Paper{}, notFound()
	}
	return p, nil
}

// draft is a draft of the own organisation; a version other than 0 must be the newest.
func (s *Service) draft(ctx context.Context, o account.Org, id string, version int) (Paper, error) {
	p, err := s.Store.Paper(ctx, id)
	switch {
	case err != nil:
		return Paper{}, err
	case p.OrgID != o.ID:
		return Paper{}, notFound()
	case p.State != Draft:
		return Paper{}, errs.E(errs.Conflict, "paper.signed", "it was signed and is never changed; write a new document")
	case version != 0 && p.Version != version:
		return Paper{}, changed()
	}
	p.Own = true
	return p, nil
}

func changed() error {
	return errs.E(errs.Conflict, "paper.changed", "somebody has changed it meanwhile; look at it again")
}

// NewPaper is what a draft is made from. What the letterhead knows may be left out.
type NewPaper struct {
	Kind    Kind
	Content Content
	source  string
	facts   string
	images  map[string][]byte // of its pictures, as they are printed; nil: what a Maker gave is made ready
}

// Create begins a draft in the name of the own organisation.
func (s *Service) Create(ctx context.Context, n NewPaper) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return Paper{}, err
	}
	n.Content.Pictures = nil
	return s.create(ctx, a, o, n, "")
}

func (s *Service) create(ctx context.Context, a actor.Actor, o account.Org, n NewPaper, replaces string) (Paper, error) {
	if !slices.Contains(Kinds(), n.Kind) {
		return Paper{}, errs.Field("paper.kind", "kind", "must be letter, brief, bulletin, report, situation, review, roster or handover")
	}
	l, err := s.letterhead(ctx, o)
	if err != nil {
		return Paper{}, err
	}
	if n.images == nil {
		n.images = n.Content.pictures()
	}
	at := stamp()
	p := Paper{
		ID: newID(), OrgID: o.ID, OrgName: o.Name, Division: o.Division, Kind: n.Kind, State: Draft, Content: l.fill(n.Kind, n.Content.clean()),
		Source: n.source, Facts: n.facts, Version: 1, CreatedAt: at, CreatedBy: a.Name, UpdatedAt: at, UpdatedBy: a.Name, Replaces: replaces, Own: true,
	}
	if err := p.Content.validate(); err != nil {
		return Paper{}, err
	}
	return p, s.change(ctx, o, func(ctx context.Context, note noter) error {
		note(EventDrafted, p.ID, p.trace())
		if err := s.Store.AddPaper(ctx, p); err != nil {
			return err
		}
		return s.Store.SavePictures(ctx, p.ID, n.images)
	})
}

// Change rewrites a draft. Version is the one that the author saw.
func (s *Service) Change(ctx context.Context, id string, version int, c Content) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return Paper{}, err
	}
	if c = c.clean(); version < 1 {
		return Paper{}, errs.Field("paper.version", "version", "name the version that you saw")
	}
	if err := c.validate(); err != nil {
		return Paper{}, err
	}
	var p Paper
	return p, s.change(ctx, o, func(ctx context.Context, note noter) error {
		if p, err = s.draft(ctx, o, id, version); err != nil {
			return err
		}
		c.Pictures = p.Content.Pictures
		p.Content, p.Version, p.UpdatedAt, p.UpdatedBy = c, version+1, stamp(), a.Name
		note(EventChanged, p.ID, p.trace())
		return s.Store.SavePaper(ctx, p)
	})
}

// Discard deletes a draft that has no number.
func (s *Service) Discard(ctx context.Context, id string) error {
	_, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return err
	}
	return s.change(ctx, o, func(ctx context.Context, note noter) error {
		p, err := s.draft(ctx, o, id, 0)
		if err != nil {
			return err
		}
		if p.Number != nil {
			return errs.E(errs.Conflict, "paper.numbered", "it has number %s; void that with a reason first", p.NumberText)
		}
		note(EventDiscarded, p.ID, p.trace())
		return s.Store.DropPaper(ctx, id)
	})
}

// Withdraw begins a document that takes a signed one back: that one is withdrawn when this is signed.
func (s *Service) Withdraw(ctx context.Context, id string) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return Paper{}, err
	}
	old, err := s.standing(ctx, o, id)
	if err != nil {
		return Paper{}, err
	}
	name := "《" + old.Content.OneLine() + "》"
	if old.NumberText != "" {
		name += "（" + old.NumberText + "）"
	}
	return s.create(ctx, a, o, NewPaper{Kind: Letter, Content: Content{
		Title: "关于撤销" + clip(old.Content.OneLine(), maxTitle-8) + "的通知", To: old.Content.To, CC: old.Content.CC,
		Text: "因（请写明原因），现将" + old.Date + "印发的" + name + "予以撤销，该文件自本通知印发之日起停止使用。\n特此通知。",
	}}, old.ID)
}

// Replace begins a document of the same kind that takes the place of a signed one: that one is withdrawn when this
// is signed.
func (s *Service) Replace(ctx context.Context, id string) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return Paper{}, err
	}
	old, err := s.standing(ctx, o, id)
	if err != nil {
		return Paper{}, err
	}
	images, err := s.Store.Pictures(ctx, old.ID)
	if err != nil {
		return Paper{}, err
	}
	return s.create(ctx, a, o, NewPaper{Kind: old.Kind, Content: old.Content, source: old.Source, facts: old.Facts, images: images}, old.ID)
}

// standing is a document of the own organisation that was signed and not withdrawn.
func (s *Service) standing(ctx context.Context, o account.Org, id string) (Paper, error) {
	old, err := s.Paper(ctx, id)
	switch {
	case err != nil:
		return Paper{}, err
	case old.OrgID != o.ID:
		return Paper{}, errs.E(errs.Denied, "paper.not_yours", "only %s can withdraw it", old.OrgName)
	case old.State != Signed:
		return Paper{}, errs.E(errs.Conflict, "paper.not_signed", "only a document that was signed and stands can be withdrawn")
	}
	return old, nil
}

func clip(text string, most int) string {
	if r := []rune(text); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return text
}

// Print is a document as it would leave now, with the characters that no font has.
func (s *Service) Print(ctx context.Context, id string) (Print, string, error) {
	p, err := s.Paper(ctx, id)
	if err != nil {
		return Print{}, "", err
	}
	l, err := s.letterhead(ctx, account.Org{ID: p.OrgID})
	if err != nil {
		return Print{}, "", err
	}
	out := p.print(l, stamp())
	if p.State != Draft {
		return out, p.Missing, nil
	}
	return out, s.Printer.Missing(out), nil
}

// DraftPDF is a draft to hand round before it is signed: every page says that it is none yet, and of which version.
func (s *Service) DraftPDF(ctx context.Context, id string) (Paper, []byte, error) {
	p, err := s.Paper(ctx, id)
	if err != nil {
		return Paper{}, nil, err
	}
	if p.State != Draft {
		return Paper{}, nil, errs.E(errs.Conflict, "paper.signed", "it was signed and is never changed; take its file")
	}
	l, err := s.letterhead(ctx, account.Org{ID: p.OrgID})
	if err != nil {
		return Paper{}, nil, err
	}
	out := p.print(l, p.UpdatedAt)
	out.Mark = fmt.Sprintf("草稿 第%d稿 %s 未签发，不作公文使用", p.Version, p.UpdatedAt.In(event.China()).Format("2006-01-02 15:04"))
	f, err := s.files(ctx, p, out)
	return p, f.PDF, err
}

// Preview is what a draft would look like with another content.
func (s *Service) Preview(ctx context.Context, id string, c Content) (Print, string, error) {
	p, err := s.Paper(ctx, id)
	if err != nil {
		return Print{}, "", err
	}
	if p.State != Draft || !p.Own {
		return Print{}, "", errs.E(errs.Conflict, "paper.signed", "it was signed and is never changed; write a new document")
	}
	c.Pictures = p.Content.Pictures
	p.Content = c.clean()
	if err := p.Content.validate(); err != nil {
		return Print{}, "", err
	}
	l, err := s.letterhead(ctx, account.Org{ID: p.OrgID})
	if err != nil {
		return Print{}, "", err
	}
	out := p.print(l, stamp())
	return out, s.Printer.Missing(out), nil
}

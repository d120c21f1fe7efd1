package paper

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

// TakeNumber gives a draft the next number of its kind in this year.
func (s *Service) TakeNumber(ctx context.Context, id string) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return Paper{}, err
	}
	var p Paper
	return p, s.change(ctx, o, func(ctx context.Context, note noter) error {
		if p, err = s.draft(ctx, o, id, 0); err != nil {
			return err
		}
		l, err := s.letterhead(ctx, o)
		if err != nil {
			return err
		}
		switch {
		case !p.Kind.Numbered():
			return errs.E(errs.Conflict, "paper.unnumbered", "this kind of document has no number; sign it as it is")
		case p.Number != nil:
			return errs.E(errs.Conflict, "paper.numbered", "it has number %s already", p.NumberText)
		case l.Prefixes[p.Kind] == "":
			return errs.E(errs.Conflict, "paper.no_prefix", "the letterhead has no prefix for this kind; add one there first")
		}
		at := stamp()
		t, err := s.Store.TakeNumber(ctx, Taken{
			Number: Number{Prefix: l.Prefixes[p.Kind], Year: at.In(event.China()).Year()}, OrgID: o.ID, PaperID: p.ID, At: at, By: a.Name,
		})
		if err != nil {
			return err
		}
		p.Number, p.NumberText = &t.Number, t.String()
		p.Version, p.UpdatedAt, p.UpdatedBy = p.Version+1, at, a.Name
		note(EventNumbered, p.ID, p.trace())
		return s.Store.SavePaper(ctx, p)
	})
}

// Void gives the number of a draft up. It is never given again and stays in the register with the reason.
func (s *Service) Void(ctx context.Context, id, reason string) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperWrite)
	if err != nil {
		return Paper{}, err
	}
	if reason = strings.TrimSpace(reason); !errs.Name(reason, maxName) {
		return Paper{}, errs.Field("paper.reason", "reason", "say why, in 1 to 200 characters on one line")
	}
	var p Paper
	return p, s.change(ctx, o, func(ctx context.Context, note noter) error {
		if p, err = s.draft(ctx, o, id, 0); err != nil {
			return err
		}
		if p.Number == nil {
			return errs.E(errs.Conflict, "paper.no_number", "it has no number")
		}
		at, tr := stamp(), p.trace()
		if err := s.Store.VoidNumber(ctx, Taken{Number: *p.Number, OrgID: o.ID, Title: p.Content.OneLine(), VoidedAt: &at, VoidedBy: a.Name, Reason: reason}); err != nil {
			return err
		}
		p.Number, p.NumberText = nil, ""
		p.Version, p.UpdatedAt, p.UpdatedBy = p.Version+1, at, a.Name
		tr.Reason = reason
		note(EventVoided, p.ID, tr)
		return s.Store.SavePaper(ctx, p)
	})
}

// Sign is what somebody signs: the version that they saw, with their password. MissingOK takes it that some
// characters are printed as 〓.
type Sign struct {
	Version   int
	Password  string
	MissingOK bool
}

// Sign lets a document leave: it gets date and signer, its files and their sums are kept, and nothing of it ever
// changes. A document that it takes back is withdrawn.
func (s *Service) Sign(ctx context.Context, id string, in Sign) (Paper, error) {
	a, o, err := s.own(ctx, actor.PaperSign)
	if err != nil {
		return Paper{}, err
	}
	p, err := s.draft(ctx, o, id, in.Version)
	if err != nil {
		return Paper{}, err
	}
	at := stamp()
	if err := p.leaves(at); err != nil {
		return Paper{}, err
	}
	if err := s.Accounts.Confirm(ctx, in.Password); err != nil {
		return Paper{}, err
	}
	p.State, p.Date = Signed, at.In(event.China()).Format(time.DateOnly)
	p.Signature = &Signature{UserID: a.ID, Name: a.Name, At: at, How: "password"}
	p.Version, p.UpdatedAt, p.UpdatedBy = p.Version+1, at, a.Name
	files, err := s.files(ctx, p, p.print(Letterhead{}, at))
	if err != nil {
		return Paper{}, err
	}
	if p.Missing = files.Missing; p.Missing != "" && !in.MissingOK {
		return Paper{}, errs.Field("paper.missing", "missing_ok", "no font has these characters, and they would be printed as 〓: "+p.Missing)
	}
	p.SumDOCX, p.SumPDF = sum(files.DOCX), sum(files.PDF)
	return p, s.change(ctx, o, func(ctx context.Context, note noter) error {
		if _, err := s.draft(ctx, o, id, p.Version-1); err != nil {
			return err
		}
		if err := s.Store.SavePaper(ctx, p); err != nil {
			return err
		}
		if err := s.Store.AddFiles(ctx, p.ID, files); err != nil {
			return err
		}
		note(EventSigned, p.ID, p.trace())
		if p.Replaces == "" {
			return nil
		}
		old, err := s.Store.Paper(ctx, p.Replaces)
		if err != nil {
			return err
		}
		if old.State != Signed {
			return errs.E(errs.Conflict, "paper.not_signed", "what it withdraws was withdrawn already by another document")
		}
		old.State, old.ReplacedBy = Withdrawn, p.ID
		old.Version++
		note(EventWithdrawn, old.ID, old.trace())
		return s.Store.SavePaper(ctx, old)
	})
}

// leaves asks whether a draft may leave on a day.
func (p Paper) leaves(at time.Time) error {
	if err := p.Content.complete(); err != nil {
		return err
	}
	switch year := at.In(event.China()).Year(); {
	case p.Kind.Numbered() && p.Number == nil:
		return errs.E(errs.Conflict, "paper.no_number", "take a number first")
	case p.Number != nil && p.Number.Year != year:
		return errs.E(errs.Conflict, "paper.year", "its number is of %d; void it and take one of %d", p.Number.Year, year)
	}
	return nil
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// Files are those of a document that was signed.
func (s *Service) Files(ctx context.Context, id string) (Paper, Files, error) {
	p, err := s.Paper(ctx, id)
	if err != nil {
		return Paper{}, Files{}, err
	}
	if p.State == Draft {
		return Paper{}, Files{}, errs.E(errs.Conflict, "paper.draft", "it has not been signed; look at its pages")
	}
	f, err := s.Store.Files(ctx, id)
	return p, f, err
}

// Numbers is the register of the own organisation; year 0 and an empty kind are all.
func (s *Service) Numbers(ctx context.Context, year int, k Kind, r page.Request) (page.List[Taken], error) {
	_, o, err := s.own(ctx, actor.PaperRead)
	if err != nil {
		return page.List[Taken]{}, err
	}
	return s.Store.Numbers(ctx, o.ID, year, k, r)
}

// Letterhead is that of the own organisation.
func (s *Service) Letterhead(ctx context.Context) (Letterhead, error) {
	_, o, err := s.own(ctx, actor.PaperRead)
	if err != nil {
		return Letterhead{}, err
	}
	return s.letterhead(ctx, o)
}

// letterhead is what an organisation has set, or its name alone.
func (s *Service) letterhead(ctx context.Context, o account.Org) (Letterhead, error) {
	l, err := s.Store.Letterhead(ctx, o.ID)
	if errs.KindOf(err) == errs.NotFound {
		return Letterhead{OrgID: o.ID, From: o.Name, Prefixes: map[Kind]string{}}, nil
	}
	return l, err
}

// SaveLetterhead changes the letterhead of the own organisation. A prefix that it uses is its own for ever.
func (s *Service) SaveLetterhead(ctx context.Context, l Letterhead) (Letterhead, error) {
	_, o, err := s.own(ctx, actor.PaperSign)
	if err != nil {
		return Letterhead{}, err
	}
	c := Content{Head: l.Head, From: l.From, Issuer: l.Issuer}.clean()
	out := Letterhead{OrgID: o.ID, Head: c.Head, From: c.From, Issuer: c.Issuer, Seal: l.Seal, Prefixes: map[Kind]string{}, Version: l.Version + 1}
	for k, prefix := range l.Prefixes {
		if prefix = strings.TrimSpace(prefix); prefix != "" {
			out.Prefixes[k] = prefix
		}
	}
	if err := out.validate(); err != nil {
		return Letterhead{}, err
	}
	return out, s.change(ctx, o, func(ctx context.Context, note noter) error {
		for _, prefix := range out.Prefixes {
			if err := s.Store.ClaimPrefix(ctx, o.ID, prefix, stamp()); err != nil {
				return err
			}
		}
		note(EventLetterhead, o.ID, trace{Title: out.Head})
		return s.Store.SaveLetterhead(ctx, out)
	})
}

package opinion

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/incident"
)

// Expert is the opinion of an expert about an incident. It is signed by the expert, who has an account, or by an
// officer who says how the expert gave it; from then on nothing of it changes. Who thinks otherwise later writes another.
type Expert struct {
	ID         string    `json:"id"`
	IncidentID string    `json:"incident_id"`
	OrgID      string    `json:"org_id"` // of who wrote it down
	OrgName    string    `json:"org_name"`
	Name       string    `json:"name"` // of the expert
	Post       string    `json:"post"` // unit and title
	Field      string    `json:"field"`
	Text       string    `json:"text"`
	Self       bool      `json:"self"` // the expert writes and signs it
	How        string    `json:"how"`  // otherwise: how the officer has it
	State      State     `json:"state"`
	Written    Mark      `json:"written"`
	Signed     *Mark     `json:"signed,omitempty"`
	File       *File     `json:"file,omitempty"`
	Hash       string    `json:"hash"` // of what was signed
	CreatedAt  time.Time `json:"created_at"`
	Exercise   string    `json:"exercise"`
	Edit       int       `json:"edit"`
}

// File is what was handed in with an expert's opinion.
type File struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Size  int    `json:"size"`
	Hash  string `json:"hash"`
	Bytes []byte `json:"-"`
}

// MaxFile is the most that the file of an opinion holds.
const MaxFile = 1_000_000

func (e Expert) validate() error {
	switch {
	case !errs.Name(e.Name, 64):
		return errs.Field("opinion.expert", "name", "say whose opinion it is, in 1 to 64 characters on one line")
	case !errs.Line(e.Post, maxName):
		return errs.Field("opinion.post", "post", "at most 120 characters on one line")
	case !errs.Name(e.Field, 64):
		return errs.Field("opinion.field", "field", "say of which field, in 1 to 64 characters on one line")
	case strings.TrimSpace(e.Text) == "" || !errs.Text(e.Text, maxStatement):
		return errs.Field("opinion.text", "text", "1 to 8000 characters")
	case !e.Self && !errs.Name(e.How, maxLine):
		return errs.Field("opinion.given", "how", "say how the expert gave it (by telephone, at the meeting, in writing), in 1 to 200 characters on one line")
	}
	return nil
}

// sum covers everything that a reader takes for the expert's word.
func (e Expert) sum() string {
	file := ""
	if e.File != nil {
		file = e.File.Hash
	}
	h := sha256.Sum256([]byte(strings.Join([]string{e.Name, e.Post, e.Field, e.How, e.Text, file}, "\n")))
	return hex.EncodeToString(h[:])
}

// shown is the same as of a statement: what was signed is read by all who see the incident.
func (e Expert) shown(r incident.Reach) bool { return e.State == Signed || r.Has(e.OrgID) }

// Advice is what is written of an expert's opinion. With Self the actor is the expert.
type Advice struct {
	Name, Post, Field, Text, How string
	Self                         bool
}

// Consult begins the opinion of an expert.
func (s *Service) Consult(ctx context.Context, id string, n Advice) (Expert, error) {
	a, o, err := s.Desks.Own(ctx, actor.IncidentWrite)
	if err != nil {
		return Expert{}, err
	}
	now := stamp()
	e := Expert{ID: newID(), IncidentID: id, OrgID: o.ID, OrgName: o.Name, Self: n.Self, State: Draft, CreatedAt: now, Edit: 1}
	if err := e.write(n, a, o.Name, now); err != nil {
		return Expert{}, err
	}
	return e, s.change(ctx, actor.IncidentWrite, id, func(ctx context.Context, c *change) error {
		e.Exercise = c.i.Exercise
		if err := s.Store.SaveExpert(ctx, e); err != nil {
			return err
		}
		return c.note(ctx, EventConsulted, incident.Step{Kind: Expertly, Act: "drafted", Text: e.Name + "（" + e.Field + "）", Ref: e.ID}, Trace{What: e.ID})
	})
}

func (e *Expert) write(n Advice, a actor.Actor, org string, now time.Time) error {
	e.Name, e.Post, e.Field, e.Text, e.How = strings.TrimSpace(n.Name), strings.TrimSpace(n.Post), strings.TrimSpace(n.Field), strings.TrimSpace(n.Text), strings.TrimSpace(n.How)
	if e.Self {
		e.Name, e.How = a.Name, ""
	}
	e.Written = Mark{UserID: a.ID, Name: a.Name, Org: org, At: now}
	return e.validate()
}

// expert changes an opinion that nobody has signed, within reach of the actor's desk.
func (s *Service) expert(ctx context.Context, id string, edit int, fn func(ctx context.Context, c *change, e *Expert) error) (Expert, error) {
	if _, err := actor.Require(ctx, actor.IncidentWrite); err != nil {
		return Expert{}, err
	}
	e, err := s.Store.Expert(ctx, id)
	if err != nil {
		return e, err
	}
	err = s.goOn(ctx, actor.IncidentWrite, e.IncidentID, func(ctx context.Context, c *change) error {
		if e, err = s.Store.Expert(ctx, id); err != nil {
			return err
		}
		if err := e.open(c.a, c.reach, edit); err != nil {
			return err
		}
		return fn(ctx, c, &e)
	})
	return e, err
}

// open refuses the change of what is signed, of what another desk writes, and of the words of an expert by another.
func (e Expert) open(a actor.Actor, r incident.Reach, edit int) error {
	switch {
	case !e.shown(r):
		return errs.E(errs.NotFound, "opinion.no_expert", "there is no such opinion among those that you see")
	case !r.Has(e.OrgID) || (e.Self && e.Written.UserID != a.ID):
		return errs.E(errs.Denied, "opinion.not_yours", "only %s of %s changes and signs it", e.Written.Name, e.OrgName)
	case e.State == Signed:
		return errs.E(errs.Conflict, "opinion.expert_signed", "it was signed and stays as it is; write another")
	case e.Edit != edit:
		return errs.E(errs.Conflict, "opinion.changed", "somebody has changed it meanwhile; look at it again")
	}
	return nil
}

// Advise changes an opinion that nobody has signed.
func (s *Service) Advise(ctx context.Context, id string, edit int, n Advice) (Expert, error) {
	return s.expert(ctx, id, edit, func(ctx context.Context, c *change, e *Expert) error {
		if err := e.write(n, c.a, c.reach.Desk.Name, stamp()); err != nil {
			return err
		}
		e.Edit++
		return s.Store.SaveExpert(ctx, *e)
	})
}

// Attach puts a file to an opinion that nobody has signed; one that was there gives way.
func (s *Service) Attach(ctx context.Context, id string, edit int, f File) (Expert, error) {
	return s.expert(ctx, id, edit, func(ctx context.Context, _ *change, e *Expert) error {
		switch {
		case !errs.Name(f.Name, maxName):
			return errs.Field("opinion.file_name", "name", "1 to 120 characters on one line")
		case len(f.Bytes) == 0 || len(f.Bytes) > MaxFile:
			return errs.Field("opinion.file_size", "file", "1 byte to 1 MB")
		}
		sum := sha256.Sum256(f.Bytes)
		f.Size, f.Hash = len(f.Bytes), hex.EncodeToString(sum[:])
		e.File, e.Edit = &f, e.Edit+1
		if err := s.Store.SaveExpert(ctx, *e); err != nil {
			return err
		}
		return s.Store.SaveFile(ctx, id, f)
	})
}

// File reads the file of an opinion that the actor may read.
func (s *Service) File(ctx context.Context, id string) (File, error) {
	_, reach, err := s.Desks.Reach(ctx, actor.IncidentRead)
	if err != nil {
		return File{}, err
	}
	e, err := s.Store.Expert(ctx, id)
	if err != nil {
		return File{}, err
	}
	if _, err := s.Incidents.Get(ctx, e.IncidentID); err != nil {
		return File{}, err
	}
	if !e.shown(reach) || e.File == nil {
		return File{}, errs.E(errs.NotFound, "opinion.no_file", "there is no such file")
	}
	f := *e.File
	f.Bytes, err = s.Store.FileOf(ctx, id)
	return f, err
}

// Vouch signs an opinion with the password of the expert, or of the officer who answers for it; or discards it.
func (s *Service) Vouch(ctx context.Context, id string, edit int, password string, discard bool) (Expert, error) {
	if !discard {
		if err := s.vouches(ctx, id, edit, password); err != nil {
			return Expert{}, err
		}
	}
	return s.expert(ctx, id, edit, func(ctx context.Context, c *change, e *Expert) error {
		if discard {
			if err := s.Store.DropExpert(ctx, id); err != nil {
				return err
			}
			return c.note(ctx, EventUnsaid, incident.Step{Kind: Expertly, Act: "discarded", Text: e.Name, Ref: e.ID}, Trace{What: e.ID})
		}
		e.State, e.Signed, e.Hash, e.Edit = Signed, &Mark{UserID: c.a.ID, Name: c.a.Name, Org: c.reach.Desk.Name, At: stamp(), Note: e.How}, e.sum(), e.Edit+1
		if err := s.Store.SaveExpert(ctx, *e); err != nil {
			return err
		}
		act := "signed"
		if !e.Self {
			act = "recorded"
		}
		return c.note(ctx, EventVouched, incident.Step{Kind: Expertly, Act: act, Text: e.Name + "（" + e.Field + "）：" + e.Text, Ref: e.ID}, Trace{What: e.ID, Hash: e.Hash})
	})
}

// vouches asks for the password before the transaction, like a statement's.
func (s *Service) vouches(ctx context.Context, id string, edit int, password string) error {
	a, reach, err := s.Desks.Reach(ctx, actor.IncidentWrite)
	if err != nil {
		return err
	}
	e, err := s.Store.Expert(ctx, id)
	if err != nil {
		return err
	}
	if err := e.open(a, reach, edit); err != nil {
		return err
	}
	return s.Accounts.Confirm(ctx, password)
}

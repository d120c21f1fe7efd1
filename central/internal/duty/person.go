package duty

import (
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
)

// Phone is a number under which a person is reached, and how somebody made sure of it.
type Phone struct {
	Kind       string     `json:"kind"` // mobile, office, home, mail (a mailbox), other
	Number     string     `json:"number"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	VerifiedBy string     `json:"verified_by,omitempty"`
	How        string     `json:"how,omitempty"` // call, sms, in_person
}

// Person can be on duty: the holder of an account, or a contact without a login.
type Person struct {
	ID       string    `json:"id"`
	OrgID    string    `json:"org_id"`
	UserID   string    `json:"user_id"` // empty: no login
	Name     string    `json:"name"`
	Title    string    `json:"title"` // 职务
	Phones   []Phone   `json:"phones"`
	Verified bool      `json:"verified"` // at least one number is
	Active   bool      `json:"active"`
	At       time.Time `json:"updated_at"`
}

var phonePattern = regexp.MustCompile(`^[0-9+][0-9 -]{1,22}[0-9]$`)

func phone(number string) bool { return phonePattern.MatchString(number) }

// Addresses are what messages reach the person by: mobiles and mailboxes, those that somebody made sure of first.
func (p Person) Addresses() (numbers, mails []string) {
	for _, verified := range []bool{true, false} {
		for _, n := range p.Phones {
			switch {
			case (n.VerifiedAt != nil) != verified:
			case n.Kind == "mail":
				mails = append(mails, n.Number)
			case n.Kind == "mobile":
				numbers = append(numbers, strings.NewReplacer(" ", "", "-", "").Replace(n.Number))
			}
		}
	}
	return numbers, mails
}

// reachable reports whether somebody has made sure of a number.
func (p Person) reachable() bool {
	for _, n := range p.Phones {
		if n.VerifiedAt != nil {
			return true
		}
	}
	return false
}

func (p Person) validate() error {
	switch {
	case !errs.Name(p.Name, 32):
		return errs.Field("duty.person_name", "name", "1 to 32 characters on one line")
	case p.Title != "" && !errs.Name(p.Title, 64):
		return errs.Field("duty.person_title", "title", "at most 64 characters on one line")
	case len(p.Phones) > 6:
		return errs.Field("duty.phone", "phones", "at most 6 numbers")
	}
	for _, n := range p.Phones {
		switch n.Kind {
		case "mobile", "office", "home", "other":
			if !phone(n.Number) {
				return errs.Field("duty.phone", "phones", "a number has 3 to 24 digits, spaces, + and -")
			}
		case "mail":
			if at, err := mail.ParseAddress(n.Number); err != nil || at.Address != n.Number || len(n.Number) > 64 {
				return errs.Field("duty.mail", "phones", "a mailbox is like zhiban@example.cn, of at most 64 characters")
			}
		default:
			return errs.Field("duty.phone", "phones", "its kind must be mobile, office, home, mail or other")
		}
	}
	return nil
}

// keep carries what is known of numbers over to a changed list: one that stayed the same stays verified.
func (p Person) keep(old []Phone) Person {
	out := make([]Phone, 0, len(p.Phones))
	for _, n := range p.Phones {
		n.Number = strings.TrimSpace(n.Number)
		n.VerifiedAt, n.VerifiedBy, n.How = nil, "", ""
		for _, o := range old {
			if o.Number == n.Number {
				n.VerifiedAt, n.VerifiedBy, n.How = o.VerifiedAt, o.VerifiedBy, o.How
			}
		}
		out = append(out, n)
	}
	p.Phones = out
	return p
}

// shown is the person as somebody may see it: numbers need a permission of their own.
func (p Person) shown(numbers bool) Person {
	p.Verified = p.reachable()
	if !numbers {
		p.Phones = []Phone{}
	}
	return p
}

// traced is the person as the audit trail keeps it: which cannot be changed, so no number is in it.
func (p Person) traced() Person { return p.shown(false) }

// Leave is days on which a person cannot be on duty.
type Leave struct {
	ID       string    `json:"id"`
	OrgID    string    `json:"org_id"`
	PersonID string    `json:"person_id"`
	From     Day       `json:"from"`
	To       Day       `json:"to"` // included
	Note     string    `json:"note"`
	ByName   string    `json:"by_name"`
	At       time.Time `json:"at"`
}

func (l Leave) validate() error {
	switch {
	case !l.From.Valid() || !l.To.Valid() || l.To < l.From || l.From.Add(366) < l.To:
		return errs.Field("duty.day", "to", "the last day must not come before the first, nor a year after it")
	case l.Note != "" && !errs.Name(l.Note, 64):
		return errs.Field("duty.note", "note", "at most 64 characters on one line")
	}
	return nil
}

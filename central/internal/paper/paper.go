// Package paper is the room for official documents (公文): drafts, their numbers, signatures, and what has
// left the house. What leaves under a number or a signature comes from here, whichever room has the facts. Rule that
// must never break: a number is given once, none is left out, and what was signed never changes.
package paper

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// Kind of a document.
type Kind string

// The kinds.
const (
	Letter   Kind = "letter"   // 通知, 请示, 函 and whatever else
	Brief    Kind = "brief"    // 值班快报
	Bulletin Kind = "bulletin" // 通报
	Report   Kind = "report"   // 信息报告
	Roster   Kind = "roster"   // 值班表
	Handover Kind = "handover" // 交接班记录

	Situation Kind = "situation" // 态势报告
	Review    Kind = "review"    // 总结评估报告
)

// kinds are all of them in the order of the register, with their words; those of the house alone have no number.
func kinds() []struct {
	kind     Kind
	word     string
	numbered bool
} {
	return []struct {
		kind     Kind
		word     string
		numbered bool
	}{
		{Letter, "公文", true},
		{Brief, "值班快报", true},
		{Bulletin, "通报", true},
		{Report, "信息报告", true},
		{Situation, "态势报告", true},
		{Review, "总结评估报告", true},
		{Roster, "值班表", false},
		{Handover, "交接班记录", false},
	}
}

// Kinds lists all of them.
func Kinds() []Kind {
	var out []Kind
	for _, k := range kinds() {
		out = append(out, k.kind)
	}
	return out
}

// Word is the kind as a register calls it.
func (k Kind) Word() string {
	for _, one := range kinds() {
		if one.kind == k {
			return one.word
		}
	}
	return ""
}

// Numbered tells kinds with a number from tables of the house, which have none.
func (k Kind) Numbered() bool {
	for _, one := range kinds() {
		if one.kind == k {
			return one.numbered
		}
	}
	return false
}

// State of a document.
type State string

// The states.
const (
	Draft     State = "draft"
	Signed    State = "signed"
	Withdrawn State = "withdrawn" // by a later document
)

// Number is 苏应急值〔2026〕12号: a prefix of the house, the year, the count in it.
type Number struct {
	Prefix string `json:"prefix"`
	Year   int    `json:"year"`
	No     int    `json:"no"`
}

// String is the number as GB/T 9704-2012 7.2.5 has it: the whole year in 六角括号, no 第 and no leading zero.
func (n Number) String() string { return fmt.Sprintf("%s〔%d〕%d号", n.Prefix, n.Year, n.No) }

// Taken is a line of the register.
type Taken struct {
	Number
	OrgID    string     `json:"org_id"`
	PaperID  string     `json:"paper_id"`
	Title    string     `json:"title"` // of the document, now
	Kind     Kind       `json:"kind"`  // of the document; empty when its draft was discarded
	State    State      `json:"state"` // of the document; empty when it was voided
	At       time.Time  `json:"at"`
	By       string     `json:"by"`
	VoidedAt *time.Time `json:"voided_at,omitempty"`
	VoidedBy string     `json:"voided_by"`
	Reason   string     `json:"reason"` // of the voiding
}

// Signature is who let it leave.
type Signature struct {
	UserID string    `json:"user_id"`
	Name   string    `json:"name"`
	At     time.Time `json:"at"`
	How    string    `json:"how"`
}

// Paper is a document. Files and sums are there when it is signed.
type Paper struct {
	ID         string     `json:"id"`
	OrgID      string     `json:"org_id"`
	OrgName    string     `json:"org_name"`
	Division   string     `json:"division"`
	Kind       Kind       `json:"kind"`
	State      State      `json:"state"`
	Content    Content    `json:"content"`
	Number     *Number    `json:"number,omitempty"`
	NumberText string     `json:"number_text"`
	Date       string     `json:"date"`   // of the signature, 2026-11-26
	Source     string     `json:"source"` // what it was made from: "roster 2026-12"
	Facts      string     `json:"facts"`  // SHA-256 of what was made from it, before anybody edited
	Version    int        `json:"version"`
	CreatedAt  time.Time  `json:"created_at"`
	CreatedBy  string     `json:"created_by"`
	UpdatedAt  time.Time  `json:"updated_at"`
	UpdatedBy  string     `json:"updated_by"`
	Signature  *Signature `json:"signature,omitempty"`
	SumDOCX    string     `json:"sum_docx"` // SHA-256, hexadecimal
	SumPDF     string     `json:"sum_pdf"`
	Missing    string     `json:"missing"`     // characters that no font has
	Replaces   string     `json:"replaces"`    // id of the document that it withdraws
	ReplacedBy string     `json:"replaced_by"` // id of the document that withdrew it
	Own        bool       `json:"own"`         // of the organisation of whoever asks
	Stale      bool       `json:"stale"`       // in the answer of Compose: what it was made from says something else now
}

// Year is that of the signature, of a draft that of its beginning.
func (p Paper) Year() int {
	if day, err := time.Parse(time.DateOnly, p.Date); err == nil {
		return day.Year()
	}
	return p.CreatedAt.In(event.China()).Year()
}

// Files are a document as it leaves.
type Files struct {
	DOCX, PDF []byte
	Missing   string // characters that no font has, each once
}

// Print is everything that stands on paper.
type Print struct {
	Content
	Number string
	Signer string
	Date   time.Time         // of which the day is printed
	Images map[string][]byte // JPEG files of the pictures, by their keys; only a file needs them
	Mark   string            // what stands over and across every page of a PDF that must not be taken for the document; empty: nothing
}

// print is a paper as it looks at a time: an unsigned one with the day of today and room for its number.
func (p Paper) print(l Letterhead, now time.Time) Print {
	out := Print{Content: p.Content, Date: now.In(event.China())}
	if p.Date != "" {
		if day, err := time.ParseInLocation(time.DateOnly, p.Date, event.China()); err == nil {
			out.Date = day
		}
	}
	switch {
	case p.Number != nil:
		out.Number = p.Number.String()
	case p.Kind.Numbered() && l.Prefixes[p.Kind] != "":
		out.Number = fmt.Sprintf("%s〔%d〕　号", l.Prefixes[p.Kind], out.Date.Year())
	}
	if p.Signature != nil {
		out.Signer = p.Signature.Name
	}
	return out
}

// Letterhead is what an organisation puts on its documents. A kind without prefix has no number yet.
type Letterhead struct {
	OrgID    string          `json:"org_id"`
	Head     string          `json:"head"`
	From     string          `json:"from"`
	Issuer   string          `json:"issuer"`
	Seal     bool            `json:"seal"`
	Prefixes map[Kind]string `json:"prefixes"`
	Version  int             `json:"version"`
}

const maxPrefix = 20

func (l Letterhead) validate() error {
	if err := (Content{Head: l.Head, From: l.From, Issuer: l.Issuer}).validate(); err != nil {
		return err
	}
	for k, prefix := range l.Prefixes {
		if !slices.Contains(Kinds(), k) || !k.Numbered() {
			return errs.Field("paper.kind", "prefixes", "only letter, brief, bulletin, report, situation and review are numbered")
		}
		if !errs.Line(prefix, maxPrefix) || strings.ContainsAny(prefix, "〔〕") || strings.TrimSpace(prefix) != prefix {
			return errs.Field("paper.prefix", "prefixes", "a prefix is one word of at most 20 characters, without brackets")
		}
	}
	return nil
}

// fill puts into a draft what the letterhead knows and the author has not said.
func (l Letterhead) fill(k Kind, c Content) Content {
	if c.From == "" {
		c.From = l.From
	}
	if k.Numbered() {
		if c.Head == "" {
			c.Head = l.Head
		}
		if c.Issuer == "" {
			c.Issuer = l.Issuer
		}
		c.Seal = c.Seal || l.Seal
	}
	return c
}

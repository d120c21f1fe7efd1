// Package plan keeps emergency plans (预案): what they say, as chapters and as structure that can be carried out,
// and where each stands between writing and abolition. Officials write and approve them, duty officers act by
// them. Rule that must never break: what was published stays as it was, and only what passed the check of its
// structure and was approved by somebody else than its writer is ever published.
package plan

import (
	"regexp"
	"slices"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/geo"
)

// Kind of plan.
type Kind string

// The kinds.
const (
	Overall      Kind = "overall"      // 总体
	Special      Kind = "special"      // 专项
	Departmental Kind = "departmental" // 部门
	Township     Kind = "township"     // 乡镇（街道）
	Unit         Kind = "unit"         // 单位和基层组织
	Enterprise   Kind = "enterprise"   // 企业
)

// Kinds lists them in their order.
func Kinds() []Kind {
	return []Kind{Overall, Special, Departmental, Township, Unit, Enterprise}
}

// State is where a plan stands.
type State string

// The states.
const (
	Drafting   State = "drafting"   // 编制
	Consulting State = "consulting" // 征求意见
	Reviewing  State = "reviewing"  // 评审
	Approving  State = "approving"  // 审批
	Published  State = "published"  // 发布, to be filed
	Filing     State = "filing"     // handed in for filing, the receipt is awaited
	Filed      State = "filed"      // 备案, with receipt
	Assessing  State = "assessing"  // 评估
	Revising   State = "revising"   // 修订: the version in force stays in force
	Abolished  State = "abolished"  // 废止
)

// Move is a step from one state to another.
type Move struct {
	From State `json:"from"`
	To   State `json:"to"`
}

// moves are those that there are. Back to writing needs a reason, like abolition.
func moves() []Move {
	return []Move{
		{Drafting, Consulting},
		{Revising, Consulting},
		{Consulting, Reviewing},
		{Reviewing, Approving},
		{Approving, Published},
		{Consulting, Drafting},
		{Reviewing, Drafting},
		{Approving, Drafting},
		{Published, Filing},
		{Filing, Filed},
		{Filing, Published},
		{Filed, Assessing},
		{Published, Assessing},
		{Assessing, Filed},
		{Published, Revising},
		{Filed, Revising},
		{Assessing, Revising},
		{Published, Abolished},
		{Filed, Abolished},
		{Assessing, Abolished},
		{Revising, Abolished},
	}
}

// Next lists the states that may follow. What was written for a revision goes back to revising.
func (p Plan) Next() []State {
	out := []State{}
	for _, m := range moves() {
		if m.From != p.State {
			continue
		}
		if m.To == Drafting && p.Version > 0 {
			m.To = Revising
		}
		if m.From == Assessing && m.To == Filed && p.FiledAt == nil {
			m.To = Published // it holds, and is still to be filed
		}
		out = append(out, m.To)
	}
	return out
}

// written reports whether the text may be changed: only while it is being written.
func (s State) written() bool { return s == Drafting || s == Revising }

// backward reports whether a step gives something back or ends it, which needs a reason.
func backward(from, to State) bool {
	back := []State{Consulting, Reviewing, Approving}
	return (slices.Contains(back, from) && to.written()) || to == Abolished || (from == Filing && to == Published)
}

// Plan is the head of a plan: whose it is, what it is about and where it stands.
type Plan struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	NameEN    string         `json:"name_en"`
	Kind      Kind           `json:"kind"`
	Category  string         `json:"category"` // of a pack: natural.flood
	OrgID     string         `json:"org_id"`
	OrgName   string         `json:"org_name"`
	Division  string         `json:"division"`
	UpperID   string         `json:"upper_id"` // the plan that it follows
	State     State          `json:"state"`
	Version   int            `json:"version"`  // in force; 0: none was approved yet
	Number    string         `json:"number"`   // 文号 of the version in force
	Revision  int            `json:"revision"` // of the draft
	Since     time.Time      `json:"since"`    // when it came into its state
	DueAt     *time.Time     `json:"due_at,omitempty"`
	DueWhat   string         `json:"due_what"` // file, receipt or assess
	Published *time.Time     `json:"published_at,omitempty"`
	FiledAt   *time.Time     `json:"filed_at,omitempty"`
	Assessed  *time.Time     `json:"assessed_at,omitempty"` // when it was last found to hold
	Filings   []Registration `json:"filings"`               // of its versions
	DrilledOn string         `json:"drilled_on"`            // day of the last drill that somebody noted
	Writer    string         `json:"writer"`                // id of who wrote last
	Writers   []string       `json:"writers"`               // ids of all who wrote since the version in force; null: from before they were kept
	Coming    *Coming        `json:"coming,omitempty"`      // what the next version will be called and be about, where that differs
	CreatedAt time.Time      `json:"created_at"`
	ChangedAt time.Time      `json:"changed_at"`
	Demo      bool           `json:"demo"` // 演示数据
	Edit      int            `json:"edit"` // of the head
}

// Coming is what the head says from the next version on: what was published stays in force as it is until then.
type Coming struct {
	Name     string `json:"name"`
	NameEN   string `json:"name_en"`
	Kind     Kind   `json:"kind"`
	Category string `json:"category"`
	OrgID    string `json:"org_id"`
	OrgName  string `json:"org_name"`
	UpperID  string `json:"upper_id"`
}

func (p Plan) head() Coming {
	return Coming{p.Name, p.NameEN, p.Kind, p.Category, p.OrgID, p.OrgName, p.UpperID}
}

// wrote reports whether somebody had a part in what would be published.
func (p Plan) wrote(user string) bool {
	if p.Writers == nil {
		return p.Writer == user
	}
	return slices.Contains(p.Writers, user)
}

// writtenBy notes that somebody has a part in what will be published.
func (p *Plan) writtenBy(user string) {
	if p.Writers == nil && p.Writer != "" {
		p.Writers = []string{p.Writer}
	}
	if p.Writer = user; !slices.Contains(p.Writers, user) {
		p.Writers = append(p.Writers, user)
	}
}

// Overdue reports whether something of the plan should have been done.
func (p Plan) Overdue(now time.Time) bool {
	return p.State != Abolished && p.DueAt != nil && p.DueAt.Before(now)
}

var categories = regexp.MustCompile(`^(natural|accident|health|security)(\.[a-z_]+)*$`)

const (
	maxName = 120
	maxLine = 200
	maxNote = 2000
)

func (p Plan) validate() error {
	switch {
	case !errs.Name(p.Name, maxName):
		return errs.Field("plan.name", "name", "1 to 120 characters on one line")
	case !errs.Line(p.NameEN, maxLine):
		return errs.Field("plan.name_en", "name_en", "at most 200 characters on one line")
	case !slices.Contains(Kinds(), p.Kind):
		return errs.Field("plan.kind", "kind", "must be overall, special, departmental, township, unit or enterprise")
	case !categories.MatchString(p.Category) && (p.Kind != Overall || p.Category != ""):
		return errs.Field("plan.category", "category", "name the category; only an overall plan has none")
	case !geo.Division(p.Division).Valid():
		return errs.Field("plan.division", "division", "is no division code")
	}
	return nil
}

// Step is one step of a plan's life; steps are only added.
type Step struct {
	PlanID  string    `json:"plan_id"`
	No      int       `json:"no"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	ByName  string    `json:"by_name"`
	From    State     `json:"from"`
	To      State     `json:"to"`
	Note    string    `json:"note"`
	Number  string    `json:"number"`  // 文号, or number of the receipt
	Trigger string    `json:"trigger"` // why it is revised: id of the pack
	Version int       `json:"version"` // that was published or is filed
}

// Version is a published text. Hash is the SHA-256 of its body as it is kept.
type Version struct {
	PlanID string    `json:"plan_id"`
	No     int       `json:"no"`
	Number string    `json:"number"`
	At     time.Time `json:"at"`
	By     string    `json:"by"`
	ByName string    `json:"by_name"`
	Writer string    `json:"writer"`
	Note   string    `json:"note"`
	Hash   string    `json:"hash"`
	Head   *Coming   `json:"head,omitempty"` // what it was called and about; left out of those from before that was kept
	Body   *Body     `json:"body,omitempty"` // left out of lists
}

// File is an attachment of a plan.
type File struct {
	ID     string    `json:"id"`
	PlanID string    `json:"plan_id"`
	Kind   string    `json:"kind"` // map, opinion, review, receipt or other
	Name   string    `json:"name"`
	Type   string    `json:"type"`
	Size   int       `json:"size"`
	Hash   string    `json:"hash"`
	At     time.Time `json:"at"`
	ByName string    `json:"by_name"`
	Bytes  []byte    `json:"-"`
}

// MaxFile is the most that one attachment holds, maxFiles how many a plan has.
const (
	MaxFile  = 1_000_000
	maxFiles = 40
)

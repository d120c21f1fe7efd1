// Package handover is the book of a duty desk: one shift record after another, in each what came in and went
// out, what is still open and who has it, and the two signatures by which it passed on. The officers on duty
// write it; the desk above reads it. Rule that must never break: what was written stays; a correction stands
// beside it, and a shift ends only when somebody has taken it over.
package handover

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/event"
)

// OwnerKind and ItemKind are the owners of the clocks of this package.
const (
	OwnerKind = "handover"
	ItemKind  = "handover.item"
)

// State of a shift.
type State string

// The states.
const (
	Open    State = "open"
	Leaving State = "leaving" // the outgoing officer has signed; nobody has taken over yet
	Closed  State = "closed"
)

// Signature is one of the two. How is "password", later also a second factor. Rostered tells one that the
// roster expects from another, which needs a reason.
type Signature struct {
	UserID   string    `json:"user_id"`
	Name     string    `json:"name"`
	At       time.Time `json:"at"`
	How      string    `json:"how"`
	Rostered bool      `json:"rostered"`
	Reason   string    `json:"reason"`
}

// Shift is the record of one shift of a desk.
type Shift struct {
	ID       string     `json:"id"`
	OrgID    string     `json:"org_id"`
	OrgName  string     `json:"org_name"`
	Division string     `json:"division"`
	No       int        `json:"no"` // of the desk, from 1
	State    State      `json:"state"`
	OpenedAt time.Time  `json:"opened_at"`
	Officers []string   `json:"officers"` // names by the roster, and who signed on
	TakerID  string     `json:"taker_id"` // duty person who took it over; empty of the first
	DueAt    *time.Time `json:"due_at,omitempty"`
	Note     string     `json:"note"`   // what the outgoing officer leaves behind
	Absent   string     `json:"absent"` // why the outgoing signature is missing
	Out      *Signature `json:"out,omitempty"`
	In       *Signature `json:"in,omitempty"`
	ClosedAt *time.Time `json:"closed_at,omitempty"`
	LateAt   *time.Time `json:"late_at,omitempty"` // when it was told that nobody had taken over
	Passed   []Item     `json:"passed"`            // what was open when it passed on
	Version  int        `json:"version"`           // how often it was signed
}

// EntryKind is what an entry is about.
type EntryKind string

// The kinds of entries. Those from Alarm on the desk writes by itself.
const (
	CallIn  EntryKind = "call_in"
	CallOut EntryKind = "call_out"
	FaxIn   EntryKind = "fax_in"
	FaxOut  EntryKind = "fax_out"
	Visit   EntryKind = "visit"
	Order   EntryKind = "order" // what a leader has said
	Note    EntryKind = "note"
	Alarm   EntryKind = "alarm"
	Late    EntryKind = "late"
	Inbox   EntryKind = "inbox"    // what came in and what became of it
	Report  EntryKind = "report"   // upward, downward and beside
	Task    EntryKind = "task"     // of an instruction
	Roll    EntryKind = "rollcall" //
)

// Entry is one line of the log. At is when it happened, WrittenAt when it was written. An entry that corrects
// another takes its place in what people read; both stay.
type Entry struct {
	ID        string    `json:"id"`
	OrgID     string    `json:"org_id"`
	ShiftID   string    `json:"shift_id"`
	No        int       `json:"no"` // in the shift, from 1
	Kind      EntryKind `json:"kind"`
	At        time.Time `json:"at"`
	WrittenAt time.Time `json:"written_at"`
	By        string    `json:"by"`
	ByName    string    `json:"by_name"`
	Party     string    `json:"party"`    // unit, name and post of the other side
	Contact   string    `json:"contact"`  // how to reach them
	Text      string    `json:"text"`     //
	Corrects  string    `json:"corrects"` // id of an entry
	Reason    string    `json:"reason"`   // of the correction
	Source    string    `json:"source"`   // what the desk wrote it from; once each
	Corrected string    `json:"corrected"`
}

// Word is the kind as documents call it.
func (k EntryKind) Word() string {
	return map[EntryKind]string{
		CallIn: "来电", CallOut: "去电", FaxIn: "收文", FaxOut: "发文", Visit: "来访", Order: "领导指示", Note: "记事", Alarm: "报警处置", Late: "交班超时",
		Inbox: "接报", Report: "信息报送", Task: "批示督办", Roll: "查岗",
	}[k]
}

// lateness packs what a line about a late handover says: when it was due, and who was asked. The console says it in the
// reader's language and by the reader's clock, Said as documents do.
func lateness(due time.Time, to deadline.To, names string) string {
	return fmt.Sprintf("%s|%s|%s", due.Format(time.RFC3339), to, names)
}

// acted are the kinds whose text begins with an act, in a word that the console says in the reader's language.
func (k EntryKind) acted() bool { return k == Inbox || k == Report || k == Task || k == Roll }

// Acted packs the text of a line about what another room did.
func Acted(act, text string) string { return act + "|" + text }

// acts are what the lines of other rooms say was done, as documents call it. What came from the other side has a word
// of its own.
func acts() map[string]string {
	return map[string]string{
		"received": "登记", "linked": "并入事件", "opened": "立为事件", "aside": "不予立案", "undone": "撤销处理",
		"sent": "报送", "came": "收到", "phoned": "电话报告", "heard": "接到电话报告", "returned": "退回", "got_back": "被退回", "accepted": "接收", "was_accepted": "对方已接收",
		"given": "交办", "got": "收到交办", "take": "领办", "answer": "回复", "answered": "收到回复", "close": "办结", "closed": "对方已办结", "back": "退回重办", "sent_back": "被退回重办",
		"urge": "催办", "urged": "被催办", "called": "发起", "roll_answered": "应答", "voice": "电话查到", "missed": "未应答",
	}
}

// Said is what the line says in a document. Documents have no party beside a late handover: the sentence names it.
func (e Entry) Said() (party, text string) {
	switch {
	case e.Kind == Late:
		return e.late()
	case e.Kind.acted():
		act, text, _ := strings.Cut(e.Text, "|")
		if text == "" {
			return e.Party, acts()[act]
		}
		return e.Party, acts()[act] + "：" + text
	}
	return e.Party, e.Text
}

func (e Entry) late() (party, text string) {
	part := strings.SplitN(e.Text, "|", 3)
	due, err := time.Parse(time.RFC3339, part[0])
	if err != nil || len(part) < 3 {
		return e.Party, e.Text
	}
	return "", fmt.Sprintf("应于%s交班，无人接班；已催%s%s：%s。", due.In(event.China()).Format("15:04"), e.Party, deadline.To(part[1]).Word(), part[2])
}

// written are the kinds that people write.
func written() []EntryKind { return []EntryKind{CallIn, CallOut, FaxIn, FaxOut, Visit, Order, Note} }

const (
	maxText    = 4000
	maxParty   = 200
	maxContact = 64
	maxReason  = 200
	// ahead is how far the time of an entry may lie after its writing, for clocks that differ; before is how
	// far back: what is older belongs into a correction of its own day.
	ahead  = 2 * time.Minute
	before = 7 * 24 * time.Hour
)

func (e Entry) validate() error {
	switch {
	case !slices.Contains(written(), e.Kind):
		return errs.Field("handover.kind", "kind", "must be call_in, call_out, fax_in, fax_out, visit, order or note")
	case strings.TrimSpace(e.Text) == "" || !errs.Text(e.Text, maxText):
		return errs.Field("handover.text", "text", "1 to 4000 characters")
	case !errs.Line(e.Party, maxParty):
		return errs.Field("handover.party", "party", "at most 200 characters on one line")
	case !errs.Line(e.Contact, maxContact):
		return errs.Field("handover.contact", "contact", "at most 64 characters on one line")
	case e.At.After(e.WrittenAt.Add(ahead)):
		return errs.Field("handover.future", "at", "lies in the future")
	case e.At.Before(e.WrittenAt.Add(-before)):
		return errs.Field("handover.past", "at", "lies more than 7 days back")
	case e.Corrects != "" && !errs.Name(e.Reason, maxReason):
		return errs.Field("handover.reason", "reason", "say why it is corrected, in 1 to 200 characters on one line")
	}
	return nil
}

// Item is something that stays to be done. OwnerID is a duty person of the desk.
type Item struct {
	ID        string     `json:"id"`
	OrgID     string     `json:"org_id"`
	Title     string     `json:"title"`
	Level     int        `json:"level"` // 1 red to 4 blue, 0 none
	OwnerID   string     `json:"owner_id"`
	OwnerName string     `json:"owner_name"`
	DueAt     *time.Time `json:"due_at,omitempty"`
	EntryID   string     `json:"entry_id"` // where it came from
	OpenedAt  time.Time  `json:"opened_at"`
	OpenedBy  string     `json:"opened_by"`
	DoneAt    *time.Time `json:"done_at,omitempty"`
	DoneBy    string     `json:"done_by"`
	Result    string     `json:"result"`
	Version   int        `json:"version"`
}

func (i Item) validate(now time.Time) error {
	switch {
	case !errs.Name(i.Title, maxParty):
		return errs.Field("handover.title", "title", "1 to 200 characters on one line")
	case i.Level < 0 || i.Level > 4:
		return errs.Field("handover.level", "level", "must be 0 to 4")
	case i.DueAt != nil && (i.DueAt.Before(now.Add(-before)) || i.DueAt.After(now.Add(366*24*time.Hour))):
		return errs.Field("handover.due", "due_at", "must lie within a year")
	}
	return nil
}

// Step is one change of an item; steps are only added.
type Step struct {
	ItemID string    `json:"item_id"`
	No     int       `json:"no"`
	At     time.Time `json:"at"`
	ByName string    `json:"by_name"`
	Kind   string    `json:"kind"` // opened, changed, owned, done, reopened, late
	Text   string    `json:"text"`
}

// ownerless are the titles of the items that nobody has.
func ownerless(list []Item) []string {
	var out []string
	for _, i := range list {
		if i.OwnerID == "" {
			out = append(out, i.Title)
		}
	}
	return out
}

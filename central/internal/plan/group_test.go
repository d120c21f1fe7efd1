package plan

import (
	"slices"
	"testing"
)

// A group without a leader, with a role that there is not, or under what is no command on site is told by its clause.
func TestGroupsAreCheckedByClause(t *testing.T) {
	b := Body{
		Chapters: []Chapter{{ID: "c1", Depth: 1, Title: "组织指挥体系", Text: "设工作组。"}},
		Roles:    []Role{{ID: "r1", Name: "组长", Fill: Fill{How: "org", OrgID: "o"}}},
		Groups: []Group{
			{ID: "g1", Kind: WorkGroup, Name: "综合协调组", LeadID: "r1", Clause: "c1"},
			{ID: "g2", Kind: WorkGroup, Name: "抢险救援组", LeadID: "r9", Clause: "c1"},
			{ID: "g3", Kind: WorkGroup, Name: "医疗救治组", LeadID: "r1", RoleIDs: []string{"r8"}, UnderID: "g1", Clause: "c1"},
		},
	}
	if err := b.validate(); err != nil {
		t.Fatal(err)
	}
	got := map[string]Fault{}
	for _, f := range Check(b, Directory{Orgs: map[string]bool{"o": true}}) {
		if f.Part == "group" {
			got[f.Code] = f
		}
		if f.Code == RoleIdle {
			t.Error("a role that leads a group counts as unused")
		}
	}
	for code, name := range map[string]string{GroupLead: "抢险救援组", GroupRole: "医疗救治组", GroupUnder: "医疗救治组"} {
		if f := got[code]; !f.Grave || !slices.Equal(f.Names, []string{name}) || f.Clause != "1 组织指挥体系" {
			t.Errorf("%s: %+v", code, f)
		}
	}
	next := b
	next.Groups = slices.Clone(b.Groups)
	next.Groups[0].Orgs = []string{"市气象局"}
	if c := Compare(b, next); len(c) != 1 || c[0].Part != "group" || c[0].Field != "orgs" || c[0].To != "市气象局" {
		t.Errorf("compared %+v", c)
	}
	b.Groups[0].Levels = []int{5}
	if b.validate() == nil {
		t.Error("a level that there is not")
	}
}

package review

import (
	"strings"
	"testing"

	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/response"
)

func TestARoleThatNobodyFillsIsSaidToBeOpen(t *testing.T) {
	for want, seat := range map[string]response.Seat{
		"组长 空缺（无人当班）":      {Name: "组长", Open: response.OpenRoster, OrgName: "如东县"},
		"组长 空缺（预案未指定人员）":   {Name: "组长", Open: response.OpenUnset},
		"组长 空缺（无此单位）":      {Name: "组长", Open: response.OpenOrg},
		"组长 空缺（人员已不在值班名册）": {Name: "组长", Open: response.OpenPerson},
		"组长 空缺":    {Name: "组长"},
		"组长 王工、李工": {Name: "组长", OrgName: "如东县", Members: []response.Member{{Name: "王工"}, {Name: "李工"}}},
		"县指挥部 如东县": {Name: "县指挥部", OrgName: "如东县"},
	} {
		seat.ID = "lead"
		var r Record
		r.Responses = []response.Running{{Response: response.Response{Level: 4}, Seats: []response.Seat{seat}, Groups: []response.Group{{ID: "g", Name: "抢险组", LeadID: "lead"}, {ID: "h", Name: "后勤组"}}}}
		got := strings.Join(r.structure(), "\n")
		for _, row := range []string{paper.Row("抢险组", want, ""), paper.Row("后勤组", "空缺", "")} {
			if !strings.Contains(got, row) {
				t.Errorf("it does not say %q:\n%s", row, got)
			}
		}
	}
}

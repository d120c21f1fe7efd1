package api

import (
	"slices"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/shared/rule"
)

func TestASheetOfRulesLeavesEmptyWhatTheConditionDoesNotLookAt(t *testing.T) {
	minute := rule.Duration(time.Minute)
	lines := []rulebook.BookLine{
		{Kept: rulebook.Kept{ID: "high", State: rulebook.Published, Version: 2, Draft: &rulebook.Draft{}, Rule: rule.Rule{
			Name: "高水位", Condition: rule.Above, Limit: 5, Clear: 4.5, Level: 2, Source: "防洪预案",
			Actions: []rule.Action{{Device: "s", Output: "siren", For: minute}, {Device: "s", Output: "lamp"}},
		}}},
		{Kept: rulebook.Kept{ID: "quiet", State: rulebook.Drafted, Rule: rule.Rule{Name: "失联", Condition: rule.Silent, For: minute, Level: 4}}},
	}
	sheet := ruleSheet(lines)
	cell := func(row int, heading string) any {
		i := slices.Index(sheet.Headings, heading)
		if i < 0 || len(sheet.Rows[row]) != len(sheet.Headings) {
			t.Fatalf("no column %s, or %d cells under %d headings", heading, len(sheet.Rows[row]), len(sheet.Headings))
		}
		return sheet.Rows[row][i]
	}
	for heading, want := range map[string][2]any{
		"级别": {"橙色", "蓝色"}, "状态": {"已发布", "草稿"}, "有未发布修改": {"是", ""}, "条件": {"高于", "无数据"},
		"限值": {5.0, nil}, "解除值": {4.5, nil}, "持续（秒）": {nil, 60.0}, "联动输出": {"s/siren（60秒）、s/lamp", ""},
	} {
		for row := range want {
			if got := cell(row, heading); got != want[row] {
				t.Errorf("row %d, %s: got %v, want %v", row, heading, got, want[row])
			}
		}
	}
}

package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/store/storetest"
)

func TestAReportThatWasSentBecomesADocument(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	county, city := r.as("county", account.RoleDuty), r.as("city", account.RoleDuty)
	i := r.fire(county)
	draft, err := r.Begin(county, i.ID, "")
	r.must(err)
	if _, err = r.Paper(county, r.orgs["county"], draft.ID); errs.KindOf(err) != errs.Conflict {
		t.Errorf("a draft becomes a document: %v", err)
	}
	saved, err := r.Save(county, draft.ID, edits("unit", "", "某公司", "figure.injured", "", "2", "measures", "", "消防到场\n疏散周边群众"))
	r.must(err)
	sent, err := r.Send(county, draft.ID, report.Sending{Version: saved.Version, Signer: "李", How: "oral"})
	r.must(err)
	c, err := r.Paper(county, r.orgs["county"], sent.ID)
	r.must(err)
	if c.Title != "关于洋口仓库火灾的报告\n（初报）" || c.To != "市" || c.From != "如东县" || !c.Upward {
		t.Errorf("the head: %+v", c)
	}
	for _, want := range []string{"一、基本情况\n", "事发地点：洋口镇化工园区。", "、人员伤亡和损失\n受伤2人。", "、已采取的措施\n消防到场\n疏散周边群众", "事发时间：" + i.OccurredAt.In(time.FixedZone("CST", 8*3600)).Format("2006年1月2日")} {
		if !strings.Contains(c.Text, want) {
			t.Errorf("the document does not say %q:\n%s", want, c.Text)
		}
	}
	if again, err := r.Paper(county, r.orgs["county"], sent.ID); err != nil || again.Text != c.Text || again.Title != c.Title {
		t.Errorf("the same report reads differently: %v", err)
	}
	if _, err = r.Paper(city, r.orgs["city"], sent.ID); errs.KindOf(err) != errs.Denied {
		t.Errorf("the city makes a document of the county's report: %v", err)
	}
	if _, err = r.Paper(r.as("neighbour", account.RoleDuty), r.orgs["neighbour"], sent.ID); errs.KindOf(err) != errs.NotFound {
		t.Errorf("a neighbour makes a document of it: %v", err)
	}
}

func TestStatisticsBecomeABulletin(t *testing.T) {
	r := newRoom(t, storetest.SQLite(t))
	leader := r.as("city", account.RoleLeader)
	r.fire(r.as("county", account.RoleDuty))
	now := time.Now().In(time.FixedZone("CST", 8*3600))
	for _, ref := range []string{now.Format("2006-01"), now.Format("2006")} {
		c, err := r.BulletinPaper(leader, r.orgs["city"], ref)
		r.must(err)
		blocks := paper.Blocks(c.Text)
		if last := blocks[len(blocks)-1]; !strings.Contains(c.Title, "通报") || last.Rows == nil || last.Rows[0][0] != "单位" || last.Rows[1][0] != "如东县" {
			t.Errorf("%s: %+v", ref, c)
		}
		if !strings.HasPrefix(c.Text, "本期尚未结束") {
			t.Errorf("%s is not over and does not say so: %s", ref, c.Text)
		}
	}
	if c, err := r.BulletinPaper(leader, r.orgs["city"], now.AddDate(-1, 0, 0).Format("2006")); err != nil || strings.Contains(c.Text, "尚未结束") {
		t.Errorf("a year that is over: %s %v", c.Text, err)
	}
	if _, err := r.BulletinPaper(leader, r.orgs["city"], "last month"); errs.KindOf(err) != errs.Invalid {
		t.Errorf("a month that is none: %v", err)
	}
	if _, err := r.BulletinPaper(r.as("city", account.RoleAuditor), r.orgs["city"], now.Format("2006")); errs.KindOf(err) != errs.Denied {
		t.Errorf("an auditor makes a bulletin: %v", err)
	}
}

package api

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/event"
	"github.com/fengsui/fengsui/central/internal/page"
)

// send posts bytes and returns the answer.
func (b *browser) send(path string, body []byte, out *[]byte) int {
	b.c.t.Helper()
	req, err := http.NewRequestWithContext(b.c.t.Context(), http.MethodPost, b.c.url+path, bytes.NewReader(body))
	if err != nil {
		b.c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Origin", b.origin)
	answer, err := b.client.Do(req)
	if err != nil {
		b.c.t.Fatal(err)
	}
	defer answer.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(answer.Body); err != nil {
		b.c.t.Fatal(err)
	}
	*out = text.Bytes()
	return answer.StatusCode
}

// A roster is made over the API, goes out as a workbook, comes back changed, and is shown to those who have
// no login as far as the desk says.
func TestRosterGoesOutAndComesBack(t *testing.T) {
	c := newCentre(t)
	b := c.admin()
	must := func(method, path string, in, out any) {
		t.Helper()
		if status, code := b.call(method, "/api/v1"+path, in, out); status >= 300 {
			t.Fatalf("%s %s: %d %s", method, path, status, code)
		}
	}
	if status, _ := c.browser().call("GET", "/api/v1/duty/now", nil, nil); status != http.StatusUnauthorized {
		t.Fatalf("a stranger gets %d", status)
	}
	var orgs page.List[account.Org]
	must("GET", "/orgs", nil, &orgs)
	org := "?org=" + orgs.Items[0].ID
	var post duty.Post
	must("POST", "/duty/posts"+org, map[string]any{"name": "值班员", "tier": "officer", "continuous": true}, &post)
	var people []duty.Person
	for _, name := range []string{"甲", "乙", "丙"} {
		var p duty.Person
		must("POST", "/duty/people"+org, map[string]any{"name": name, "active": true, "phones": []any{map[string]string{"kind": "mobile", "number": "000-0000"}}}, &p)
		must("POST", "/duty/people/"+p.ID+"/verify", map[string]string{"number": "000-0000", "how": "call"}, &p)
		if !p.Verified {
			t.Errorf("got %+v", p)
		}
		people = append(people, p)
	}
	today := duty.DayOf(time.Now(), event.China())
	must("POST", "/duty/posts/"+post.ID+"/rules", map[string]any{
		"from": today, "watches": []any{map[string]string{"name": "全天", "from": "00:00", "to": "00:00"}}, "heads": map[string]int{"workday": 1, "weekend": 1},
		"rotations": []any{map[string]any{"name": "轮值", "keep": 1, "first": 0, "members": []string{people[0].ID, people[1].ID}}},
	}, nil)
	var now page.List[duty.DeskNow]
	must("GET", "/duty/now", nil, &now)
	if len(now.Items) != 1 || now.Items[0].State != duty.StateHeld || now.Items[0].Posts[0].People[0].Name != "甲" || len(now.Items[0].Posts[0].People[0].Phones) != 1 {
		t.Errorf("now: %+v", now.Items)
	}
	month := today.Add(31).Month()
	span := org + "&from=" + month + "-01&to=" + string(duty.Day(month+"-01").Add(28))
	status, raw := b.raw("GET", "/api/v1/duty/roster/export.xlsx"+span, nil)
	if status != http.StatusOK {
		t.Fatalf("export: %d", status)
	}
	book, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	back := func(cell, text string) []byte {
		t.Helper()
		if err := book.SetCellStr("值班表", cell, text); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := book.Write(&out); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	var answer []byte
	if status := b.send("/api/v1/duty/roster/import"+org+"&month="+month, back("D5", "丁"), &answer); status != http.StatusOK || !strings.Contains(string(answer), `"kind":"unknown_person"`) {
		t.Errorf("a stranger in the table: %d %s", status, answer)
	}
	// One wrong cell beside a right one: the fault is told, and the right one is not taken either.
	was, err := book.GetCellValue("值班表", "D6")
	if err != nil {
		t.Fatal(err)
	}
	back("D5", "丙")
	if status := b.send("/api/v1/duty/roster/import"+org+"&month="+month, back("D6", "丁"), &answer); status != http.StatusOK || !strings.Contains(string(answer), `"kind":"unknown_person"`) {
		t.Errorf("one wrong and one right: %d %s", status, answer)
	}
	var before duty.Roster
	must("GET", "/duty/roster"+span, nil, &before)
	if i := slices.IndexFunc(before.Shifts, func(s duty.Shift) bool { return s.Day == duty.Day(month+"-04") }); i < 0 || before.Shifts[i].PersonName == "丙" {
		t.Errorf("half imported: %+v", before.Shifts)
	}
	back("D6", was)
	if status := b.send("/api/v1/duty/roster/import"+org+"&month="+month, back("D5", "丙"), &answer); status != http.StatusOK || !strings.Contains(string(answer), `"cells":1,"faults":[]`) {
		t.Errorf("one change: %d %s", status, answer)
	}
	var roster duty.Roster
	must("GET", "/duty/roster"+span, nil, &roster)
	if i := slices.IndexFunc(roster.Shifts, func(s duty.Shift) bool { return s.Day == duty.Day(month+"-04") }); i < 0 || roster.Shifts[i].PersonName != "丙" {
		t.Errorf("imported: %+v", roster.Shifts)
	}
	if status := b.send("/api/v1/duty/roster/import"+org+"&month="+month, []byte("no workbook"), &answer); status != http.StatusUnprocessableEntity {
		t.Errorf("no workbook: %d %s", status, answer)
	}
	for kind, path := range map[string]string{"board": "/duty/board/", "calendar": "/duty/calendars/"} {
		var made newDutyLink
		must("POST", "/duty/links"+org, map[string]string{"kind": kind, "name": "测试"}, &made)
		stranger := c.browser()
		status, text := stranger.raw("GET", "/api/v1"+path+made.Token, nil)
		if status != http.StatusOK || strings.Contains(string(text), "000-0000") || strings.Contains(string(text), "甲") != (kind == "calendar") {
			t.Errorf("%s: %d %s", kind, status, text)
		}
		if status, _ := stranger.raw("GET", "/api/v1"+path+"x"+made.Token, nil); status != http.StatusNotFound {
			t.Errorf("%s with another token: %d", kind, status)
		}
	}
}

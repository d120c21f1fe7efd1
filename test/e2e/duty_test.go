package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fengsui/fengsui/test/harness"
)

type dutyShift struct {
	PostID     string    `json:"post_id"`
	Day        string    `json:"day"`
	Watch      int       `json:"watch"`
	Head       int       `json:"head"`
	StartsAt   time.Time `json:"starts_at"`
	PersonID   string    `json:"person_id"`
	PersonName string    `json:"person_name"`
}

type dutyRoster struct {
	Shifts []dutyShift `json:"shifts"`
	Issues []struct {
		Fault string `json:"fault"`
	} `json:"issues"`
}

// noon is a zone in which it is about noon, so that no story meets midnight.
func noon() (string, *time.Location) {
	behind := time.Now().UTC().Hour() - 12
	return fmt.Sprintf("Etc/GMT%+d", behind), time.FixedZone("noon", -behind*3600) // their sign is the other way round
}

// dutyCentre is a centre whose top organisation keeps a roster with a hand-off about a minute from now.
func dutyCentre(t *testing.T) (c *harness.Centre, org string, people []string) {
	t.Helper()
	c = harness.NewCentre(t, harness.Build(t), harness.CentreOptions{})
	c.Boot(t)
	var orgs harness.List[struct {
		ID string `json:"id"`
	}]
	call := func(method, path string, in, out any) {
		t.Helper()
		if err := c.Admin.Call(method, path, in, out); err != nil {
			t.Fatal(err)
		}
	}
	call(http.MethodGet, "/duty/orgs", nil, &orgs)
	org = orgs.Items[0].ID
	var made struct {
		ID string `json:"id"`
	}
	for _, name := range []string{"甲", "乙", "丙"} {
		call(http.MethodPost, "/duty/people?org="+org, map[string]any{"name": name, "active": true, "phones": []any{map[string]string{"kind": "mobile", "number": "000-0000"}}}, &made)
		call(http.MethodPost, "/duty/people/"+made.ID+"/verify", map[string]string{"number": "000-0000", "how": "call"}, nil)
		people = append(people, made.ID)
	}
	call(http.MethodPost, "/duty/posts?org="+org, map[string]any{"name": "值班员", "tier": "officer", "continuous": true}, &made)
	zone, loc := noon()
	call(http.MethodPut, "/duty/desks/"+org, map[string]any{"zone": zone, "phone": "", "max_row": 2, "rest_hours": 8, "public_names": false, "public_phone": true}, nil)
	now := time.Now().In(loc)
	edge := now.Add(90 * time.Second).Format("15:04")
	call(http.MethodPost, "/duty/posts/"+made.ID+"/rules", map[string]any{
		"from":      now.Format("2006-01-02"),
		"watches":   []any{map[string]string{"name": "前", "from": "00:00", "to": edge}, map[string]string{"name": "后", "from": edge, "to": "00:00"}},
		"heads":     map[string]int{"workday": 1, "weekend": 1},
		"rotations": []any{map[string]any{"name": "轮值", "keep": 1, "first": 0, "members": people}},
	}, nil)
	return c, org, people
}

func onDuty(c *harness.Client) (string, error) {
	var now harness.List[struct {
		State string `json:"state"`
		Posts []struct {
			People []struct {
				Name string `json:"name"`
			} `json:"people"`
		} `json:"posts"`
	}]
	if err := c.Call(http.MethodGet, "/duty/now", nil, &now); err != nil {
		return "", err
	}
	if len(now.Items) != 1 || len(now.Items[0].Posts) != 1 || len(now.Items[0].Posts[0].People) != 1 {
		return "", fmt.Errorf("now is %+v", now.Items)
	}
	return now.Items[0].Posts[0].People[0].Name, nil
}

// The roster survives kill -9 as it stood; a take-over holds at once; what has begun cannot be edited.
func TestRosterStandsWhateverIsKilled(t *testing.T) {
	t.Parallel()
	c, org, people := dutyCentre(t)
	roster := func() dutyRoster {
		t.Helper()
		_, loc := noon()
		from := time.Now().In(loc)
		var r dutyRoster
		path := "/duty/roster?org=" + org + "&from=" + from.Format("2006-01-02") + "&to=" + from.AddDate(0, 0, 92).Format("2006-01-02")
		if err := c.Admin.Call(http.MethodGet, path, nil, &r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	before := roster()
	if len(before.Shifts) < 2*91 {
		t.Fatalf("%d shifts are laid", len(before.Shifts))
	}
	running := slices.IndexFunc(before.Shifts, func(s dutyShift) bool { return !s.StartsAt.After(time.Now()) })
	cell := func(s dutyShift) map[string]any {
		return map[string]any{"post_id": s.PostID, "day": s.Day, "watch": s.Watch, "head": s.Head}
	}
	s := before.Shifts[running]
	edit := map[string]any{"org": org, "edits": []any{map[string]any{"cell": cell(s), "person_id": people[2], "was": s.PersonID}}}
	problem(t, c.Admin.Call(http.MethodPost, "/duty/cells", edit, nil), http.StatusUnprocessableEntity)

	if err := c.Admin.Call(http.MethodPost, "/duty/takeovers", map[string]any{"cell": cell(s), "to_id": people[2], "reason": "突发急病"}, nil); err != nil {
		t.Fatal(err)
	}
	if who, err := onDuty(c.Admin); err != nil || who != "丙" {
		t.Fatalf("%s holds the post, %v", who, err)
	}
	c.Kill9()
	c.Restart(t)
	if who, err := onDuty(c.Admin); err != nil || who != "丙" {
		t.Errorf("after the kill %s holds the post, %v", who, err)
	}
	if after := roster(); !slices.Equal(before.Shifts, after.Shifts) {
		t.Error("the roster is another after the kill")
	}

	answer, err := c.Admin.Do(http.MethodPost, "/api/v1/duty/roster/import?org="+org+"&month=2026-13", "application/octet-stream", "", strings.NewReader("no workbook"))
	if err != nil || answer.StatusCode != http.StatusUnprocessableEntity {
		t.Fatalf("no workbook: %v %v", answer, err)
	}
	answer.Body.Close()

	// A duty officer of the centre reads the roster and plans nothing.
	officer := c.Officer(t, "zhiban")
	if _, err := onDuty(officer); err != nil {
		t.Error(err)
	}
	problem(t, officer.Call(http.MethodPost, "/duty/cells", edit, nil), http.StatusForbidden)

	// When the wall clock reaches the hand-off, the next in line is on duty, without anybody's doing.
	harness.WaitFor(t, 3*time.Minute, "the hand-off", func() error {
		who, err := onDuty(c.Admin)
		return errors.Join(err, want(who, "乙"))
	})
}

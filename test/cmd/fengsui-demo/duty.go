package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"
)

// desk is an organisation of the demo with invented people. Their numbers are nobody's.
type desk struct {
	Name, NameEN, Division, Phone string
	User, Next                    string // with which the first officer and the one who relieves them sign in
	Officers, Leaders, Standby    []string
}

func desks() []desk {
	return []desk{
		{"", "", "", "0513-0000-0000", dutyUser, nextUser, []string{"陈值班", "李明", "王芳", "赵强", "钱静", "孙伟", "周敏"}, []string{"吴局", "郑副局", "冯主任", "陆处"}, []string{"韩勇", "杨帆", "朱丽"}},
		{"如东县应急管理局", "Rudong County", "320623", "0513-0000-0623", countyUser, countyNext, []string{"许超", "何雨", "吕洋", "施佳", "张磊"}, []string{"孔局", "曹副局", "严主任"}, []string{"华健", "金鑫"}},
		{"启东市应急管理局", "Qidong City", "320681", "0513-0000-0681", "", "", []string{"魏东", "陶然", "姜海", "戚月", "谢宁"}, []string{"邹局", "喻副局", "柏主任"}, []string{"水清", "窦毅"}},
	}
}

// caller speaks to the API of the demo as its administrator.
type caller struct {
	base     string
	http     *http.Client
	exercise string // id of the exercise in whose world it acts; empty: reality
}

func (c caller) do(ctx context.Context, method, path string, in, out any) error {
	text, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.base+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", c.base)
	if c.exercise != "" {
		req.Header.Set("Fengsui-Exercise", c.exercise)
	}
	return c.answered(req, out)
}

// answered sends a request and reads the answer.
func (c caller) answered(req *http.Request, out any) error {
	answer, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil || answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s: %w", req.Method, req.URL.Path, answer.Status, said, err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(said, out)
}

type thing struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	Kept     bool   `json:"kept"`
}

type things struct {
	Items []thing `json:"items"`
}

// addRosters makes the organisations, people and rosters of the demo, once.
func (d *demo) addRosters(ctx context.Context) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return fmt.Errorf("make cookie jar: %w", err)
	}
	c := caller{base: d.ports.URL(), http: &http.Client{Jar: jar, Timeout: readyWithin}}
	if err := c.do(ctx, http.MethodPost, "/session", map[string]string{"username": adminUser, "password": d.logins.Admin}, nil); err != nil {
		return err
	}
	var orgs things
	if err := c.do(ctx, http.MethodGet, "/duty/orgs", nil, &orgs); err != nil {
		return err
	}
	if len(orgs.Items) == 0 || orgs.Items[0].Kept {
		return nil
	}
	top := orgs.Items[0].ID
	for _, one := range desks() {
		org := thing{ID: top}
		if one.Name != "" {
			in := map[string]string{"parent_id": top, "name": one.Name, "name_en": one.NameEN, "division": one.Division}
			if err := c.do(ctx, http.MethodPost, "/orgs", in, &org); err != nil {
				return err
			}
		}
		password := d.logins.Duty
		if one.User == countyUser {
			d.logins.County = secret()
			password = d.logins.County
			if err := d.addOfficer(ctx, countyUser, one.Officers[0], org.ID, password); err != nil {
				return err
			}
		}
		officers := []string{one.User}
		if one.Next != "" {
			if err := d.addOfficer(ctx, one.Next, one.Officers[1], org.ID, password); err != nil {
				return err
			}
			officers = append(officers, one.Next)
		}
		for i, name := range officers {
			if officers[i], err = c.idOf(ctx, name); err != nil {
				return err
			}
		}
		if err := c.addDesk(ctx, org.ID, one, officers); err != nil {
			return fmt.Errorf("make roster of %s: %w", one.Name, err)
		}
	}
	if err := d.fillLog(ctx); err != nil {
		return err
	}
	return d.fillCases(ctx)
}

// idOf is the id of a user; ” when there is none of the name.
func (c caller) idOf(ctx context.Context, username string) (string, error) {
	var users things
	if err := c.do(ctx, http.MethodGet, "/users?limit=500", nil, &users); err != nil {
		return "", err
	}
	for _, u := range users.Items {
		if u.Username == username {
			return u.ID, nil
		}
	}
	return "", nil
}

// addDesk gives an organisation an officer in two watches, a leader for the whole day, and people on standby
// on days off.
func (c caller) addDesk(ctx context.Context, org string, one desk, officers []string) error {
	q := "?org=" + url.QueryEscape(org)
	settings := map[string]any{"zone": "Asia/Shanghai", "phone": one.Phone, "max_row": 2, "rest_hours": 8, "public_names": false, "public_phone": true}
	if err := c.do(ctx, http.MethodPut, "/duty/desks/"+org, settings, nil); err != nil {
		return err
	}
	now := time.Now().In(time.FixedZone("CST", 8*60*60))
	today, morning, evening := now.Format(time.DateOnly), "08:30", "20:30"
	if now.Format("15:04") < morning { // a rule is for days to come, and somebody must be on duty now
		morning, evening = "00:00", "12:00"
	}
	whole := []map[string]string{{"name": "全天", "from": morning, "to": morning}}
	for i, p := range []struct {
		name, nameEN, tier string
		continuous         bool
		people             []string
		watches            []map[string]string
		heads              map[string]int
	}{
		{"值班员", "Duty officer", "officer", true, one.Officers, []map[string]string{{"name": "白班", "from": morning, "to": evening}, {"name": "夜班", "from": evening, "to": morning}}, map[string]int{"workday": 1, "weekend": 1, "special": 2}},
		{"带班领导", "Duty leader", "leader", true, one.Leaders, whole, map[string]int{"workday": 1, "weekend": 1}},
		{"备勤", "Standby", "standby", false, one.Standby, whole, map[string]int{"workday": 0, "weekend": 1, "holiday": 1, "special": 1}},
	} {
		var post thing
		in := map[string]any{"name": p.name, "name_en": p.nameEN, "tier": p.tier, "continuous": p.continuous, "position": i * 10}
		if err := c.do(ctx, http.MethodPost, "/duty/posts"+q, in, &post); err != nil {
			return err
		}
		var members []string
		for n, name := range p.people {
			number := fmt.Sprintf("000-0000-%04d", i*100+n)
			person := map[string]any{"name": name, "title": p.name, "active": true, "phones": []map[string]string{{"kind": "mobile", "number": number}}}
			if i == 0 && n < len(officers) && officers[n] != "" {
				person["user_id"] = officers[n]
			}
			var made thing
			if err := c.do(ctx, http.MethodPost, "/duty/people"+q, person, &made); err != nil {
				return err
			}
			if err := c.do(ctx, http.MethodPost, "/duty/people/"+made.ID+"/verify", map[string]string{"number": number, "how": "call"}, nil); err != nil {
				return err
			}
			members = append(members, made.ID)
		}
		rule := map[string]any{
			"from": today, "watches": p.watches, "heads": p.heads,
			"rotations": []any{map[string]any{"name": "轮值", "keep": 1, "first": 0, "members": members}},
		}
		if err := c.do(ctx, http.MethodPost, "/duty/posts/"+post.ID+"/rules", rule, nil); err != nil {
			return err
		}
	}
	return nil
}

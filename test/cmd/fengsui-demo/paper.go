package main

import (
	"context"
	"net/http"
	"strings"
	"time"
)

// letter is a document of the demo that somebody typed.
type letter struct{ Title, To, Text string }

// addPapers gives the city a letterhead and some documents: one that stands, one that another replaced, a number that
// was voided, yesterday's brief, and the draft of a bulletin. The duty table of the month is left to be made.
func (d *demo) addPapers(ctx context.Context) error {
	c, err := d.signedIn(ctx, adminUser, d.logins.Admin)
	if err != nil {
		return err
	}
	var list things
	if err := c.do(ctx, http.MethodGet, "/papers?limit=1", nil, &list); err != nil || len(list.Items) > 0 {
		return err
	}
	if err := c.do(ctx, http.MethodPut, "/papers/letterhead", map[string]any{
		"head": "南通市应急管理局（演示）文件", "from": "南通市应急管理局（演示）", "issuer": "南通市应急管理局办公室（演示）", "seal": true, "version": 0,
		"prefixes": map[string]string{"letter": "演示应急", "brief": "演示值", "bulletin": "演示通报", "report": "演示报", "situation": "演示态势", "review": "演示评估"},
	}, nil); err != nil {
		return err
	}
	p := papers{caller: c, password: d.logins.Admin}
	for _, l := range []letter{
		{"关于做好大风降温天气防范应对工作的通知（演示）", "各县（市、区）应急管理局", "据市气象台预报（演示），未来24小时沿江沿海阵风7～8级，气温下降8℃以上。现将有关事项通知如下。\n一、加强值班值守\n严格落实领导带班和24小时值班制度，重要情况随时报告。\n二、突出防范重点\n（一）海上安全。督促渔船回港避风，清点在港船只和人员。\n（二）建筑施工。停止塔吊等高空作业，加固临时设施。\n三、报送落实情况\n请于当日18时前将落实情况报市值班室。"},
		{"关于调整市值班室值班电话的通知（演示）", "各县（市、区）应急管理局", "自下月1日起，市值班室值班电话调整为000-0000-1000，传真调整为000-0000-1001。\n特此通知。"},
	} {
		if err := p.letter(ctx, l); err != nil {
			return err
		}
	}
	if err := p.do(ctx, http.MethodPost, "/papers/"+p.last.ID+"/replace", nil, &p.last); err != nil && !strings.Contains(err.Error(), "paper.not_signed") {
		return err
	}
	if err := p.take(ctx); err != nil {
		return err
	}
	if err := p.sign(ctx); err != nil {
		return err
	}
	if err := p.draft(ctx, letter{"关于开展冬季安全检查的通知（演示）", "各县（市、区）应急管理局", "拟于下月开展冬季安全检查，具体安排另行通知。"}); err != nil {
		return err
	}
	if err := p.take(ctx); err != nil {
		return err
	}
	if err := p.do(ctx, http.MethodPost, "/papers/"+p.last.ID+"/number/void", map[string]string{"reason": "与上级检查安排重复，暂不发文"}, nil); err != nil {
		return err
	}
	china := time.FixedZone("CST", 8*60*60)
	if err := p.do(ctx, http.MethodPost, "/papers/compose", map[string]string{"kind": "brief", "ref": time.Now().In(china).AddDate(0, 0, -1).Format(time.DateOnly)}, &p.last); err != nil {
		return err
	}
	if err := p.take(ctx); err != nil {
		return err
	}
	if err := p.sign(ctx); err != nil {
		return err
	}
	return p.do(ctx, http.MethodPost, "/papers/compose", map[string]string{"kind": "bulletin", "ref": time.Now().In(china).Format("2006-01")}, nil)
}

// papers writes documents one after the other.
type papers struct {
	caller
	password string
	last     struct {
		ID         string `json:"id"`
		Version    int    `json:"version"`
		NumberText string `json:"number_text"`
	}
}

func (p *papers) letter(ctx context.Context, l letter) error {
	if err := p.draft(ctx, l); err != nil {
		return err
	}
	if err := p.take(ctx); err != nil {
		return err
	}
	return p.sign(ctx)
}

func (p *papers) draft(ctx context.Context, l letter) error {
	return p.do(ctx, http.MethodPost, "/papers", map[string]any{"kind": "letter", "content": map[string]any{
		"title": l.Title, "to": l.To, "text": l.Text, "head": "", "urgency": "", "upward": false, "annexes": []any{}, "from": "", "seal": false, "note": "", "cc": "", "issuer": "",
	}}, &p.last)
}

func (p *papers) take(ctx context.Context) error {
	if p.last.NumberText != "" {
		return nil
	}
	return p.do(ctx, http.MethodPost, "/papers/"+p.last.ID+"/number", nil, &p.last)
}

// sign leaves a draft where the machine has no font to print with.
func (p *papers) sign(ctx context.Context) error {
	err := p.do(ctx, http.MethodPost, "/papers/"+p.last.ID+"/sign", map[string]any{"version": p.last.Version, "password": p.password}, &p.last)
	if err != nil && strings.Contains(err.Error(), "paper.no_font") {
		return nil
	}
	return err
}

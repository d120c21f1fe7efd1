package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// rehearse plays an exercise of the county with the plan against hazardous chemicals to its end, and plans another of
// the city and its counties against a typhoon. The city's duty officer controls both.
func (d *demo) rehearse(ctx context.Context, city caller, orgs map[string]string) error {
	var plans struct {
		Items []struct {
			ID       string `json:"id"`
			Category string `json:"category"`
		} `json:"items"`
	}
	if err := city.do(ctx, http.MethodGet, "/plans?limit=50", nil, &plans); err != nil {
		return err
	}
	of := map[string]string{}
	for _, p := range plans.Items {
		of[p.Category] = p.ID
	}
	if orgs["320623"] == "" || orgs["320681"] == "" {
		return errors.New("plan an exercise: the counties of the demo are missing")
	}
	line := func(way string, minutes int, mark, from, title, text, expect string) map[string]any {
		in := map[string]any{"way": way, "minutes": minutes, "from": from, "title": title, "text": text, "expect": expect}
		if mark != "" {
			in["mark"] = mark
		}
		return in
	}
	china := time.Now().In(time.FixedZone("CST", 8*3600))
	next := map[string]any{
		"name": "沿海三地防台风综合演练（演示）", "form": "full", "combined": true, "plan_id": of["natural.flood"], "planned_on": china.AddDate(0, 0, 12).Format(time.DateOnly), "demo": true,
		"parties": []string{orgs["320623"], orgs["320681"]}, "goals": "检验市县两级启动、回港、转移和电话报告的时限。演示数据。",
		"scenario": "台风预报 24 小时后在吕四至洋口一线登陆，天文大潮叠加。",
		"injects": []any{
			line("timed", 0, "", "气象台", "台风黄色预警", "台风预计 24 小时后登陆，沿海风力 10 级。", "值班室登记并报带班领导，10 分钟内提出启动建议。"),
			line("timed", 20, "", "洋口镇政府", "渔船未归", "还有 3 艘渔船没有回港，失去联系。", "县指挥部组织联络，报市值班室。"),
			line("when", 15, "activated", "吕四港镇政府", "海堤越浪", "老海堤一段越浪，堤后 40 户。", "下达转移任务，落实安置点。"),
			line("manual", 0, "", "媒体记者", "电话采访", "请介绍伤亡情况。", "按新闻口径答复，不报未核实的数字。"),
		},
	}
	if err := city.do(ctx, http.MethodPost, "/drills", next, nil); err != nil {
		return err
	}
	var held struct {
		ID      string  `json:"id"`
		Injects []thing `json:"injects"`
	}
	if err := city.do(ctx, http.MethodPost, "/drills", map[string]any{
		"name": "洋口园区危化品泄漏桌面推演（演示）", "form": "tabletop", "plan_id": of["accident.work_safety.hazchem"], "planned_on": china.Format(time.DateOnly), "demo": true,
		"parties": []string{orgs["320623"]}, "goals": "检验县值班室接报登记、启动和疏散任务下达。演示数据。", "scenario": "园区一储罐法兰泄漏，下风向有村庄。",
		"injects": []any{
			line("manual", 0, "", "园区企业", "储罐泄漏", "甲醇储罐法兰泄漏，有刺激气味，现场 6 人已撤出。", "核实物质、数量与风向，登记事件。"),
			line("manual", 0, "", "环境监测组", "下风向检出", "厂界外检出超标，村庄在下风向 600 米。", "下达疏散任务，划定警戒区。"),
			line("manual", 0, "", "媒体记者", "电话采访", "请介绍伤亡情况。", "按新闻口径答复。"),
		},
	}, &held); err != nil {
		return err
	}
	return d.hold(ctx, city, held.ID, held.Injects)
}

// hold plays an exercise: the controller gives the script, the county acts inside, an evaluator writes a sheet.
func (d *demo) hold(ctx context.Context, city caller, id string, injects []thing) error {
	path := "/drills/" + id
	act := func(in map[string]any) error { return city.do(ctx, http.MethodPost, path+"/acts", in, nil) }
	if err := act(map[string]any{"act": "start"}); err != nil {
		return err
	}
	county, err := d.signedIn(ctx, countyUser, d.logins.County)
	if err != nil {
		return err
	}
	county.exercise = id
	if err := act(map[string]any{"act": "give", "inject": injects[0].ID}); err != nil {
		return err
	}
	var opened thing
	if err := county.do(ctx, http.MethodPost, "/incidents", map[string]any{
		"title": "洋口园区甲醇储罐泄漏", "category": "accident.work_safety.hazchem", "place": "如东县洋口化学工业园", "lon": 121.0421, "lat": 32.5473, "level": 4, "summary": "法兰泄漏，6 人撤出，风向东南。",
	}, &opened); err != nil {
		return err
	}
	tasks, err := county.carryOutFirst(ctx, "/incidents/"+opened.ID, "储罐正在泄漏，来不及等市里启动（演示）")
	if err != nil {
		return err
	}
	if err := act(map[string]any{"act": "give", "inject": injects[1].ID}); err != nil {
		return err
	}
	if err := county.work(ctx, tasks, map[string][]step{"核实物质、数量与风向": {{"accept", ""}, {"done", "甲醇，罐存 40 吨，东南风 3 级。"}}, "启动响应": {{"accept", ""}, {"done", "已通知成员单位。"}}, "侦检并划定警戒区": {{"accept", ""}}}); err != nil {
		return err
	}
	if err := act(map[string]any{"act": "skip", "inject": injects[2].ID, "reason": "时间不够，留到综合演练（演示）"}); err != nil {
		return err
	}
	if err := d.evaluate(ctx, city, path); err != nil {
		return err
	}
	if err := act(map[string]any{"act": "end"}); err != nil {
		return err
	}
	orgs, err := city.orgs(ctx)
	if err != nil {
		return err
	}
	if err := city.do(ctx, http.MethodPost, path+"/items", map[string]any{"text": "园区企业报告卡增加风向和下风向村庄一栏。", "org_id": orgs["320623"], "due_on": time.Now().AddDate(0, 1, 0).Format(time.DateOnly)}, nil); err != nil {
		return err
	}
	return act(map[string]any{"act": "close", "findings": "接报登记、启动和任务下达及时；疏散任务没有在时限内签收，报告卡缺少风向。（演示数据）"})
}

// evaluate hands a sheet to an evaluator, who writes it by its address.
func (d *demo) evaluate(ctx context.Context, city caller, path string) error {
	var sheet struct {
		Link string `json:"link"`
	}
	if err := city.do(ctx, http.MethodPost, path+"/sheets", map[string]any{"name": "陆评估（演示）", "post": "县值班室"}, &sheet); err != nil {
		return err
	}
	address := "/drills/sheets/" + sheet.Link[strings.LastIndex(sheet.Link, "/")+1:]
	var page struct {
		Aspects []thing `json:"aspects"`
	}
	if err := city.do(ctx, http.MethodGet, address, nil, &page); err != nil {
		return err
	}
	marks := []any{}
	for n, a := range page.Aspects {
		marks = append(marks, map[string]any{"id": a.ID, "score": []int{4, 3, 5}[n%3], "text": ""})
	}
	return city.do(ctx, http.MethodPut, address, map[string]any{"marks": marks, "advice": "报告卡上应有风向和下风向村庄（演示）。"}, nil)
}

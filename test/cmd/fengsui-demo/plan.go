package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
)

// script is a plan of the demo: invented, after the chapter outlines that the city has published (总则, 组织指挥
// 体系, 监测预警, 应急响应 with 启动条件, 行动, 调整 and 终止, 保障, 预案管理).
type script struct {
	Name, NameEN, Category, Number string
	Scope, Warning, Support        string
	Levels                         map[int][]string
	Roles                          []scriptRole
	Steps                          []scriptStep
}

type scriptRole struct{ Name, NameEN, Group, Duty, Org, Tier string }

// scriptStep follows the step with the number After, counted from 1; 0 follows nothing.
type scriptStep struct {
	Title, TitleEN string
	Role           int
	Lowest         int // the lowest level at which it is done: 4 means at every one
	After, Minutes int
	Output, If     string
	Need           string
	Amount         int
}

func scripts() []script {
	command := []scriptRole{
		{"总指挥", "Commander", "指挥部", "决定启动、调整和终止响应，调用全市力量。", "", "leader"},
		{"值班室", "Duty desk", "指挥部办公室", "接报、电话与书面报告、传达指令、记录。", "", "officer"},
		{"综合协调组", "Coordination group", "指挥部办公室", "会商、信息汇总、新闻口径。", "", "standby"},
	}
	return []script{
		{
			Name: "南通市防汛防台风应急预案（演示）", NameEN: "Nantong flood and typhoon plan (demonstration)", Category: "natural.flood", Number: "演示〔2026〕1 号",
			Scope:   "本市行政区域内江河洪水、台风、暴雨、风暴潮及其引发的内涝、堤防和涵闸险情的防范与处置。",
			Warning: "水位、雨量、潮位由监测站实时上报；气象预警只由气象台发布，本系统转达并注明来源。超过警戒水位即通知沿江沿海值班室。",
			Support: "抢险队伍、排涝泵车、编织袋、冲锋舟按仓库登记；通信、电力、交通、医疗和资金由各成员单位保障。",
			Levels: map[int][]string{
				4: {"气象台发布台风蓝色预警或暴雨蓝色预警", "沿江主要站水位达到警戒水位"},
				3: {"台风黄色预警，或一条骨干河道超警戒且继续上涨", "一处涵闸出现险情"},
				2: {"台风橙色预警，或江堤、海堤出现较大险情", "需要转移沿江沿海群众"},
				1: {"台风红色预警且正面影响本市", "堤防决口，或多地同时出现重大险情"},
			},
			Roles: append(command[:3:3], scriptRole{"工程抢险组", "Engineering group", "现场", "巡堤查险、抢险加固、涵闸调度。", "", "standby"}, scriptRole{"如东县指挥部", "Rudong command", "县级", "海堤巡查、渔船回港、人员转移。", "320623", "leader"}, scriptRole{"启东市指挥部", "Qidong command", "县级", "吕四港避风、沿江巡查。", "320681", "leader"}),
			Steps: []scriptStep{
				{"启动响应并通知成员单位", "Start the response and tell all members", 1, 4, 0, 15, "启动响应通知", "", "", 0},
				{"向上级电话报告", "Report by phone to the level above", 2, 4, 1, 15, "", "", "", 0},
				{"书面报告初报", "First written report", 2, 4, 2, 30, "初报", "", "", 0},
				{"组织会商研判", "Consult and judge the trend", 3, 4, 1, 60, "会商纪要", "", "", 0},
				{"加密巡堤查险", "Patrol the dykes more often", 4, 4, 1, 60, "", "", "巡堤查险", 4},
				{"通知渔船回港、海上作业人员上岸", "Call boats and offshore workers in", 5, 4, 1, 120, "回港登记表", "有海上作业", "", 0},
				{"吕四港避风秩序管控", "Keep order in Lüsi harbour", 6, 4, 6, 60, "", "有海上作业", "", 0},
				{"预降内河水位", "Lower the inner rivers beforehand", 4, 3, 4, 30, "涵闸调度令", "", "", 0},
				{"排涝泵车前置", "Bring pump trucks forward", 4, 3, 4, 90, "", "", "排涝泵车", 6},
				{"转移危险区群众", "Move people out of danger", 5, 2, 4, 120, "转移安置统计表", "", "冲锋舟", 20},
				{"开放避灾安置点", "Open the shelters", 5, 2, 10, 0, "", "", "", 0},
				{"停工停课停运", "Stop work, school and traffic", 1, 1, 4, 30, "停工停课停运公告", "", "", 0},
				{"续报险情与转移人数", "Follow-up report with figures", 2, 4, 4, 120, "续报", "", "", 0},
			},
		},
		{
			Name: "南通市危险化学品事故应急预案（演示）", NameEN: "Nantong hazardous chemicals plan (demonstration)", Category: "accident.work_safety.hazchem", Number: "演示〔2026〕2 号",
			Scope:   "本市行政区域内危险化学品生产、储存、使用、经营和运输中发生的泄漏、火灾、爆炸、中毒事故的处置。",
			Warning: "园区气体探测与视频接入指挥中心；企业发现异常立即报告。单位负责人接报后 1 小时内报县级有关部门（生产安全事故报告和调查处理条例第九条）。",
			Support: "专业处置队、洗消车、泡沫、堵漏器材、个体防护按仓库登记；环境监测、气象和医疗救治由成员单位保障。",
			Levels: map[int][]string{
				4: {"造成 3 人以下死亡或 10 人以下重伤（含急性中毒）", "泄漏影响限于厂区"},
				3: {"造成 3 人以上 10 人以下死亡或 10 人以上 50 人以下重伤（含急性中毒）", "需要疏散厂区以外群众"},
				2: {"造成 10 人以上 30 人以下死亡或 50 人以上 100 人以下重伤（含急性中毒）"},
				1: {"造成 30 人以上死亡或 100 人以上重伤（含急性中毒）"},
			},
			Roles: append(command[:3:3], scriptRole{"现场处置组", "Scene group", "现场", "侦检、堵漏、灭火、洗消。", "", "standby"}, scriptRole{"疏散安置组", "Evacuation group", "现场", "划定警戒区，疏散和安置群众。", "320623", "officer"}, scriptRole{"环境监测组", "Environment group", "现场", "大气和水体监测，处置废水。", "320623", "standby"}),
			Steps: []scriptStep{
				{"核实物质、数量与风向", "Verify substance, amount and wind", 2, 4, 0, 10, "接报记录", "", "", 0},
				{"启动响应", "Start the response", 1, 4, 1, 10, "启动响应通知", "", "", 0},
				{"向上级电话报告", "Report by phone to the level above", 2, 4, 2, 10, "", "", "", 0},
				{"侦检并划定警戒区", "Detect and set the cordon", 4, 4, 2, 20, "警戒区图", "", "危化处置", 1},
				{"疏散下风向群众", "Evacuate people downwind", 5, 3, 4, 30, "疏散统计表", "扩散到厂区外", "", 0},
				{"切断源头、堵漏灭火", "Stop the source, plug, extinguish", 4, 4, 4, 60, "", "", "泡沫灭火剂", 10},
				{"布设大气与水体监测点", "Place air and water monitors", 6, 4, 4, 40, "监测快报", "", "环境监测", 2},
				{"封堵雨排口，防止入江入海", "Close the outfalls to river and sea", 6, 4, 4, 30, "", "有消防废水", "", 0},
				{"书面报告初报", "First written report", 2, 4, 3, 30, "初报", "", "", 0},
				{"洗消与医学观察", "Decontaminate and observe", 4, 3, 6, 60, "", "", "洗消车", 2},
				{"发布权威信息", "Publish verified information", 3, 3, 4, 60, "新闻通稿", "", "", 0},
			},
		},
		{
			Name: "南通市水上搜救应急预案（演示）", NameEN: "Nantong water rescue plan (demonstration)", Category: "accident.water", Number: "演示〔2026〕3 号",
			Scope:   "长江南通段、内河和近海发生的船舶遇险、人员落水、碰撞、沉没及溢油的搜寻救助。",
			Warning: "遇险报警可由电话、船舶自动识别和岸线视频得到；值班室核实船名、位置、人数、水情和风力后立即处置。",
			Support: "救助船艇、潜水队、救生衣、围油栏按仓库登记；航道、气象、医疗和渔业部门保障。",
			Levels: map[int][]string{
				4: {"危及 3 人以下生命安全", "小型船舶搁浅，没有人员伤亡"},
				3: {"危及 3 人以上 10 人以下生命安全", "船舶碰撞、有溢油可能"},
				2: {"危及 10 人以上 30 人以下生命安全"},
				1: {"危及 30 人以上生命安全", "客船、危化品船舶重大险情"},
			},
			Roles: append(command[:3:3], scriptRole{"水上搜寻组", "Search group", "现场", "组织救助船艇按搜寻区搜寻。", "320681", "leader"}, scriptRole{"岸基保障组", "Shore group", "现场", "接应、医疗转运、家属接待。", "320681", "officer"}, scriptRole{"溢油处置组", "Oil spill group", "现场", "布设围油栏，回收溢油。", "", "standby"}),
			Steps: []scriptStep{
				{"核实船名、位置、遇险人数", "Verify ship, position and people", 2, 4, 0, 5, "遇险核实单", "", "", 0},
				{"启动响应", "Start the response", 1, 4, 1, 5, "启动响应通知", "", "", 0},
				{"调派就近救助船艇", "Send the nearest rescue boats", 4, 4, 2, 10, "", "", "水上救援", 2},
				{"协调过往船舶协助", "Ask passing ships to help", 2, 4, 2, 10, "", "", "", 0},
				{"划定并下达搜寻区", "Set the search area", 4, 4, 3, 15, "搜寻区图", "", "", 0},
				{"向上级电话报告", "Report by phone to the level above", 2, 4, 2, 25, "", "", "", 0},
				{"岸边接应与医疗转运", "Receive and treat ashore", 5, 4, 3, 30, "", "", "医疗救护", 1},
				{"潜水搜寻", "Divers search", 4, 3, 5, 60, "", "船舶沉没", "潜水", 1},
				{"布设围油栏", "Lay the oil boom", 6, 3, 3, 60, "", "有溢油", "围油栏", 500},
				{"书面报告初报", "First written report", 2, 4, 6, 30, "初报", "", "", 0},
				{"家属接待与信息发布", "Families and information", 3, 3, 6, 60, "新闻通稿", "", "", 0},
			},
		},
	}
}

// body is a script as the centre takes it; orgs are ids by division.
func (s script) body(orgs map[string]string) map[string]any {
	chapter := func(id string, depth int, title, text string, brief bool) map[string]any {
		return map[string]any{"id": id, "depth": depth, "title": title, "text": text, "brief": brief}
	}
	chapters := []any{
		chapter("c1", 1, "总则", "", false), chapter("c11", 2, "编制目的", "依法、高效、有序应对突发事件，最大程度减少人员伤亡和财产损失。演示数据，不是任何单位的正式预案。", false),
		chapter("c12", 2, "适用范围", s.Scope, true), chapter("c13", 2, "工作原则", "人民至上、生命至上；统一领导、分级负责；预防为主、平急结合；快速反应、协同应对。", false),
		chapter("c2", 1, "组织指挥体系", "设市指挥部，下设办公室和工作组，职责见附件职责表。县（市、区）设相应指挥部，受市指挥部领导。", true),
		chapter("c3", 1, "监测预警", s.Warning, true), chapter("c4", 1, "应急响应", "", false),
		chapter("c41", 2, "启动条件", "按事件的严重程度分四级，Ⅰ 级最高；启动条件见附件，有一项即可启动。", true), chapter("c42", 2, "响应行动", "各角色按行动表在时限内完成行动，形成文件和凭据；高一级响应包含低一级的行动。", true),
		chapter("c43", 2, "调整与终止", "形势变化时由总指挥决定升级或降级；险情解除、人员安置后终止响应，并发布终止通知。", false),
		chapter("c5", 1, "保障措施", s.Support, false), chapter("c6", 1, "预案管理", "每三年评估一次；新编预案当年至少演练两次，修订预案至少演练一次。", false),
	}
	deciders := map[int]string{4: "指挥部办公室主任", 3: "副总指挥", 2: "总指挥", 1: "总指挥报市政府主要领导"}
	var levels, roles, actions []any
	for l := 4; l >= 1; l-- {
		var conditions []any
		for _, text := range s.Levels[l] {
			conditions = append(conditions, map[string]any{"text": text, "figure": "", "least": 0})
		}
		levels = append(levels, map[string]any{"level": l, "conditions": conditions, "decider": deciders[l], "clause": "c41"})
	}
	tiers := map[string]string{"leader": "带班领导", "officer": "值班员", "standby": "备勤人员"}
	places := map[string]string{"": "市应急局", "320623": "如东县应急局", "320681": "启东市应急局"}
	for i, r := range s.Roles {
		fill := map[string]any{"how": "duty", "org_id": orgs[r.Org], "tier": r.Tier, "person_id": "", "name": places[r.Org] + " " + tiers[r.Tier]}
		roles = append(roles, map[string]any{"id": fmt.Sprint("r", i+1), "name": r.Name, "name_en": r.NameEN, "group": r.Group, "duty": r.Duty, "fill": fill, "clause": "c2"})
	}
	for i, a := range s.Steps {
		from, after, demands, lowest := "start", []string{}, []any{}, []int{}
		if a.After > 0 {
			from, after = "after", []string{fmt.Sprint("a", a.After)}
		}
		for l := 1; l <= a.Lowest; l++ {
			lowest = append(lowest, l)
		}
		if a.Need != "" {
			kind := "material"
			if a.Amount <= 4 {
				kind = "team"
			}
			demands = append(demands, map[string]any{"kind": kind, "what": a.Need, "amount": a.Amount, "unit": ""})
		}
		actions = append(actions, map[string]any{
			"id": fmt.Sprint("a", i+1), "title": a.Title, "title_en": a.TitleEN, "text": "", "levels": lowest, "role_id": fmt.Sprint("r", a.Role), "after": after,
			"from": from, "minutes": a.Minutes, "condition": a.If, "evidence": []string{"text"}, "output": a.Output, "channel": "电话", "demands": demands, "clause": "c42",
		})
	}
	contacts := []any{
		map[string]any{"id": "k1", "org": "市应急局值班室", "name": "", "post": "值班员", "phone": "0513-0000-0000", "duty": "接报与指令"},
		map[string]any{"id": "k2", "org": "如东县应急局值班室", "name": "", "post": "值班员", "phone": "0513-0000-0623", "duty": "县级响应"},
		map[string]any{"id": "k3", "org": "启东市应急局值班室", "name": "", "post": "值班员", "phone": "0513-0000-0681", "duty": "县级响应"},
	}
	return map[string]any{"chapters": chapters, "levels": levels, "roles": roles, "actions": actions, "contacts": contacts, "groups": s.groups(), "reports": reports()}
}

// signedIn is a caller who is somebody.
func (d *demo) signedIn(ctx context.Context, user, password string) (caller, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return caller{}, fmt.Errorf("make cookie jar: %w", err)
	}
	c := caller{base: d.ports.URL(), http: &http.Client{Jar: jar, Timeout: readyWithin}}
	return c, c.do(ctx, http.MethodPost, "/session", map[string]string{"username": user, "password": password}, nil)
}

// addPlans writes the example plans as the duty officer and publishes them as the administrator, once, and has one of
// them carried out: one incident is over and reviewed, one goes on, one was an exercise.
func (d *demo) addPlans(ctx context.Context) error {
	writer, err := d.signedIn(ctx, dutyUser, d.logins.Duty)
	if err != nil {
		return err
	}
	approver, err := d.signedIn(ctx, adminUser, d.logins.Admin)
	if err != nil {
		return err
	}
	var list things
	if err := writer.do(ctx, http.MethodGet, "/plans?limit=1", nil, &list); err != nil || len(list.Items) > 0 {
		return err
	}
	ids, err := approver.orgs(ctx)
	if err != nil {
		return err
	}
	for _, s := range scripts() {
		if err := s.publish(ctx, writer, approver, ids); err != nil {
			return fmt.Errorf("add plan %s: %w", s.Name, err)
		}
	}
	if err := d.finish(ctx, writer); err != nil {
		return fmt.Errorf("play a finished incident: %w", err)
	}
	if err := d.halve(ctx, writer); err != nil {
		return fmt.Errorf("split an incident: %w", err)
	}
	if err := d.respond(ctx, writer); err != nil {
		return err
	}
	if err := d.rehearse(ctx, writer, ids); err != nil {
		return fmt.Errorf("play an exercise: %w", err)
	}
	return nil
}

// orgs are the ids of the organisations by division; that of the city is empty.
func (c caller) orgs(ctx context.Context) (map[string]string, error) {
	var orgs struct {
		Items []struct {
			ID       string `json:"id"`
			ParentID string `json:"parent_id"`
			Division string `json:"division"`
		} `json:"items"`
	}
	if err := c.do(ctx, http.MethodGet, "/duty/orgs", nil, &orgs); err != nil {
		return nil, err
	}
	ids := map[string]string{}
	for _, o := range orgs.Items {
		if o.ParentID == "" {
			ids[""] = o.ID
		} else if ids[o.Division] == "" {
			ids[o.Division] = o.ID
		}
	}
	return ids, nil
}

func (s script) publish(ctx context.Context, writer, approver caller, ids map[string]string) error {
	var p struct {
		ID       string `json:"id"`
		Edit     int    `json:"edit"`
		Revision int    `json:"revision"`
	}
	head := map[string]any{"name": s.Name, "name_en": s.NameEN, "kind": "special", "category": s.Category, "org_id": ids[""], "demo": true}
	if err := writer.do(ctx, http.MethodPost, "/plans", head, &p); err != nil {
		return err
	}
	path := "/plans/" + url.PathEscape(p.ID)
	if err := writer.do(ctx, http.MethodPut, path+"/text", map[string]any{"revision": p.Revision, "body": s.body(ids)}, &p); err != nil {
		return err
	}
	for _, to := range []string{"consulting", "reviewing", "approving", "published"} {
		who, step := writer, map[string]any{"to": to, "edit": p.Edit}
		if to == "published" {
			who, step["number"] = approver, s.Number
		}
		if err := who.do(ctx, http.MethodPost, path+"/steps", step, &p); err != nil {
			return err
		}
	}
	return nil
}

// groups are the working groups: one of the command, and those on site under the command there. Each is led by a role.
func (s script) groups() []any {
	group := func(id, kind, name, nameEN, under, lead string, roles, orgs []string, duty string) map[string]any {
		return map[string]any{"id": id, "kind": kind, "name": name, "name_en": nameEN, "under_id": under, "lead_id": lead, "role_ids": roles, "orgs": orgs, "duty": duty, "levels": []int{}, "clause": "c2"}
	}
	out := []any{group("g1", "group", "综合协调组", "Coordination group", "", "r3", []string{"r2"}, []string{"市气象局（演示）", "市委宣传部（演示）"}, "会商、信息汇总和新闻口径。")}
	for i, r := range s.Roles[3:] {
		out = append(out, group(fmt.Sprint("g", i+2), "group", r.Name, r.NameEN, "site", fmt.Sprint("r", i+4), []string{}, []string{}, r.Duty))
	}
	return append(out, group("site", "site", "现场指挥部", "Command on site", "", "r4", []string{}, []string{"市消防救援支队（演示）"}, "统一指挥现场处置。"))
}

// reports are what a response owes upward: at each level about its start, then at an interval that is shorter the higher it
// is, and one after the end. The times are invented, as the plans are.
func reports() []any {
	report := func(id, kind string, minutes int, what string, levels ...int) map[string]any {
		return map[string]any{"id": id, "kind": kind, "levels": levels, "minutes": minutes, "to": "省应急指挥部办公室（演示）", "what": what, "clause": "c42"}
	}
	return []any{
		report("p1", "first", 60, "启动级别、原因、已采取的措施", 3, 4), report("p2", "first", 30, "启动级别、原因、已采取的措施、请求支援事项", 1, 2),
		report("p3", "follow_up", 720, "险情、伤亡和转移、力量投入的变化", 3, 4), report("p4", "follow_up", 240, "险情、伤亡和转移、力量投入的变化", 1, 2),
		report("p5", "final", 4320, "处置经过、损失、善后和恢复", 1, 2, 3, 4),
	}
}

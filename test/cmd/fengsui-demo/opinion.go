package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// speak plays what is said in public of an incident and what the city says in answer: entries that are hot, judged or
// still open, statements in each of their states, and the opinions of two experts.
func (d *demo) speak(ctx context.Context, city caller, path string) error {
	next, err := d.signedIn(ctx, nextUser, d.logins.Duty)
	if err != nil {
		return err
	}
	leader, err := d.signedIn(ctx, adminUser, d.logins.Admin)
	if err != nil {
		return err
	}
	entries, err := city.hear(ctx, path, next)
	if err != nil {
		return err
	}
	var first, owed thing
	if err := city.do(ctx, http.MethodPost, path+"/statement-tasks", map[string]any{"do": "statement", "title": "首次发布：洋口外闸潮位超警戒（演示）"}, &first); err != nil {
		return err
	}
	if err := city.do(ctx, http.MethodPost, path+"/statement-tasks", map[string]any{"do": "statement", "title": "回应：网传外闸决口（演示）", "entries": []string{entries[0]}}, &owed); err != nil {
		return err
	}
	const house = "\n南通市应急管理局（演示）"
	for _, w := range []written{
		{
			"first", first.ID, "关于洋口外闸潮位超警戒的情况通报（演示）",
			"受天文大潮和偏北大风影响，洋口外闸潮位超过警戒水位 0.2 米。闸门已关闭，堤防未见险情，没有人员伤亡。\n沿海三县巡堤人员已全部上堤，请市民远离海堤和闸口。有关情况将及时发布。（演示数据）" + house,
			[]act{{next, "check", ""}, {leader, "sign", ""}, {city, "release", "南通发布微信公众号（演示）"}},
		},
		{
			"rumour", owed.ID, "关于网传“洋口外闸决口”的说明（演示）",
			"近日，网上出现“洋口外闸已经决口”的说法。经巡堤组现场查看，闸门关闭，闸体和两侧堤防完好，没有决口。\n有关情况以南通市应急管理局发布的信息为准，请勿传播未经核实的消息。（演示数据）" + house,
			[]act{{next, "check", ""}, {leader, "sign", ""}},
		},
		{
			"follow", "", "关于洋口外闸潮位超警戒的后续情况通报（演示）",
			"市指挥部已启动四级响应，三组巡堤人员每小时报告一次，目前没有发现险情。高潮预计在 3 小时后出现。（演示数据）" + house,
			[]act{{next, "check", ""}},
		},
		{"follow", "", "", "", nil}, // as the template begins it, with its gaps
	} {
		if err := city.write(ctx, path, w, d.logins.Admin); err != nil {
			return fmt.Errorf("statement of %s: %w", w.template, err)
		}
	}
	return d.consult(ctx, city, path)
}

// hear writes down what is said. The second officer has looked whether it is true.
func (c caller) hear(ctx context.Context, path string, checker caller) ([]string, error) {
	now := time.Now()
	var ids []string
	for _, e := range []struct {
		ago                time.Duration
		source, text, heat string
		reach              int
		verdict, evidence  string
		hotter             string
		hotterReach        int
	}{
		{16 * time.Minute, "本地论坛“江海夜话”（演示）", "听说洋口外闸已经决口，海水倒灌到镇上了，大家快跑！", "scattered", 800, "false", "巡堤组 3 人在外闸现场查看：闸门关闭，闸体和两侧堤防完好（演示）。", "hot", 126_000},
		{14 * time.Minute, "短视频平台（演示）", "海堤外面浪好大，水快漫上来了。", "rising", 23_000, "true", "与外闸水位计和摄像机一致：超警戒 0.2 米，距堤顶 1.8 米（演示）。", "", 0},
		{9 * time.Minute, "来电，闸下村王先生（演示）", "村口积水到膝盖，没有人来管。", "scattered", 0, "", "", "", 0},
	} {
		var made thing
		if err := c.do(ctx, http.MethodPost, path+"/opinions", map[string]any{"source": e.source, "text": e.text, "heat": e.heat, "reach": e.reach, "said_at": now.Add(-e.ago), "found_at": now.Add(-e.ago + 4*time.Minute)}, &made); err != nil {
			return nil, err
		}
		ids = append(ids, made.ID)
		lines := "/opinions/" + made.ID + "/lines"
		if e.verdict != "" {
			if err := checker.do(ctx, http.MethodPost, lines, map[string]any{"kind": "verdict", "verdict": e.verdict, "text": e.evidence}, nil); err != nil {
				return nil, err
			}
		}
		if e.hotter != "" {
			if err := c.do(ctx, http.MethodPost, lines, map[string]any{"kind": "heat", "heat": e.hotter, "reach": e.hotterReach}, nil); err != nil {
				return nil, err
			}
		}
	}
	return ids, nil
}

// written is a statement: how it begins, what it says, and who takes which step.
type written struct {
	template, task, title, text string
	acts                        []act
}

type act struct {
	who      caller
	do, note string
}

// write drafts a statement and takes its steps. What is signed is signed with the password.
func (c caller) write(ctx context.Context, path string, w written, password string) error {
	var s struct {
		ID   string `json:"id"`
		Edit int    `json:"edit"`
	}
	in := map[string]any{"template": w.template}
	if w.task != "" {
		in["tasks"] = []string{w.task}
	}
	if err := c.do(ctx, http.MethodPost, path+"/statements", in, &s); err != nil {
		return err
	}
	if w.title != "" {
		if err := c.do(ctx, http.MethodPut, "/statements/"+s.ID, map[string]any{"edit": s.Edit, "title": w.title, "text": w.text}, &s); err != nil {
			return err
		}
	}
	for _, a := range w.acts {
		in := map[string]any{"do": a.do, "edit": s.Edit}
		if a.note != "" {
			in["note"] = a.note
		}
		if a.do == "sign" {
			in["password"] = password
		}
		if err := a.who.do(ctx, http.MethodPost, "/statements/"+s.ID+"/steps", in, &s); err != nil {
			return err
		}
	}
	return nil
}

// consult attaches the opinion of an expert with its sheet and signs it, and leaves another one to be signed.
func (d *demo) consult(ctx context.Context, city caller, path string) error {
	type opinion struct {
		ID   string `json:"id"`
		Edit int    `json:"edit"`
	}
	var e, open opinion
	if err := city.do(ctx, http.MethodPost, path+"/expert-opinions", map[string]any{
		"name": "陆工（演示）", "field": "水工结构", "post": "市水利设计院 高级工程师", "how": "视频会商", "text": "高潮前两小时不宜启闭闸门；闸侧堤段先备沙袋 500 只，水位到 5.6 米时上堤加密至半小时一巡。（演示数据）",
	}, &e); err != nil {
		return err
	}
	if err := city.file(ctx, "/expert-opinions/"+e.ID+"/file?name="+url.QueryEscape("洋口外闸稳定复核（演示）.txt")+"&edit="+strconv.Itoa(e.Edit), "演示数据。外闸在潮位 5.8 米以下稳定，5.8 米以上建议加压沙袋。\n", &e); err != nil {
		return err
	}
	if err := city.do(ctx, http.MethodPost, "/expert-opinions/"+e.ID+"/state", map[string]any{"do": "sign", "edit": e.Edit, "password": d.logins.Duty}, nil); err != nil {
		return err
	}
	return city.do(ctx, http.MethodPost, path+"/expert-opinions", map[string]any{
		"name": "顾教授（演示）", "field": "海洋气象", "post": "海洋预报台", "how": "电话", "text": "偏北风今夜维持 7 级，后半夜的第二个高潮位比前一个高约 10 厘米。（演示数据）",
	}, &open)
}

// file hands in a file.
func (c caller) file(ctx context.Context, path, text string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/api/v1"+path, bytes.NewReader([]byte(text)))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Origin", c.base)
	return c.answered(req, out)
}

// halve plays an incident that was really two: one call told of a boat and of a fence, so that the fence was split off
// with what belongs to it. Both are over.
func (d *demo) halve(ctx context.Context, city caller) error {
	now := time.Now()
	var opened struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
	}
	if err := city.do(ctx, http.MethodPost, "/incidents", map[string]any{
		"title": "大风致渔船走锚、工地围挡倒塌（演示）", "category": "natural.weather", "place": "吕四港锚地（演示）", "division": "320681", "lon": 121.64, "lat": 32.1, "level": 4,
		"summary": "演示数据。同一个电话报了两件事，核实后拆分。", "occurred_at": now.Add(-30 * time.Minute),
	}, &opened); err != nil {
		return err
	}
	path := "/incidents/" + opened.ID
	if err := d.tell(ctx, city, path, now); err != nil {
		return err
	}
	if err := city.do(ctx, http.MethodPost, path+"/notes", map[string]any{"text": "汇龙镇工地围挡倒塌 40 米，1 人轻伤，已送医（演示）。"}, nil); err != nil {
		return err
	}
	if err := city.do(ctx, http.MethodPost, path+"/figures", map[string]any{"kind": "injured", "value": 1, "source": "汇龙镇政府（演示）"}, nil); err != nil {
		return err
	}
	var said thing
	if err := city.do(ctx, http.MethodPost, path+"/opinions", map[string]any{"source": "本地微信群（演示）", "text": "汇龙镇工地围挡砸了好几个人", "heat": "rising", "reach": 3000}, &said); err != nil {
		return err
	}
	var room struct {
		Version int     `json:"version"`
		Figures []thing `json:"figures"`
		Steps   []struct {
			No   int    `json:"no"`
			Kind string `json:"kind"`
		} `json:"steps"`
	}
	if err := city.do(ctx, http.MethodGet, path, nil, &room); err != nil {
		return err
	}
	lines := []int{}
	for _, s := range room.Steps {
		if s.Kind == "note" {
			lines = append(lines, s.No)
		}
	}
	if len(room.Figures) == 0 || len(lines) == 0 {
		return errors.New("split an incident of the demo: it has no figure or no note")
	}
	figures := []string{}
	for _, f := range room.Figures {
		figures = append(figures, f.ID)
	}
	var half thing
	if err := city.do(ctx, http.MethodPost, path+"/split", map[string]any{
		"version": room.Version, "title": "汇龙镇工地围挡倒塌（演示）", "category": "accident.work_safety", "place": "汇龙镇民乐路工地（演示）", "lon": 121.657, "lat": 31.808,
		"why": "两地两件事，起因和责任单位不同", "lines": lines, "figures": figures, "opinions": []string{said.ID},
	}, &half); err != nil {
		return err
	}
	for id, why := range map[string]string{opened.ID: "渔船重新锚泊，人船平安（演示）", half.ID: "围挡已清理，伤者无大碍（演示）"} {
		if err := city.do(ctx, http.MethodPost, "/incidents/"+id+"/state", map[string]any{"to": "closed", "why": why}, nil); err != nil {
			return err
		}
	}
	return nil
}

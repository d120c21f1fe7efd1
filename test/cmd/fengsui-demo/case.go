package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// finish plays an incident that is over: a fishing boat in distress, answered with its plan by a rescue crew, reviewed
// with its lessons, and a case of the library since. Its times are those of this minute, for the record of a centre
// cannot be written into the past.
func (d *demo) finish(ctx context.Context, city caller) error {
	now := time.Now()
	var opened thing
	if err := city.do(ctx, http.MethodPost, "/incidents", map[string]any{
		"title": "吕四港外渔船失去动力（演示）", "category": "accident.water", "place": "吕四港外 4 海里（演示）", "division": "320681", "lon": 121.66, "lat": 32.13, "level": 4,
		"summary": "演示数据。渔船主机故障漂移，船上 5 人，风力 6 级；救助艇拖带回港，无人受伤。", "occurred_at": now.Add(-10 * time.Minute),
	}, &opened); err != nil {
		return err
	}
	path := "/incidents/" + opened.ID
	if err := d.tell(ctx, city, path, now); err != nil {
		return err
	}
	tasks, err := city.carryOut(ctx, path)
	if err != nil {
		return err
	}
	done := map[string][]step{}
	for title, text := range map[string]string{
		"核实船名、位置、遇险人数": "苏启渔演示号，5 人，主机故障，已下锚。", "启动响应": "已通知海事、渔业、医疗。", "调派就近救助船艇": "吕四水上救援队 3 艇出动。", "协调过往船舶协助": "过往货船一艘守护至救助艇到达。",
		"划定并下达搜寻区": "船位已知，不需要扩大搜寻。", "向上级电话报告": "已报省值班室。", "岸边接应与医疗转运": "5 人上岸，体检无恙。", "书面报告初报": "初报已发出。",
	} {
		done[title] = []step{{"accept", ""}, {"done", text}}
	}
	if err := city.work(ctx, tasks, done); err != nil {
		return err
	}
	if err := city.sendNearest(ctx, path, "水上救援", []told{{kind: "en_route"}, {kind: "on_site", text: "靠上遇险船，5 人平安。", lon: 121.662, lat: 32.131}, {kind: "released", text: "拖带回港，任务完成。"}}); err != nil {
		return err
	}
	if len(tasks) == 0 {
		return fmt.Errorf("end the response of %s: it has no tasks", path)
	}
	if err := city.do(ctx, http.MethodPut, "/responses/"+tasks[0].ResponseID+"/level", map[string]any{"level": 0, "order": "人员全部获救，终止响应（演示）"}, nil); err != nil {
		return err
	}
	if err := city.do(ctx, http.MethodPost, path+"/state", map[string]any{"to": "closed", "why": "5 人获救，渔船拖带回港（演示）"}, nil); err != nil {
		return err
	}
	return city.review(ctx, path, now)
}

// review writes the review of an incident, with one lesson that is learned and one that is owed.
func (c caller) review(ctx context.Context, path string, now time.Time) error {
	type seen struct {
		Edit    int     `json:"edit"`
		Lessons []thing `json:"lessons"`
	}
	var v seen
	if err := c.do(ctx, http.MethodPut, path+"/review", map[string]any{
		"edit": 0, "course": "渔船主机故障后报警，值班室核实船位并启动预案；吕四水上救援队出动三艇，过往货船守护，拖带回港，5 人平安。（演示数据）",
		"good": "船位一次核准；过往船舶守护，为救助艇赢得时间。", "causes": "救助艇只有一支队伍，预案要求两支，缺口由过往船舶补上；岸边接应的医疗点没有预先约定。",
	}, &v); err != nil {
		return err
	}
	for _, l := range []map[string]any{
		{"text": "吕四港增加一支签约救助船艇队伍，补上预案缺口。", "owner": "施海（演示）", "due_at": now.AddDate(0, 2, 0)},
		{"text": "与港区卫生院约定岸边接应点和联系人。", "owner": "王芳（演示）", "due_at": now.AddDate(0, 1, 0)},
	} {
		if err := c.do(ctx, http.MethodPost, path+"/review/lessons", l, &v); err != nil {
			return err
		}
	}
	if err := c.do(ctx, http.MethodPost, path+"/review/lessons/"+v.Lessons[1].ID+"/state", map[string]any{"evidence": "接应点和联系人已写入值班通讯录（演示）。"}, &v); err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, path+"/review/state", map[string]any{"edit": v.Edit}, nil)
}

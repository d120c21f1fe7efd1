package main

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// fillCases plays an incident of the county: a call, the first report, its receipt at the city, and an instruction.
// Nothing waits at the city's desk afterwards.
func (d *demo) fillCases(ctx context.Context) error {
	county, err := d.signedIn(ctx, countyUser, d.logins.County)
	if err != nil {
		return err
	}
	city, err := d.signedIn(ctx, dutyUser, d.logins.Duty)
	if err != nil {
		return err
	}
	now := time.Now()
	var item, opened struct {
		ID       string `json:"id"`
		Incident string `json:"incident_id"`
	}
	if err := county.do(ctx, http.MethodPost, "/intake", map[string]any{
		"kind": "call", "unit": "洋口镇政府（演示）", "caller": "值班员", "phone": "000-0000-2001", "place": "洋口镇渔港北侧冷库（演示）", "category": "accident.fire",
		"text": "冷库外墙保温层起火，有浓烟，已疏散 20 人，无人被困。", "measures": "消防已到场，出水控制。", "occurred_at": now.Add(-15 * time.Minute), "figures": map[string]int{"evacuated": 20, "dead": 0},
	}, &item); err != nil {
		return err
	}
	if err := county.do(ctx, http.MethodPost, "/intake/"+item.ID+"/incident", map[string]any{"title": "洋口镇渔港冷库火灾（演示）"}, &opened); err != nil {
		return err
	}
	var draft, saved, sent struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
		Hops    []struct {
			ID string `json:"id"`
		} `json:"hops"`
	}
	if err := county.do(ctx, http.MethodPost, "/incidents/"+opened.Incident+"/reports", map[string]any{}, &draft); err != nil {
		return err
	}
	edit := func(field, from, to string) map[string]string {
		return map[string]string{"field": field, "from": from, "to": to}
	}
	if err := county.do(ctx, http.MethodPatch, "/reports/"+draft.ID, map[string]any{"edits": []any{
		edit("measures", "", "消防 3 车 15 人到场，明火已控制；镇政府设警戒区。"), edit("trend", "", "火势已控制，无蔓延可能。"), edit("cause", "", "初判为外墙焊接作业引燃，待查。"),
		edit("leaders", "", "县应急局、洋口镇负责人已到场。"), edit("scene_lead", "", "县消防救援大队 值班大队长（演示）"), edit("scene_phone", "", "000-0000-2002"), edit("level", "0", "4"),
	}}, &saved); err != nil {
		return err
	}
	if err := county.do(ctx, http.MethodPost, "/reports/"+draft.ID+"/send", map[string]any{"version": saved.Version, "how": "oral", "signer": "孔局（演示）"}, &sent); err != nil {
		return err
	}
	if len(sent.Hops) == 0 {
		return errors.New("send the report of the demo: it went nowhere")
	}
	if err := city.do(ctx, http.MethodPost, "/hops/"+sent.Hops[0].ID+"/accept", nil, nil); err != nil {
		return err
	}
	var orgs struct {
		Items []struct {
			ID       string `json:"id"`
			Division string `json:"division"`
		} `json:"items"`
	}
	if err := city.do(ctx, http.MethodGet, "/reports/desks", nil, &orgs); err != nil {
		return err
	}
	for _, o := range orgs.Items {
		if o.Division == "320623" {
			return city.do(ctx, http.MethodPost, "/incidents/"+opened.Incident+"/instructions", map[string]any{
				"leader": "带班领导（演示）", "text": "查明起火原因，排查全县冷库外墙动火作业，结果今日报市值班室。", "orgs": []string{o.ID}, "due_at": now.Add(5 * time.Hour),
			}, nil)
		}
	}
	return nil
}

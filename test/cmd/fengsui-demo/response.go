package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// respond has the city answer a storm tide with its plan: the incident is told and reported upward, the plan runs at
// its lowest level, and some tasks are done. Nobody holds the command, so whoever looks at the demo may take it.
func (d *demo) respond(ctx context.Context, city caller) error {
	now := time.Now()
	var item struct {
		ID       string `json:"id"`
		Incident string `json:"incident_id"`
	}
	if err := city.do(ctx, http.MethodPost, "/intake", map[string]any{
		"kind": "call", "unit": "洋口外闸管理所（演示）", "caller": "值班员", "phone": "000-0000-2101", "place": "洋口外闸（演示）", "lon": 120.94793, "lat": 32.53164, "category": "natural.flood",
		"text": "外闸潮位超警戒 0.2 米，天文大潮叠加偏北大风，预计 3 小时后到高潮；堤防未见险情。", "measures": "已关闸，巡堤人员上堤。", "occurred_at": now.Add(-20 * time.Minute), "figures": map[string]int{"dead": 0, "trapped": 0},
	}, &item); err != nil {
		return err
	}
	if err := city.do(ctx, http.MethodPost, "/intake/"+item.ID+"/incident", map[string]any{"title": "洋口外闸风暴潮超警戒（演示）"}, &item); err != nil {
		return err
	}
	path := "/incidents/" + item.Incident
	if err := d.tell(ctx, city, path, now); err != nil {
		return err
	}
	tasks, err := city.carryOut(ctx, path)
	if err != nil {
		return err
	}
	if err := city.work(ctx, tasks, map[string][]step{
		"启动响应并通知成员单位": {{"done", "已电话通知 12 个成员单位，沿海三县到岗。"}},
		"向上级电话报告":     {{"done", "已报省值班室，接报人记录在册。"}},
		"书面报告初报":      {{"done", "初报已发出。"}},
		"组织会商研判":      {{"accept", ""}, {"start", "气象、水利、海洋已入会。"}},
		"加密巡堤查险":      {{"accept", ""}, {"start", "三组上堤，每小时报一次。"}},
	}); err != nil {
		return err
	}
	if err := city.sendNearest(ctx, path, "巡堤查险", []told{{kind: "en_route"}, {kind: "on_site", text: "到洋口外闸，分三组上堤。", lon: 120.9502, lat: 32.5309}}); err != nil {
		return err
	}
	if err := city.gather(ctx, item.Incident); err != nil {
		return err
	}
	return d.speak(ctx, city, path)
}

// fitting is a plan that fits an incident.
type fitting struct {
	PlanID  string `json:"plan_id"`
	Version int    `json:"version"`
}

// fits is the plan that fits an incident best.
func (c caller) fits(ctx context.Context, path string) (fitting, error) {
	var proposals struct {
		Items []fitting `json:"items"`
	}
	if err := c.do(ctx, http.MethodGet, path+"/proposals", nil, &proposals); err != nil {
		return fitting{}, err
	}
	if len(proposals.Items) == 0 {
		return fitting{}, errors.New("carry a plan out: none is proposed for this incident of the demo")
	}
	return proposals.Items[0], nil
}

// carryOut carries out the plan that fits best, at its lowest level, and answers its tasks.
func (c caller) carryOut(ctx context.Context, path string) ([]task, error) {
	return c.start(ctx, path, map[string]any{"order": "吴局口头命令（演示）"})
}

// carryOutFirst starts the plan of a desk above in an emergency, which that desk is told.
func (c caller) carryOutFirst(ctx context.Context, path, why string) ([]task, error) {
	return c.start(ctx, path, map[string]any{"order": "县带班领导口头命令（演示）", "emergency": true, "why": why})
}

func (c caller) start(ctx context.Context, path string, order map[string]any) ([]task, error) {
	first, err := c.fits(ctx, path)
	if err != nil {
		return nil, err
	}
	order["plan_id"], order["version"], order["level"] = first.PlanID, first.Version, 4
	if err := c.do(ctx, http.MethodPost, path+"/responses", order, nil); err != nil {
		return nil, err
	}
	var running struct {
		Tasks []task `json:"tasks"`
	}
	return running.Tasks, c.do(ctx, http.MethodGet, path+"/responses", nil, &running)
}

type task struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	ResponseID string `json:"response_id"`
}

// work tells what was done of tasks, by their titles.
func (c caller) work(ctx context.Context, tasks []task, done map[string][]step) error {
	for _, t := range tasks {
		for _, s := range done[t.Title] {
			if err := c.do(ctx, http.MethodPost, "/tasks/"+t.ID+"/steps", map[string]any{"kind": s.kind, "text": s.text}, nil); err != nil {
				return fmt.Errorf("%s of %s: %w", s.kind, t.Title, err)
			}
		}
	}
	return nil
}

// told is what a crew tells of itself.
type told struct {
	kind, text string
	lon, lat   float64
}

// sendNearest sends the nearest crew that a plan has asked for and tells what it tells. It reports again within eight
// hours, so that nobody who looks at the demo is asked for it.
func (c caller) sendNearest(ctx context.Context, path, what string, steps []told) error {
	var board struct {
		Requests []struct {
			ID   string `json:"id"`
			What string `json:"what"`
			Edit int    `json:"edit"`
		} `json:"requests"`
	}
	if err := c.do(ctx, http.MethodGet, path+"/resources", nil, &board); err != nil {
		return err
	}
	for _, r := range board.Requests {
		if r.What != what {
			continue
		}
		var proposal struct {
			Picks []thing `json:"picks"`
		}
		if err := c.do(ctx, http.MethodGet, "/resource-requests/"+r.ID+"/proposal", nil, &proposal); err != nil {
			return err
		}
		if len(proposal.Picks) == 0 {
			return fmt.Errorf("send a crew for %s: none is free", what)
		}
		var sent things
		if err := c.do(ctx, http.MethodPost, "/resource-requests/"+r.ID+"/dispatches", map[string]any{"choices": []any{map[string]any{"id": proposal.Picks[0].ID}}, "edit": r.Edit, "minutes": 480}, &sent); err != nil {
			return err
		}
		for _, s := range steps {
			in := map[string]any{"kind": s.kind, "text": s.text}
			if s.lon != 0 {
				in["lon"], in["lat"] = s.lon, s.lat
			}
			if err := c.do(ctx, http.MethodPost, "/dispatches/"+sent.Items[0].ID+"/steps", in, nil); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("send a crew: the plan asks for no %s", what)
}

type step struct{ kind, text string }

// tell reports an incident of the city to the province, by phone and on paper.
func (d *demo) tell(ctx context.Context, city caller, path string, now time.Time) error {
	if err := city.do(ctx, http.MethodPost, path+"/calls", map[string]any{"at": now.Add(-time.Minute), "text": "已电话报省值班室（演示）"}, nil); err != nil {
		return err
	}
	var draft, saved struct {
		ID      string `json:"id"`
		Version int    `json:"version"`
	}
	if err := city.do(ctx, http.MethodPost, path+"/reports", map[string]any{}, &draft); err != nil {
		return err
	}
	edit := func(field, from, to string) map[string]string {
		return map[string]string{"field": field, "from": from, "to": to}
	}
	if err := city.do(ctx, http.MethodPatch, "/reports/"+draft.ID, map[string]any{"edits": []any{edit("trend", "", "高潮前潮位继续上涨，夜间有漫堤可能。"), edit("leaders", "", "市局带班领导在指挥中心。"), edit("level", "0", "4")}}, &saved); err != nil {
		return err
	}
	return city.do(ctx, http.MethodPost, "/reports/"+draft.ID+"/send", map[string]any{"version": saved.Version, "how": "oral", "signer": "吴局（演示）", "out": "省应急指挥中心（演示）"}, nil)
}

package main

import (
	"context"
	"net/http"
)

// Where teams and stock of the demo are. The places are real, what stands there is invented.
type spot struct {
	Division, Place string
	Lon, Lat        float64
}

type crew struct {
	Name, Leader, Phone, Equipment string
	Words                          []string
	People                         int
	At                             spot
}

type house struct {
	Name, Keeper, Phone string
	At                  spot
	Items               []item
}

type item struct {
	Name, Unit string
	Amount     float64
}

const invented = "演示数据"

// crews answer what the example plans demand. Of those who walk the dykes there are fewer than the plan wants, so that
// a shortfall can be seen.
func crews() []crew {
	return []crew{
		{"市防汛抢险队（演示）", "丁磊", "000-0000-3101", "打桩机 2 台、照明车 1 台、对讲机 20 部", []string{"巡堤查险", "堤防抢护", "排涝"}, 40, spot{"320613", "崇川区工农南路防汛仓库", 120.8796, 31.9792}},
		{"如东海堤巡查队（演示）", "缪强", "000-0000-3102", "巡查车 3 台、无人机 2 架", []string{"巡堤查险", "人员转移"}, 24, spot{"320623", "如东县洋口镇", 120.9812, 32.5127}},
		{"启东沿江巡查队（演示）", "郁明", "000-0000-3103", "巡查车 2 台、强光灯 12 只", []string{"巡堤查险"}, 18, spot{"320681", "启东市汇龙镇", 121.6566, 31.8102}},
		{"洋口园区危化处置队（演示）", "顾涛", "000-0000-3104", "重型防化服 8 套、堵漏器材、洗消车 1 台", []string{"危化处置", "洗消车", "堵漏"}, 22, spot{"320623", "如东县洋口化学工业园", 121.0421, 32.5473}},
		{"市环境应急监测队（演示）", "沈洁", "000-0000-3105", "监测车 2 台、便携气相色谱仪", []string{"环境监测"}, 10, spot{"320613", "崇川区环境监测中心", 120.8941, 32.0105}},
		{"吕四水上救援队（演示）", "施海", "000-0000-3106", "救助艇 3 艘、潜水装具 6 套、急救箱 4 只", []string{"水上救援", "潜水", "医疗救护"}, 16, spot{"320681", "启东市吕四港镇", 121.6017, 32.0853}},
	}
}

func houses() []house {
	return []house{
		{"市应急物资中心库（演示）", "蒋红", "000-0000-3201", spot{"320613", "崇川区钟秀路", 120.9013, 32.0036}, []item{{"排涝泵车", "台", 4}, {"冲锋舟", "艘", 12}, {"编织袋", "条", 60000}, {"救生衣", "件", 800}}},
		{"如东沿海防汛库（演示）", "管军", "000-0000-3202", spot{"320623", "如东县掘港街道", 121.1857, 32.3116}, []item{{"排涝泵车", "台", 2}, {"冲锋舟", "艘", 6}, {"编织袋", "条", 25000}, {"泡沫灭火剂", "吨", 12}}},
		{"启东吕四港防汛库（演示）", "倪峰", "000-0000-3203", spot{"320681", "启东市吕四港镇", 121.6109, 32.0781}, []item{{"冲锋舟", "艘", 4}, {"围油栏", "米", 800}, {"吸油毡", "公斤", 500}, {"救生衣", "件", 300}}},
	}
}

// addResources writes the teams and the stock of the demo as the city's duty officer, once.
func (d *demo) addResources(ctx context.Context) error {
	city, err := d.signedIn(ctx, dutyUser, d.logins.Duty)
	if err != nil {
		return err
	}
	var list things
	if err := city.do(ctx, http.MethodGet, "/teams?limit=1", nil, &list); err != nil || len(list.Items) > 0 {
		return err
	}
	orgs, err := city.orgs(ctx)
	if err != nil {
		return err
	}
	for _, h := range houses() {
		var made thing
		if err := city.do(ctx, http.MethodPost, "/warehouses", h.At.of(orgs, map[string]any{"name": h.Name, "keeper": h.Keeper, "phone": h.Phone}), &made); err != nil {
			return err
		}
		for _, i := range h.Items {
			in := map[string]any{"warehouse_id": made.ID, "item": i.Name, "unit": i.Unit, "kind": "in", "amount": i.Amount, "reason": "入库（" + invented + "）"}
			if err := city.do(ctx, http.MethodPost, "/stock/moves", in, nil); err != nil {
				return err
			}
		}
	}
	for _, c := range crews() {
		in := map[string]any{"name": c.Name, "words": c.Words, "people": c.People, "equipment": c.Equipment, "leader": c.Leader, "phone": c.Phone, "note": invented}
		if err := city.do(ctx, http.MethodPost, "/teams", c.At.of(orgs, in), nil); err != nil {
			return err
		}
	}
	return nil
}

// of adds to a thing where it is, and whose: the county's where the county has a desk in the demo, else the city's.
func (s spot) of(orgs map[string]string, in map[string]any) map[string]any {
	in["place"], in["lon"], in["lat"], in["division"] = s.Place, s.Lon, s.Lat, s.Division
	if id := orgs[s.Division]; id != "" {
		in["org_id"] = id
	}
	return in
}

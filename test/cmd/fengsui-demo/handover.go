package main

import (
	"context"
	"net/http"
	"time"
)

// nextUser and countyNext are who come after dutyUser and countyUser by the roster. Both of a desk sign with the same
// password, so that a handover can be played by one person.
const (
	nextUser   = "liming"
	countyNext = "heyu"
)

// fillLog opens the book of the city's desk and writes what a shift might have in it.
func (d *demo) fillLog(ctx context.Context) error {
	c, err := d.signedIn(ctx, dutyUser, d.logins.Duty)
	if err != nil {
		return err
	}
	now := time.Now()
	for _, e := range []map[string]any{
		{"kind": "call_in", "at": now.Add(-52 * time.Minute), "party": "洋口镇政府 值班员（演示）", "contact": "000-0000-2001", "text": "报告：外闸门机异响，现场已停机，暂不影响排涝。", "item": map[string]any{"level": 3, "due_at": now.Add(3 * time.Hour)}},
		{"kind": "fax_in", "at": now.Add(-40 * time.Minute), "party": "市气象台（演示）", "text": "大风蓝色预警信号，未来 24 小时沿江沿海阵风 7～8 级。"},
		{"kind": "call_out", "at": now.Add(-36 * time.Minute), "party": "如东、启东值班室（演示）", "text": "转达大风蓝色预警，要求核查在港船只与工地塔吊，18 时前回复。", "item": map[string]any{"level": 4, "title": "收齐如东、启东大风防范回复", "due_at": now.Add(5 * time.Hour)}},
		{"kind": "order", "at": now.Add(-20 * time.Minute), "party": "带班领导（演示）", "text": "洋口外闸安排备用机组，报修进度每两小时一报。"},
	} {
		if err := c.do(ctx, http.MethodPost, "/handover/entries", e, nil); err != nil {
			return err
		}
	}
	return nil
}

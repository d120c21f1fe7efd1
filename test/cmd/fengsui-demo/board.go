package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"time"
)

// levels are made up, as everything of the demo; by station.
func levels() map[string][2]float64 {
	return map[string][2]float64{"rd-level-2/water_level": {4.7, 5.2}, "rd-level-3/water_level": {4.8, 5.4}, "rd-level-1/water_level": {5.2, 5.7}}
}

// recorded are the cameras that are always recorded, at the river and where the storm tide is; the others send only
// while somebody looks.
func recorded() []string { return []string{"rd-cam-2", "rd-cam-3"} }

// stations is how many gauges the board of the demo waits for.
const stations = 3

// board gives the stations their past, has two cameras recorded and makes the board of the river at the first start, from
// what the centre suggests once the terminal has declared its gauges.
func (d *demo) board(ctx context.Context) error {
	marker := d.file("central", "board")
	if _, err := os.Stat(marker); err == nil {
		return nil
	}
	token, err := d.central(ctx, "token", "create", "--user", adminUser)
	if err != nil {
		return err
	}
	var draft map[string]any
	for tiles := 0; tiles < stations; {
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the gauges of the board: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
		if err := d.ask(ctx, token, http.MethodGet, "/boards/suggestion?division=320623", nil, &draft); err != nil {
			return err
		}
		tiles = furnish(draft)
	}
	if err := d.past(ctx); err != nil {
		return err
	}
	for _, camera := range recorded() {
		if err := d.ask(ctx, token, http.MethodPut, "/recordings/"+camera+"/policy", map[string]any{"mode": "always", "keep_days": 7}, nil); err != nil {
			return err
		}
	}
	body := map[string]any{"division": draft["division"], "title": "如东河道看板（演示）", "title_en": "Rudong river board (demo)", "tiles": draft["tiles"]}
	if err := d.ask(ctx, token, http.MethodPost, "/boards", body, nil); err != nil {
		return err
	}
	return write(marker, []byte("made\n"))
}

// furnish gives the stations of a suggestion levels, and says how many there are.
func furnish(draft map[string]any) int {
	n := 0
	tiles, _ := draft["tiles"].([]any)
	for _, tile := range tiles {
		one, _ := tile.(map[string]any)
		list, _ := one["stations"].([]any)
		slices.Reverse(list) // the centre does not know that this river runs to the north-east
		total := 0.0
		if len(list) > 0 {
			first, _ := list[0].(map[string]any)
			total, _ = first["km"].(float64)
		}
		for _, s := range list {
			station, _ := s.(map[string]any)
			km, _ := station["km"].(float64)
			station["km"] = math.Round((total-km)*10) / 10
			series, _ := station["series"].(string)
			if l, ok := levels()[series]; ok {
				station["warning"], station["guarantee"] = l[0], l[1]
				station["source"] = "演示数据，虚构；里程为坐标间直线距离。Demonstration, made up; distances as the crow flies."
				n++
			}
		}
	}
	return n
}

func (d *demo) ask(ctx context.Context, token, method, path string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("encode request: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, method, d.ports.URL()+"/api/v1"+path, bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		return errors.New(method + " " + path + ": " + res.Status + ": " + string(said))
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(said, into); err != nil {
		return fmt.Errorf("read answer to %s %s: %w", method, path, err)
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"net/http"
)

// gather opens a consultation on an incident and invites everybody of the other organisations, so that whoever looks at
// the demo goes in by one click: a browser for the city and one for the county.
func (c caller) gather(ctx context.Context, incident string) error {
	var room, orgs struct {
		ID    string `json:"id"`
		OrgID string `json:"org_id"`
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	if err := c.do(ctx, http.MethodPost, "/consults", map[string]any{"incident": incident, "title": "洋口外闸风暴潮会商（演示）"}, &room); err != nil {
		return fmt.Errorf("open a consultation: %w", err)
	}
	if err := c.do(ctx, http.MethodGet, "/duty/orgs", nil, &orgs); err != nil {
		return fmt.Errorf("list organisations: %w", err)
	}
	others := []string{}
	for _, o := range orgs.Items {
		if o.ID != room.OrgID {
			others = append(others, o.ID)
		}
	}
	if len(others) == 0 {
		return nil
	}
	if err := c.do(ctx, http.MethodPost, "/consults/"+room.ID+"/invitations", map[string]any{"orgs": others[:min(len(others), 20)]}, nil); err != nil {
		return fmt.Errorf("invite to a consultation: %w", err)
	}
	return nil
}

package api

import (
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/board"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
)

// ownAccount are the operations that whoever is signed in may call: they are about the caller, or the service
// looks whose they are.
var ownAccount = []string{"about", "get-session", "logout", "change-password", "list-tokens", "create-token", "revoke-token"}

// TestWhoMayNotLearnsNothingOfWhatIsWrong walks every operation of the document: a person who is signed in
// and lacks the permission gets 403 for a request that is wrong in every part. A new operation belongs into
// needs.
func TestWhoMayNotLearnsNothingOfWhatIsWrong(t *testing.T) {
	c := newCentreWith(t, func(s *Server) {
		RegisterDevices(s, &device.Service{})
		RegisterTelemetry(s, &telemetry.Service{})
		RegisterVideo(s, video.New(video.Options{Log: slog.New(slog.DiscardHandler)}))
		RegisterOutputs(s, &output.Service{})
		RegisterFleet(s, &fleet.Service{})
		RegisterBoards(s, &board.Service{})
		RegisterMaintenance(s, &maintenance.Service{})
		RegisterEscalation(s, &telemetry.Service{})
	})
	admin := c.admin()
	auditor, _ := c.user(admin, "shenji", "320600", account.RoleAuditor) // reads accounts and the audit and nothing else
	technician, _ := c.user(admin, "jishu", "320600", account.RoleTechnician)
	path := regexp.MustCompile(`\{[a-z]+\}`)
	walked := 0
	for route, item := range c.server.huma.OpenAPI().Paths {
		for method, o := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		} {
			if o == nil {
				continue
			}
			if (o.Security != nil && len(o.Security) == 0) || slices.Contains(ownAccount, o.OperationID) {
				continue
			}
			who := auditor
			if p := needs(o.OperationID); p == actor.AccountRead || p == actor.AuditRead {
				who = technician
			}
			status, code := who.call(method, path.ReplaceAllString(route, "x")+"?limit=many&from=yesterday", map[string]any{"nonsense": 7}, nil)
			if status != http.StatusForbidden || code != "auth.denied" {
				t.Errorf("%s %s (%s): %d %s; name its permission in needs", method, route, o.OperationID, status, code)
			}
			walked++
		}
	}
	if walked < 50 {
		t.Errorf("only %d operations were walked", walked)
	}
	c.browser().want(http.StatusUnauthorized, "auth.required", http.MethodPost, "/api/v1/users", map[string]any{"nonsense": 7}, nil)
}

package api

import (
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/board"
	"github.com/fengsui/fengsui/central/internal/consult"
	"github.com/fengsui/fengsui/central/internal/crew"
	"github.com/fengsui/fengsui/central/internal/deadline"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/diagnose"
	"github.com/fengsui/fengsui/central/internal/drill"
	"github.com/fengsui/fengsui/central/internal/field"
	"github.com/fengsui/fengsui/central/internal/fleet"
	"github.com/fengsui/fengsui/central/internal/handover"
	"github.com/fengsui/fengsui/central/internal/incident"
	"github.com/fengsui/fengsui/central/internal/intake"
	"github.com/fengsui/fengsui/central/internal/maintenance"
	"github.com/fengsui/fengsui/central/internal/notice"
	"github.com/fengsui/fengsui/central/internal/opinion"
	"github.com/fengsui/fengsui/central/internal/output"
	"github.com/fengsui/fengsui/central/internal/paper"
	"github.com/fengsui/fengsui/central/internal/plan"
	"github.com/fengsui/fengsui/central/internal/recording"
	"github.com/fengsui/fengsui/central/internal/release"
	"github.com/fengsui/fengsui/central/internal/report"
	"github.com/fengsui/fengsui/central/internal/resource"
	"github.com/fengsui/fengsui/central/internal/response"
	"github.com/fengsui/fengsui/central/internal/review"
	"github.com/fengsui/fengsui/central/internal/rollcall"
	"github.com/fengsui/fengsui/central/internal/rulebook"
	"github.com/fengsui/fengsui/central/internal/steer"
	"github.com/fengsui/fengsui/central/internal/talk"
	"github.com/fengsui/fengsui/central/internal/telemetry"
	"github.com/fengsui/fengsui/central/internal/video"
	"github.com/fengsui/fengsui/central/internal/wall"
)

// TestWhoMayNotLearnsNothingOfWhatIsWrong walks every operation of the document: each has its permission in
// needs, and a person who is signed in and lacks it gets 403 for a request that is wrong in every part.
func TestWhoMayNotLearnsNothingOfWhatIsWrong(t *testing.T) {
	c := newCentreWith(t, func(s *Server) {
		RegisterDevices(s, &device.Service{})
		RegisterTelemetry(s, &telemetry.Service{})
		RegisterVideo(s, video.New(video.Options{Log: slog.New(slog.DiscardHandler)}))
		RegisterOutputs(s, &output.Service{})
		RegisterSteering(s, steer.New(steer.Options{}))
		RegisterTalk(s, talk.New(talk.Options{}))
		RegisterFleet(s, &fleet.Service{})
		RegisterBoards(s, &board.Service{})
		RegisterMaintenance(s, &maintenance.Service{})
		RegisterEscalation(s, &telemetry.Service{})
		RegisterBulk(s, &device.Service{})
		RegisterRulebook(s, &rulebook.Service{})
		RegisterReleases(s, &release.Service{})
		RegisterEnrol(s, &device.Service{})
		RegisterDiagnoses(s, &diagnose.Service{})
		RegisterDeadlines(s, &deadline.Service{})
		RegisterHandover(s, &handover.Service{})
		RegisterIncidents(s, &incident.Service{})
		RegisterIntake(s, &intake.Service{})
		RegisterReports(s, &report.Service{})
		RegisterNotices(s, &notice.Service{})
		RegisterRollcalls(s, &rollcall.Service{})
		RegisterPlans(s, &plan.Service{})
		RegisterRecordings(s, &recording.Service{})
		RegisterWalls(s, &wall.Service{})
		RegisterPapers(s, &paper.Service{})
		RegisterResponses(s, &response.Service{})
		RegisterResources(s, &resource.Service{})
		RegisterReviews(s, &review.Service{})
		RegisterOpinions(s, opinion.New(opinion.Options{}))
		RegisterDrills(s, &drill.Service{})
		RegisterField(s, field.New(field.Options{}))
		RegisterCrew(s, crew.New(crew.Options{}))
		RegisterConsults(s, consult.New(consult.Options{}))
	})
	admin := c.admin()
	auditor, _ := c.user(admin, "shenji", "320600", account.RoleAuditor) // reads accounts and the audit and nothing else
	technician, _ := c.user(admin, "jishu", "320600", account.RoleTechnician)
	path := regexp.MustCompile(`\{[a-z]+\}`)
	document, err := os.ReadFile("../../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	unseen := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ +operationId: (\S+)$`).FindAllSubmatch(document, -1) {
		unseen[string(m[1])] = true
	}
	if len(unseen) < 150 {
		t.Fatalf("the document has only %d operations", len(unseen))
	}
	for route, item := range c.server.huma.OpenAPI().Paths {
		for method, o := range map[string]*huma.Operation{
			http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
		} {
			if o == nil {
				continue
			}
			delete(unseen, o.OperationID)
			for _, p := range o.Parameters {
				if p.Name == exerciseQuery {
					t.Errorf("%s %s (%s) has a parameter %q: that name enters an exercise", method, route, o.OperationID, p.Name)
				}
			}
			if o.Security != nil && len(o.Security) == 0 {
				continue
			}
			p, ok := needs(o.OperationID)
			if !ok {
				t.Errorf("%s %s (%s) has no permission; name it in needs", method, route, o.OperationID)
			}
			if p == ownAccount {
				continue
			}
			who := auditor
			if p == actor.AccountRead || p == actor.AuditRead {
				who = technician
			}
			status, code := who.call(method, path.ReplaceAllString(route, "x")+"?limit=many&from=yesterday", map[string]any{"nonsense": 7}, nil)
			if status != http.StatusForbidden || code != "auth.denied" {
				t.Errorf("%s %s (%s): %d %s", method, route, o.OperationID, status, code)
			}
		}
	}
	for id := range unseen {
		t.Errorf("%s was not walked: register its service here", id)
	}
	c.browser().want(http.StatusUnauthorized, "auth.required", http.MethodPost, "/api/v1/users", map[string]any{"nonsense": 7}, nil)
}

package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/fengsui/fengsui/central/internal/document"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/resource"
)

func resourceOp(id, method, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"resources"}}
}

// RegisterResources adds teams, warehouses and stock, what incidents ask of them and what is sent.
func RegisterResources(s *Server, svc *resource.Service) {
	registerTeams(s, svc)
	registerStock(s, svc)
	registerDispatch(s, svc)
	registerCrewLinks(s, svc)
}

// TeamQuery narrows the list of teams. It is exported because huma passes over embedded types that are not.
type TeamQuery struct {
	ListQuery
	Status string `query:"status" enum:"ready,assigned,en_route,on_site,resting,out"`
	Word   string `query:"word" maxLength:"100" doc:"A capability"`
	OrgID  string `query:"org_id" maxLength:"64"`
}

func (q TeamQuery) filter() resource.TeamFilter {
	return resource.TeamFilter{Status: resource.Status(q.Status), Word: q.Word, OrgID: q.OrgID}
}

// TeamBody is what somebody writes down of a team.
type TeamBody struct {
	Name      string   `json:"name" maxLength:"160"`
	OrgID     string   `json:"org_id,omitempty" maxLength:"64" doc:"Empty: the own organisation"`
	Division  string   `json:"division,omitempty" maxLength:"12" doc:"Empty: that of the organisation"`
	Words     []string `json:"words" maxItems:"40" doc:"Capabilities"`
	People    int      `json:"people"`
	Equipment string   `json:"equipment,omitempty" maxLength:"2000"`
	Leader    string   `json:"leader,omitempty" maxLength:"64"`
	Phone     string   `json:"phone,omitempty" maxLength:"32"`
	Place     string   `json:"place,omitempty" maxLength:"400"`
	Lon       *float64 `json:"lon,omitempty" doc:"Degrees, WGS 84"`
	Lat       *float64 `json:"lat,omitempty"`
	Note      string   `json:"note,omitempty" maxLength:"2000"`
	Edit      int      `json:"edit,omitempty" doc:"That was seen"`
}

func (b TeamBody) team(id string) resource.Team {
	return resource.Team{
		ID: id, Name: b.Name, OrgID: b.OrgID, Division: b.Division, Words: b.Words, People: b.People, Equipment: b.Equipment, Leader: b.Leader, Phone: b.Phone,
		Place: b.Place, Lon: b.Lon, Lat: b.Lat, Note: b.Note, Edit: b.Edit,
	}
}

// resourceUpload is a workbook that would change a register.
type resourceUpload struct {
	Keep    bool   `query:"keep" doc:"Keep it when nothing is wrong; else it is only looked at"`
	RawBody []byte `contentType:"application/octet-stream"`
}

func registerTeams(s *Server, svc *resource.Service) {
	register(s, resourceOp("list-teams", http.MethodGet, "/teams", "Teams, the newest first"),
		func(ctx context.Context, in *TeamQuery) (*body[page.List[resource.Team]], error) {
			return reply(svc.ListTeams(ctx, in.filter(), in.page()))
		})
	register(s, resourceOp("list-resource-words", http.MethodGet, "/resources/words", "The capabilities of teams, or the items of stock, that stand in the registers"),
		func(ctx context.Context, in *struct {
			Kind string `query:"kind" enum:"team,stock" default:"team"`
		},
		) (*body[page.List[string]], error) {
			return listed(svc.Vocabulary(ctx, in.Kind))
		})
	create := resourceOp("create-team", http.MethodPost, "/teams", "Write down a team")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct{ Body TeamBody }) (*body[resource.Team], error) {
		return reply(svc.SaveTeam(ctx, in.Body.team("")))
	})
	register(s, resourceOp("change-team", http.MethodPut, "/teams/{id}", "Change what is known of a team"),
		func(ctx context.Context, in *struct {
			IncidentID
			Body TeamBody
		},
		) (*body[resource.Team], error) {
			return reply(svc.SaveTeam(ctx, in.Body.team(in.ID)))
		})
	register(s, resourceOp("set-team-status", http.MethodPut, "/teams/{id}/status", "Say that a team is ready, rests or is out of service"),
		func(ctx context.Context, in *struct {
			IncidentID
			Body struct {
				Status string `json:"status" enum:"ready,resting,out"`
				Why    string `json:"why,omitempty" maxLength:"400"`
			}
		},
		) (*body[resource.Team], error) {
			return reply(svc.SetStatus(ctx, in.ID, resource.Status(in.Body.Status), in.Body.Why))
		})
	register(s, resourceOp("import-teams", http.MethodPost, "/teams/import", "Read an XLSX of teams; every fault of every cell is answered, and with one nothing is kept"),
		func(ctx context.Context, in *resourceUpload) (*body[resource.Import], error) {
			return reply(svc.ImportTeams(ctx, in.Keep, func() ([][]string, error) { return readBook(ctx, s, in.RawBody, document.ReadTable) }))
		})
	registerSheet(s, resourceOp("export-teams", http.MethodGet, "/teams.xlsx", "Teams as a workbook that can be imported again; empty, it is the template"), "teams",
		func(ctx context.Context, in *TeamQuery) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[resource.Team], error) {
				return svc.ListTeams(ctx, in.filter(), r)
			})
			sheet := document.Sheet{Title: "队伍", Headings: resource.TeamColumns()}
			for _, t := range list {
				sheet.Rows = append(sheet.Rows, resource.TeamRow(t))
			}
			return sheet, err
		})
}

// StockQuery narrows the list of stock. It is exported because huma passes over embedded types that are not.
type StockQuery struct {
	ListQuery
	WarehouseID string `query:"warehouse_id" maxLength:"64"`
	Empty       bool   `query:"empty" doc:"Only what is used up or promised"`
}

func (q StockQuery) filter() resource.StockFilter {
	return resource.StockFilter{WarehouseID: q.WarehouseID, Empty: q.Empty}
}

// WarehouseBody is what somebody writes down of a warehouse.
type WarehouseBody struct {
	Name     string   `json:"name" maxLength:"160"`
	OrgID    string   `json:"org_id,omitempty" maxLength:"64" doc:"Empty: the own organisation"`
	Division string   `json:"division,omitempty" maxLength:"12" doc:"Empty: that of the organisation"`
	Place    string   `json:"place,omitempty" maxLength:"400"`
	Lon      *float64 `json:"lon,omitempty" doc:"Degrees, WGS 84"`
	Lat      *float64 `json:"lat,omitempty"`
	Keeper   string   `json:"keeper,omitempty" maxLength:"64"`
	Phone    string   `json:"phone,omitempty" maxLength:"32"`
	Edit     int      `json:"edit,omitempty" doc:"That was seen"`
}

func (b WarehouseBody) warehouse(id string) resource.Warehouse {
	return resource.Warehouse{
		ID: id, Name: b.Name, OrgID: b.OrgID, Division: b.Division, Place: b.Place, Lon: b.Lon, Lat: b.Lat, Keeper: b.Keeper, Phone: b.Phone, Edit: b.Edit,
	}
}

func registerStock(s *Server, svc *resource.Service) {
	register(s, resourceOp("list-warehouses", http.MethodGet, "/warehouses", "Warehouses by name"),
		func(ctx context.Context, _ *nothing) (*body[page.List[resource.Warehouse]], error) {
			return listed(svc.Warehouses(ctx))
		})
	create := resourceOp("create-warehouse", http.MethodPost, "/warehouses", "Write down a warehouse")
	create.DefaultStatus = http.StatusCreated
	register(s, create, func(ctx context.Context, in *struct{ Body WarehouseBody }) (*body[resource.Warehouse], error) {
		return reply(svc.SaveWarehouse(ctx, in.Body.warehouse("")))
	})
	register(s, resourceOp("change-warehouse", http.MethodPut, "/warehouses/{id}", "Change what is known of a warehouse"),
		func(ctx context.Context, in *struct {
			IncidentID
			Body WarehouseBody
		},
		) (*body[resource.Warehouse], error) {
			return reply(svc.SaveWarehouse(ctx, in.Body.warehouse(in.ID)))
		})
	register(s, resourceOp("list-stock", http.MethodGet, "/stock", "Stock of all warehouses, the newest item first"),
		func(ctx context.Context, in *StockQuery) (*body[page.List[resource.Stock]], error) {
			return reply(svc.ListStock(ctx, in.filter(), in.page()))
		})
	register(s, resourceOp("list-stock-moves", http.MethodGet, "/stock/{id}/moves", "What came in and went out of one stock, oldest first"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[resource.Move]], error) {
			return listed(svc.Moves(ctx, in.ID))
		})
	register(s, resourceOp("move-stock", http.MethodPost, "/stock/moves", "Take in, give out or count an item, with the reason"),
		func(ctx context.Context, in *struct {
			Body struct {
				StockID     string  `json:"stock_id,omitempty" maxLength:"64" doc:"Or a warehouse, an item and its unit"`
				WarehouseID string  `json:"warehouse_id,omitempty" maxLength:"64"`
				Item        string  `json:"item,omitempty" maxLength:"160"`
				Unit        string  `json:"unit,omitempty" maxLength:"32"`
				Kind        string  `json:"kind" enum:"in,out,count"`
				Amount      float64 `json:"amount"`
				Reason      string  `json:"reason" maxLength:"400"`
			}
		},
		) (*body[resource.Stock], error) {
			b := in.Body
			return reply(svc.Move(ctx, resource.Change{StockID: b.StockID, WarehouseID: b.WarehouseID, Item: b.Item, Unit: b.Unit, Kind: b.Kind, Amount: b.Amount, Reason: b.Reason}))
		})
	register(s, resourceOp("import-stock", http.MethodPost, "/stock/import", "Read an XLSX of stock; every fault of every cell is answered, and with one nothing is kept"),
		func(ctx context.Context, in *resourceUpload) (*body[resource.Import], error) {
			return reply(svc.ImportStock(ctx, in.Keep, func() ([][]string, error) { return readBook(ctx, s, in.RawBody, document.ReadTable) }))
		})
	registerSheet(s, resourceOp("export-stock", http.MethodGet, "/stock.xlsx", "Stock as a workbook that can be imported again; empty, it is the template"), "stock",
		func(ctx context.Context, in *StockQuery) (document.Sheet, error) {
			list, err := whole(ctx, in.page(), func(ctx context.Context, r page.Request) (page.List[resource.Stock], error) {
				return svc.ListStock(ctx, in.filter(), r)
			})
			sheet := document.Sheet{Title: "物资", Headings: resource.StockColumns()}
			for _, v := range list {
				sheet.Rows = append(sheet.Rows, resource.StockRow(v))
			}
			return sheet, err
		})
}

// DispatchStep is something that is told of a dispatch. It is exported because huma passes over embedded types that
// are not.
type DispatchStep struct {
	Kind   string   `json:"kind" enum:"report,en_route,on_site,released,refused,issued,returned,cancelled"`
	Text   string   `json:"text,omitempty" maxLength:"2000"`
	Lon    *float64 `json:"lon,omitempty" doc:"Degrees, WGS 84"`
	Lat    *float64 `json:"lat,omitempty"`
	Amount float64  `json:"amount,omitempty" doc:"Of stock, that came back"`
}

func (b DispatchStep) step() resource.Step {
	return resource.Step{Kind: b.Kind, Text: b.Text, Lon: b.Lon, Lat: b.Lat, Amount: b.Amount}
}

// ResourceChoice is a team, or an amount of a stock.
type ResourceChoice struct {
	ID     string  `json:"id" maxLength:"64"`
	Amount float64 `json:"amount,omitempty" doc:"Of stock"`
}

func registerDispatch(s *Server, svc *resource.Service) {
	register(s, resourceOp("get-incident-resources", http.MethodGet, "/incidents/{id}/resources", "What was asked and sent for an incident"),
		func(ctx context.Context, in *IncidentID) (*body[resource.Board], error) {
			return reply(svc.Board(ctx, in.ID))
		})
	ask := resourceOp("ask-resources", http.MethodPost, "/incidents/{id}/resources", "Ask for teams or material")
	ask.DefaultStatus = http.StatusCreated
	register(s, ask, func(ctx context.Context, in *struct {
		IncidentID
		Body struct {
			Kind   string   `json:"kind" enum:"team,material"`
			What   string   `json:"what" maxLength:"160" doc:"A capability, or an item"`
			Amount float64  `json:"amount"`
			Unit   string   `json:"unit,omitempty" maxLength:"32"`
			TaskID string   `json:"task_id,omitempty" maxLength:"64"`
			Place  string   `json:"place,omitempty" maxLength:"400" doc:"Empty: that of the incident"`
			Lon    *float64 `json:"lon,omitempty"`
			Lat    *float64 `json:"lat,omitempty"`
			Note   string   `json:"note,omitempty" maxLength:"2000"`
		}
	},
	) (*body[resource.Request], error) {
		b := in.Body
		return reply(svc.Ask(ctx, in.ID, resource.Ask{Kind: b.Kind, What: b.What, Amount: b.Amount, Unit: b.Unit, TaskID: b.TaskID, Place: b.Place, Lon: b.Lon, Lat: b.Lat, Note: b.Note}))
	})
	register(s, resourceOp("close-resource-request", http.MethodPost, "/resource-requests/{id}/close", "Expect nothing more of a request"),
		func(ctx context.Context, in *struct {
			IncidentID
			Body struct {
				Why string `json:"why" maxLength:"400"`
			}
		},
		) (*body[resource.Request], error) {
			return reply(svc.Close(ctx, in.ID, in.Body.Why))
		})
	register(s, resourceOp("propose-resources", http.MethodGet, "/resource-requests/{id}/proposal", "The nearest that can do it and are free, what is missing, and why"),
		func(ctx context.Context, in *IncidentID) (*body[resource.Proposal], error) {
			return reply(svc.Propose(ctx, in.ID))
		})
	register(s, resourceOp("send-resources", http.MethodPost, "/resource-requests/{id}/dispatches", "Send what was chosen: all of it or nothing"),
		func(ctx context.Context, in *struct {
			IncidentID
			Body struct {
				Choices []ResourceChoice `json:"choices" maxItems:"100"`
				Edit    int              `json:"edit" doc:"Of the request, that was seen"`
				Minutes int              `json:"minutes,omitempty" doc:"Within which crews report; 0 is the limit of the division"`
			}
		},
		) (*body[page.List[resource.Dispatch]], error) {
			var list []resource.Choice
			for _, c := range in.Body.Choices {
				list = append(list, resource.Choice{ID: c.ID, Amount: c.Amount})
			}
			return listed(svc.Send(ctx, in.ID, list, in.Body.Edit, in.Body.Minutes))
		})
	register(s, resourceOp("list-dispatch-steps", http.MethodGet, "/dispatches/{id}/steps", "What was told of a dispatch, oldest first"),
		func(ctx context.Context, in *IncidentID) (*body[page.List[resource.Step]], error) {
			return listed(svc.Steps(ctx, in.ID))
		})
	register(s, resourceOp("step-dispatch", http.MethodPost, "/dispatches/{id}/steps", "Tell what has become of a dispatch, or that the crew has reported"),
		func(ctx context.Context, in *struct {
			IncidentID
			Body DispatchStep
		},
		) (*body[resource.Dispatch], error) {
			return reply(svc.Do(ctx, in.ID, in.Body.step()))
		})
	register(s, resourceOp("show-crew-link", http.MethodPost, "/dispatches/{id}/link", "A new address of a crew's page, to be scanned at the desk"),
		func(ctx context.Context, in *IncidentID) (*body[resource.Shown], error) {
			return reply(svc.Show(ctx, in.ID))
		})
}

// registerCrewLinks adds what the leader of a crew reaches with the link of a message, without a login.
func registerCrewLinks(s *Server, svc *resource.Service) {
	asked := newGate(time.Second, 60, "duty.too_many", "too many questions from this address; wait a moment")
	open := func(id, method, path, summary string) huma.Operation {
		op := resourceOp(id, method, "/dispatches/links/{token}"+path, summary)
		op.Security, op.Middlewares = []map[string][]string{}, s.slow(asked)
		return op
	}
	register(s, open("open-crew-link", http.MethodGet, "", "The dispatch of the crew whose link it is"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
		},
		) (*body[resource.CrewPage], error) {
			return reply(svc.Open(ctx, in.Token))
		})
	register(s, open("step-crew-link", http.MethodPost, "/steps", "Tell something as the crew whose link it is"),
		func(ctx context.Context, in *struct {
			Token string `path:"token" maxLength:"64"`
			Body  DispatchStep
		},
		) (*body[resource.Dispatch], error) {
			return reply(svc.StepByLink(ctx, in.Token, in.Body.step()))
		})
}

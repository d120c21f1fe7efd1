package account

import (
	"slices"

	"github.com/fengsui/fengsui/central/internal/actor"
)

// The ids of the roles.
const (
	RoleAdmin      = "admin"
	RoleLeader     = "leader"
	RoleDuty       = "duty"
	RoleTechnician = "technician"
	RoleAuditor    = "auditor"
)

// Role is a set of permissions with a name.
type Role struct {
	ID          string             `json:"id"`
	Name        string             `json:"name"`
	NameEN      string             `json:"name_en"`
	Permissions []actor.Permission `json:"permissions"`
}

// Roles lists every role.
func Roles() []Role {
	return []Role{
		{RoleAdmin, "系统管理员", "Administrator", []actor.Permission{
			actor.DeviceRead, actor.DeviceWrite, actor.DeviceProbe, actor.ReleaseWrite, actor.TelemetryRead, actor.TelemetryMend, actor.TelemetryHold, actor.AlarmRead,
			actor.AlarmAck, actor.AlarmMaintain, actor.AlarmPolicy, actor.VideoWatch, actor.VideoSteer, actor.VideoTalk, actor.VideoShare, actor.VideoReplay, actor.VideoRecord, actor.VideoExport, actor.ConsultJoin, actor.ConsultHold, actor.OutputSwitch, actor.BoardWrite,
			actor.RuleWrite, actor.RulePublish, actor.AccountRead, actor.AccountWrite, actor.AuditRead,
			actor.DutyRead, actor.DutyPhone, actor.DutyPlan, actor.DutyApprove, actor.DutyTake, actor.DutyLog,
			actor.IncidentRead, actor.IncidentWrite, actor.ReportWrite, actor.ReportSign, actor.ReportOrder, actor.ReportJudge, actor.NoticeTest,
			actor.PlanRead, actor.PlanWrite, actor.PlanApprove, actor.ResourceRead, actor.ResourceWrite,
			actor.PaperRead, actor.PaperWrite, actor.PaperSign, actor.ResponseOrder, actor.OpinionSign,
			actor.DrillRead, actor.DrillWrite,
		}},
		{RoleLeader, "带班领导", "Duty leader", []actor.Permission{
			actor.DeviceRead, actor.TelemetryRead, actor.TelemetryHold, actor.AlarmRead, actor.AlarmAck, actor.AlarmMaintain,
			actor.VideoWatch, actor.VideoSteer, actor.VideoTalk, actor.VideoShare, actor.VideoReplay, actor.VideoRecord, actor.VideoExport, actor.ConsultJoin, actor.ConsultHold, actor.OutputSwitch, actor.BoardWrite, actor.RuleWrite, actor.RulePublish,
			actor.AccountRead, actor.AuditRead,
			actor.DutyRead, actor.DutyPhone, actor.DutyPlan, actor.DutyApprove, actor.DutyTake, actor.DutyLog,
			actor.IncidentRead, actor.IncidentWrite, actor.ReportWrite, actor.ReportSign, actor.ReportOrder, actor.ReportJudge,
			actor.PlanRead, actor.PlanWrite, actor.PlanApprove, actor.ResourceRead, actor.ResourceWrite,
			actor.PaperRead, actor.PaperWrite, actor.PaperSign, actor.ResponseOrder, actor.OpinionSign,
			actor.DrillRead, actor.DrillWrite,
		}},
		{RoleDuty, "值班员", "Duty officer", []actor.Permission{
			actor.DeviceRead, actor.TelemetryRead, actor.AlarmRead, actor.AlarmAck, actor.AlarmMaintain, actor.VideoWatch, actor.VideoSteer, actor.VideoTalk, actor.VideoShare, actor.VideoReplay, actor.VideoRecord, actor.VideoExport, actor.ConsultJoin, actor.ConsultHold, actor.OutputSwitch,
			actor.BoardWrite,
			actor.DutyRead, actor.DutyPhone, actor.DutyTake, actor.DutyLog,
			actor.IncidentRead, actor.IncidentWrite, actor.ReportWrite, actor.ReportOrder,
			actor.PlanRead, actor.PlanWrite, actor.ResourceRead, actor.ResourceWrite,
			actor.PaperRead, actor.PaperWrite, actor.ResponseOrder,
			actor.DrillRead, actor.DrillWrite,
		}},
		{RoleTechnician, "技术员", "Technician", []actor.Permission{
			actor.DeviceRead, actor.DeviceWrite, actor.DeviceProbe, actor.ReleaseWrite, actor.TelemetryRead, actor.TelemetryMend, actor.AlarmRead, actor.AlarmMaintain,
			actor.VideoWatch, actor.VideoSteer, actor.VideoTalk, actor.VideoReplay, actor.VideoRecord, actor.ConsultJoin, actor.BoardWrite, actor.RuleWrite,
			actor.DutyRead,
			actor.PlanRead, actor.ResourceRead, actor.DrillRead,
		}},
		{RoleAuditor, "审计员", "Auditor", []actor.Permission{actor.AccountRead, actor.AuditRead}},
	}
}

func roleByID(id string) (Role, bool) {
	for _, r := range Roles() {
		if r.ID == id {
			return r, true
		}
	}
	return Role{}, false
}

// Permissions is what a set of roles may do together, sorted; an unknown role gives nothing.
func Permissions(roles []string) []actor.Permission {
	out := []actor.Permission{}
	for _, id := range roles {
		if r, ok := roleByID(id); ok {
			out = append(out, r.Permissions...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

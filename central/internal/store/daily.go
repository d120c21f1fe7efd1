package store

import (
	"context"

	"github.com/fengsui/fengsui/central/internal/duty"
	"github.com/fengsui/fengsui/central/internal/report"
)

// Daily implements report.Dailies.
func (s *Reports) Daily(ctx context.Context, org string, d duty.Day) (report.Daily, error) {
	one, err := scanBody[report.Daily](s.db.queryRow(ctx, `select body from report_dailies where org_id = $1 and day = $2`, org, string(d)))
	return missed(one, "report.not_found", "daily report", err)
}

// SaveDaily implements report.Dailies.
func (s *Reports) SaveDaily(ctx context.Context, d report.Daily, was int) error {
	text, err := bodyOf("daily report", d)
	if err != nil {
		return err
	}
	return s.db.saveVersion(ctx, "daily report", "report.changed", was,
		`insert into report_dailies (org_id, day, to_org, state, version, body) values ($1, $2, $3, $4, $5, $6)`,
		`update report_dailies set to_org = $3, state = $4, version = $5, body = $6 where org_id = $1 and day = $2 and version = $5 - 1`,
		d.OrgID, string(d.Day), d.ToOrg, string(d.State), d.Version, text)
}

// DailiesIn implements report.Dailies.
func (s *Reports) DailiesIn(ctx context.Context, from, to duty.Day) ([]report.Daily, error) {
	return dutyRows(ctx, s.db, "daily reports", scanBody[report.Daily], `select body from report_dailies where day >= $1 and day <= $2 order by day, org_id`, string(from), string(to))
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/central/internal/paper"
)

// Papers implements paper.Store.
type Papers struct{ db *DB }

// NewPapers uses an open database.
func NewPapers(db *DB) *Papers { return &Papers{db: db} }

// Lock implements paper.Store.
func (s *Papers) Lock(ctx context.Context, name string) error { return s.db.lock(ctx, name) }

func missingPaper[T any](v T, what string, err error) (T, error) {
	if err = wrap(err); errs.KindOf(err) == errs.NotFound {
		return v, errs.E(errs.NotFound, "paper.not_found", "there is no such %s", what)
	}
	if err != nil {
		return v, fmt.Errorf("load %s: %w", what, err)
	}
	return v, nil
}

// scanPaper reads a document; of a list only the title of its content.
func scanPaper(row scanner) (p paper.Paper, err error) {
	var body, content string
	if err = row.Scan(&body, &content); err != nil {
		return p, err
	}
	return p, errors.Join(json.Unmarshal([]byte(body), &p), json.Unmarshal([]byte(content), &p.Content))
}

func scanListed(row scanner) (p paper.Paper, err error) {
	var body, title string
	if err = row.Scan(&body, &title); err != nil {
		return p, err
	}
	err = json.Unmarshal([]byte(body), &p)
	p.Content = paper.Content{Title: title, Annexes: []paper.Annex{}}
	return p, err
}

// Papers implements paper.Papers.
func (s *Papers) Papers(ctx context.Context, f paper.Filter) (page.List[paper.Paper], error) {
	list, err := dutyRows(ctx, s.db, "documents", scanListed, `select body, title from papers
		where (org_id = $1 or (state <> 'draft' and division like $2)) and ($3 = '' or org_id = $3) and ($4 = '' or kind = $4) and ($5 = '' or state = $5)
		and ($6 = '' or id < $6) and ($7 = '' or lower(title) like $8 escape '\' or lower(number) like $8 escape '\') and ($9 = 0 or year = $9)
		order by id desc limit $10`, f.Own, string(f.Scope), f.Org, string(f.Kind), string(f.State), f.After, f.Search, like(f.Search), f.Year, f.Size()+1)
	return cut(list, f.Size(), func(p paper.Paper) string { return p.ID }), err
}

// Paper implements paper.Papers.
func (s *Papers) Paper(ctx context.Context, id string) (paper.Paper, error) {
	p, err := scanPaper(s.db.queryRow(ctx, `select body, content from papers where id = $1`, id))
	return missingPaper(p, "document", err)
}

// MadeOf implements paper.Papers.
func (s *Papers) MadeOf(ctx context.Context, org, source string) (paper.Paper, error) {
	p, err := scanPaper(s.db.queryRow(ctx, `select body, content from papers where org_id = $1 and source = $2 and source <> '' and state <> 'withdrawn' order by id desc limit 1`, org, source))
	return missingPaper(p, "document", err)
}

// columns of a document, and its JSON.
func paperColumns(p paper.Paper) ([]any, error) {
	content, err := json.Marshal(p.Content)
	if err != nil {
		return nil, fmt.Errorf("write content: %w", err)
	}
	title := p.Content.OneLine()
	p.Content, p.Own, p.Stale = paper.Content{}, false, false
	body, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return []any{p.ID, p.OrgID, p.Division, string(p.Kind), string(p.State), title, p.NumberText, p.Source, p.Version, string(body), string(content), p.Year()}, nil
}

// AddPaper implements paper.Papers.
func (s *Papers) AddPaper(ctx context.Context, p paper.Paper) error {
	args, err := paperColumns(p)
	if err != nil {
		return err
	}
	if _, err := s.db.exec(ctx, `insert into papers (id, org_id, division, kind, state, title, number, source, version, body, content, year)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, args...); err != nil {
		return fmt.Errorf("add document: %w", wrap(err))
	}
	return nil
}

// SavePaper implements paper.Papers.
func (s *Papers) SavePaper(ctx context.Context, p paper.Paper) error {
	args, err := paperColumns(p)
	if err != nil {
		return err
	}
	res, err := s.db.exec(ctx, `update papers set org_id = $2, division = $3, kind = $4, state = $5, title = $6, number = $7, source = $8, version = $9, body = $10, content = $11, year = $12
		where id = $1 and version = $9 - 1`, args...)
	if err != nil {
		return fmt.Errorf("save document: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.E(errs.Conflict, "paper.changed", "somebody has changed it meanwhile; look at it again")
	}
	return nil
}

// DropPaper implements paper.Papers.
func (s *Papers) DropPaper(ctx context.Context, id string) error {
	if _, err := s.db.exec(ctx, `delete from papers where id = $1 and state = 'draft'`, id); err != nil {
		return fmt.Errorf("delete draft: %w", wrap(err))
	}
	return nil
}

// SavePictures implements paper.Papers.
func (s *Papers) SavePictures(ctx context.Context, id string, files map[string][]byte) error {
	if _, err := s.db.exec(ctx, `delete from paper_pictures where paper_id = $1`, id); err != nil {
		return fmt.Errorf("keep pictures: %w", wrap(err))
	}
	for key, file := range files {
		if _, err := s.db.exec(ctx, `insert into paper_pictures (paper_id, key, file) values ($1, $2, $3)`, id, key, file); err != nil {
			return fmt.Errorf("keep pictures: %w", wrap(err))
		}
	}
	return nil
}

// Pictures implements paper.Papers.
func (s *Papers) Pictures(ctx context.Context, id string) (map[string][]byte, error) {
	type one struct {
		key  string
		file []byte
	}
	list, err := dutyRows(ctx, s.db, "pictures", func(row scanner) (p one, err error) {
		err = row.Scan(&p.key, &p.file)
		return p, err
	}, `select key, file from paper_pictures where paper_id = $1`, id)
	out := map[string][]byte{}
	for _, p := range list {
		out[p.key] = p.file
	}
	return out, err
}

// Picture implements paper.Papers.
func (s *Papers) Picture(ctx context.Context, id, key string) (file []byte, err error) {
	err = wrap(s.db.queryRow(ctx, `select file from paper_pictures where paper_id = $1 and key = $2`, id, key).Scan(&file))
	if errs.KindOf(err) == errs.NotFound {
		return nil, errs.E(errs.NotFound, "paper.no_picture", "the document has no such picture")
	}
	if err != nil {
		return nil, fmt.Errorf("load picture: %w", err)
	}
	return file, nil
}

// AddFiles implements paper.Papers.
func (s *Papers) AddFiles(ctx context.Context, id string, f paper.Files) error {
	if _, err := s.db.exec(ctx, `insert into paper_files (paper_id, docx, pdf, missing) values ($1, $2, $3, $4)`, id, f.DOCX, f.PDF, f.Missing); err != nil {
		return fmt.Errorf("keep files: %w", wrap(err))
	}
	return nil
}

// Files implements paper.Papers.
func (s *Papers) Files(ctx context.Context, id string) (f paper.Files, err error) {
	err = s.db.queryRow(ctx, `select docx, pdf, missing from paper_files where paper_id = $1`, id).Scan(&f.DOCX, &f.PDF, &f.Missing)
	return missingPaper(f, "file", err)
}

// TakeNumber implements paper.Register.
func (s *Papers) TakeNumber(ctx context.Context, t paper.Taken) (paper.Taken, error) {
	if err := s.db.lock(ctx, "paper number "+t.OrgID+" "+t.Prefix); err != nil {
		return t, err
	}
	err := s.db.queryRow(ctx, `insert into paper_numbers (org_id, prefix, year, no, paper_id, title, at, by_name, voided_by, reason)
		values ($1, $2, $3, (select coalesce(max(no), 0) + 1 from paper_numbers where org_id = $1 and prefix = $2 and year = $3), $4, $5, $6, $7, '', '') returning no`,
		t.OrgID, t.Prefix, t.Year, t.PaperID, t.Title, t.At, t.By).Scan(&t.No)
	if err != nil {
		return t, fmt.Errorf("take number: %w", wrap(err))
	}
	return t, nil
}

// VoidNumber implements paper.Register.
func (s *Papers) VoidNumber(ctx context.Context, t paper.Taken) error {
	res, err := s.db.exec(ctx, `update paper_numbers set voided_at = $5, voided_by = $6, reason = $7, title = $8
		where org_id = $1 and prefix = $2 and year = $3 and no = $4 and voided_at is null`, t.OrgID, t.Prefix, t.Year, t.No, t.VoidedAt, t.VoidedBy, t.Reason, t.Title)
	if err != nil {
		return fmt.Errorf("void number: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.E(errs.Conflict, "paper.voided", "the number is void already")
	}
	return nil
}

func scanTaken(row scanner) (t paper.Taken, err error) {
	var voided sql.NullTime
	err = row.Scan(&t.OrgID, &t.Prefix, &t.Year, &t.No, &t.PaperID, &t.Title, &t.At, &t.By, &voided, &t.VoidedBy, &t.Reason, &t.Kind, &t.State)
	t.At, t.VoidedAt = t.At.UTC(), moment(voided)
	return t, err
}

// Numbers implements paper.Register.
func (s *Papers) Numbers(ctx context.Context, org string, year int, k paper.Kind, r page.Request) (page.List[paper.Taken], error) {
	after, err := time.Parse(time.RFC3339Nano, r.After)
	if r.After != "" && err != nil {
		return page.List[paper.Taken]{}, errs.Field("paper.after", "after", "is no place in the list")
	}
	list, err := dutyRows(ctx, s.db, "numbers", scanTaken, `select n.org_id, n.prefix, n.year, n.no, n.paper_id, coalesce(nullif(n.title, ''), p.title, ''), n.at, n.by_name, n.voided_at, n.voided_by, n.reason, coalesce(p.kind, ''),
		case when n.voided_at is null then coalesce(p.state, '') else '' end
		from paper_numbers n left join papers p on p.id = n.paper_id
		where n.org_id = $1 and ($2 = 0 or n.year = $2) and ($3 = '' or n.at < $4)
		and ($5 = '' or lower(coalesce(p.title, n.title)) like $6 escape '\' or lower(n.prefix) like $6 escape '\') and ($7 = '' or p.kind = $7)
		order by n.at desc limit $8`, org, year, r.After, after, strings.TrimSpace(r.Search), like(strings.TrimSpace(r.Search)), string(k), r.Size()+1)
	return cut(list, r.Size(), func(t paper.Taken) string { return t.At.Format(time.RFC3339Nano) }), err
}

// Letterhead implements paper.Letterheads.
func (s *Papers) Letterhead(ctx context.Context, org string) (l paper.Letterhead, err error) {
	var body string
	if err = s.db.queryRow(ctx, `select body from paper_letterheads where org_id = $1`, org).Scan(&body); err == nil {
		err = json.Unmarshal([]byte(body), &l)
	}
	return missingPaper(l, "letterhead", err)
}

// SaveLetterhead implements paper.Letterheads.
func (s *Papers) SaveLetterhead(ctx context.Context, l paper.Letterhead) error {
	body, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("write letterhead: %w", err)
	}
	res, err := s.db.exec(ctx, `insert into paper_letterheads (org_id, version, body) values ($1, $2, $3)
		on conflict (org_id) do update set version = excluded.version, body = excluded.body where paper_letterheads.version = $2 - 1`, l.OrgID, l.Version, string(body))
	if err != nil {
		return fmt.Errorf("save letterhead: %w", wrap(err))
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errs.E(errs.Conflict, "paper.changed", "somebody has changed it meanwhile; look at it again")
	}
	return nil
}

// ClaimPrefix implements paper.Letterheads.
func (s *Papers) ClaimPrefix(ctx context.Context, org, prefix string, at time.Time) error {
	if _, err := s.db.exec(ctx, `insert into paper_prefixes (prefix, org_id, at) values ($1, $2, $3) on conflict do nothing`, prefix, org, at); err != nil {
		return fmt.Errorf("claim prefix: %w", wrap(err))
	}
	var owner string
	if err := s.db.queryRow(ctx, `select org_id from paper_prefixes where prefix = $1`, prefix).Scan(&owner); err != nil {
		return fmt.Errorf("claim prefix: %w", wrap(err))
	}
	if owner != org {
		return errs.E(errs.Conflict, "paper.prefix_taken", "another organisation uses the prefix %s; choose another", prefix)
	}
	return nil
}

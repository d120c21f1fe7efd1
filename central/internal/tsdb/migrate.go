package tsdb

import (
	"context"
	"database/sql"
	"fmt"
)

// migrateMonth brings a new or older file of chunks to the present shape, in one transaction. Version 1
// kept neither how many readings are good, nor when the last usable one was, nor when they came; the last
// stays unknown. Every day is marked to get its roll-ups.
func migrateMonth(ctx context.Context, db *sql.DB, c *codec) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	var old bool
	if err := tx.QueryRowContext(ctx, `select count(*) > 0 from sqlite_schema where type = 'table' and name = 'chunk'`).Scan(&old); err != nil {
		return err
	}
	if old {
		if _, err := tx.ExecContext(ctx, `drop index if exists chunk_series_t0; alter table chunk rename to chunk_1`); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, monthSchema); err != nil {
		return err
	}
	if old {
		if err := copyChunks(ctx, tx, c); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf(`pragma user_version = %d`, fileVersion)); err != nil {
		return err
	}
	return tx.Commit()
}

func copyChunks(ctx context.Context, tx *sql.Tx, c *codec) error {
	put, err := tx.PrepareContext(ctx, `insert into chunk (id, series, t0, t1, points, usable, good, min, max, last, last_t, sum, r0, r1, body)
		select id, series, t0, t1, points, usable, $2, min, max, last, $3, sum, 0, 0, body from chunk_1 where id = $1`)
	if err != nil {
		return err
	}
	defer put.Close()
	rows, err := tx.QueryContext(ctx, `select id, body from chunk_1 order by id`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var body sql.RawBytes
		if err := rows.Scan(&id, &body); err != nil {
			return err
		}
		points, err := c.decode(body)
		if err != nil {
			return fmt.Errorf("read chunk %d: %w", id, err)
		}
		s := summarise(points)
		if _, err := put.ExecContext(ctx, id, s.Good, s.LastAt); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `insert into dirty (day, series) select distinct t0 / $1, series from chunk`, day); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `drop table chunk_1`)
	return err
}

package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/errs"
	"github.com/fengsui/fengsui/shared/wire"
)

// Devices implements device.Store.
type Devices struct{ DB *DB }

// NewDevices keeps devices in db.
func NewDevices(db *DB) *Devices { return &Devices{DB: db} }

const selectDevice = `
	select d.id, d.kind, d.parent, d.name, d.name_en, d.class, d.profile, d.division, d.lon, d.lat, d.demo, d.edited, d.series,
		d.agent, d.token_hash, d.last_seen, d.revoked_at, d.removed_at, d.created_at, d.updated_at,
		c.serial, c.not_before, c.not_after, c.revoked_at
	from device d left join device_certificate c on c.serial = d.certificate`

func scanDevice(s scanner) (device.Record, error) {
	var r device.Record
	var lon, lat sql.NullFloat64
	var series, agent string
	var serial sql.NullString
	var seen, revoked, removed, from, to, ended sql.NullTime
	err := s.Scan(&r.ID, &r.Kind, &r.Parent, &r.Name, &r.NameEN, &r.Class, &r.Profile, &r.Division, &lon, &lat, &r.Demo, &r.Edited,
		&series, &agent, &r.TokenHash, &seen, &revoked, &removed, &r.CreatedAt, &r.UpdatedAt, &serial, &from, &to, &ended)
	if err != nil {
		return r, err
	}
	if lon.Valid && lat.Valid {
		r.Place = &wire.Place{Lon: lon.Float64, Lat: lat.Float64}
	}
	if err := json.Unmarshal([]byte(series), &r.Series); err != nil {
		return r, fmt.Errorf("read series of device %s: %w", r.ID, err)
	}
	if agent != "" {
		if err := json.Unmarshal([]byte(agent), &r.Agent); err != nil {
			return r, fmt.Errorf("read agent of device %s: %w", r.ID, err)
		}
	}
	if serial.Valid {
		r.Cert = &device.Certificate{Serial: serial.String, NotBefore: from.Time.UTC(), NotAfter: to.Time.UTC(), RevokedAt: moment(ended)}
	}
	r.LastSeen, r.RevokedAt, r.RemovedAt = moment(seen), moment(revoked), moment(removed)
	r.CreatedAt, r.UpdatedAt = r.CreatedAt.UTC(), r.UpdatedAt.UTC()
	return r, nil
}

func moment(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	at := t.Time.UTC()
	return &at
}

// Devices implements device.Store.
func (s *Devices) Devices(ctx context.Context, since time.Time) ([]device.Record, error) {
	rows, err := s.DB.query(ctx, selectDevice+` where d.updated_at >= $1 order by d.id`, since)
	if err != nil {
		return nil, fmt.Errorf("list devices: %w", wrap(err))
	}
	return collect(rows, scanDevice)
}

// Device implements device.Store.
func (s *Devices) Device(ctx context.Context, id string) (device.Record, error) {
	r, err := scanDevice(s.DB.queryRow(ctx, selectDevice+` where d.id = $1`, id))
	if err != nil {
		return r, fmt.Errorf("device %s: %w", id, wrap(err))
	}
	return r, nil
}

func columns(r device.Record) ([]any, error) {
	series := []byte("[]")
	if len(r.Series) > 0 {
		var err error
		if series, err = json.Marshal(r.Series); err != nil {
			return nil, fmt.Errorf("write series of device %s: %w", r.ID, err)
		}
	}
	var lon, lat *float64
	if r.Place != nil {
		lon, lat = &r.Place.Lon, &r.Place.Lat
	}
	return []any{
		r.ID, r.Kind, r.Parent, r.Name, r.Class, r.Profile, r.Division, lon, lat, r.Demo, r.Edited, string(series),
		r.TokenHash, r.RevokedAt, r.RemovedAt, r.UpdatedAt, r.NameEN,
	}, nil
}

// Add implements device.Store.
func (s *Devices) Add(ctx context.Context, r device.Record) error {
	args, err := columns(r)
	if err != nil {
		return err
	}
	const insert = `
		insert into device (id, kind, parent, name, class, profile, division, lon, lat, demo, edited, series,
			token_hash, revoked_at, removed_at, updated_at, name_en, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`
	if _, err := s.DB.exec(ctx, insert, append(args, r.CreatedAt)...); err != nil {
		return fmt.Errorf("add device %s: %w", r.ID, wrap(err))
	}
	return nil
}

// Save implements device.Store.
func (s *Devices) Save(ctx context.Context, r device.Record) error {
	args, err := columns(r)
	if err != nil {
		return err
	}
	const update = `
		update device set kind = $2, parent = $3, name = $4, class = $5, profile = $6, division = $7, lon = $8, lat = $9,
			demo = $10, edited = $11, series = $12, token_hash = $13, revoked_at = $14, removed_at = $15, updated_at = $16, name_en = $17
		where id = $1`
	res, err := s.DB.exec(ctx, update, args...)
	if err != nil {
		return fmt.Errorf("save device %s: %w", r.ID, wrap(err))
	}
	if n, err := res.RowsAffected(); err == nil && n == 0 {
		return errs.E(errs.NotFound, "device.not_found", "device %s does not exist", r.ID)
	}
	return nil
}

// Touch implements device.Store.
func (s *Devices) Touch(ctx context.Context, devices []device.Device) error {
	const update = `update device set last_seen = $2, agent = $3 where id = $1`
	return s.DB.Do(ctx, func(ctx context.Context) error {
		for _, d := range devices {
			agent := ""
			if d.Agent != nil {
				text, err := json.Marshal(d.Agent)
				if err != nil {
					return fmt.Errorf("write agent of device %s: %w", d.ID, err)
				}
				agent = string(text)
			}
			if _, err := s.DB.exec(ctx, update, d.ID, d.LastSeen, agent); err != nil {
				return fmt.Errorf("touch device %s: %w", d.ID, wrap(err))
			}
		}
		return nil
	})
}

// AddEnrolment implements device.Store.
func (s *Devices) AddEnrolment(ctx context.Context, id, hash string, created, expires time.Time) error {
	return s.DB.Do(ctx, func(ctx context.Context) error {
		if _, err := s.EndEnrolments(ctx, id, created); err != nil {
			return err
		}
		const insert = `insert into device_enrolment (hash, device_id, created_at, expires_at) values ($1, $2, $3, $4)`
		if _, err := s.DB.exec(ctx, insert, hash, id, created, expires); err != nil {
			return fmt.Errorf("add enrolment of device %s: %w", id, wrap(err))
		}
		return nil
	})
}

// EndEnrolments implements device.Store.
func (s *Devices) EndEnrolments(ctx context.Context, id string, at time.Time) (int, error) {
	const update = `update device_enrolment set ended_at = $2 where device_id = $1 and used_at is null and ended_at is null and expires_at > $2`
	result, err := s.DB.exec(ctx, update, id, at)
	if err != nil {
		return 0, fmt.Errorf("end enrolments of device %s: %w", id, wrap(err))
	}
	n, err := result.RowsAffected()
	if err != nil {
		return 0, fmt.Errorf("end enrolments of device %s: %w", id, err)
	}
	return int(n), nil
}

// Pass implements device.Store.
func (s *Devices) Pass(ctx context.Context, id, hash string) (device.Pass, error) {
	const query = `
		select created_at, expires_at, used_at, ended_at from device_enrolment
		where device_id = $1 or hash = $2 order by created_at desc, ended_at is null desc limit 1`
	var t device.Pass
	if err := s.DB.queryRow(ctx, query, id, hash).Scan(&t.CreatedAt, &t.ExpiresAt, &t.UsedAt, &t.EndedAt); err != nil {
		return device.Pass{}, fmt.Errorf("find enrolment: %w", wrap(err))
	}
	return t, nil
}

// UseEnrolment implements device.Store.
func (s *Devices) UseEnrolment(ctx context.Context, hash string, at time.Time) (string, error) {
	const update = `
		update device_enrolment set used_at = $2 where hash = $1 and used_at is null and ended_at is null and expires_at > $2 returning device_id`
	var id string
	if err := s.DB.queryRow(ctx, update, hash, at).Scan(&id); err != nil {
		return "", fmt.Errorf("use enrolment: %w", wrap(err))
	}
	return id, nil
}

// AddCertificate implements device.Store.
func (s *Devices) AddCertificate(ctx context.Context, id string, c device.Certificate, at time.Time) error {
	const insert = `
		insert into device_certificate (serial, device_id, not_before, not_after, valid_until, issued_at)
		values ($1, $2, $3, $4, $4, $5)`
	if _, err := s.DB.exec(ctx, insert, c.Serial, id, c.NotBefore, c.NotAfter, at); err != nil {
		return fmt.Errorf("add certificate of device %s: %w", id, wrap(err))
	}
	if _, err := s.DB.exec(ctx, `update device set certificate = $2, updated_at = $3 where id = $1`, id, c.Serial, at); err != nil {
		return fmt.Errorf("add certificate of device %s: %w", id, wrap(err))
	}
	return nil
}

// Certificate implements device.Store.
func (s *Devices) Certificate(ctx context.Context, serial string) (device.Issued, error) {
	const query = `
		select serial, device_id, not_before, not_after, used_at, revoked_at
		from device_certificate where serial = $1`
	var c device.Issued
	var used, revoked sql.NullTime
	err := s.DB.queryRow(ctx, query, serial).Scan(&c.Serial, &c.Device, &c.NotBefore, &c.NotAfter, &used, &revoked)
	if err != nil {
		return c, fmt.Errorf("certificate %s: %w", serial, wrap(err))
	}
	c.UsedAt, c.RevokedAt = moment(used), moment(revoked)
	return c, nil
}

// UseCertificate implements device.Store.
func (s *Devices) UseCertificate(ctx context.Context, id, serial string, at time.Time) error {
	return s.DB.Do(ctx, func(ctx context.Context) error {
		if _, err := s.DB.exec(ctx, `update device_certificate set used_at = $2 where serial = $1 and used_at is null`, serial, at); err != nil {
			return fmt.Errorf("use certificate of device %s: %w", id, wrap(err))
		}
		// Only what was issued before: a certificate that is still on its way to the edge stays valid.
		const update = `
			update device_certificate set revoked_at = $3
			where device_id = $1 and serial <> $2 and revoked_at is null
				and issued_at <= (select issued_at from device_certificate where serial = $2)`
		if _, err := s.DB.exec(ctx, update, id, serial, at); err != nil {
			return fmt.Errorf("use certificate of device %s: %w", id, wrap(err))
		}
		return nil
	})
}

// Renewal implements device.Store.
func (s *Devices) Renewal(ctx context.Context, request string) (string, error) {
	var certificate string
	if err := s.DB.queryRow(ctx, `select certificate from device_renewal where request = $1`, request).Scan(&certificate); err != nil {
		return "", fmt.Errorf("load renewal: %w", wrap(err))
	}
	return certificate, nil
}

// AddRenewal implements device.Store.
func (s *Devices) AddRenewal(ctx context.Context, request, serial, certificate string, at, forget time.Time) error {
	if _, err := s.DB.exec(ctx, `delete from device_renewal where answered_at < $1`, forget); err != nil {
		return fmt.Errorf("forget renewals: %w", wrap(err))
	}
	const insert = `insert into device_renewal (request, serial, certificate, answered_at) values ($1, $2, $3, $4)`
	if _, err := s.DB.exec(ctx, insert, request, serial, certificate, at); err != nil {
		return fmt.Errorf("keep renewal: %w", wrap(err))
	}
	return nil
}

// RevokeCertificates implements device.Store.
func (s *Devices) RevokeCertificates(ctx context.Context, id string, at time.Time) error {
	const update = `update device_certificate set revoked_at = $2 where device_id = $1 and revoked_at is null`
	if _, err := s.DB.exec(ctx, update, id, at); err != nil {
		return fmt.Errorf("revoke certificates of device %s: %w", id, wrap(err))
	}
	_, err := s.EndEnrolments(ctx, id, at)
	return err
}

// RevokedCertificates implements device.Store.
func (s *Devices) RevokedCertificates(ctx context.Context, after time.Time) ([]device.Withdrawn, error) {
	const query = `select serial, revoked_at from device_certificate where revoked_at is not null and not_after > $1 order by serial`
	rows, err := s.DB.query(ctx, query, after)
	if err != nil {
		return nil, fmt.Errorf("list revoked certificates: %w", wrap(err))
	}
	defer rows.Close()
	var out []device.Withdrawn
	for rows.Next() {
		var r device.Withdrawn
		if err := rows.Scan(&r.Serial, &r.At); err != nil {
			return nil, fmt.Errorf("list revoked certificates: %w", wrap(err))
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list revoked certificates: %w", wrap(err))
	}
	return out, nil
}

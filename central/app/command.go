package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fengsui/fengsui/central/internal/account"
	"github.com/fengsui/fengsui/central/internal/actor"
	"github.com/fengsui/fengsui/central/internal/audit"
	"github.com/fengsui/fengsui/central/internal/config"
	"github.com/fengsui/fengsui/central/internal/device"
	"github.com/fengsui/fengsui/central/internal/page"
	"github.com/fengsui/fengsui/shared/run"
	"github.com/fengsui/fengsui/shared/wire"
)

// atHand is what a command works with: the database of a centre that runs or does not.
type atHand struct {
	*base
	cfg config.Config
	out io.Writer
}

// with opens the database, does something as the system, and closes it.
func with(ctx context.Context, o Options, do func(context.Context, atHand) error) (err error) {
	cfg, err := config.Load(o.ConfigFile)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o750); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	keeper, err := keeperOf(cfg.Data, "")
	if err != nil {
		return err
	}
	if err := whole(cfg.Data); err != nil {
		return err
	}
	// A command says what it did; only what went wrong is logged.
	cfg.Log.Level = "error"
	c := &Centre{log: run.Logger(cfg.Log.Level, cfg.Log.Format, o.Log)}
	defer func() { err = errors.Join(err, c.Stop(), keeper.take(cfg.Data)) }()
	ctx = actor.WithSystem(ctx, "command line")
	b, err := openBase(ctx, cfg, c)
	if err != nil {
		return err
	}
	return do(ctx, atHand{b, cfg, o.Out})
}

// withDevices also loads the register.
func withDevices(ctx context.Context, o Options, do func(context.Context, atHand, *device.Service) error) error {
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		devices, err := h.devices(h.cfg)
		if err != nil {
			return err
		}
		if err := devices.Load(ctx); err != nil {
			return err
		}
		return do(ctx, h, devices)
	})
}

// Migrate brings the database to this version.
func Migrate(ctx context.Context, o Options) error {
	return with(ctx, o, func(_ context.Context, h atHand) error {
		_, err := fmt.Fprintln(h.out, "the database is at this version")
		return err
	})
}

// NewUser is a user to add. An empty Org is the top; without a PasswordFile a one-time password is printed.
type NewUser struct{ Name, Role, Org, PasswordFile string }

// AddUser adds a user.
func AddUser(ctx context.Context, o Options, username string, n NewUser) error {
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		if err := h.firstAdministrator(ctx, h.cfg, h.out); err != nil {
			return err
		}
		if n.Org == "" {
			top, err := h.accounts.TopOrg(ctx)
			if err != nil {
				return err
			}
			n.Org = top.ID
		}
		if n.Name == "" {
			n.Name = username
		}
		chosen := ""
		if n.PasswordFile != "" {
			text, err := os.ReadFile(n.PasswordFile)
			if err != nil {
				return fmt.Errorf("read password: %w", err)
			}
			if chosen = strings.TrimSpace(string(text)); chosen == "" {
				return fmt.Errorf("read password: %s is empty", n.PasswordFile)
			}
		}
		u, password, err := h.accounts.CreateUser(ctx, account.NewUser{
			Username: username, Name: n.Name, OrgID: n.Org, Roles: strings.Split(n.Role, ","), Password: chosen,
		})
		if err != nil || chosen != "" {
			return err
		}
		_, err = fmt.Fprintf(h.out, "user: username=%s password=%s\n", u.Username, password)
		return err
	})
}

// ResetPassword sets a one-time password and prints it.
func ResetPassword(ctx context.Context, o Options, username string) error {
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		u, err := h.accounts.UserByName(ctx, username)
		if err != nil {
			return err
		}
		password, err := h.accounts.ResetPassword(ctx, u.ID)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(h.out, "user: username=%s password=%s\n", u.Username, password)
		return err
	})
}

// ListUsers prints the users.
func ListUsers(ctx context.Context, o Options) error {
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		return table(h.out, "USERNAME\tNAME\tORGANISATION\tDIVISION\tROLES\tSTATE", func(row func(...any)) error {
			for r := (page.Request{Limit: page.MaxLimit}); ; {
				list, err := h.accounts.Users(ctx, r)
				if err != nil {
					return err
				}
				for _, u := range list.Items {
					state := "active"
					if u.Disabled {
						state = "disabled"
					}
					row(u.Username, u.Name, u.OrgName, u.Division, strings.Join(u.Roles, ","), state)
				}
				if list.Next == "" {
					return nil
				}
				r.After = list.Next
			}
		})
	})
}

// CreateToken prints an API token that acts as a user.
func CreateToken(ctx context.Context, o Options, username string) error {
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		u, err := h.accounts.UserByName(ctx, username)
		if err != nil {
			return err
		}
		t, text, err := h.accounts.CreateToken(ctx, u.ID, "command line "+time.Now().UTC().Format(time.DateOnly))
		if err != nil {
			return err
		}
		note := o.Log // what is printed is the token alone, for scripts
		if note == nil {
			note = os.Stderr
		}
		if _, err := fmt.Fprintf(note, "acts as %s until %s or the next change of the password\n", username, t.ExpiresAt.Format(time.DateOnly)); err != nil {
			return err
		}
		_, err = fmt.Fprintln(h.out, text)
		return err
	})
}

// NewDevice is a device to add. Kind is sensor or edge; an empty Division is the centre's own.
type NewDevice struct {
	Kind, Name, NameEN, Division string
	Lon, Lat                     float64
	Demo                         bool
}

// AddDevice adds a device and prints its token: of a simple sensor its password, of an edge the command
// that enrols it.
func AddDevice(ctx context.Context, o Options, id string, n NewDevice) error {
	return withDevices(ctx, o, func(ctx context.Context, h atHand, devices *device.Service) error {
		add := device.New{ID: id, Kind: device.Kind(n.Kind), Name: n.Name, NameEN: n.NameEN, Division: n.Division, Demo: n.Demo}
		if add.Name == "" {
			add.Name = id
		}
		if add.Division == "" {
			add.Division = h.cfg.Division
		}
		if n.Lon != 0 || n.Lat != 0 {
			add.Place = &wire.Place{Lon: n.Lon, Lat: n.Lat}
		}
		added, err := devices.Create(ctx, add)
		if err != nil {
			return err
		}
		if added.Enrol != nil {
			return h.say(added.Enrol)
		}
		_, err = fmt.Fprintln(h.out, added.Token)
		return err
	})
}

// say prints the command that enrols an edge; its last word is the token.
func (h atHand) say(e *device.Enrolment) error {
	_, err := fmt.Fprintln(h.out, e.Command(strings.TrimSuffix(h.cfg.HTTP.PublicURL, "/")))
	return err
}

// SensorToken prints a new token of a simple sensor; the old one ends.
func SensorToken(ctx context.Context, o Options, id string) error {
	return withDevices(ctx, o, func(ctx context.Context, h atHand, devices *device.Service) error {
		token, err := devices.NewToken(ctx, id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(h.out, token)
		return err
	})
}

// EnrolToken prints the command that enrols an edge anew, good for so long (0: a day).
func EnrolToken(ctx context.Context, o Options, id string, life time.Duration) error {
	return withDevices(ctx, o, func(ctx context.Context, h atHand, devices *device.Service) error {
		e, err := devices.NewEnrolment(ctx, id, life)
		if err != nil {
			return err
		}
		return h.say(&e)
	})
}

// RevokeDevice ends a device's certificate or token, and with it its session within seconds.
func RevokeDevice(ctx context.Context, o Options, id string) error {
	return withDevices(ctx, o, func(ctx context.Context, h atHand, devices *device.Service) error {
		d, err := devices.Revoke(ctx, id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(h.out, d.ID, d.State)
		return err
	})
}

// ListDevices prints the devices.
func ListDevices(ctx context.Context, o Options) error {
	return withDevices(ctx, o, func(ctx context.Context, h atHand, devices *device.Service) error {
		all, err := devices.All(ctx)
		if err != nil {
			return err
		}
		return table(h.out, "ID\tKIND\tBEHIND\tNAME\tDIVISION\tSTATE\tLAST SEEN", func(row func(...any)) error {
			for _, d := range all {
				seen := "-"
				if d.LastSeen != nil {
					seen = d.LastSeen.Format(time.RFC3339)
				}
				row(d.ID, d.Kind, d.Parent, d.Name, d.Division, d.State, seen)
			}
			return nil
		})
	})
}

// AuditHead prints the end of the audit chain, to be kept where whoever may write the database cannot.
func AuditHead(ctx context.Context, o Options) error {
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		head, err := h.audit.Head(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(h.out, head)
		return err
	})
}

// AuditVerify walks the whole audit chain. kept is an end that AuditHead printed earlier, or empty.
func AuditVerify(ctx context.Context, o Options, kept string) error {
	var head audit.Head
	if kept != "" {
		var err error
		if head, err = audit.ParseHead(kept); err != nil {
			return err
		}
	}
	return with(ctx, o, func(ctx context.Context, h atHand) error {
		r, err := h.audit.Verify(ctx, head)
		if err != nil {
			return err
		}
		if !r.Sound {
			return fmt.Errorf("the audit record is not sound after %d entries: %s", r.Entries, r.Problem)
		}
		if _, err = fmt.Fprintln(h.out, r.Entries, "entries are sound"); err == nil && kept != "" {
			_, err = fmt.Fprintf(h.out, "entry %d is the one that was kept\n", head.Seq)
		}
		return err
	})
}

// table prints aligned columns.
func table(out io.Writer, head string, fill func(row func(...any)) error) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	if _, err := fmt.Fprintln(w, head); err != nil {
		return err
	}
	err := fill(func(cells ...any) {
		text := make([]string, len(cells))
		for i, c := range cells {
			text[i] = fmt.Sprint(c)
		}
		_, _ = fmt.Fprintln(w, strings.Join(text, "\t"))
	})
	return errors.Join(err, w.Flush())
}

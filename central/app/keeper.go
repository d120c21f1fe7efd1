package app

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// keeper is the user that a data folder and all in it must belong to, so that the centre, which runs as
// that user, can open what root has made.
type keeper struct {
	uid, gid int
	name     string
	move     bool // the whole folder changes hands
}

// keeperOf is the owner of a data folder, or the user of a name. Nobody else than that user and root may
// go on.
func keeperOf(dir, name string) (keeper, error) {
	k, err := findKeeper(dir, name)
	if self := os.Geteuid(); err == nil && self != 0 && self != k.uid {
		err = fmt.Errorf("%s belongs to %s; do this as root or as that user", dir, k.name)
	}
	return k, err
}

func findKeeper(dir, name string) (keeper, error) {
	if name != "" {
		u, err := user.Lookup(name)
		if err != nil {
			return keeper{}, fmt.Errorf("find user %s: %w", name, err)
		}
		uid, err := strconv.Atoi(u.Uid)
		gid, wrong := strconv.Atoi(u.Gid)
		if err := errors.Join(err, wrong); err != nil {
			return keeper{}, fmt.Errorf("read ids of user %s: %w", name, err)
		}
		return keeper{uid, gid, name, true}, nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return keeper{}, fmt.Errorf("look at data folder: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return keeper{}, errors.New("find owner of the data folder: this system does not tell")
	}
	k := keeper{uid: int(owner.Uid), gid: int(owner.Gid)}
	if u, err := user.LookupId(strconv.Itoa(k.uid)); err == nil {
		k.name = u.Username
	} else {
		k.name = "user " + strconv.Itoa(k.uid)
	}
	return k, nil
}

// take gives the keeper what root has made in the folder.
func (k keeper) take(dir string) error {
	self := os.Geteuid()
	if k.uid == self {
		return nil
	}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		var info fs.FileInfo
		if err == nil {
			info, err = e.Info()
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a running centre has removed it meanwhile
		}
		if err != nil {
			return err
		}
		// A second name of a file may stand elsewhere on the disk and be nobody's business here.
		s, ok := info.Sys().(*syscall.Stat_t)
		if !ok || (!e.IsDir() && s.Nlink > 1) || (!k.move && int(s.Uid) != self) {
			return nil
		}
		if err := os.Lchown(path, k.uid, k.gid); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("give %s to %s: %w", dir, k.name, err)
	}
	return nil
}

package tsdb

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
)

func TestBackupOfAWorkingStoreIsWhole(t *testing.T) {
	dir := t.TempDir()
	d := open(t, filepath.Join(dir, "live"))
	defer shut(t, d)
	for n := range 100 {
		commit(t, d, numbered(n))
	}
	seal(t, d)
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 100; ctx.Err() == nil; n++ {
			commit(t, d, numbered(n))
			if n%5 == 0 {
				seal(t, d)
			}
		}
	})
	for _, name := range []string{"a", "b", "c"} {
		if err := d.Backup(context.Background(), filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	stop()
	wg.Wait()
	for _, name := range []string{"a", "b", "c"} {
		check(t, filepath.Join(dir, name), 100)
	}
	if err := d.Backup(context.Background(), filepath.Join(dir, "a")); err == nil {
		t.Error("a backup was written over another")
	}
}

package cache

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Info tells what a cache folder holds.
type Info struct {
	Path  string // of the file, whether there is one or not
	Bytes int64  // its size; zero where there is none
	Kinds []KindInfo
}

// KindInfo counts the answers of one kind.
type KindInfo struct {
	Kind    Kind
	Answers int       // those that still hold
	Old     int       // those that hold no longer and are not taken out yet
	Oldest  time.Time // when the oldest that holds was written; zero where there is none
}

// Inspect looks into the file in dir. One that does not exist holds nothing; one
// that cannot be read is an error.
func Inspect(dir string, now time.Time) (Info, error) {
	f := file{dir: dir}
	info := Info{Path: f.path()}
	for _, kind := range Kinds() {
		info.Kinds = append(info.Kinds, KindInfo{Kind: kind})
	}
	stat, err := os.Stat(f.path())
	if err == nil && !stat.Mode().IsRegular() {
		return info, errDamaged
	}
	if errors.Is(err, fs.ErrNotExist) || err == nil && stat.Size() == 0 {
		return info, nil
	}
	if err != nil {
		return info, err
	}
	info.Bytes = stat.Size()
	return info, guard(func() error {
		db, err := bolt.Open(f.path(), 0o600, &bolt.Options{ReadOnly: true, Timeout: lockPatiently})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.View(func(tx *bolt.Tx) error {
			for i := range info.Kinds {
				if b := tx.Bucket([]byte(info.Kinds[i].Kind)); b != nil {
					if err := b.ForEach(func(key, value []byte) error { info.Kinds[i].count(key, value, now); return nil }); err != nil {
						return err
					}
				}
			}
			return nil
		})
	})
}

func (k *KindInfo) count(key, value []byte, now time.Time) {
	if open(string(key), value, now) == nil {
		k.Old++
		return
	}
	k.Answers++
	if written, _ := period(value); k.Oldest.IsZero() || written.Before(k.Oldest) {
		k.Oldest = written
	}
}

// Clear removes the files of every schema from dir, and tells how many bytes
// that freed. Runs that have one open go on with what they have.
func Clear(dir string) (freed int64, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "answers-v") || filepath.Ext(e.Name()) != ".db" || !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return freed, err
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			return freed, err
		}
		freed += info.Size()
	}
	return freed, nil
}

package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/icpcheck/icpcheck/pkg/text"
)

// fileName carries the version of the schema: buckets by kind, keys and values
// as this package writes them. A program with another schema has another file,
// so that two versions on one machine do not undo each other's work.
const fileName = "answers-v1.db"

const (
	lockBriefly   = 250 * time.Millisecond
	lockPatiently = 2 * time.Second
	// lease is how long the file stays open for reading, and so shut to writers.
	lease = 20 * time.Millisecond
	// sweepEvery is how often answers that have grown old are taken out.
	sweepEvery = time.Hour
	// maxSize bounds the file, in bytes; beyond it only the room of old answers
	// is used again.
	maxSize = 256 << 20
)

// metaBucket holds when the file was last swept, under sweptKey.
var (
	metaBucket = []byte("meta")
	sweptKey   = []byte("swept")
)

// file is the bbolt file in dir. It is open only during a lease or a write.
type file struct {
	dir string

	// gate is held shared by readers, and alone to open, close and write.
	gate   sync.RWMutex
	db     *bolt.DB // open for reading, or nil; guarded by gate
	broken bool     // not to be tried again in this run; guarded by gate
}

func (f *file) path() string { return filepath.Join(f.dir, fileName) }

// read returns a copy of the value under key, nil where there is none or the
// file is busy. After the first error it finds nothing.
func (f *file) read(kind Kind, key []byte) (value []byte, err error) {
	f.gate.RLock()
	for try := 0; f.db == nil; try++ {
		broken := f.broken
		f.gate.RUnlock()
		if broken || try == 2 { // none, busy, or each lease ended before its turn came
			return nil, nil
		}
		f.gate.Lock()
		err := f.openLease()
		f.gate.Unlock()
		if err != nil {
			return nil, err
		}
		f.gate.RLock()
	}
	err = guard(func() error {
		return f.db.View(func(tx *bolt.Tx) error {
			if b := tx.Bucket([]byte(kind)); b != nil {
				value = append(value, b.Get(key)...)
			}
			return nil
		})
	})
	f.gate.RUnlock()
	if err != nil {
		return nil, f.fault(err)
	}
	return value, nil
}

// openLease opens the file for reading where there is one; the gate is held
// alone.
func (f *file) openLease() error {
	if f.db != nil || f.broken {
		return nil
	}
	// Another run may be about to lay out an empty file.
	info, err := os.Stat(f.path())
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil
	}
	var db *bolt.DB
	if err == nil && !info.Mode().IsRegular() {
		err = errDamaged // a pipe would be waited for
	}
	if err == nil {
		err = guard(func() error {
			db, err = bolt.Open(f.path(), 0o600, &bolt.Options{ReadOnly: true, Timeout: lockBriefly})
			return err
		})
	}
	switch {
	case isBusy(err):
		return nil
	case err != nil:
		return f.spoil(err)
	}
	f.db = db
	time.AfterFunc(lease, func() {
		f.gate.Lock()
		defer f.gate.Unlock()
		if f.db == db {
			f.endLease()
		}
	})
	return nil
}

// endLease lets the file go; the gate is held alone.
func (f *file) endLease() {
	if f.db != nil {
		_ = guard(f.db.Close)
		f.db = nil
	}
}

func (f *file) close() {
	f.gate.Lock()
	defer f.gate.Unlock()
	f.endLease()
}

// write puts rows into the file, and now and then takes out what is old. An
// error for which isBusy holds leaves the rows to be written later.
func (f *file) write(rows []row, now time.Time, patience time.Duration) error {
	f.gate.Lock()
	defer f.gate.Unlock()
	if f.broken {
		return nil
	}
	f.endLease() // it would keep this process out, too
	if err := os.MkdirAll(f.dir, 0o700); err != nil {
		f.broken = true
		return text.Errorf("%s：无法创建：%w", "%s: cannot be made: %w", f.dir, bare(err))
	}
	err := guard(func() error {
		if info, err := os.Stat(f.path()); err == nil && !info.Mode().IsRegular() {
			return errDamaged
		}
		// Without NoSync a commit waits for the disk. A power cut may then spoil
		// the file, which costs no more than the answers in it.
		db, err := bolt.Open(f.path(), 0o600, &bolt.Options{Timeout: patience, NoSync: true, FreelistType: bolt.FreelistMapType})
		if err != nil {
			return err
		}
		defer db.Close()
		return db.Update(func(tx *bolt.Tx) error { return put(tx, rows, now) })
	})
	if err == nil || isBusy(err) {
		return err
	}
	return f.spoil(err)
}

func put(tx *bolt.Tx, rows []row, now time.Time) error {
	meta, err := tx.CreateBucketIfNotExists(metaBucket)
	if err != nil {
		return err
	}
	var swept time.Time
	_ = swept.UnmarshalBinary(meta.Get(sweptKey)) // an unreadable one is as good as never
	if now.Sub(swept).Abs() > sweepEvery {
		if err := sweep(tx, now); err != nil {
			return err
		}
		stamp, err := now.MarshalBinary()
		if err != nil {
			return err
		}
		if err := meta.Put(sweptKey, stamp); err != nil {
			return err
		}
	}
	if tx.Size()-int64(tx.DB().Stats().FreePageN*tx.DB().Info().PageSize) > maxSize {
		return nil
	}
	for _, r := range rows {
		b, err := tx.CreateBucketIfNotExists([]byte(r.kind))
		if err != nil {
			return err
		}
		if err := b.Put(r.key, r.value); err != nil {
			return err
		}
	}
	return nil
}

// sweep takes out what no longer holds at now.
func sweep(tx *bolt.Tx, now time.Time) error {
	for _, kind := range Kinds() {
		b := tx.Bucket([]byte(kind))
		if b == nil {
			continue
		}
		var old [][]byte // a cursor that deletes may pass over keys
		err := b.ForEach(func(key, value []byte) error {
			if open(string(key), value, now) == nil {
				old = append(old, slices.Clone(key)) // the pages of key may move
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, key := range old {
			if err := b.Delete(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// fault is spoil for a reader, who holds nothing.
func (f *file) fault(err error) error {
	f.gate.Lock()
	defer f.gate.Unlock()
	// The pages may be gone from under the lease; closing could fault again.
	f.db = nil
	return f.spoil(err)
}

// spoil sorts out an error of the file. A damaged one is removed, so that the
// next write begins a new one; with any other the run goes on without. The gate
// is held alone.
func (f *file) spoil(err error) error {
	if f.broken {
		return nil // told already
	}
	// What the system says is about access; what bbolt says, about the content.
	if errno := syscall.Errno(0); !errors.As(err, &errno) {
		if removeErr := os.Remove(f.path()); removeErr == nil || errors.Is(removeErr, fs.ErrNotExist) {
			return text.Errorf("%s：%w，已重新建立", "%s: was %w and is begun anew", f.path(), errDamaged)
		}
		f.broken = true
		return text.Errorf("%s：已损坏且无法删除；请手工删除", "%s: is damaged and cannot be removed; remove it by hand", f.path())
	}
	f.broken = true
	return text.Errorf("%s：无法使用：%w", "%s: cannot be used: %w", f.path(), bare(err))
}

var errDamaged = text.Errorf("已损坏", "damaged")

// guard turns what a damaged file does to bbolt into errDamaged: it panics on
// pages that make no sense, and reading past the end of a file cut short is a
// fault of memory.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errDamaged, p)
		}
	}()
	return do()
}

func isBusy(err error) bool { return errors.Is(err, berrors.ErrTimeout) }

// bare drops the operation and the path, which the message around it has.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

package cache

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"time"
)

// A value in the file is when it was written and until when it holds (Unix
// nanoseconds, big-endian), a CRC-32C over all but itself with the key in
// front, and the answer as JSON. bbolt vouches for its own pages only in part.
const (
	writtenAt, untilAt, sumAt, dataAt = 0, 8, 16, 20
)

func seal(key string, data []byte, now time.Time, ttl time.Duration) []byte {
	value := make([]byte, dataAt, dataAt+len(data))
	binary.BigEndian.PutUint64(value[writtenAt:], uint64(now.UnixNano()))
	binary.BigEndian.PutUint64(value[untilAt:], uint64(now.Add(ttl).UnixNano()))
	value = append(value, data...)
	binary.BigEndian.PutUint32(value[sumAt:], checksum(key, value))
	return value
}

// open returns the answer in a value, or nil where there is none that holds at
// now. One from the future was written by a clock that has been set back since,
// so nobody knows its age.
func open(key string, value []byte, now time.Time) []byte {
	if !intact(key, value) {
		return nil
	}
	written, until := period(value)
	if now.Before(written) || !now.Before(until) {
		return nil
	}
	return value[dataAt:]
}

// intact reports whether a value is the one that was written under key.
func intact(key string, value []byte) bool {
	return len(value) >= dataAt && binary.BigEndian.Uint32(value[sumAt:]) == checksum(key, value)
}

func period(value []byte) (written, until time.Time) {
	if len(value) < dataAt {
		return time.Time{}, time.Time{}
	}
	at := func(i int) time.Time {
		return time.Unix(0, int64(min(binary.BigEndian.Uint64(value[i:]), math.MaxInt64)))
	}
	return at(writtenAt), at(untilAt)
}

func checksum(key string, value []byte) uint32 {
	table := crc32.MakeTable(crc32.Castagnoli)
	sum := crc32.Update(0, table, []byte(key))
	sum = crc32.Update(sum, table, value[:sumAt])
	return crc32.Update(sum, table, value[dataAt:])
}

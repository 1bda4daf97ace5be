package logfile

import (
	"bytes"
	"fmt"
)

// Erase implements record.Storage: the part is marked, then its ciphertext
// overwritten with zeros in place, each durable before the next. If the power
// goes in between, Scrub finishes it. Media that write elsewhere (flash) may
// keep old sectors; what counts there is that no one can read the salt back
// through this file. Erasing an erased part does it again.
func (l *Log) Erase(index uint64, number int) error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if err := l.Err(); err != nil {
		return err
	}
	parts, err := l.partsOf(index)
	if err != nil {
		return err
	}
	if number < 0 || number >= len(parts) {
		return fmt.Errorf("part %d of leaf %d: %w", number, index, ErrBeyond)
	}
	p := parts[number]
	if p.absent {
		return nil
	}
	l.erasing.Lock()
	defer l.erasing.Unlock()
	for _, step := range []struct {
		at   int64
		with []byte
	}{{p.stateAt, []byte(erased)}, {p.dataAt, make([]byte, p.length)}} {
		if _, err := l.file.WriteAt(step.with, step.at); err != nil {
			return l.refuseOrPoison(fmt.Sprintf("erase part %d of leaf %d", number, index), err)
		}
		err := l.file.Sync()
		if err == nil && len(step.with) > 0 {
			got := make([]byte, len(step.with))
			if _, err = l.file.ReadAt(got, step.at); err == nil && !bytes.Equal(got, step.with) {
				err = errBatch
			}
		}
		if err != nil {
			return l.poison(fmt.Errorf("erase part %d of leaf %d: %w", number, index, err))
		}
	}
	return nil
}

package parquet

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

const batchRows = 256 // read at once

// ErrDamaged says that a file is not what was written.
var ErrDamaged = errors.New("the Parquet file is damaged")

// Read calls f with every row of a file, in order. The row is only valid during the call.
func Read(r io.ReaderAt, size int64, f func(Row) error) (err error) {
	defer func() {
		if p := recover(); p != nil { // the library trusts files more than we do
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	file, err := parquet.OpenFile(r, size)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	in := parquet.NewGenericReader[Row](file)
	defer in.Close()
	rows := make([]Row, batchRows)
	for {
		n, err := in.Read(rows)
		for i := range n {
			if err := f(rows[i]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		clear(rows)
	}
}

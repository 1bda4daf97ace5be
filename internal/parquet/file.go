package parquet

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"entente/watch/archive"
)

const (
	groupRows = 1 << 17 // rows of one row group
	batchRows = 256
)

// Writer writes one file.
type Writer struct {
	w     *parquet.GenericWriter[Row]
	rows  []Row
	times []time.Time
	n     int // rows filled
	total int
}

// NewWriter begins a file. created names the program, for whoever reads it.
func NewWriter(w io.Writer, created string) *Writer {
	out := parquet.NewGenericWriter[Row](
		w, parquet.Compression(&zstd.Codec{Level: zstd.SpeedFastest}), parquet.CreatedBy("entente", created, ""),
		parquet.MaxRowsPerRowGroup(groupRows), parquet.DataPageStatistics(false), parquet.PageBufferSize(256<<10),
	)
	return &Writer{w: out, rows: make([]Row, batchRows), times: make([]time.Time, batchRows)}
}

// Write adds one record. It keeps nothing of it.
func (w *Writer) Write(rec *archive.Record) error {
	w.rows[w.n].fill(rec, &w.times[w.n])
	w.n++
	if w.n < len(w.rows) {
		return nil
	}
	return w.flush()
}

func (w *Writer) flush() error {
	n, err := w.w.Write(w.rows[:w.n])
	w.total += n
	w.n = 0
	if err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	return nil
}

// Close ends the file; the io.Writer stays open.
func (w *Writer) Close() error {
	if err := w.flush(); err != nil {
		return err
	}
	if err := w.w.Close(); err != nil {
		return fmt.Errorf("end the file: %w", err)
	}
	return nil
}

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

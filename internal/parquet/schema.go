package parquet

import (
	"bytes"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// leaf is one column of the schema.
type leaf struct {
	path     []string
	kind     format.Type
	optional bool
}

// schema returns the schema that Row has by its tags, as a file states it: what the library writes when there are no rows.
func schema() (*format.FileMetaData, error) {
	var empty bytes.Buffer
	w := parquet.NewGenericWriter[Row](&empty)
	if err := w.Close(); err != nil {
		return nil, err
	}
	f, err := parquet.OpenFile(bytes.NewReader(empty.Bytes()), int64(empty.Len()))
	if err != nil {
		return nil, err
	}
	return f.Metadata(), nil
}

// leaves lists the columns in the order of the file.
func leaves(elements []format.SchemaElement) (out []leaf) {
	at := 0
	var walk func(above []string)
	walk = func(above []string) {
		e := elements[at]
		at++
		path := append(above[:len(above):len(above)], e.Name)
		if at == 1 {
			path = nil // the root has no name in paths
		}
		if e.Type.Valid {
			out = append(out, leaf{path, e.Type.V, e.RepetitionType.V == format.Optional})
			return
		}
		for range e.NumChildren.V {
			walk(path)
		}
	}
	walk(nil)
	return out
}

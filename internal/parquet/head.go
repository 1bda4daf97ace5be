package parquet

import (
	"encoding/binary"

	"github.com/parquet-go/parquet-go/format"
)

// What a byte before a field says in Thrift's compact protocol: its type, below how many numbers it comes after the field before.
const (
	thriftTrue   = 1
	thriftFalse  = 2
	thriftInt    = 5
	thriftStruct = 12
	thriftNext   = 1 << 4
	thriftStop   = 0
)

// appendHead appends the header of a data page: parquet.thrift's PageHeader with a DataPageHeaderV2. Pages of columns that hold
// little are made in less time than the library takes for this.
func appendHead(dst []byte, size, packed int, h *format.DataPageHeaderV2) []byte {
	number := func(n int32) {
		dst = binary.AppendVarint(append(dst, thriftNext|thriftInt), int64(n))
	}
	number(int32(format.DataPageV2))
	number(int32(size))
	number(int32(packed))
	dst = append(dst, 5*thriftNext|thriftStruct)
	number(h.NumValues)
	number(h.NumNulls)
	number(h.NumRows)
	number(int32(h.Encoding))
	number(h.DefinitionLevelsByteLength)
	number(h.RepetitionLevelsByteLength)
	compressed := byte(thriftNext | thriftFalse)
	if h.IsCompressed.V {
		compressed = thriftNext | thriftTrue
	}
	return append(dst, compressed, thriftStop, thriftStop)
}

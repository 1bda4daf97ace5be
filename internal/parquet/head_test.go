package parquet

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// TestHead: the library reads the header of a page as it was.
func TestHead(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	number := func() int32 { return rng.Int32() >> rng.IntN(31) }
	for i := range 1000 {
		want := format.PageHeader{Type: format.DataPageV2, UncompressedPageSize: number(), CompressedPageSize: number()}
		want.DataPageHeaderV2 = thrift.New(format.DataPageHeaderV2{
			NumValues: number(), NumNulls: number(), NumRows: number(), Encoding: format.Encoding(rng.IntN(10)),
			DefinitionLevelsByteLength: number(), RepetitionLevelsByteLength: number(), IsCompressed: thrift.New(i%2 == 0),
		})
		head := appendHead(nil, int(want.UncompressedPageSize), int(want.CompressedPageSize), &want.DataPageHeaderV2.V)
		var got format.PageHeader
		if err := thrift.Unmarshal(new(thrift.CompactProtocol), head, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatal(d)
		}
	}
}

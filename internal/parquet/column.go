package parquet

import (
	"github.com/parquet-go/parquet-go/encoding/delta"
	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// column is one column of the row group that is being written: an open page, and those that are finished. A number is
// stored as the difference to the one before. Of a text the column remembers the values in a dictionary,
// until there are too many of them; what comes then stands in the pages itself.
type column struct {
	leaf
	bare bool   // of texts that are too many or too different for a dictionary
	list *lists // that the values are members of, nil where a row has one value

	present presence // of the open page's rows, where the column is optional
	ints    []int64
	ids     []int32 // numbers in the dictionary
	texts   []byte  // one after the other
	lengths []int32 // of the texts
	dict    dictionary

	pages                [][]byte // finished
	total                int64    // values in them
	plain, packed        int64    // bytes of them, before compression and after
	allNulls             int64
	least, most          int64
	numbers, spelledSome bool // least and most hold; a page has texts
	codec                codec
	spare, marks         []byte
	small                []int32
}

func (c *column) number(n int64) { c.ints = append(c.ints, n) }

func (c *column) text(s string) {
	if c.bare {
		c.spell(s)
		return
	}
	c.enter(c.dict.find(s), s)
}

// enter appends a value with the number that the dictionary gave it.
func (c *column) enter(id int32, s string) {
	if id >= 0 {
		c.ids = append(c.ids, id)
		return
	}
	for _, id := range c.ids { // of the open page
		v := c.dict.value(id)
		c.texts, c.lengths = append(c.texts, v...), append(c.lengths, int32(len(v)))
	}
	c.ids = c.ids[:0]
	c.spell(s)
}

func (c *column) spell(s string) {
	c.texts, c.lengths = append(c.texts, s...), append(c.lengths, int32(len(s)))
}

// page finishes the open page, which has whole rows.
func (c *column) page(rows int) error {
	var h format.DataPageHeaderV2
	l := c.levels(rows)
	h.NumValues, h.NumNulls, h.NumRows = int32(l.values), int32(l.nulls), int32(rows)
	h.RepetitionLevelsByteLength, h.DefinitionLevelsByteLength = int32(l.rep), int32(l.def)
	body, err := c.body(&h)
	if err != nil {
		return err
	}
	size := len(l.bytes) + len(body)
	packed := body
	if c.compressed() {
		packed = c.codec.encode(body)
	}
	h.IsCompressed = thrift.New(c.compressed())
	err = c.put(format.PageHeader{
		Type: format.DataPageV2, UncompressedPageSize: int32(size), CompressedPageSize: int32(len(l.bytes) + len(packed)),
		DataPageHeaderV2: thrift.New(h),
	}, l.bytes, packed, size)
	c.total += int64(l.values)
	c.allNulls += int64(l.nulls)
	c.ints, c.ids, c.texts, c.lengths = c.ints[:0], c.ids[:0], c.texts[:0], c.lengths[:0]
	clear(c.present[:])
	return err
}

// put appends a page to those that are finished.
func (c *column) put(h format.PageHeader, levels, body []byte, size int) error {
	head, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
	if err != nil {
		return err
	}
	page := make([]byte, 0, len(head)+len(levels)+len(body))
	c.pages = append(c.pages, append(append(append(page, head...), levels...), body...))
	c.plain += int64(len(head) + size)
	c.packed += int64(len(head) + len(levels) + len(body))
	return nil
}

func (c *column) levels(rows int) levels {
	switch {
	case c.list != nil:
		return c.list.done
	case c.optional:
		l := c.present.levels(c.marks, rows)
		c.marks = l.bytes
		return l
	default:
		return levels{values: rows}
	}
}

// body encodes the values.
func (c *column) body(h *format.DataPageHeaderV2) (_ []byte, err error) {
	switch {
	case c.kind != format.ByteArray:
		h.Encoding = format.DeltaBinaryPacked
		c.bounds()
		var d delta.BinaryPackedEncoding
		if c.kind == format.Int64 {
			c.spare, err = d.EncodeInt64(c.spare, c.ints)
			return c.spare, err
		}
		c.small = c.small[:0]
		for _, n := range c.ints {
			c.small = append(c.small, int32(n))
		}
		c.spare, err = d.EncodeInt32(c.spare, c.small)
		return c.spare, err
	case c.bare || c.dict.full:
		h.Encoding = format.DeltaLengthByteArray
		c.spelledSome = true
		var d delta.BinaryPackedEncoding
		if c.spare, err = d.EncodeInt32(c.spare, c.lengths); err != nil {
			return nil, err
		}
		c.spare = append(c.spare, c.texts...)
		return c.spare, nil
	default:
		h.Encoding = format.RLEDictionary
		var d rle.DictionaryEncoding
		c.spare, err = d.EncodeInt32(c.spare, c.ids)
		return c.spare, err
	}
}

func (c *column) bounds() {
	for _, n := range c.ints {
		if !c.numbers {
			c.least, c.most, c.numbers = n, n, true
		}
		c.least, c.most = min(c.least, n), max(c.most, n)
	}
}

// compressed says that the pages are: those of texts, whose differences a code can take. Numbers are packed to their bits.
func (c *column) compressed() bool { return c.kind == format.ByteArray }

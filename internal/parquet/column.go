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
	bare bool // of texts that are too many or too different for a dictionary

	rep, def []uint8 // of the open page, where the column has them
	values   int     // and its values, nulls counted
	nulls    int
	ints     []int64
	ids      []int32 // numbers in the dictionary
	texts    []byte  // one after the other
	lengths  []int32 // of the texts
	dict     dictionary

	pages                [][]byte // finished
	total                int64    // values in them
	plain, packed        int64    // bytes of them, before compression and after
	allNulls             int64
	least, most          int64
	numbers, spelledSome bool // least and most hold; a page has texts
	codec                codec
	spare                []byte
	small                []int32
}

func (c *column) null() {
	c.values++
	c.nulls++
	c.def = append(c.def, 0)
}

// present notes that a value follows which could be null.
func (c *column) present() { c.def = append(c.def, 1) }

// element notes that the i-th value of a row's list follows.
func (c *column) element(i int) {
	c.def, c.rep = append(c.def, 1), append(c.rep, uint8(min(i, 1)))
}

// none notes that a row's list is empty.
func (c *column) none() {
	c.rep = append(c.rep, 0)
	c.null()
}

func (c *column) number(n int64) {
	c.values++
	c.ints = append(c.ints, n)
}

func (c *column) text(s string) {
	c.values++
	if !c.bare && !c.dict.full {
		if id := c.dict.find(s); id >= 0 {
			c.ids = append(c.ids, id)
			return
		}
		for _, id := range c.ids { // of the open page
			c.spell(c.dict.values[id])
		}
		c.ids = c.ids[:0]
	}
	c.spell(s)
}

func (c *column) spell(s string) {
	c.texts, c.lengths = append(c.texts, s...), append(c.lengths, int32(len(s)))
}

// page finishes the open page, which has whole rows.
func (c *column) page(rows int) error {
	var h format.DataPageHeaderV2
	h.NumValues, h.NumNulls, h.NumRows = int32(c.values), int32(c.nulls), int32(rows)
	body, err := c.body(&h)
	if err != nil {
		return err
	}
	levels, err := c.levels(&h)
	if err != nil {
		return err
	}
	size := len(levels) + len(body)
	packed := body
	if c.compressed() {
		packed = c.codec.encode(body)
	}
	h.IsCompressed = thrift.New(c.compressed())
	err = c.put(format.PageHeader{
		Type: format.DataPageV2, UncompressedPageSize: int32(size), CompressedPageSize: int32(len(levels) + len(packed)),
		DataPageHeaderV2: thrift.New(h),
	}, levels, packed, size)
	c.total += int64(c.values)
	c.allNulls += int64(c.nulls)
	c.rep, c.def, c.ints, c.ids, c.texts, c.lengths = c.rep[:0], c.def[:0], c.ints[:0], c.ids[:0], c.texts[:0], c.lengths[:0]
	c.values, c.nulls = 0, 0
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

// levels encodes the repetition levels, then the definition levels, each of one bit.
func (c *column) levels(h *format.DataPageHeaderV2) ([]byte, error) {
	var out []byte
	one := rle.Encoding{BitWidth: 1}
	for _, l := range []struct {
		levels []uint8
		size   *int32
	}{{c.rep, &h.RepetitionLevelsByteLength}, {c.def, &h.DefinitionLevelsByteLength}} {
		if len(l.levels) == 0 {
			continue
		}
		b, err := one.EncodeLevels(nil, l.levels)
		if err != nil {
			return nil, err
		}
		*l.size = int32(len(b))
		out = append(out, b...)
	}
	return out, nil
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

package parquet

import (
	"bytes"
	"math/bits"

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
	bare  bool   // of texts that are too many or too different for a dictionary
	names *names // what finds the values if they are names, else nil
	list  *lists // that the values are members of, nil where a row has one value

	present presence // of the open page's rows, where the column is optional
	longs   []int64  // of an INT64 column
	ints    []int32  // of an INT32 column
	ids     []int32  // numbers in the dictionary
	texts   []byte   // one after the other
	lengths []int32  // of the texts
	dict    dictionary

	pages                [][]byte // finished
	total                int64    // values in them
	plain, packed        int64    // bytes of them, before compression and after
	allNulls             int64
	least, most          int64
	numbers, spelledSome bool // least and most hold; a page has texts
	code                 code // of the texts, or of their numbers
	kit                  *kit
}

// kit is what the columns of a file need one after the other.
type kit struct {
	codec              codec
	once               code // of a dictionary
	head, levels, body []byte
}

func (c *column) long(n int64) { c.longs = append(c.longs, n) }
func (c *column) int(n int32)  { c.ints = append(c.ints, n) }

// name appends a name and returns its number, -1 if it has none.
func (c *column) name(s string) int32 {
	id := c.names.guess(s)
	if id < 0 {
		id = c.names.find(s)
	}
	if id >= 0 {
		c.ids = append(c.ids, id)
	} else {
		c.unnumbered(s)
	}
	return id
}

// unnumbered appends a name for which the dictionary has no room: the open page cannot refer to it any more.
func (c *column) unnumbered(s string) {
	for _, id := range c.ids {
		v := c.dict.value(id)
		c.texts, c.lengths = append(c.texts, v...), append(c.lengths, int32(len(v)))
	}
	c.ids = c.ids[:0]
	c.spell(s)
}

// spell appends a text that is no name.
func (c *column) spell(s string) {
	c.texts, c.lengths = append(c.texts, s...), append(c.lengths, int32(len(s)))
}

// number looks the open page's texts up in the dictionary, all at once: it lies in the cache then.
func (c *column) number() {
	var last []byte
	at := int32(0)
	for i, n := range c.lengths {
		text := c.texts[at : at+n]
		at += n
		if i > 0 && bytes.Equal(text, last) {
			c.ids = append(c.ids, c.ids[i-1])
			continue
		}
		id := c.dict.number(text)
		if id < 0 {
			return
		}
		c.ids = append(c.ids, id)
		last = text
	}
}

// page finishes the open page, which has whole rows.
func (c *column) page(rows int) error {
	var h format.DataPageHeaderV2
	l := c.levels(rows)
	h.NumValues, h.NumNulls, h.NumRows = int32(l.values), int32(l.nulls), int32(rows)
	h.RepetitionLevelsByteLength, h.DefinitionLevelsByteLength = int32(l.rep), int32(l.def)
	if !c.bare && c.names == nil {
		c.number()
	}
	body, texts, err := c.body(&h)
	if err != nil {
		return err
	}
	size := len(l.bytes) + len(body) + len(texts)
	switch {
	case !c.compressed():
	case len(texts) > 0:
		body = c.kit.codec.encode(part{body, nil}, part{texts, &c.code}) // lengths are packed to their bits
	default:
		body = c.kit.codec.encode(part{body, &c.code})
	}
	h.IsCompressed = thrift.New(c.compressed())
	c.kit.head = appendHead(c.kit.head[:0], size, len(l.bytes)+len(body), &h)
	c.put(c.kit.head, l.bytes, body, size)
	c.total += int64(l.values)
	c.allNulls += int64(l.nulls)
	c.longs, c.ints, c.ids, c.texts, c.lengths = c.longs[:0], c.ints[:0], c.ids[:0], c.texts[:0], c.lengths[:0]
	clear(c.present[:])
	return nil
}

// put appends a page to those that are finished.
func (c *column) put(head, levels, body []byte, size int) {
	page := make([]byte, 0, len(head)+len(levels)+len(body))
	c.pages = append(c.pages, append(append(append(page, head...), levels...), body...))
	c.plain += int64(len(head) + size)
	c.packed += int64(len(head) + len(levels) + len(body))
}

func (c *column) levels(rows int) levels {
	switch {
	case c.list != nil:
		return c.list.done
	case c.optional:
		l := c.present.levels(c.kit.levels, rows)
		c.kit.levels = l.bytes
		return l
	default:
		return levels{values: rows}
	}
}

// body encodes the values. Texts that stand in the page itself follow it as they are.
func (c *column) body(h *format.DataPageHeaderV2) (body, texts []byte, err error) {
	var numbers delta.BinaryPackedEncoding
	h.Encoding = format.DeltaBinaryPacked
	body = c.kit.body
	switch {
	case c.kind == format.Int64:
		bound(c, c.longs)
		body, err = numbers.EncodeInt64(body, c.longs)
	case c.kind == format.Int32:
		bound(c, c.ints)
		body, err = numbers.EncodeInt32(body, c.ints)
	case c.bare || c.dict.full:
		h.Encoding = format.DeltaLengthByteArray
		c.spelledSome, texts = true, c.texts
		body, err = numbers.EncodeInt32(body, c.lengths)
	default:
		h.Encoding = format.RLEDictionary
		width := bits.Len(uint(max(1, len(c.dict.entries)) - 1))
		ids := rle.Encoding{BitWidth: width}
		body = append(body[:0], byte(width))
		var packed []byte
		packed, err = ids.EncodeInt32(body[1:], c.ids) // in place, if there is room
		body = append(body, packed...)
	}
	c.kit.body = body
	return body, texts, err
}

// bound widens what the column's statistics say.
func bound[N int32 | int64](c *column, numbers []N) {
	if len(numbers) == 0 {
		return
	}
	least, most := numbers[0], numbers[0]
	for _, n := range numbers {
		least, most = min(least, n), max(most, n)
	}
	if !c.numbers {
		c.least, c.most, c.numbers = int64(least), int64(most), true
	}
	c.least, c.most = min(c.least, int64(least)), max(c.most, int64(most))
}

// compressed says that the pages are: those of texts, whose differences a code can take. Numbers are packed to their bits.
func (c *column) compressed() bool { return c.kind == format.ByteArray }

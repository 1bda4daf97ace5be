package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/plain"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"entente/watch/archive"
)

const (
	groupRows  = 1 << 17 // rows of one row group
	groupBytes = 64 << 20
	pageRows   = 1 << 12 // rows of one page
	pageBytes  = 4 << 20 // of text in the open pages of all columns
)

// The columns of a Row, in their order.
const (
	inTime = iota
	inDataset
	inSource
	inPath
	inGeneration
	inLine
	inOffset
	inSize
	inSourceIP
	inSourcePort
	inDestinationIP
	inDestinationPort
	inURL
	inDomain
	inUser
	inHashes
	inFieldName
	inFieldValue
	inSeenField
	inSeenType
	inSeenValue
	inLeft
	columns
)

// Keeper is where a file stays in memory: what it is given is its own from then on, and need not be copied.
type Keeper interface{ Keep(b []byte) }

// Writer writes one file. It writes the pages itself, as values come: the library's way, over rows and a dictionary of
// every value, takes three times as long. Page and file formats are github.com/apache/parquet-format's; the library reads what is written here, in the tests too.
type Writer struct {
	w    io.Writer
	meta *format.FileMetaData
	cols [columns]column
	// The lists of a row: inHashes, inFieldName and inFieldValue, inSeenField to inSeenValue.
	hashes, fields, seen lists

	kind int32 // of the row: its dataset
	kit  kit
	own  []int8 // by the number of a field's name: its column, or elsewhere
	at   int64  // bytes written
	rows int    // of the open pages
	held int    // bytes of text in them
	done int    // rows of the group in finished pages
	most int    // bytes of a group's pages
	err  error
}

// NewWriter begins a file. created names the program, for whoever reads it.
func NewWriter(w io.Writer, created string) *Writer {
	out := &Writer{w: w, most: groupBytes}
	out.meta, out.err = schema()
	if out.err != nil {
		return out
	}
	out.meta.CreatedBy, out.meta.RowGroups, out.meta.NumRows = "entente "+created, nil, 0
	found := leaves(out.meta.Schema)
	if len(found) != columns {
		out.err = fmt.Errorf("a schema of %d columns, not %d", len(found), columns)
		return out
	}
	for i := range out.cols {
		out.cols[i].leaf, out.cols[i].kit = found[i], &out.kit
	}
	for _, i := range []int{inURL, inHashes, inFieldValue, inSeenValue} {
		out.cols[i].bare = true
	}
	for _, i := range []int{inDataset, inSource, inPath, inFieldName, inSeenField, inSeenType} {
		out.cols[i].names = &names{dict: &out.cols[i].dict}
	}
	out.cols[inHashes].list = &out.hashes
	out.cols[inFieldName].list, out.cols[inFieldValue].list = &out.fields, &out.fields
	out.cols[inSeenField].list, out.cols[inSeenType].list, out.cols[inSeenValue].list = &out.seen, &out.seen, &out.seen
	out.write([]byte(fileMagic))
	return out
}

const fileMagic = "PAR1"

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.w.Write(b)
	w.at, w.err = w.at+int64(n), err
}

// give writes what is not needed here any more.
func (w *Writer) give(b []byte) {
	if k, ok := w.w.(Keeper); ok && w.err == nil {
		k.Keep(b)
		w.at += int64(len(b))
		return
	}
	w.write(b)
}

// Write adds one record. It keeps nothing of it but some names: of its source, path, dataset, fields and types.
func (w *Writer) Write(rec *archive.Record) error {
	if w.err != nil {
		return w.err
	}
	c, ev := &w.cols, &rec.Event
	if !ev.Time.IsZero() {
		c[inTime].present.set(w.rows)
		c[inTime].long(ev.Time.UnixMicro())
	}
	w.kind = c[inDataset].name(ev.Dataset)
	c[inSource].name(rec.Source)
	c[inPath].name(rec.Path)
	c[inGeneration].int(int32(rec.Generation))
	c[inLine].long(rec.Line)
	c[inOffset].long(rec.Offset)
	c[inSize].int(int32(len(rec.Raw)))
	c[inLeft].int(int32(ev.Left))
	w.enter(ev.Fields)
	w.observe(ev.Observables)
	if w.rows++; w.rows >= pageRows || w.held >= pageBytes {
		return w.page()
	}
	return nil
}

// page finishes the open pages of all columns, and the group if that is large enough.
func (w *Writer) page() error {
	if w.err != nil || w.rows == 0 {
		return w.err
	}
	w.hashes.finish(w.rows)
	w.fields.finish(w.rows)
	w.seen.finish(w.rows)
	size := 0
	for i := range w.cols {
		if w.err = w.cols[i].page(w.rows); w.err != nil {
			return fmt.Errorf("write a page: %w", w.err)
		}
		size += int(w.cols[i].packed)
	}
	w.done += w.rows
	w.rows, w.held = 0, 0
	if w.done >= groupRows || size >= w.most {
		return w.group()
	}
	return nil
}

// group writes the finished pages as a row group.
func (w *Writer) group() error {
	if w.done == 0 || w.err != nil {
		return w.err
	}
	g := format.RowGroup{NumRows: int64(w.done), FileOffset: w.at, Ordinal: int16(len(w.meta.RowGroups))}
	for i := range w.cols {
		c := &w.cols[i]
		chunk, err := w.chunk(c)
		if w.err == nil {
			w.err = err
		}
		if w.err != nil {
			return fmt.Errorf("write a row group: %w", w.err)
		}
		g.TotalByteSize += chunk.TotalUncompressedSize
		g.TotalCompressedSize += chunk.TotalCompressedSize
		g.Columns = append(g.Columns, format.ColumnChunk{FileOffset: chunk.DataPageOffset, MetaData: chunk})
		clear(c.pages)
		c.pages, c.total, c.plain, c.packed, c.allNulls, c.numbers, c.spelledSome = c.pages[:0], 0, 0, 0, 0, false, false
		c.dict.reset()
		if c.names != nil {
			c.names.reset()
		}
	}
	w.own = w.own[:0]
	w.meta.RowGroups = append(w.meta.RowGroups, g)
	w.meta.NumRows += int64(w.done)
	w.done = 0
	return nil
}

// chunk writes one column: its dictionary if a page refers to one, then its pages.
func (w *Writer) chunk(c *column) (m format.ColumnMetaData, err error) {
	m = format.ColumnMetaData{Type: c.kind, PathInSchema: c.path, NumValues: c.total, Codec: format.Uncompressed}
	pages := c.pages
	if c.compressed() {
		m.Codec = format.Zstd
	}
	switch {
	case c.kind != format.ByteArray:
		m.Encoding = thrift.Slice[format.Encoding]{format.RLE, format.DeltaBinaryPacked}
	case c.bare:
		m.Encoding = thrift.Slice[format.Encoding]{format.RLE, format.DeltaLengthByteArray}
	default:
		m.Encoding = thrift.Slice[format.Encoding]{format.RLE, format.Plain, format.RLEDictionary, format.DeltaLengthByteArray}
		c.pages = nil
		w.kit.once = code{pairs: w.kit.once.pairs, paired: w.kit.once.paired}
		packed := w.kit.codec.encode(part{c.dict.plain, &w.kit.once})
		head, err := thrift.Marshal(new(thrift.CompactProtocol), &format.PageHeader{
			Type: format.DictionaryPage, UncompressedPageSize: int32(len(c.dict.plain)), CompressedPageSize: int32(len(packed)),
			DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: int32(len(c.dict.entries)), Encoding: format.Plain}),
		})
		if err != nil {
			return m, err
		}
		c.put(head, nil, packed, len(c.dict.plain))
		m.DictionaryPageOffset = w.at
		w.give(c.pages[0])
	}
	m.DataPageOffset = w.at
	m.TotalUncompressedSize, m.TotalCompressedSize = c.plain, c.packed
	m.Statistics = c.statistics()
	for _, p := range pages {
		w.give(p)
	}
	c.pages = pages
	return m, nil
}

// statistics has the least and the most value of numbers, and of texts that all are in the dictionary and short.
func (c *column) statistics() (s format.Statistics) {
	s.NullCount = c.allNulls
	switch {
	case c.numbers && c.kind == format.Int64:
		s.MinValue, s.MaxValue = plain.Int64(c.least), plain.Int64(c.most)
	case c.numbers:
		s.MinValue, s.MaxValue = plain.Int32(int32(c.least)), plain.Int32(int32(c.most))
	case !c.bare && !c.spelledSome && len(c.dict.entries) > 0:
		least, most := c.dict.value(0), c.dict.value(0)
		for id := range c.dict.entries {
			v := c.dict.value(int32(id))
			if bytes.Compare(v, least) < 0 {
				least = v
			}
			if bytes.Compare(v, most) > 0 {
				most = v
			}
		}
		const longest = 256
		if len(least)+len(most) > 0 && max(len(least), len(most)) <= longest {
			s.MinValue, s.MaxValue = bytes.Clone(least), bytes.Clone(most)
		}
	}
	return s
}

// Close ends the file; the io.Writer stays open.
func (w *Writer) Close() error {
	if err := w.page(); err != nil {
		return err
	}
	if err := w.group(); err != nil {
		return err
	}
	foot, err := thrift.Marshal(new(thrift.CompactProtocol), w.meta)
	if err != nil {
		return fmt.Errorf("end the file: %w", err)
	}
	w.write(append(binary.LittleEndian.AppendUint32(foot, uint32(len(foot))), fileMagic...))
	if w.err != nil {
		return fmt.Errorf("end the file: %w", w.err)
	}
	return nil
}

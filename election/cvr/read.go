package cvr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// An Input is one file of an export. Open may be called several times.
type Input struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// The formats.
const (
	DominionCSV  = "Dominion CSV"
	DominionJSON = "Dominion JSON"
	ESS          = "ES&S CSV"
	Hart         = "Hart XML"
	NISTJSON     = "NIST SP 1500-103 JSON"
	NISTXML      = "NIST SP 1500-103 XML"

	// files beside the records
	dominionList = "Dominion manifest"
	essBallots   = "ES&S ballots file"
	hartScans    = "Hart scanned ballot information"
)

// companions are what files beside the records belong to.
var companions = map[string]string{dominionList: DominionJSON, essBallots: ESS, hartScans: Hart}

// maxFiles is how many files an export may have: Hart writes one for each card.
const maxFiles = maxRows

// Read reads an export, in one file or in several, and gives each record to
// each, in the order of the files. An error names the file, and the row and
// column or the record, counted from 1. The row given is not used again.
func Read(inputs []Input, each func(*Row) error) (format string, err error) {
	if len(inputs) > maxFiles {
		return "", fmt.Errorf("more than %d files", maxFiles)
	}
	sorted := make(map[string][]Input)
	for _, in := range inputs {
		kind, err := sniff(in)
		if err != nil {
			return "", fmt.Errorf("%s: %w", in.Name, err)
		}
		sorted[kind] = append(sorted[kind], in)
		of := kind
		if whole, ok := companions[kind]; ok {
			of = whole
		}
		if format != "" && of != format {
			return "", fmt.Errorf("%s: %s among files of %s", in.Name, of, format)
		}
		format = of
	}
	if format == "" || len(sorted[format]) == 0 {
		return format, errors.New("no file of cast vote records among these")
	}
	switch records := sorted[format]; format {
	case DominionCSV:
		return format, eachFile(records, each, readDominionCSV)
	case DominionJSON:
		err = readDominionJSON(records, sorted[dominionList], each)
	case ESS:
		err = readESS(records, sorted[essBallots], each)
	case Hart:
		err = readHart(records, sorted[hartScans], each)
	case NISTJSON:
		return format, eachFile(records, each, readNISTJSON)
	default:
		return format, eachFile(records, each, readNISTXML)
	}
	return format, err
}

// eachFile reads files that need nothing of each other.
func eachFile(inputs []Input, each func(*Row) error, read func(Input, func(*Row) error) error) error {
	for _, in := range inputs {
		if err := read(in, each); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	return nil
}

// open calls read with the bytes of a file, without a byte order mark.
func open(in Input, read func(io.Reader) error) error {
	f, err := in.Open()
	if err != nil {
		return err
	}
	defer f.Close()
	var mark [3]byte
	n, err := io.ReadFull(f, mark[:])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	head := bytes.TrimPrefix(mark[:n], []byte("\xef\xbb\xbf"))
	return read(io.MultiReader(bytes.NewReader(head), f))
}

// Known reports whether a file is part of an export in a format that Read knows,
// by how it begins.
func Known(in Input) bool {
	kind, err := sniff(in)
	return err == nil && kind != ""
}

// sniff finds a file's format from its first bytes.
func sniff(in Input) (kind string, err error) {
	var head []byte
	if err := open(in, func(r io.Reader) error {
		head, err = io.ReadAll(io.LimitReader(r, 256<<10))
		return err
	}); err != nil {
		return "", err
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(text) == 0:
		return "", errors.New("an empty file")
	case text[0] == '{':
		kind = sniffJSON(head)
	case text[0] == '<':
		kind = sniffXML(text)
	default:
		kind = sniffCSV(text)
	}
	if kind == "" {
		return "", errors.New("no cast vote records that are known here: neither Dominion CSV or JSON, Hart XML, ES&S CSV nor NIST SP 1500-103")
	}
	return kind, nil
}

// sniffJSON looks for the member that tells what an object is.
func sniffJSON(head []byte) string {
	d := jsontext.NewDecoder(bytes.NewReader(head))
	if _, err := d.ReadToken(); err != nil {
		return ""
	}
	for {
		name, err := d.ReadToken()
		if err != nil || name.Kind() != '"' {
			return ""
		}
		switch name.String() {
		case "Sessions":
			return DominionJSON
		case "List":
			return dominionList
		case "CVR", "@type":
			return NISTJSON
		}
		if d.SkipValue() != nil {
			if bytes.Contains(head, []byte(`"CVR.`)) { // definitions first, and long
				return NISTJSON
			}
			return ""
		}
	}
}

func sniffXML(text []byte) string {
	switch {
	case bytes.Contains(text, []byte("CastVoteRecordReport")):
		return NISTXML
	case bytes.Contains(text, []byte("<Cvr")):
		return Hart
	}
	return ""
}

func sniffCSV(text []byte) string {
	for i, line := range strings.FieldsFunc(string(text), func(r rune) bool { return r == '\n' || r == '\r' }) {
		low := strings.ToLower(line)
		switch {
		case i == 8:
			return ""
		case strings.Contains(low, "cvrnumber") && strings.Contains(low, "tabulatornum"):
			return DominionCSV
		case strings.HasPrefix(strings.Trim(low, `"`), "#formatversion"):
			return hartScans
		case strings.Contains(low, "cast vote record") && strings.Contains(low, "ballot status") && strings.Contains(low, "exception"):
			return essBallots
		case strings.Contains(low, "cast vote record"):
			return ESS
		}
	}
	return ""
}

// baseName is the name of a file without its folders and its ending, in lower case.
func baseName(name string) string {
	b := path.Base(strings.ReplaceAll(name, `\`, "/"))
	return strings.ToLower(strings.TrimSuffix(b, path.Ext(b)))
}

// window ends a file whose single record has no end: it gives no byte beyond to.
type window struct {
	in        io.Reader
	most      int64 // bytes of a record
	given, to int64
}

// next lets the record that begins at offset be read.
func (w *window) next(offset int64) { w.to = offset + w.most + 64<<10 }

func (w *window) Read(p []byte) (int, error) {
	left := w.to - w.given
	if left <= 0 {
		return 0, fmt.Errorf("a record of more than %d bytes", w.most)
	}
	n, err := w.in.Read(p[:min(int64(len(p)), left)])
	w.given += int64(n)
	return n, err
}

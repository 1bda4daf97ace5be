package cvr

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
)

// hartCvr is the file that Verity writes for each card.
type hartCvr struct {
	XMLName       xml.Name `xml:"Cvr"`
	CvrGUID       string   `xml:"CvrGuid"`
	BatchNumber   string   `xml:"BatchNumber"`
	BatchSequence string   `xml:"BatchSequence"`
	SheetNumber   string   `xml:"SheetNumber"`
	Precinct      string   `xml:"PrecinctSplit>Name"`
	Contests      []struct {
		Name      string `xml:"Name"`
		Overvotes string `xml:"Overvotes"`
		Options   []struct {
			Name    string    `xml:"Name"`
			Value   string    `xml:"Value"`
			WriteIn *struct{} `xml:"WriteInData"`
		} `xml:"Options>Option"`
	} `xml:"Contests>Contest"`
}

// writeIn is what a choice is called whose name the voter wrote.
const writeIn = "Write-In"

// hartScan is what the scanned ballot information says of a card.
type hartScan struct{ id, tabulator string }

// readHart reads one XML file for each card: the options listed are those
// marked. The tabulator is the workstation of the scanned ballot information
// beside them, or the folder or zip file, where there are several.
func readHart(cards, scans []Input, each func(*Row) error) error {
	known := make(map[string]hartScan)
	for _, in := range scans {
		if err := readHartScans(in, known); err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	folders := make(map[string]bool)
	for _, in := range cards {
		folders[path.Dir(in.Name)] = true
	}
	for _, in := range cards {
		out, err := readHartCard(in)
		if err == nil {
			if scan, ok := known[out.ID]; ok {
				out.ID, out.Tabulator = scan.id, scan.tabulator
			} else if len(scans) > 0 {
				err = fmt.Errorf("the card %s is in none of the files of scanned ballot information", out.ID)
			}
		}
		if err == nil {
			if len(folders) > 1 && len(scans) == 0 {
				out.Tabulator = strings.TrimSuffix(path.Base(path.Dir(in.Name)), ".zip")
			}
			err = each(out)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", in.Name, err)
		}
	}
	return nil
}

func readHartScans(in Input, known map[string]hartScan) error {
	return open(in, func(r io.Reader) error {
		t := newTable(r)
		for headed := false; ; {
			row, err := t.next()
			if errors.Is(err, io.EOF) {
				if !headed {
					return errors.New("no line of heads with CvrId, UniqueIdentifier and Workstation")
				}
				return nil
			}
			if err != nil {
				return err
			}
			if !headed {
				if err := t.setHeads(row); err != nil {
					return err
				}
				if _, headed = t.column["cvrid"]; !headed {
					t.in.Want = 0
				}
				continue
			}
			var v [3]string
			for i, head := range []string{"cvrid", "uniqueidentifier", "workstation"} {
				if v[i], err = t.get(row, head); err != nil {
					return err
				}
				if v[i] == "" {
					return fmt.Errorf("row %d: no %s", t.in.Number, head)
				}
			}
			s := hartScan{v[1], v[2]}
			if old, twice := known[v[0]]; twice && old != s {
				return fmt.Errorf("row %d: the card %s is both %s of %s and %s of %s", t.in.Number, v[0], old.id, old.tabulator, s.id, s.tabulator)
			}
			if known[v[0]] = s; len(known) > maxRows {
				return fmt.Errorf("more than %d cards", maxRows)
			}
		}
	})
}

func readHartCard(in Input) (*Row, error) {
	var c hartCvr
	if err := open(in, func(r io.Reader) error { return decodeOne(r, &c) }); err != nil {
		return nil, err
	}
	out := &Row{File: in.Name, Number: 1}
	for _, f := range []struct {
		from string
		to   *string
	}{{c.CvrGUID, &out.ID}, {c.BatchNumber, &out.Batch}, {c.Precinct + " sheet " + c.SheetNumber, &out.Style}} {
		var err error
		if *f.to, err = clean(f.from); err != nil {
			return nil, err
		}
	}
	if out.ID == "" || out.Batch == "" {
		return nil, errors.New("a card without CvrGuid or BatchNumber")
	}
	for _, contest := range c.Contests {
		name, err := clean(contest.Name)
		if err != nil {
			return nil, err
		}
		got := Contest{Name: name}
		for _, o := range contest.Options {
			choice, err := clean(o.Name)
			if err != nil {
				return nil, fmt.Errorf("contest %q: %w", name, err)
			}
			if o.WriteIn != nil {
				choice = writeIn
			}
			switch strings.TrimSpace(o.Value) {
			case "1", "":
				got.Choices = append(got.Choices, choice)
			case "0":
			default:
				return nil, fmt.Errorf("contest %q: the value %.20q of %q is neither 0 nor 1", name, o.Value, choice)
			}
		}
		if over := strings.TrimSpace(contest.Overvotes); over != "" {
			n, err := strconv.ParseInt(over, 10, 32)
			if err != nil || n < 0 {
				return nil, fmt.Errorf("contest %q: %.20q overvotes", name, over)
			}
			if n > 0 {
				got.Choices = nil
			}
		}
		out.Contests = append(out.Contests, got)
	}
	return out, nil
}

// decodeOne reads a file that is one element, without entities of its own.
func decodeOne(r io.Reader, into any) error {
	w := &window{in: r, most: maxRecord}
	w.next(0)
	d := xml.NewDecoder(w)
	start, err := root(d)
	if err != nil {
		return err
	}
	if err := d.DecodeElement(into, &start); err != nil {
		line, column := d.InputPos()
		return fmt.Errorf("row %d, column %d: %w", line, column, err)
	}
	return nil
}

// root is the first element; a document type is refused, for what it defines.
func root(d *xml.Decoder) (xml.StartElement, error) {
	for {
		tok, err := d.Token()
		line, column := d.InputPos()
		if err != nil {
			return xml.StartElement{}, fmt.Errorf("row %d, column %d: %w", line, column, err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			return t.Copy(), nil
		case xml.Directive:
			return xml.StartElement{}, fmt.Errorf("row %d, column %d: a document type or entity declaration", line, column)
		}
	}
}

package webcapture

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

const (
	waczVersion = "1.1.1"
	warcName    = "archive/data.warc.gz"
	indexName   = "indexes/index.cdx"
	pagesName   = "pages/pages.jsonl"
	packageName = "datapackage.json"
	digestName  = "datapackage-digest.json"
	maxTitle    = 200 // characters
)

// resource is one file of the package (WACZ 1.1.1 section 5.2.4).
type resource struct {
	Name  string `json:"name"`
	Path  string `json:"path"`
	Hash  string `json:"hash"` // "sha256:" and hex
	Bytes int    `json:"bytes"`
}

type dataPackage struct {
	Profile     string     `json:"profile"`
	Version     string     `json:"wacz_version"`
	Title       string     `json:"title"`
	Software    string     `json:"software"`
	Created     string     `json:"created"`
	MainPageURL string     `json:"mainPageUrl"`
	MainPageAt  string     `json:"mainPageDate"`
	Resources   []resource `json:"resources"`
}

// WriteWACZ packages a capture. The bytes depend on the capture and on what
// draw gives, nothing else.
func WriteWACZ(w io.Writer, c Capture, draw io.Reader) error {
	var warc bytes.Buffer
	records, err := writeWARC(&warc, c, draw)
	if err != nil {
		return err
	}
	id, err := newID(draw)
	if err != nil {
		return err
	}
	pages, err := pageLines(c, id)
	if err != nil {
		return err
	}
	index, err := indexLines(records)
	if err != nil {
		return err
	}
	files := []struct {
		name string
		data []byte
	}{{warcName, warc.Bytes()}, {indexName, index}, {pagesName, pages}}
	p := dataPackage{
		Profile: "data-package", Version: waczVersion, Title: c.Final, Software: "entente preserve", Created: c.At.Format(time.RFC3339),
		MainPageURL: c.Final, MainPageAt: c.At.Format(time.RFC3339),
	}
	for _, f := range files {
		p.Resources = append(p.Resources, resource{f.name[strings.LastIndexByte(f.name, '/')+1:], f.name, "sha256:" + sum(f.data), len(f.data)})
	}
	manifest, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	digest, err := json.MarshalIndent(map[string]string{"path": packageName, "hash": "sha256:" + sum(manifest)}, "", "  ")
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, f := range append(files, []struct {
		name string
		data []byte
	}{{packageName, manifest}, {digestName, digest}}...) {
		// Stored, not packed: a reader asks for ranges (WACZ section 5.1).
		out, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store, Modified: c.At})
		if err != nil {
			return err
		}
		if _, err := out.Write(f.data); err != nil {
			return err
		}
	}
	return z.Close()
}

func pageLines(c Capture, id string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	if err := e.Encode(map[string]any{"format": "json-pages-1.0", "id": "pages", "title": "All pages"}); err != nil {
		return nil, err
	}
	x := c.Exchanges[c.Page]
	title := c.Final
	if lines := x.lines(); len(lines) > 0 {
		title = lines[0]
		if r := []rune(title); len(r) > maxTitle {
			title = string(r[:maxTitle])
		}
	}
	err := e.Encode(map[string]any{"id": id, "url": c.Final, "ts": x.At.Format(time.RFC3339), "title": title, "status": x.Status})
	return b.Bytes(), err
}

// indexLines writes CDXJ, sorted as its readers search it.
func indexLines(records []record) ([]byte, error) {
	lines := make([]string, 0, len(records))
	for _, r := range records {
		fields := map[string]string{
			"url": r.url, "digest": r.digest, "status": fmt.Sprint(r.status),
			"offset": fmt.Sprint(r.offset), "length": fmt.Sprint(r.length), "filename": "data.warc.gz",
		}
		if r.mime != "" {
			fields["mime"] = r.mime
		}
		j, err := json.Marshal(fields)
		if err != nil {
			return nil, err
		}
		lines = append(lines, surt(r.url)+" "+r.at.Format("20060102150405")+" "+string(j)+"\n")
	}
	slices.Sort(lines)
	return []byte(strings.Join(lines, "")), nil
}

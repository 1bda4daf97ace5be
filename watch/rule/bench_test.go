package rule

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"entente/watch/indicator"
)

// BenchmarkEngine judges access lines by the shared rules, as far as they load,
// with a correlation and a pattern.
func BenchmarkEngine(b *testing.B) {
	all := rules()[:2]
	_ = filepath.WalkDir("../../../shared/data/sigma", func(f string, _ fs.DirEntry, _ error) error { // without the data: three rules
		if data, err := os.ReadFile(f); err == nil && filepath.Ext(f) == ".yml" {
			all = append(all, Rule{File: f, Type: indicator.TypeSigma, Text: string(data)})
		}
		return nil
	})
	var texts []string
	for i := range 1000 {
		texts = append(texts, request(i%60, fmt.Sprintf("192.0.2.%d", i%250), fmt.Sprintf("/page%d", i), 200))
	}
	lines := access(b, "web", texts...)
	e := NewEngine(NewSet(all))
	n := 0
	for b.Loop() {
		feed(e, lines[n%1000:n%1000+1])
		n++
	}
	b.ReportMetric(float64(e.Set().Len()), "rules")
}

package convert

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden reads one small file of each format; what comes out stands beside
// it in NAME.golden.
func TestGolden(t *testing.T) {
	for _, name := range []string{"trails.txt", "watchlist.csv", "bundle.json", "event.json"} {
		path := filepath.Join("testdata", name)
		items, r, err := Read(name, read(t, path))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%s rows=%d items=%d duplicates=%d skipped=%d undated=%d context=%d recovered=%d not_read=%d %s\n",
			r.Format, r.Rows, r.Items, r.Duplicates, r.SkippedTotal, r.Undated, r.Context, r.Recovered, r.NotRead, r.Marking)
		for _, it := range items {
			fmt.Fprintln(&b, show(it))
		}
		for _, s := range r.Skipped {
			fmt.Fprintf(&b, "row %d %s %s\n", s.Row, s.Code, s.Detail)
		}
		if *update {
			if err := os.WriteFile(path+".golden", []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want := string(read(t, path+".golden")); b.String() != want {
			t.Errorf("%s:\n got %s\nwant %s", name, b.String(), want)
		}
	}
}

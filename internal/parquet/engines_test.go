package parquet

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// answer is what an engine says of a file.
type answer struct {
	Types map[string]string
	Sums  []int64
	Row   []any
}

// expected is the same, computed from the rows that were written. Numbers of a
// row are float64, as JSON has them.
func expected(n int) (sums []int64, row []any) {
	sums = make([]int64, 13)
	domains := make(map[string]bool)
	for i := range n {
		rec := record(i)
		var r Row
		at := rec.Event.Time
		r.fill(&rec, &at)
		sums[0]++
		sums[1] += r.Line
		sums[2] += r.Offset
		if r.Time != nil {
			sums[3]++
			us := r.Time.UnixMicro()
			if sums[11] == 0 || us < sums[11] {
				sums[11] = us
			}
			sums[12] = max(sums[12], us)
		}
		if r.SourcePort != 0 {
			sums[4]++
		}
		if r.Domain != "" {
			sums[5]++
			domains[r.Domain] = true
		}
		if r.URL != "" {
			sums[7]++
		}
		sums[8] += int64(len(r.Fields))
		sums[9] += int64(len(r.Observables))
		sums[10] += int64(len(r.Hashes))
		if r.Line == 5 {
			last, seen := r.Fields[len(r.Fields)-1], r.Observables[0]
			row = []any{
				float64(r.Time.UnixMicro()), r.Dataset, r.Source, r.Path, float64(r.Generation), float64(r.Line), float64(r.Offset), float64(r.Size),
				r.SourceIP, float64(r.SourcePort), nil, r.Domain,
				[]any{},
				last.Name, last.Value, seen.Field, seen.Type, seen.Value,
			}
		}
	}
	sums[6] = int64(len(domains))
	return sums, row
}

// TestEngines: DuckDB and ClickHouse open the file as it is and see the same
// counts, values and types. ENTENTE_PYTHON names a Python that has their
// modules (duckdb, chdb); `check -interop` makes one.
func TestEngines(t *testing.T) {
	const n = 20_000 // several pages, a dictionary that overflows
	path := filepath.Join(t.TempDir(), "rows.parquet")
	if err := os.WriteFile(path, write(t, n), 0o600); err != nil {
		t.Fatal(err)
	}
	python := cmp.Or(os.Getenv("ENTENTE_PYTHON"), "python3")
	sums, row := expected(n)
	for engine, types := range map[string]map[string]string{
		"duckdb": {
			"time": "TIMESTAMP WITH TIME ZONE", "line": "BIGINT", "generation": "INTEGER", "source_ip": "VARCHAR", "source_port": "INTEGER",
			"hashes": "VARCHAR[]", "fields": "STRUCT(\"name\" VARCHAR, \"value\" VARCHAR)[]",
		},
		"chdb": {
			"time": "Nullable(DateTime64(6, 'UTC'))", "line": "Int64", "generation": "Int32", "source_ip": "Nullable(String)", "source_port": "Nullable(Int32)",
			"hashes": "Array(String)", "fields": "Array(Tuple(\n    name String,\n    value String))",
		},
	} {
		t.Run(engine, func(t *testing.T) {
			if err := exec.Command(python, "-c", "import "+engine).Run(); err != nil {
				t.Skipf("%s has no module %s: ENTENTE_PYTHON can name one that has", python, engine)
			}
			var stderr bytes.Buffer
			c := exec.Command(python, filepath.Join("testdata", "engines.py"), engine, path)
			c.Stderr = &stderr
			out, err := c.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, stderr.Bytes())
			}
			var got answer
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%v in %s", err, out)
			}
			for column, want := range types {
				if got.Types[column] != want {
					t.Errorf("column %s is %q, want %q", column, got.Types[column], want)
				}
			}
			if len(got.Types) != 19 {
				t.Errorf("%d columns: %v", len(got.Types), got.Types)
			}
			if d := gocmp.Diff(sums, got.Sums); d != "" {
				t.Errorf("sums: %s", d)
			}
			if d := gocmp.Diff(row, got.Row); d != "" {
				t.Errorf("a row: %s", d)
			}
		})
	}
}

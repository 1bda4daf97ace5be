package accord

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden bodies anew")

// TestGolden fixes the exact bytes of one body of each kind: whoever writes a
// second implementation holds itself to these.
func TestGolden(t *testing.T) {
	good := samples()
	for _, spec := range Kinds() {
		body, err := json.Marshal(good[spec.Kind])
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", strings.ReplaceAll(string(spec.Kind), "/", "-")+".json")
		if *update {
			if err := os.WriteFile(path, append(body, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(bytes.TrimSuffix(want, []byte("\n")), body) {
			t.Errorf("%s: %v\n%s", path, err, body)
		}
	}
}

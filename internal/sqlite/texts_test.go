package sqlite

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// TestTextsArePreparedOnce: readers share one statement of each text, also those
// who ask for it at the same time, and texts beyond the limit still have answers.
func TestTextsArePreparedOnce(t *testing.T) {
	t.Parallel()
	v, err := OpenView(t.Context(), filepath.Join(t.TempDir(), "view.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if _, err := v.Next(t.Context(), "nobody"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := len(v.db.texts.done); n != 1 {
		t.Errorf("%d statements of one text", n)
	}
	for i := range maxTexts + 5 {
		var got int
		if err := v.db.row(t.Context(), fmt.Sprintf("SELECT %d;", i)).Scan(&got); err != nil || got != i {
			t.Fatalf("text %d: %d, %v", i, got, err)
		}
	}
	rows, err := v.db.rows(t.Context(), "SELECT 'beyond';", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := rows.Close(); err != nil || len(v.db.texts.done) > maxTexts {
		t.Errorf("%d texts are kept, %v", len(v.db.texts.done), err)
	}
}

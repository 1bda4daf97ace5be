package sqlite

import (
	"strings"
	"testing"
)

// TestQueriesArePreparedOnce: the driver keeps a statement only where nothing
// follows its semicolon, and would prepare any other anew for each of ten
// thousand objects.
func TestQueriesArePreparedOnce(t *testing.T) {
	t.Parallel()
	for name, text := range named(viewQueries + objectQueries + watchQueries) {
		if strings.Index(text, ";") != len(text)-1 {
			t.Errorf("%s does not end with its only semicolon: %q", name, text)
		}
	}
}

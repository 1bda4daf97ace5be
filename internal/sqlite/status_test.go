package sqlite

import (
	"fmt"
	"testing"
	"time"
)

// TestStatusesAreBounded: an account that asks without end loses its own oldest
// statuses, and no other account any.
func TestStatusesAreBounded(t *testing.T) {
	t.Parallel()
	w, now := newWatch(t), time.Unix(1_790_000_000, 0)
	const most, bytes = 20, 4000
	put := func(account string, n int, body []byte) {
		t.Helper()
		ok(t, w.putStatus(t.Context(), account, fmt.Sprintf("%s-%d", account, n), body, now.Add(time.Duration(n)*time.Second), most, bytes))
	}
	has := func(account string, n int) bool {
		t.Helper()
		return must(w.Status(t.Context(), account, fmt.Sprintf("%s-%d", account, n), now.Add(time.Hour)))(t) != nil
	}
	put("quiet", 0, []byte("{}"))
	for n := range most + 2 {
		put("busy", n, []byte("{}"))
	}
	if has("busy", 1) || !has("busy", 2) || !has("busy", most+1) || !has("quiet", 0) {
		t.Errorf("busy has 1 %v, 2 %v, the last %v; quiet %v", has("busy", 1), has("busy", 2), has("busy", most+1), has("quiet", 0))
	}
	big := make([]byte, bytes/4)
	for n := range 6 {
		put("large", n, big)
	}
	if has("large", 1) || !has("large", 2) || !has("large", 5) {
		t.Error("large keeps more bytes than it may, or fewer")
	}
	put("huge", 0, append(big, make([]byte, bytes)...))
	if !has("huge", 0) {
		t.Error("one status alone is lost")
	}
}

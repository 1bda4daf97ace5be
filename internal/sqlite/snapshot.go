package sqlite

import (
	"context"
	"fmt"
)

// Snapshot writes a consistent copy of watch.db, as it is now, to a new file.
func (w *Watch) Snapshot(ctx context.Context, path string) error {
	if _, err := w.db.write.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copy watch.db: %w", err)
	}
	return nil
}

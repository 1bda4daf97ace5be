package ingest

import (
	"fmt"

	"entente/watch/event"
)

// Parse gives the lines of a batch that another process has read their events, or the reason why they have
// none: Format, Before, From and each line's Number, Offset, Raw and Err must be what that process had. An error says
// that this one cannot read the format as that one did.
func Parse(cfg Config, b *Batch) error {
	r := &reader{cfg: cfg.withDefaults(), id: b.Source}
	r.cfg.Sieve = nil
	if err := r.restore(Mark{Format: b.Format, Offset: b.From, State: b.Before}); err != nil {
		return err
	}
	if b.Format != "" && r.parser == nil {
		return fmt.Errorf("%s: no format %.40q here", b.Source, b.Format)
	}
	events := make([]event.Event, len(b.Lines))
	for i := range b.Lines {
		parse(r.parser, &b.Lines[i], &events[i])
	}
	return nil
}

package main

import (
	"fmt"
	"os"

	"entente/api"
	"entente/exchange/convert"
	"entente/exchange/misp"
	"entente/internal/mispfeed"
)

// readEvents reads the events of a file, of a feed's folder or of a feed's zip
// file. report is nil for a file.
func readEvents(path string) (events [][]byte, report *mispfeed.Report, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, unwrapPath(err)
	}
	collect := func(_ misp.Entry, raw []byte) error {
		events = append(events, raw)
		return nil
	}
	if info.IsDir() {
		r, err := mispfeed.ReadFolder(path, collect)
		return events, &r, err
	}
	data, err := readFile(path, api.MaxShare)
	if err != nil {
		return nil, nil, err
	}
	if mispfeed.IsZip(data) {
		r, err := mispfeed.ReadZip(data, collect)
		return events, &r, err
	}
	events, err = misp.Events(data)
	return events, nil, err
}

// showFeed says what became of a feed's files.
func showFeed(e *env, path string, r *mispfeed.Report) {
	if r == nil {
		return
	}
	e.note("%s: %d of %s read, %d missing, %d refused", path, r.Events, counted(r.Named, "event", "events"), len(r.Missing), len(r.Refused))
	for _, x := range r.Refused[:min(len(r.Refused), 5)] {
		e.note("%s: %v", x.UUID, x.Why)
	}
	if r.Unlisted > 0 {
		e.note("%s of events are not in the manifest: not read", counted(r.Unlisted, "file", "files"))
	}
}

// Bounds of what is sent to the node at once.
const (
	batchEvents = 500
	batchBytes  = 16 << 20
)

// batches cuts events into what is sent at once.
func batches(events [][]byte) (list [][][]byte) {
	start, size := 0, 0
	for i, raw := range events {
		if i > start && (i-start == batchEvents || size+len(raw) > batchBytes) {
			list = append(list, events[start:i])
			start, size = i, 0
		}
		size += len(raw)
	}
	if start < len(events) {
		list = append(list, events[start:])
	}
	return list
}

// feedRequests makes of a feed's folder what share sends: a list for each
// event, under the event's name.
func feedRequests(e *env, path string, r api.ShareRequest) ([]api.ShareRequest, error) {
	events, report, err := readEvents(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	showFeed(e, path, report)
	var list []api.ShareRequest
	for _, raw := range events {
		a, err := misp.Look(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if items, _, err := convert.Read(a.UUID, raw); err != nil || len(items) == 0 {
			e.note("%s: nothing to look for", a.UUID)
			continue
		}
		r.Name, r.Data = misp.FeedFile(a.UUID), raw
		list = append(list, r)
	}
	return list, nil
}

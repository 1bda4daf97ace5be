package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	maxStreams = 64
	// beat is how often a stream says that it is alive; a page that hears
	// nothing for twice as long says so.
	beat         = 7 * time.Second
	writeTimeout = 10 * time.Second
	maxLanes     = 4
)

// stream tells a page that something changed, as server-sent events without
// content: the page then asks for itself again, so there is one way in which a
// fact reaches the screen.
func (s *surface) stream(v *visit, changes ...<-chan Change) error {
	if len(changes) > maxLanes {
		return fmt.Errorf("%d lanes of at most %d", len(changes), maxLanes)
	}
	select {
	case s.live <- struct{}{}:
		defer func() { <-s.live }()
	default:
		return errBusy
	}
	var lane [maxLanes]<-chan Change // a nil channel never yields
	copy(lane[:], changes)
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(v.w)
	// The request has been read; its time limit must not end the stream.
	if err := out.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	if err := send(v, out, "beat", ""); err != nil {
		return nil
	}
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		var c Change
		var open bool
		select {
		case <-v.r.Context().Done():
			return nil
		case <-s.closed:
			return nil
		case <-tick.C:
			now, in := s.door.visitor(v.r)
			if !in {
				_ = send(v, out, "over", "") // the stream ends either way
				return nil
			}
			if now.Clearance != v.user.Clearance {
				return nil // the browser asks again, as who the user is now
			}
			if v.beat != nil {
				v.beat()
			}
			if err := send(v, out, "beat", ""); err != nil {
				return nil
			}
			continue
		case c, open = <-lane[0]:
		case c, open = <-lane[1]:
		case c, open = <-lane[2]:
		case c, open = <-lane[3]:
		}
		if !open {
			return nil
		}
		if err := send(v, out, "change", c.words()); err != nil {
			return nil
		}
	}
}

// words names the screens of a change for a module.
func (c Change) words() string {
	var w []string
	if c.Watch {
		w = append(w, "watch")
	}
	if c.Record {
		w = append(w, "record")
	}
	if c.Match {
		w = append(w, "match")
	}
	return strings.Join(w, " ")
}

// send writes one event and gives a slow reader a limited time to take it.
func send(v *visit, out *http.ResponseController, name, data string) error {
	err := out.SetWriteDeadline(time.Now().Add(writeTimeout))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := fmt.Fprintf(v.w, "event: %s\ndata: %s\n\n", name, data); err != nil {
		return err
	}
	return out.Flush()
}

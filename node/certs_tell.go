package node

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"entente/border"
	"entente/election/certlog"
	"entente/election/lookalike"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

const (
	certOrigin     = electionRule + "certificates/" // begins the origin of the keys of what certificate logs show
	subjectCertLog = "certificate-log"              // of an incident about a log itself
	whatCerts      = "certificate evidence"         // of the seal
	certData       = "certificates"                 // the data set of hits
)

// tell keeps the evidence, seals it in the own record, and then makes an incident of
// each name. Done twice, it makes no second one.
func (w *certWatch) tell(ctx context.Context, log *certlog.Reader, found []certFound) error {
	if len(found) == 0 {
		return nil
	}
	path, err := w.evidence(ctx, log.Name, lines(found), int64(len(found)))
	if err != nil {
		return err
	}
	now := w.n.opt.Now()
	var hits []sqlite.Hit
	for _, f := range found {
		when := f.entry.When()
		if when.After(now) {
			when = now
		}
		says := fmt.Sprintf("%s, like %s (%s): entry %d of %s, which dates it %s; ", f.Name, f.Protected, f.Kind, f.entry.Index, log.Name, f.entry.When().Format(time.RFC3339))
		if f.proof != nil {
			says += "proved to stand there by " + path
		} else {
			says += "the log gave no proof that it stands there"
		}
		if f.more > 0 {
			says += fmt.Sprintf("; %d more names in it that are like guarded ones are not listed", f.more)
		}
		hits = append(hits, w.hit(f.entry.Index, f.item, when, sqlite.Hit{
			Path: path, Rule: string(f.Kind), Field: f.Protected, Seen: says, Type: string(observable.Domain), Value: f.Name, Asset: f.Protected,
			Title: "A certificate was made for a name like a guarded one", Level: certLevel(f.Kind),
		}))
		w.state.Found++
	}
	return w.store(ctx, hits)
}

// certLevel says how near a name comes.
func certLevel(k lookalike.Kind) string {
	switch k {
	case lookalike.Same:
		return "high"
	case lookalike.Suffix, lookalike.OneEdit, lookalike.Compound:
		return "medium"
	}
	return "low"
}

// tellSplit does the same with two heads that contradict each other.
func (w *certWatch) tellSplit(ctx context.Context, s *certlog.Split) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	path, err := w.evidence(ctx, s.Log, append(data, '\n'), 1)
	if err != nil {
		return err
	}
	says := s.Error() + "; both heads: " + path
	return w.store(ctx, []sqlite.Hit{w.hit(s.Newer.Size, int(s.Newer.Time%1_000_000_000), w.n.opt.Now(), sqlite.Hit{
		Path: path, Rule: s.Kind(), Field: s.Log, Seen: says, Type: subjectCertLog, Value: s.Kind(), Asset: s.Log,
		Title: "A certificate log contradicts itself", Level: "high",
	})})
}

// hit fills in what all have in common.
func (w *certWatch) hit(index int64, item int, when time.Time, h sqlite.Hit) sqlite.Hit {
	h.Source, h.Line = certData+" "+w.id, index
	h.Key = sqlite.Key{Origin: certOrigin + w.id, Index: uint64(index), Item: item}
	h.Raw, h.Dataset, h.EventTime, h.Stored = []byte(h.Seen), certData, when.UnixMilli(), w.n.opt.Now().UnixMilli()
	return h
}

func (w *certWatch) store(ctx context.Context, hits []sqlite.Hit) error {
	if err := w.n.watch.StoreHunt(ctx, hits); err != nil {
		return err
	}
	w.n.logger.Warn("certificate log", "log", w.id, "says", printable(hits[0].Seen), "more", len(hits)-1)
	w.n.changes.watch()
	return nil
}

// evidence keeps a file and seals its digest in the own record, for the own side
// alone, once: the record says whether it is sealed, since a kill may come between
// the file and the seal. It returns its path below the data folder.
func (w *certWatch) evidence(ctx context.Context, log string, data []byte, size int64) (string, error) {
	if len(data) == 0 {
		return "", nil
	}
	sum := statement.Digest(sha256.Sum256(data))
	path := w.n.evidencePath(sum.String())
	short := filepath.ToSlash(filepath.Join(evidenceDir, sum.String()+".jsonl"))
	sealed, err := w.n.sealedAs(ctx, whatCerts)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	if err := replaceFile(path, data); err != nil {
		return "", err
	}
	if _, known := sealed[sum]; known {
		return short, nil
	}
	_, err = w.n.author.say(ctx, draft{
		kind: record.KindSeal, private: true, marking: border.Red,
		body: record.SealBody{What: whatCerts, Name: log, Size: size, Digest: sum},
	})
	if err != nil {
		_ = os.Remove(path) // it is sealed when it is found again
	}
	return short, err
}

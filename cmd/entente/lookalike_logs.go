package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entente/election/lookalike"
	"entente/internal/ingest"
	"entente/node"
	"entente/observable"
	"entente/watch/detect"
)

// lookFinding is a name in logs or mails that resembles a protected one.
type lookFinding struct {
	lookalike.Finding
	Field string    `json:"field"`
	File  string    `json:"file"`
	Line  int64     `json:"line,omitempty"`
	First time.Time `json:"first,omitzero"` // where the first line has a time
	Count int       `json:"count"`
	Why   string    `json:"why,omitempty"` // of mail under a protected name
}

// underName is the kind of a sender that shows a protected name from elsewhere.
const underName lookalike.Kind = "under-a-name"

// Bounds of a look through logs.
const (
	mostLooked = 1 << 20 // different names that are remembered
	mostFound  = 100_000
	mailLimit  = 64 << 20
	mailHead   = 256 << 10
	mostMails  = 1_000_000
)

// logLook is the sink of a look through logs.
type logLook struct {
	x       *lookalike.Index
	scratch lookalike.Scratch
	known   map[string]int // place among found of a name's first finding, -1 of one that resembles none
	found   []lookFinding
	lines   int
	names   int
	left    int            // findings beyond what is remembered
	shown   detect.Senders // whose names are looked for in mails
}

// Batch implements ingest.Sink.
func (l *logLook) Batch(_ context.Context, b ingest.Batch) error {
	for _, line := range b.Lines {
		l.lines++
		if line.Event == nil {
			continue
		}
		for _, o := range line.Event.Observables {
			if name := o.Value.DomainName(); name != "" {
				l.name(name, lookFinding{Field: o.Field, File: b.Path, Line: line.Number, First: line.Event.Time})
			}
		}
	}
	return nil
}

func (l *logLook) name(name string, at lookFinding) {
	l.names++
	if i, ok := l.known[name]; ok {
		for ; i >= 0 && i < len(l.found) && l.found[i].Name == name; i++ {
			l.found[i].Count++
		}
		return
	}
	list := l.x.MatchWith(&l.scratch, name)
	place := -1
	if len(list) > 0 {
		place = len(l.found)
	}
	if len(l.found)+len(list) > mostFound {
		l.left += len(list)
		return
	}
	for _, f := range list {
		at.Finding, at.Count = f, 1
		l.found = append(l.found, at)
	}
	if len(l.known) < mostLooked {
		l.known[name] = place
	}
}

func (l *logLook) print(e *env, asJSON bool) error {
	slices.SortStableFunc(l.found, func(a, b lookFinding) int { return b.Count - a.Count })
	for _, f := range l.found {
		if asJSON {
			if err := e.json(f); err != nil {
				return err
			}
			continue
		}
		where := f.File
		if f.Line > 0 {
			where = fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if f.Why != "" {
			e.printf("%-14s  %-32s  %s, in %s of %s\n", f.Kind, f.Name, f.Why, f.Field, where)
			continue
		}
		e.printf("%-14s  %-32s  %s  %s, first in %s of %s\n", f.Kind, f.Name, f.Protected, counted(f.Count, "time", "times"), f.Field, where)
	}
	return nil
}

// lookThroughLogs looks at every name, address of a page and sender in logs.
func lookThroughLogs(ctx context.Context, e *env, x *lookalike.Index, files []string, asJSON bool) error {
	sources, err := e.logs(files)
	if err != nil {
		return err
	}
	l := &logLook{x: x, known: make(map[string]int)}
	cfg := ingest.Config{Formats: node.Formats(), Translate: node.Translate, Trouble: func(source string, err error) { e.note("%s: %v", source, err) }}
	err = ingest.Once(ctx, cfg, sources, func(string) ingest.Position { return ingest.Position{} }, l)
	err = errors.Join(err, l.print(e, asJSON))
	e.note("%s, %d names, %d resemble a protected one, %d more not shown", counted(l.lines, "line", "lines"), l.names, len(l.found), l.left)
	return err
}

// senderFields are the header fields that say whom a mail is from.
var senderFields = []string{"From", "Sender", "Reply-To", "Return-Path"}

// lookThroughMails looks at who mails say they are from: files of one mail or an
// mbox, and folders of them.
func lookThroughMails(ctx context.Context, e *env, x *lookalike.Index, shown detect.Senders, paths []string, asJSON bool) error {
	shown.Resembles = nil // names of domains are looked at here
	l := &logLook{x: x, known: make(map[string]int), shown: shown}
	mails, odd := 0, 0
	one := func(path string, in io.Reader) error {
		n, bad, err := l.mails(path, in)
		mails, odd = mails+n, odd+bad
		if err == nil && mails > mostMails {
			err = fmt.Errorf("more than %d mails", mostMails)
		}
		return errors.Join(err, ctx.Err())
	}
	for _, path := range paths {
		if path == "-" {
			if err := one("stdin", io.LimitReader(e.stdin, mailLimit)); err != nil {
				return err
			}
			continue
		}
		err := filepath.WalkDir(path, func(p string, d os.DirEntry, err error) error {
			if err != nil {
				return fmt.Errorf("%s: %w", p, unwrapPath(err))
			}
			if !d.Type().IsRegular() {
				return nil
			}
			file, err := os.Open(p)
			if err != nil {
				return fmt.Errorf("%s: %w", p, unwrapPath(err))
			}
			defer file.Close()
			return one(filepath.ToSlash(p), io.LimitReader(file, mailLimit))
		})
		if err != nil {
			return err
		}
	}
	err := l.print(e, asJSON)
	e.note("%s, %d senders, %d resemble a protected one; %s without a header that is read", counted(mails, "mail", "mails"), l.names, len(l.found), counted(odd, "mail", "mails"))
	return err
}

// mails reads one mail, or the mails of an mbox.
func (l *logLook) mails(path string, in io.Reader) (n, odd int, err error) {
	r := bufio.NewReaderSize(in, 1<<16)
	var head strings.Builder
	inHead, mbox := true, false
	number, begin := int64(0), int64(1)
	end := func() {
		if n++; !l.mail(path, begin, head.String()) {
			odd++
		}
		head.Reset()
	}
	for {
		line, err := r.ReadSlice('\n')
		number++
		for err == bufio.ErrBufferFull { // the rest of a line that is too long says no more
			_, err = r.ReadSlice('\n')
		}
		from := strings.HasPrefix(string(line), "From ")
		switch {
		case number == 1 && from:
			mbox, begin = true, 2
		case mbox && from:
			if inHead {
				end()
			}
			inHead, begin = true, number+1
		case inHead && strings.TrimRight(string(line), "\r\n") == "" && (err == nil || len(line) > 0):
			end()
			inHead = false
		case inHead && head.Len() < mailHead:
			head.Write(line)
		}
		if errors.Is(err, io.EOF) {
			if inHead && head.Len() > 0 {
				end()
			}
			return n, odd, nil
		}
		if err != nil {
			return n, odd, fmt.Errorf("%s: %w", path, unwrapPath(err))
		}
	}
}

// mail looks at the senders in one header; false where it is none.
func (l *logLook) mail(path string, line int64, head string) bool {
	m, err := mail.ReadMessage(strings.NewReader(head + "\r\n"))
	if err != nil {
		return false
	}
	at := lookFinding{File: path, Line: line}
	if when, err := m.Header.Date(); err == nil {
		at.First = when.UTC()
	}
	read := false
	for _, field := range senderFields {
		for _, value := range m.Header[field] {
			if why := l.shown.Imitates(value); why != "" {
				l.under(value, why, field, at)
			}
			for _, address := range addressesIn(value) {
				if v, err := observable.Normalise(observable.Email, address); err == nil {
					at.Field, read = field, true
					l.name(v.DomainName(), at)
				}
			}
		}
	}
	return read
}

// under notes a mail under a protected name.
func (l *logLook) under(value, why, field string, at lookFinding) {
	if len(l.found) == mostFound {
		l.left++
		return
	}
	at.Finding, at.Field, at.Count, at.Why = lookalike.Finding{Kind: underName}, field, 1, why
	if list := addressesIn(value); len(list) > 0 {
		at.Name = list[0]
	}
	l.found = append(l.found, at)
}

// addressesIn are the addresses of a header field, also of one that is written wrongly.
func addressesIn(value string) (out []string) {
	if list, err := mail.ParseAddressList(value); err == nil {
		for _, a := range list[:min(len(list), 50)] {
			out = append(out, a.Address)
		}
		return out
	}
	for word := range strings.FieldsFuncSeq(value, func(r rune) bool { return strings.ContainsRune(" \t\r\n<>,;\"'()", r) }) {
		if strings.Contains(word, "@") && len(out) < 50 {
			out = append(out, word)
		}
	}
	return out
}

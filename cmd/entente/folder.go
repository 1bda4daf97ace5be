package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"entente/election/canary"
)

func folderVerb() verb {
	return verb{"folder", "commit to documents and decoys, refute a forged one", `folder seal --secret FILE --title TEXT [--decoy VALUE=RECIPIENT]... [--dir DIR] [--json] PATH...
       entente folder open --secret FILE (--name NAME | --like DOCUMENT) --out PROOF
       entente folder verify [--document FILE] [--json] PROOF

Commits to every document of folders and mailboxes (mbox, Maildir, .eml) by one root, which
tells nothing of them. When a document appears that is said to be from there, one leaf is
opened: it shows the digest of what was called so when the root was sealed, or that
nothing was. seal without --dir, open and verify need no node.

A mail is called by its message id, in whichever file it lies; any other document by its path
below PATH. Of mails and texts also the words are committed to, so that other line ends,
encodings and what servers add are no difference. A decoy is a value that is used for
nothing and given to one recipient; opening it shows to whom. (Decoys in lists of
indicators: entente share --canary.)

  --secret FILE       what the owner keeps to open anything later: a key, names and digests.
                      seal writes it, and overwrites none
  --title TEXT        what the folder is called to others
  --decoy VALUE=RECIPIENT  an address, number or text, and who alone was given it
  --dir DIR           put the root into the own log, for the others to witness
  --name NAME         a message id, a path or a decoy's value
  --like DOCUMENT     the name of this document, which somebody shows
  --document FILE     verify: what somebody shows, compared with what was sealed
  --json              one JSON object`, runFolder}
}

func runFolder(ctx context.Context, e *env, args []string) error {
	const which = "seal, open or verify?"
	if len(args) == 0 {
		return usagef(which)
	}
	f := newFlags(e, "folder")
	switch args[0] {
	case "seal":
		return folderSeal(ctx, e, f, args[1:])
	case "open":
		return folderOpen(e, f, args[1:])
	case "verify":
		return folderVerify(e, f, args[1:])
	case "-h", "-help", "--help":
		return errHelp
	}
	return usagef("no folder %q: "+which, args[0])
}

// folderReader takes in documents.
type folderReader struct {
	folder *canary.Folder
	mails  int
	files  int
	tell   func(done, total uint64) // how far it has come; nil for no one
}

// path takes in a file, a mailbox or a folder of them.
func (r *folderReader) path(ctx context.Context, top string) error {
	return filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", path, unwrapPath(err))
		case ctx.Err() != nil:
			return ctx.Err()
		case d.IsDir() || !d.Type().IsRegular() && path != top: // what a link leads to lies elsewhere
			return nil
		}
		name, err := filepath.Rel(top, path)
		if err != nil || name == "." {
			name = base(path)
		}
		if err := r.file(path, canary.FileName(name)); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		return nil
	})
}

func (r *folderReader) file(path, name string) error {
	in, err := os.Open(path)
	if err != nil {
		return unwrapPath(err)
	}
	defer in.Close()
	b := bufio.NewReaderSize(in, 64<<10)
	if start, _ := b.Peek(5); string(start) == "From " {
		return canary.Mbox(b, func(n int, data []byte) error {
			return r.document(strings.NewReader(string(data)), fmt.Sprintf("%s#%d", name, n))
		})
	}
	if i := strings.LastIndex(name, ":2,"); i > 0 {
		name = name[:i] // the marks of a Maildir change when a mail is read
	}
	return r.document(b, name)
}

func (r *folderReader) document(in io.Reader, name string) error {
	id, d, err := canary.Read(in)
	if err != nil {
		return err
	}
	if r.files++; r.tell != nil {
		r.tell(uint64(r.files), 0)
	}
	if id != "" {
		r.mails++
		name = id
	}
	return r.folder.Add(name, d)
}

func folderSeal(ctx context.Context, e *env, f *flags, args []string) error {
	f.withDir()
	var decoys texts
	f.Var(&decoys, "decoy", "")
	file, title, asJSON := f.String("secret", "", ""), f.String("title", "", ""), f.Bool("json", false, "")
	paths, err := f.parse(args)
	if err != nil {
		return err
	}
	switch {
	case *file == "":
		return usagef("--secret: in which file does the owner keep what opens it?")
	case *title == "":
		return usagef("--title: what is it called to others?")
	case len(paths) == 0 && len(decoys) == 0:
		return usagef("which folders or mailboxes?")
	case exists(*file):
		return hint(fmt.Errorf("%s exists", *file), "without it nothing that was sealed with it could be opened; choose another name")
	}
	r := folderReader{folder: &canary.Folder{Title: *title}}
	salt, err := newSalt()
	if err != nil {
		return err
	}
	if _, err := hex.Decode(r.folder.Key[:], []byte(salt)); err != nil {
		return err
	}
	for _, s := range decoys {
		i := strings.LastIndex(s, "=")
		if i < 0 {
			return usagef("--decoy %q is not VALUE=RECIPIENT", s)
		}
		d, err := canary.Decoy(s[i+1:])
		if err == nil {
			err = r.folder.Add(s[:i], d)
		}
		if err != nil {
			return usagef("--decoy: %v", err)
		}
	}
	tell, done := e.progress("documents")
	r.tell = tell
	for _, path := range paths {
		if err := r.path(ctx, path); err != nil {
			done()
			return err
		}
	}
	done()
	sealed, err := r.folder.Seal()
	if err != nil {
		return err
	}
	data, err := r.folder.Marshal()
	if err != nil {
		return err
	}
	if err := create(*file, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
		return fmt.Errorf("%s: %w", *file, unwrapPath(err))
	}
	e.note("%s: %s, %s, %s; keep it, with a copy: it opens what is sealed, to you or to a thief", *file, counted(r.files, "document", "documents"), counted(r.mails, "of them a mail", "of them mails"), counted(len(decoys), "decoy", "decoys"))
	return sayFolder(ctx, e, f, sealed, *asJSON)
}

func folderOpen(e *env, f *flags, args []string) error {
	file, name, like, out := f.String("secret", "", ""), f.String("name", "", ""), f.String("like", "", ""), f.String("out", "", "")
	if err := f.none(args); err != nil {
		return err
	}
	switch {
	case *file == "" || *out == "":
		return usagef("folder open needs --secret and --out")
	case (*name == "") == (*like == ""):
		return usagef("--name or --like: which document?")
	}
	data, err := readFile(*file, canary.MaxSecret)
	if err != nil {
		return err
	}
	secret, err := canary.ParseFolder(data)
	if err != nil {
		return fmt.Errorf("%s: %w", *file, err)
	}
	if *like != "" {
		if *name, err = nameLike(secret, *like); err != nil {
			return err
		}
	}
	sealed, err := secret.Seal()
	if err != nil {
		return err
	}
	o, err := sealed.Open(*name)
	if err != nil {
		return usagef("--name: %v", err)
	}
	if err := create(*out, func(w io.Writer) error { return writeJSON(w, o) }); err != nil {
		return fmt.Errorf("%s: %w", *out, unwrapPath(err))
	}
	switch {
	case len(o.Documents) == 0:
		e.printf("%s: nothing was called %s\n", *out, *name)
	case o.Documents[0].Recipient != "":
		e.printf("%s: the decoy %s was given to %s alone\n", *out, *name, o.Documents[0].Recipient)
	default:
		e.printf("%s: what was called %s, %s\n", *out, *name, counted(len(o.Documents), "version", "versions"))
	}
	return nil
}

// nameLike is the name under which a document that somebody shows would be in the folder.
func nameLike(secret *canary.Folder, path string) (string, error) {
	in, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, unwrapPath(err))
	}
	defer in.Close()
	name, _, err := canary.Read(in)
	if err != nil || name != "" {
		return name, err
	}
	var found []string
	for known := range secret.Documents {
		if known == base(path) || strings.HasSuffix(known, "/"+base(path)) {
			found = append(found, known)
		}
	}
	slices.Sort(found)
	switch len(found) {
	case 0:
		return base(path), nil
	case 1:
		return found[0], nil
	}
	return "", hint(fmt.Errorf("%s of that name: %s", counted(len(found), "document", "documents"), short(strings.Join(found, ", "), 300)), "--name says which")
}

// documentOf reads a document that somebody shows.
func documentOf(path string) (d canary.Document, err error) {
	in, err := os.Open(path)
	if err != nil {
		return d, fmt.Errorf("%s: %w", path, unwrapPath(err))
	}
	_, d, err = canary.Read(in)
	return d, errors.Join(err, in.Close())
}

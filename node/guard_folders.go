package node

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"entente/console"
	"entente/election/canary"
	"entente/election/inventory"
	"entente/internal/sqlite"
	"entente/observable"
	"entente/record"
	"entente/statement"
)

const touchesShown = 50 // decoys of a folder that were met, the latest

// sealedFolder is what the seal of a folder is called in the record, as entente
// folder seal calls it.
const sealedFolder = "folder root"

// folders are the secrets of sealed folders that the inventory names: what was
// committed to, and the decoys that own logs are searched for.
type folders struct {
	at *tending
	mu sync.Mutex // guards of; never held while a file is read
	of map[string]*folderFile
}

// folderFile is one secret, by the path where it lies.
type folderFile struct {
	stamp  string
	folder *canary.Folder // nil if it cannot be read
	root   statement.Digest
	decoys map[observable.Value]string // to whom each was given that logs are searched for
	made   int                         // documents that are decoys, in however many versions
	detail string
}

// look reads the secrets that are others.
func (s *folders) look(ctx context.Context, g *guards) {
	now := make(map[string]*folderFile)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range filesOf(g.n.guarded.get(), inventory.FileFolder) {
		if now[f.Path] = s.of[f.Path]; now[f.Path] == nil {
			now[f.Path] = &folderFile{}
		}
		s.at.start(ctx, g.n, f.Path, func(ctx context.Context) error { return s.one(ctx, g, f.Path) })
	}
	s.of = now
}

// one reads a secret if it is another. One that does not answer stays as it was
// known, with that said.
func (s *folders) one(ctx context.Context, g *guards, path string) error {
	s.mu.Lock()
	old := s.of[path]
	s.mu.Unlock()
	if old == nil {
		return nil
	}
	next := &folderFile{}
	stamp, err := g.stamps(ctx, path)
	if err == nil {
		if stamp == old.stamp {
			return nil
		}
		next.stamp = stamp
		err = next.read(ctx, g, path)
	}
	if err = whyEnded(ctx, err); err != nil {
		if passing(err) || ctx.Err() != nil {
			*next = *old
			next.stamp = ""
		} else {
			next.folder = nil
		}
		next.detail = withoutPath(err).Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.of[path] == old && (next.stamp != old.stamp || next.detail != old.detail) {
		s.of[path] = next
		g.n.changes.watch()
	}
	return nil
}

// read takes in a secret. Its root is made again, as the one in the record was.
func (f *folderFile) read(ctx context.Context, g *guards, path string) error {
	data, err := g.read(ctx, path, guardFile)
	if err != nil {
		return err
	}
	if f.folder, err = canary.ParseFolder(data); err != nil {
		return err
	}
	sealed, err := f.folder.Seal()
	if err != nil {
		return err
	}
	f.root = statement.Digest(sealed.Root())
	f.decoys = make(map[observable.Value]string)
	for name, versions := range f.folder.Documents {
		recipient := ""
		for _, d := range versions {
			recipient = cmp.Or(d.Recipient, recipient)
		}
		if recipient == "" {
			continue
		}
		f.made++
		if v, err := observable.Detect(name); err == nil {
			f.decoys[v] = recipient
		}
	}
	return nil
}

// held are the folders that were read, by the path of their secret.
func (s *folders) held() (out []*folderFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, path := range slices.Sorted(maps.Keys(s.of)) {
		if f := s.of[path]; f.folder != nil {
			out = append(out, f)
		}
	}
	return out
}

// touched are those of some sightings that are of decoys of this folder, whatever
// folder has the same title or holds the same decoy.
func (f *folderFile) touched(all []console.SeenTouch) (out []console.SeenTouch, more int) {
	own := make(map[string]string, len(f.decoys))
	for v, recipient := range f.decoys {
		own[v.Canonical] = recipient
	}
	for _, t := range all {
		recipient, ok := own[t.Value]
		switch {
		case !ok:
		case len(out) == touchesShown:
			more++
		default:
			t.Folder, t.Recipient = f.folder.Title, recipient
			out = append(out, t)
		}
	}
	return out, more
}

// Folders implements console.Guards. No name of a document and no decoy that nobody
// touched is shown.
func (s guardScreens) Folders(ctx context.Context) ([]console.FolderView, error) {
	if !s.own() {
		return nil, nil
	}
	seals, err := s.n.sealedAs(ctx, sealedFolder)
	if err != nil {
		return nil, err
	}
	touched, passed := s.n.guards.names.touches()
	list, g := s.n.guarded.get(), &s.n.guards.folders
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []console.FolderView
	for _, f := range filesOf(list, inventory.FileFolder) {
		v := console.FolderView{Name: f.Name}
		v.Whom, _ = list.Whom("files", f.Call)
		if at := g.of[f.Path]; at != nil {
			v.Detail = at.detail
			if at.folder != nil {
				v.Title, v.Documents, v.Decoys, v.Root = at.folder.Title, len(at.folder.Documents)-at.made, at.made, at.root
				v.Touched, v.More = at.touched(touched)
				v.Passed = passed
				if index, ok := seals[at.root]; ok {
					v.Sealed = &console.Ref{Party: s.n.self.ID, Index: index}
				}
			}
		}
		out = append(out, v)
	}
	return out, nil
}

// sealedAs are the own seals of one kind of thing, by digest.
func (n *Node) sealedAs(ctx context.Context, what string) (map[statement.Digest]uint64, error) {
	out := make(map[statement.Digest]uint64)
	err := n.saidOpen(ctx, n.self.Origin, record.KindSeal, 0, func(one sqlite.Statement) {
		var b record.SealBody
		if statement.Decode(one.Body, statement.MaxAct, &b) == nil && b.What == what {
			out[b.Digest] = one.Index
		}
	})
	return out, err
}

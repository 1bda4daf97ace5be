package node

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"entente/border"
	"entente/charter"
	"entente/internal/keyfile"
	"entente/record"
	"entente/statement"
)

// rotateDir holds the key file of a rotation under way: written before the
// key statement is said, moved into place after it is durable.
const rotateDir = "rotate"

// Rotate replaces the statement key by the one that was committed to, and
// commits to a fresh one. The key statement is the last that the old key signs.
func (n *Node) Rotate(ctx context.Context) (statement.Ref, error) {
	n.rotating.Lock()
	defer n.rotating.Unlock()
	ctx = context.WithoutCancel(ctx) // once the key statement is durable, the key must change
	if err := n.writable(); err != nil {
		return statement.Ref{}, err
	}
	keys, err := keyfile.Read(n.cfg.Dir, n.opt.Passphrase)
	if err != nil {
		return statement.Ref{}, err
	}
	next, err := keys.Rotate(rand.Reader)
	if err != nil {
		return statement.Ref{}, err
	}
	pending := filepath.Join(n.cfg.Dir, rotateDir)
	if err := os.RemoveAll(pending); err != nil {
		return statement.Ref{}, err
	}
	if err := os.Mkdir(pending, 0o700); err != nil {
		return statement.Ref{}, err
	}
	if err := keyfile.Write(pending, next, n.opt.Passphrase, keyfile.WorkFactor); err != nil {
		return statement.Ref{}, err
	}
	pub := func(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }
	ref, err := n.author.rotate(ctx, next.Statement, draft{kind: record.KindKey, toAll: true, marking: border.Green, body: record.KeyBody{
		Role: "statement", Key: charter.FormatPublicKey(pub(next.Statement)), Next: charter.NextDigest(pub(next.NextStatement)),
	}})
	if ref == (statement.Ref{}) {
		return ref, err
	}
	return ref, errors.Join(err, keyfile.Replace(n.cfg.Dir, pending), os.RemoveAll(pending))
}

// rotate says a key statement with the present key and signs with the next
// one from then on; nothing can be said in between.
func (a *author) rotate(ctx context.Context, next ed25519.PrivateKey, d draft) (statement.Ref, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ref, err := a.sayLocked(ctx, d)
	if ref != (statement.Ref{}) { // said, even if the view could not follow
		a.key = next
	}
	return ref, err
}

// finishRotation makes the key file agree with the record after a crash
// between the key statement and the moving of the file.
func (n *Node) finishRotation(ctx context.Context, keys *keyfile.Keys) (*keyfile.Keys, error) {
	chain, err := n.ingress.chain(ctx, n.self)
	if err != nil {
		return nil, err
	}
	head, _ := n.log.Head()
	want := chain.At(head.Size)
	if want.Equal(keys.Statement.Public()) {
		return keys, nil
	}
	pending := filepath.Join(n.cfg.Dir, rotateDir)
	next, err := keyfile.Read(pending, n.opt.Passphrase)
	if err != nil || !want.Equal(next.Statement.Public()) {
		return nil, fmt.Errorf("the record names another statement key than the one in %s: put the newest key file in its place", n.cfg.Dir)
	}
	return next, errors.Join(keyfile.Replace(n.cfg.Dir, pending), os.RemoveAll(pending))
}

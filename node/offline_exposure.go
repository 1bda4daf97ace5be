package node

import (
	"context"
	"errors"
	"path/filepath"

	"entente/border"
)

// Exposure computes from the folder alone what a running node's Exposure says.
// With anew it reads the logs again instead of the view that is there.
func (f *Folder) Exposure(ctx context.Context, party string, anew bool) (out border.Exposure, err error) {
	path := filepath.Join(f.cfg.Dir, viewFile)
	if anew {
		path += ".rebuild"
		if err := removeView(path); err != nil {
			return out, err
		}
		defer func() { err = errors.Join(err, removeView(path)) }()
	}
	view, err := f.filled(ctx, path, f.logs)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	kinds, err := Kinds()
	if err != nil {
		return out, err
	}
	own := f.logs[f.self.ID]
	in := ingress{roster: f.roster, registry: kinds, identity: f.keys.Parts, view: view}
	c := &canaries{self: f.self, view: view, log: own, opens: in}
	return overseer{f.roster, f.self, view, own, c, kinds}.of(ctx, party)
}
